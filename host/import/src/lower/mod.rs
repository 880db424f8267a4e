//! From the graph to a chain of layers.
//!
//! ```text
//! Graph ─► trace (values become constants, sizes, or data along a chain of steps) ─► outputs (one chain) ─► fold (affine
//! steps go into their neighbours) ─► layers
//! ```
//!
//! Nothing is guessed: an operation that is not known to keep the network's function is refused by name.

mod at;
mod constants;
mod fold;
mod outputs;
mod rearrange;
mod shapes;
mod trace;

pub(crate) use fold::lower;
