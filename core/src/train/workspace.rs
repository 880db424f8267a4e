//! Size of the workspace for a training step, and the offset of each stage in it.

use super::input_norm;
use crate::layer::Layer;
use crate::network::Network;

/// The trainable layers before the first Dense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BeforeDense {
    /// Nothing.
    Nothing,
    /// One BatchNormalization, right before the Dense.
    InputNorm,
    /// Anything else.
    More,
}

impl BeforeDense {
    /// Determined from a list of layers.
    pub(super) const fn of(layers: &[Layer]) -> Self {
        let (mut before, mut i) = (Self::Nothing, 0);
        while i < layers.len() && !matches!(layers[i], Layer::Dense { .. }) {
            before = match (layers[i], before) {
                (Layer::BatchNorm { .. }, Self::Nothing) => Self::InputNorm,
                (_, Self::Nothing) => Self::Nothing,
                _ => Self::More,
            };
            i += 1;
        }
        before
    }

    /// Length of the workspace for their gradients, for batches of at most `batch` examples and a Dense of `units`.
    pub(super) const fn workspace(self, inputs: usize, units: usize, batch: usize) -> usize {
        match self {
            Self::Nothing => 0,
            Self::InputNorm => input_norm::room(inputs, units),
            Self::More => inputs * batch,
        }
    }
}

/// Units of the first Dense; 0 without one.
pub(super) const fn first_units(layers: &[Layer]) -> usize {
    let mut i = 0;
    while i < layers.len() {
        if let Layer::Dense { units, .. } = layers[i] {
            return units as usize;
        }
        i += 1;
    }
    0
}

/// Workspace of a layer with `width` outputs on `batch` examples: its outputs, a Dense's gradient, a
/// BatchNormalization's statistics.
pub(super) const fn of_layer(layer: Layer, width: usize, batch: usize) -> usize {
    match layer {
        Layer::Dense { .. } => 2 * width * batch,
        Layer::BatchNorm { .. } => width * batch + 2 * width,
        Layer::Softmax | Layer::Sigmoid => 0,
        _ => width * batch,
    }
}

impl Network<'_> {
    /// Length of the workspace of a training step on at most `batch` examples.
    ///
    /// It holds `batch` values for every input and every output of a layer except Softmax and Sigmoid, and as many
    /// again for the gradients of each Dense's outputs. For inputs it does so only if more than a BatchNormalization
    /// before the first Dense needs them (for that one, it holds sums over the Dense's units). Every unit of a
    /// BatchNormalization adds a mean and an inverse standard deviation.
    pub const fn train_workspace(&self, batch: usize) -> usize {
        let (layers, inputs) = (self.layers(), self.inputs());
        let before = BeforeDense::of(layers).workspace(inputs, first_units(layers), batch);
        let (mut width, mut total, mut i) = (inputs, inputs * batch + before, 0);
        while i < layers.len() {
            width = layers[i].outputs(width);
            total += of_layer(layers[i], width, batch);
            i += 1;
        }
        total
    }
}
