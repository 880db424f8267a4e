//! What a training step needs of workspace, and where each stage's share of it begins.

use super::input_norm;
use crate::layer::Layer;
use crate::network::Network;

/// What an optimizer changes before the first Dense.
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
    /// Of a list of layers.
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

    /// Length of the workspace for their gradients, of batches of at most `batch` examples and a Dense of `units`.
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

/// Workspace of a layer of `width` outputs on `batch` examples: they, a Dense's gradient, a BatchNormalization's statistics.
pub(super) const fn of_layer(layer: Layer, width: usize, batch: usize) -> usize {
    match layer {
        Layer::Dense { .. } => 2 * width * batch,
        Layer::BatchNorm { .. } => width * batch + 2 * width,
        Layer::Relu | Layer::QuantizedRelu { .. } | Layer::Dropout { .. } => width * batch,
        Layer::Softmax | Layer::Sigmoid => 0,
    }
}

impl Network<'_> {
    /// Length of the workspace of a training step on at most `batch` examples.
    ///
    /// `batch` values for every input and every output of a layer but Softmax and Sigmoid; as many again for the
    /// gradients of each Dense's outputs, and of the inputs where more than a BatchNormalization before the first Dense
    /// needs them (for that one: sums over the Dense's units); a mean and an inverse standard deviation for every unit
    /// of a BatchNormalization.
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
