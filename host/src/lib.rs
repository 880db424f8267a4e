//! The PC side of Foldnet, as a library for the command line and the tests.
//!
//! The flow is `dataset -> standardize -> train -> fold -> quantize -> arrange -> export -> flash`:
//!
//! * [`network`]: layer lists, checkpoints, and opening any file that a user names.
//! * [`train`]: from a dataset to a trained network.
//! * [`deploy`]: from a trained network to a model on a device.
//! * [`judge`]: evaluation of networks and their comparison.
//! * [`show`]: the terminal, the summary, plots and the report.
//! * [`commands`]: the command line.
//!
//! [`compute`] has all the `unsafe` code of the PC; [`format`](mod@format) and [`write`](mod@write) are used
//! everywhere.

mod absent;
pub mod commands;
pub mod compute;
pub mod deploy;
pub mod format;
pub mod judge;
pub mod network;
pub mod show;
pub mod train;

pub use foldnet_sim::write;
