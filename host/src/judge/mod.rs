//! How good a network is, and whether one is better than another.

pub mod compare;
pub mod evaluate;
pub mod outputs;

pub use foldnet_sim::metrics;
