//! From a trained network to a model on a device: quantize its fold, arrange, measure, flash. [`build`] makes the
//! model, [`measure`] compares it with the network, [`export`] does both.

mod arrange;
pub mod build;
pub mod errors;
pub mod export;
mod few;
pub mod format;
pub mod inputs;
pub mod measure;
mod plan;
pub mod quantize;
mod quantizer;
pub mod shrink;
pub mod statistics;
