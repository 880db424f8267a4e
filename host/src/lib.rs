//! The PC side of Foldnet, as a library for the command line and the tests.
//!
//! The flow is `dataset -> standardize -> train -> fold -> quantize -> arrange -> export -> flash`:
//!
//! * [`network`]: layer lists, checkpoints, and opening whatever file a user names.
//! * [`train`]: from a dataset to a trained network.
//! * [`deploy`]: from a trained network to a model on a device.
//! * [`judge`]: how good a network is, and whether one is better than another.
//! * [`show`]: the terminal, the summary, plots and the report.
//! * [`commands`]: the command line in front of it all.
//!
//! [`compute`] has all the PC's `unsafe`; [`format`](mod@format) and [`write`](mod@write) serve every room.

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
