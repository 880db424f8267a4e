//! Networks with Batch Normalization for microcontrollers: no `std`, no heap.
//!
//! # Architecture
//!
//! The data flows `standardize -> train -> fold -> (quantize) -> pack -> parse -> classify`, one module a stage:
//!
//! * [`layer`]: a network is a slice of [`Layer`] plus parameters in one buffer the caller owns. All sizes are
//!   `const fn` of that slice, so firmware declares its buffers as statics.
//! * [`train`]: `forward` and `backward` of every layer side by side, initial weights, one step of SGD, inference
//!   with the moving statistics. Matrix products and the split over threads enter through [`compute::Compute`];
//!   [`compute::Portable`] is the oracle and what a device uses.
//! * [`standardize`]: from `u8` pixels to the network's inputs.
//! * [`fold`]: everything affine (pixel scaling, standardization, every BatchNormalization, Dense after Dense)
//!   becomes one Dense between two ReLUs.
//! * [`int`]: inference with weights of 8, 4 or 2 bits.
//! * [`model`]: the file that goes to a device: format, encode, parse, classify in place.
//! * [`slot`]: where that file lies in a device's flash, which of two boots, and how one is replaced.
//!
//! # Shapes
//!
//! `N` examples in a batch, `I` inputs and `O` units of a layer, `C` classes. A kernel is stored `[O][I]`, one row a
//! unit (Keras stores `[I][O]`). Activations of a batch are stored `[units][N]`, one row a unit, so that the share
//! of a thread is one slice and a BatchNormalization reads contiguous memory.
//!
//! # Goals and anti-goals
//!
//! Input is checked once, at the door; behind it nothing can fail. Results are the same bits on a PC and on a
//! device. Convolutions, other optimizers and 16-bit floats are out of scope.
#![no_std]
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(any(test, feature = "cases"))]
pub mod cases;
pub mod compute;
pub mod fold;
pub mod int;
pub mod layer;
mod math;
pub mod matrix;
pub mod model;
pub mod slot;
pub mod standardize;
pub mod train;

pub use compute::{Compute, Portable};
pub use layer::Layer;
pub use model::Model;
