//! The PC side of Foldnet: training, checkpoints, folding, export and evaluation, as a library for the CLI and the tests.

pub mod architecture;
pub mod checkpoint;
pub mod compute;
pub mod write;
