//! What the tests across crates share.
//!
//! * [`tolerance`]: every tolerance of the package, with its reason.
//! * [`golden`]: runs of Keras, read from JSON and repeated with `foldnet-core`.
//! * [`oracle`]: an independent network in f64, and its gradient by finite differences.
//! * [`random`]: seeded layer lists, parameters and batches.
//! * [`compute`]: ways to carry out a step that must not change its bits.
//! * [`tidy`]: the gates on the source of the whole repository.

pub mod compute;
pub mod golden;
pub mod oracle;
pub mod random;
pub mod tidy;
pub mod tolerance;
