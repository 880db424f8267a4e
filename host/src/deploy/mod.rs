//! From a trained network to a model on a device: fold, quantize, arrange, encode, measure, flash. [`build`] makes the
//! model, [`measure`] compares it with the network, [`export`] does both.

mod arrange;
pub mod build;
mod encode;
pub mod export;
mod few;
pub mod flash;
pub mod fold;
pub mod head;
pub mod inputs;
mod integers;
pub mod measure;
pub mod onnx;
mod plan;
pub mod quantize;
pub mod shrink;
pub mod statistics;
pub(crate) mod trained;
