//! Evaluation of networks and their comparison.

pub mod compare;
pub mod evaluate;
pub mod outputs;

pub use foldnet_sim::metrics;
