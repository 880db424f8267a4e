//! Inference, float and integer: from a parsed model and one example to an answer.
//!
//! * [`Inference`]: the model with its scratch memory, which firmware calls.
//! * [`input`]: the conversion of values to activations.
//! * `float` and `integer`: run the layers of a model one after the other.
//! * `kernel`: sums of products, in assembly for most cores; their weights are laid out as in
//!   [`quantized`](crate::quantized).
//!
//! # Integer arithmetic
//!
//! `u8` activations with zero point 0, weights of 8, 4 or 2 bits, i32 accumulators, one requantize function.
//!
//! Every step of an activation, of a row of weights and of a logit stands for a real number (its *scale*) that the
//! exporter knows. At run time only ratios of scales remain, as multiplier and shift of a row
//! ([`requantize`](requantize())). `acc_o = bias_o + sum_i q[o][i] x[i]` cannot overflow: the exporter checks
//! `|bias_o| + 255 sum_i |q[o][i]| <= i32::MAX` for every row ([`Row::fits`](crate::quantized::Row::fits)).

pub(crate) mod dense;
mod float;
mod head;
mod inference;
pub mod input;
mod integer;
pub(crate) mod kernel;
mod layer;
mod memory;
pub(crate) mod requantize;
mod slow;
pub(crate) mod source;
#[cfg(feature = "low-ram")]
mod strips;
pub mod window;

pub use inference::{Answer, Inference, InferenceError, LengthError, Outputs};
pub use input::Input;
pub use requantize::requantize;
pub use slow::SlowRows;
pub use window::Window;
