//! The PC side of Foldnet, as a library for the command line and the tests.
//!
//! The flow is `dataset -> standardize -> train -> fold -> [shrink] -> quantize -> arrange -> export -> (flash) -> parse
//! -> infer`, where shrinking is optional; parsing and inference are in `foldnet-core`. The rooms, each of which uses
//! only those before it:
//!
//! 1. `absent`, [`format`](mod@format), [`write`](mod@write): small things that are used everywhere.
//! 2. [`compute`]: the fast arithmetic, with all the `unsafe` code of the PC.
//! 3. [`network`]: layer lists, checkpoints and their formats, and the form in which a network takes examples.
//! 4. [`model`]: the layers of a device model, folded or trained in integers, and their encoding.
//! 5. [`files`]: opening any file that a user names.
//! 6. [`run`]: running networks and models on examples.
//! 7. [`judge`]: evaluation of networks and their comparison.
//! 8. [`deploy`]: from a trained network to a model on a device.
//! 9. [`train`]: from a dataset to a trained network, in floats or, starting from the fold, in integers.
//! 10. [`show`]: the terminal, the summary, plots and the report.
//! 11. [`commands`]: the command line.

mod absent;
pub mod commands;
pub mod compute;
pub mod deploy;
pub mod files;
pub mod format;
pub mod judge;
pub mod model;
pub mod network;
pub mod run;
pub mod show;
pub mod train;

pub use foldnet_data::write;
