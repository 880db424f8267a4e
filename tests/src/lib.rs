//! Code shared by the tests across crates.
//!
//! * [`tolerance`]: every tolerance of the package, with its reason.
//! * [`generated`]: integer networks of any shape and their inputs, from a seeded generator.
//! * [`golden`]: runs of Keras, read from JSON and repeated with `foldnet-core`.
//! * [`oracle`]: an independent network in f64, and its gradient by finite differences.
//! * [`random`]: the dice of these tests; seeded layer lists, parameters and batches.
//! * [`compute`]: implementations of a step that must not change its bits.
//! * [`files`]: potentially hostile files, read as the commands read them, from a committed corpus.
//! * [`fold_case`]: seeded networks to fold, and their outputs, in f64.
//! * [`model_file`]: model files from f32 weights, or assembled byte by byte.
//! * [`hostile`]: arbitrary bytes, parsed and classified, compared with a literal evaluation of the format.
//! * [`damage`]: model files truncated, extended and with flipped bits.
//! * [`nor_flash`]: a flash that is stricter than any chip, with power failures.
//! * [`exported`]: the notebook's networks as device models.
//! * [`programs`]: firmware as users write it, on emulated boards.
//! * [`instructions`]: the committed table of instructions per board, width and layer.
//! * [`speed`]: training steps and their matrix products, timed in alternation.
//! * [`docs`]: the pages in `docs/`, whose code is run.
//! * [`tidy`]: the gates on the source of the whole repository.

pub mod compute;
pub mod damage;
pub mod docs;
pub mod exported;
pub mod files;
pub mod fold_case;
pub mod generated;
pub mod golden;
pub mod hostile;
pub mod instructions;
pub mod model_file;
pub mod nor_flash;
pub mod oracle;
pub mod programs;
pub mod random;
pub mod random_spec;
pub mod speed;
mod table;
pub mod tidy;
pub mod tolerance;
