//! SGD with momentum, plain or Nesterov, as Keras defines it: the velocity includes the learning rate.
//!
//! `v = momentum * v - rate * g`, then `p += v`, or with Nesterov `p += momentum * v - rate * g`. At a constant rate
//! this equals PyTorch's rule. When the rate changes, PyTorch's effective velocity changes at once, while Keras's
//! follows gradually.

use super::update::{MAX_STATE, Optimizer, Step, Tensor, TensorKind};

/// SGD with momentum. Keras's `SGD(momentum=.., nesterov=..)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Momentum {
    /// Decay of the velocity, 0 to 1.
    pub momentum: f32,
    /// Whether the step looks ahead (Nesterov 1983, in the form of Sutskever et al. 2013).
    pub nesterov: bool,
    /// L2 penalty on kernels: their gradient becomes `g + weight_decay * p`, as in PyTorch's `SGD`.
    pub weight_decay: f32,
}

impl Default for Momentum {
    /// Momentum .9.
    fn default() -> Self {
        Self { momentum: 0.9, nesterov: false, weight_decay: 0.0 }
    }
}

impl Optimizer for Momentum {
    const STATE: usize = 1;
    type Step<'a> = MomentumStep;

    fn begin_step(&self, learning_rate: f32, _: u32) -> MomentumStep {
        MomentumStep { rate: learning_rate, rule: *self }
    }
}

/// One step of [`Momentum`].
#[derive(Debug, Clone, Copy)]
pub struct MomentumStep {
    rate: f32,
    rule: Momentum,
}

impl Step for MomentumStep {
    #[inline(always)]
    fn apply(&self, tensor: Tensor, values: &mut [f32], [velocity, _]: [&mut [f32]; MAX_STATE], gradient: &[f32]) {
        let Self { rate, rule: Momentum { momentum, nesterov, weight_decay } } = *self;
        let decay = if tensor.kind == TensorKind::Kernel { weight_decay } else { 0.0 };
        // The velocity is read and written once; both rules update the parameter with the same linear combination.
        let (of_velocity, of_gradient) = if nesterov { (momentum, rate) } else { (1.0, 0.0) };
        for ((p, v), g) in values.iter_mut().zip(velocity).zip(gradient) {
            let g = g + decay * *p;
            *v = momentum * *v - rate * g;
            *p += of_velocity * *v - of_gradient * g;
        }
    }
}
