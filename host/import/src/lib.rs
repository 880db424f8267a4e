//! Reads trained networks saved by other tools, without guessing.
//!
//! ```text
//! file ─► open (which format?) ─► keras | onnx | tflite ─► graph ─► lower ─► Network
//!              │                    └ hdf5, zip               (one for all formats)
//!              └───────────────────► torch (a state dict: bare tensors, whose order and activations the user specifies)
//! ```
//!
//! - Everything comes from the file; what it leaves open is not guessed.
//! - A network that is not a chain of Dense, BatchNormalization, ReLU and affine maps with constants, with Softmax or
//!   Sigmoid at the end, is refused with one line that names the node, its kind, and what the network could use
//!   instead.
//! - Files may be damaged or hostile: every read is checked, memory and time are bounded, nothing panics.
//!
//! Shapes: `I` inputs and `O` units of a layer; a kernel is `[O][I]`, one row per unit.

#![deny(unsafe_code)]

mod bytes;
mod error;
mod file;
mod graph;
mod hdf5;
mod imported;
mod keras;
mod lower;
mod network;
mod onnx;
mod open;
mod tensor;
mod tflite;
mod torch;
mod zip;

pub use error::{Clean, Fault, ImportError, MAX_FILE, clean};
pub use imported::{Bare, BareTensor, Imported};
pub use network::{Affine, Layer, Network, Placed, Range, Scales};
pub use onnx::write as write_onnx;
pub use open::{Format, format, import, parse, parse_weights};
