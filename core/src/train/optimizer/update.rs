//! The [`Optimizer`] trait: the state it keeps for each parameter, and its update of a tensor in one step.

/// Maximum number of state values per parameter.
pub const MAX_STATE: usize = 2;

/// A rule that computes new parameters from gradients.
pub trait Optimizer {
    /// Number of state values per parameter, `0..=`[`MAX_STATE`]. All are initially 0.
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
    /// Updates some `values` of `tensor`, and their state, with their `gradient`; all have equal length.
    ///
    /// Slices of state beyond [`Optimizer::STATE`] are empty. Implementations are `#[inline(always)]`, so that they are
    /// compiled for the caller's vectors.
    fn apply(&self, tensor: Tensor, values: &mut [f32], state: [&mut [f32]; MAX_STATE], gradient: &[f32]);

    /// `Some(factor)` if [`apply`](Self::apply) just computes `value += factor * gradient`.
    fn factor(&self) -> Option<f32> {
        None
    }
}

/// The values being updated: a tensor, and the position within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tensor {
    /// Position of the layer in the network.
    pub layer: usize,
    /// Which of the layer's tensors it is.
    pub kind: TensorKind,
    /// Number of the first value within the tensor, row by row.
    pub first: usize,
    /// Values per row: the inputs of a kernel, 1 for the others.
    pub columns: usize,
}

/// The trainable tensors of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorKind {
    /// Weights of a Dense, `[O][I]`. Only kernels decay.
    Kernel,
    /// Bias of a Dense, `[O]`.
    Bias,
    /// Scale of a BatchNormalization, `[O]`.
    Gamma,
    /// Shift of a BatchNormalization, `[O]`.
    Beta,
}
