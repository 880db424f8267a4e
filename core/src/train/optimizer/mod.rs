//! Optimizers: what becomes of the gradients that `backward` computes. One file each.
//!
//! A training step hands every gradient, a few values at a time and from any thread, to [`Step::apply`], which turns
//! parameters and the optimizer's state of them into new ones. Where the update is nothing but `p + factor * gradient`,
//! [`Step::factor`] says so, and the product that computes the gradient carries it out.

mod adam;
mod momentum;
mod sgd;

pub use adam::{Adam, AdamStep};
pub use momentum::{Momentum, MomentumStep};
pub use sgd::{Sgd, SgdStep};

/// Maximum number of values of state per parameter.
pub const MAX_STATE: usize = 2;

/// A rule that turns gradients into new parameters.
pub trait Optimizer {
    /// Values of state per parameter, `0..=`[`MAX_STATE`]. All begin as 0.
    const STATE: usize;

    /// The rule for one step.
    type Step<'a>: Step
    where
        Self: 'a;

    /// The rule for step `number`, counted from 1, with this learning rate.
    fn begin_step(&self, learning_rate: f32, number: u32) -> Self::Step<'_>;
}

/// An optimizer during one step.
pub trait Step: Sync {
    /// Changes some `values` of `tensor`, and the state of the same values, by their `gradient` of equal length.
    ///
    /// A slice of state beyond [`Optimizer::STATE`] is empty. Implementations are `#[inline(always)]`, so that they are
    /// compiled for the vectors of the caller.
    fn apply(&self, tensor: Tensor, values: &mut [f32], state: [&mut [f32]; MAX_STATE], gradient: &[f32]);

    /// `Some(factor)` where [`apply`](Self::apply) does nothing but `value += factor * gradient`.
    fn factor(&self) -> Option<f32> {
        None
    }
}

/// What is being changed: a tensor, and which of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tensor {
    /// Position of the layer in the network.
    pub layer: usize,
    /// Which of the layer's tensors.
    pub kind: TensorKind,
    /// Number of the first value within the tensor, row by row.
    pub first: usize,
    /// Values per row: the inputs of a kernel, 1 for the others.
    pub columns: usize,
}

/// The tensors of a layer that are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorKind {
    /// Weights of a Dense, `[O][I]`. Only kernels decay.
    Kernel,
    /// Bias of a Dense, `[O]`.
    Bias,
    /// Of a BatchNormalization, `[O]`.
    Gamma,
    /// Of a BatchNormalization, `[O]`.
    Beta,
}

/// Stores gradients in the first slice of state and changes nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Collect;

impl Step for Collect {
    #[inline(always)]
    fn apply(&self, _: Tensor, _: &mut [f32], [stored, _]: [&mut [f32]; MAX_STATE], gradient: &[f32]) {
        stored.copy_from_slice(gradient);
    }
}
