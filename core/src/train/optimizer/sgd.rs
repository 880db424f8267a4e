//! Stochastic gradient descent: `p -= rate * g`.

use super::update::{MAX_STATE, Optimizer, Step, Tensor, TensorKind};

/// Plain SGD. Keras's `SGD()`, PyTorch's `SGD`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sgd {
    /// L2 penalty on kernels: their gradient becomes `g + weight_decay * p`, as in PyTorch's `SGD`. Without momentum
    /// this is the same as Keras's decoupled `weight_decay`.
    pub weight_decay: f32,
}

impl Optimizer for Sgd {
    const STATE: usize = 0;
    type Step<'a> = SgdStep;

    fn begin_step(&self, learning_rate: f32, _: u32) -> SgdStep {
        SgdStep { rate: learning_rate, decay: self.weight_decay }
    }
}

/// One step of [`Sgd`].
#[derive(Debug, Clone, Copy)]
pub struct SgdStep {
    rate: f32,
    decay: f32,
}

impl Step for SgdStep {
    #[inline(always)]
    fn apply(&self, tensor: Tensor, values: &mut [f32], _: [&mut [f32]; MAX_STATE], gradient: &[f32]) {
        let (rate, decay) = (self.rate, if tensor.kind == TensorKind::Kernel { self.decay } else { 0.0 });
        if decay == 0.0 {
            values.iter_mut().zip(gradient).for_each(|(p, g)| *p -= rate * g);
        } else {
            values.iter_mut().zip(gradient).for_each(|(p, g)| *p -= rate * (g + decay * *p));
        }
    }

    fn factor(&self) -> Option<f32> {
        (self.decay == 0.0).then_some(-self.rate)
    }
}
