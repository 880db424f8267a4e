//! Optimizers: how the gradients that `backward` computes change the parameters. One file each.
//!
//! A training step hands every gradient, a few values at a time and from any thread, to [`Step::apply`], which updates
//! the parameters and their optimizer state. If the update is just `p + factor * gradient`, [`Step::factor`] says so,
//! and the product that computes the gradient applies it directly.

mod adam;
mod momentum;
mod sgd;
mod update;

pub use adam::{Adam, AdamStep};
pub use momentum::{Momentum, MomentumStep};
pub use sgd::{Sgd, SgdStep};
pub use update::{MAX_STATE, Optimizer, Step, Tensor, TensorKind};
