//! Inference, float and integer: from a parsed model and one example to an answer.
//!
//! * [`Inference`]: the model with its scratch memory, which firmware calls.
//! * [`input`]: the types of values that a model takes, and their conversion to activations.
//! * `float` and `integer`: run the layers of a model one after the other.
//! * [`kernel`], [`layout`]: sums of products, and the layout of their weights.
//!
//! # Integer arithmetic
//!
//! `u8` activations with zero point 0, weights of 8, 4 or 2 bits, i32 accumulators, one requantize function.
//!
//! Every step of an activation, of a row of weights and of a logit stands for a real number (its *scale*) that the
//! exporter knows. At run time only ratios of scales remain, as multiplier and shift of a row ([`requantize`]).
//! `acc_o = bias_o + sum_i q[o][i] x[i]` cannot overflow: the exporter checks
//! `|bias_o| + 255 sum_i |q[o][i]| <= i32::MAX` for every row ([`Row::fits`]).

pub mod bound;
pub(crate) mod dense;
mod float;
mod head;
mod inference;
pub mod input;
mod integer;
pub mod kernel;
pub mod layout;
mod memory;
pub(crate) mod requantize;
mod source;
#[cfg(feature = "low-ram")]
mod strips;
pub mod window;

pub(crate) use dense::{Dense, Traits, hidden, last};
pub use inference::{Answer, Inference, InferenceError, LengthError, Outputs, Score};
pub use input::{Input, InputType};
pub use requantize::{MULTIPLIER_ONE, Row, requantize};
pub(crate) use source::{Listed, Order, Source};
pub use window::Window;
