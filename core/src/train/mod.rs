//! Training: initial weights, one step of an [`optimizer`], and inference with the moving statistics, over the caller's
//! buffers.
//!
//! A network is processed in *stages*: the layers before the first Dense, then each Dense with the layers after it.
//! Within a stage no unit depends on another unit, so a stage can be split by units into parts that run on different
//! threads. Between stages, all parts synchronize.

mod batch_norm;
mod buffers;
mod dense;
pub(crate) mod dropout;
mod elementwise;
mod init;
mod input_norm;
pub(crate) mod loss;
mod memory;
pub mod optimizer;
mod params;
mod predict;
mod relu;
mod stage;
mod stages;
mod step;
mod trainer;
mod workspace;

pub use buffers::BufferError;
pub use init::initialize;
pub use loss::{Loss, Metrics, Targets};
pub use optimizer::{Adam, Momentum, Optimizer, Sgd};
pub use predict::predict;
pub use trainer::{Buffers, Settings, Trainer};
