//! Layers that compute each value from one value of the layer before, without parameters, and without anything to keep
//! for the backward pass.

use super::dropout::Dropout;
use super::relu;
use crate::layer::Layer;
use crate::network::Placed;

/// Such a layer in one step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Elementwise {
    Relu,
    /// With the step of its outputs.
    QuantizedRelu(f32),
    Dropout(Dropout),
}

impl Elementwise {
    /// The layer at this place, in a step with this key; `None` for other kinds.
    pub(super) fn of(place: Placed, key: u32) -> Option<Self> {
        Some(match place.layer {
            Layer::Relu => Self::Relu,
            Layer::QuantizedRelu { step } => Self::QuantizedRelu(step),
            Layer::Dropout { rate } => Self::Dropout(Dropout::new(rate, key, place.index)),
            Layer::Dense { .. } | Layer::BatchNorm { .. } | Layer::Softmax | Layer::Sigmoid => return None,
        })
    }

    /// `x` to `y`; `first` is the number of the first value within the layer.
    #[inline(always)]
    pub(super) fn forward(self, x: &[f32], y: &mut [f32], first: usize) {
        match self {
            Self::Relu => relu::forward(x, y),
            Self::QuantizedRelu(step) => relu::forward_quantized(x, y, step),
            Self::Dropout(dropout) => dropout.forward(x, y, first),
        }
    }

    /// Replaces `d` with respect to `y` by `d` with respect to `x`, in place.
    #[inline(always)]
    pub(super) fn backward(self, x: &[f32], y: &[f32], d: &mut [f32], first: usize) {
        match self {
            Self::Relu => relu::backward(y, d),
            Self::QuantizedRelu(step) => relu::backward_quantized(x, d, step),
            Self::Dropout(dropout) => dropout.backward(d, first),
        }
    }
}

/// Replaces the inputs of such a layer by its outputs at inference.
#[inline(always)]
pub(super) fn infer(layer: Layer, x: &mut [f32]) {
    match layer {
        Layer::Relu => relu::infer(x),
        Layer::QuantizedRelu { step } => x.iter_mut().for_each(|x| *x = relu::quantized(*x, step)),
        Layer::Dense { .. } | Layer::BatchNorm { .. } | Layer::Dropout { .. } | Layer::Softmax | Layer::Sigmoid => {}
    }
}
