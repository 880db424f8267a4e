//! From a trained network to a model on a device: fold, quantize, arrange, export, flash.

mod arrange;
pub mod export;
pub mod flash;
pub mod fold;
pub mod head;
pub mod inputs;
mod integers;
pub mod onnx;
pub mod quantize;
pub mod shrink;
