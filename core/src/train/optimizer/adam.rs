//! Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) as Keras defines them.
//!
//! In step `t`: `alpha = rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)`, `m += (1 - beta_1) (g - m)`,
//! `v += (1 - beta_2) (g^2 - v)`, `p -= alpha * m / (sqrt(v) + epsilon)`. PyTorch divides `sqrt(v)` by
//! `sqrt(1 - beta_2^t)` before adding epsilon (1e-8 there), which only differs for gradients near 0.

use super::update::{MAX_STATE, Optimizer, Step, Tensor, TensorKind};
use crate::math;

/// Adam; with a `weight_decay`, AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// Decay of the mean of gradients, 0 to 1.
    pub beta_1: f64,
    /// Decay of the mean of squared gradients, 0 to 1. In f64, because for an f32 near 1, `1 - beta_2` has only a few
    /// significant digits.
    pub beta_2: f64,
    /// Added to the root mean square.
    pub epsilon: f32,
    /// Decoupled decay of kernels: `p -= rate * weight_decay * p` before the step, as in Keras's and PyTorch's `AdamW`.
    pub weight_decay: f32,
}

impl Adam {
    /// Keras's `AdamW()`: the same with a weight decay of .004.
    pub const ADAM_W: Self = Self { weight_decay: 0.004, ..Self::ADAM };
    /// Keras's `Adam()`.
    pub const ADAM: Self = Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, weight_decay: 0.0 };
}

impl Default for Adam {
    fn default() -> Self {
        Self::ADAM
    }
}

impl Optimizer for Adam {
    const STATE: usize = 2;
    type Step<'a> = AdamStep;

    fn begin_step(&self, learning_rate: f32, number: u32) -> AdamStep {
        let t = number as f32;
        let (one, two) = (1.0 - math::powf(self.beta_1 as f32, t), 1.0 - math::powf(self.beta_2 as f32, t));
        AdamStep {
            alpha: learning_rate * math::sqrt(two) / one,
            keep: 1.0 - learning_rate * self.weight_decay,
            new_mean: (1.0 - self.beta_1) as f32,
            new_square: (1.0 - self.beta_2) as f32,
            epsilon: self.epsilon,
        }
    }
}

/// One step of [`Adam`].
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    alpha: f32,
    /// Factor of a kernel after decay.
    keep: f32,
    new_mean: f32,
    new_square: f32,
    epsilon: f32,
}

impl Step for AdamStep {
    #[inline(always)]
    fn apply(&self, tensor: Tensor, values: &mut [f32], [mean, square]: [&mut [f32]; MAX_STATE], gradient: &[f32]) {
        let Self { alpha, keep, new_mean, new_square, epsilon } = *self;
        let keep = if tensor.kind == TensorKind::Kernel { keep } else { 1.0 };
        for (((p, m), v), g) in values.iter_mut().zip(mean).zip(square).zip(gradient) {
            *m += (g - *m) * new_mean;
            *v += (g * g - *v) * new_square;
            *p = *p * keep - *m * alpha / (math::sqrt_in_loops(*v) + epsilon);
        }
    }
}
