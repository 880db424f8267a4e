//! The kinds of layers, and the validation of a list of them.

use serde::{Deserialize, Serialize};

/// Maximum number of layers in a network.
pub const MAX_LAYERS: usize = 64;

/// Maximum number of Dense layers in a network.
pub const MAX_DENSE: usize = 16;

/// Maximum number of consecutive layers that are not Dense.
pub const MAX_BETWEEN: usize = 7;

/// Maximum width of a layer, and of the inputs.
pub const MAX_UNITS: usize = 65_535;

/// Keras's default momentum of the moving statistics.
pub const MOMENTUM: f32 = 0.99;

/// Keras's default epsilon, added to the variance.
pub const EPSILON: f32 = 1e-3;

/// One layer. A list of them, applied in order to `I` inputs, is a network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// `z = kernel x + bias`
    Dense {
        /// Outputs.
        units: u32,
        /// Whether there is a bias (otherwise it is zero).
        bias: bool,
    },
    /// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta` per unit
    BatchNorm {
        /// Fraction of the old value in a new moving statistic.
        momentum: f32,
        /// Added to the variance.
        epsilon: f32,
    },
    /// `y = max(x, 0)`
    Relu,
    /// `p_c = exp(z_c) / sum exp(z)`; only valid as the last layer.
    Softmax,
    /// `p = 1 / (1 + exp(-z))` of one unit; only valid as the last layer.
    Sigmoid,
    /// In training, each value becomes 0 with probability `rate` and is otherwise divided by `1 - rate`. Has no effect
    /// at inference.
    Dropout {
        /// 0 to 1, less than 1.
        rate: f32,
    },
    /// `y = step * clamp(round(x / step), 0, 255)`: a ReLU whose values a device stores as `u8`.
    QuantizedRelu {
        /// The value that 1 in the `u8` stands for; positive.
        step: f32,
    },
}

/// What a layer does at inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Weighted sums of all values.
    Dense,
    /// An affine function of each value.
    Norm,
    /// `max(x, 0)` of each value.
    Relu,
    /// Probabilities from the logits; only as the last layer.
    Head,
    /// Nothing.
    Nothing,
}

impl Layer {
    /// A Dense with a bias.
    pub const fn dense(units: u32) -> Self {
        Self::Dense { units, bias: true }
    }

    /// A Dense without a bias.
    pub const fn dense_without_bias(units: u32) -> Self {
        Self::Dense { units, bias: false }
    }

    /// A BatchNormalization with Keras's defaults.
    pub const fn batch_norm() -> Self {
        Self::BatchNorm { momentum: MOMENTUM, epsilon: EPSILON }
    }

    /// What it does at inference.
    pub const fn role(self) -> Role {
        match self {
            Self::Dense { .. } => Role::Dense,
            Self::BatchNorm { .. } => Role::Norm,
            Self::Relu | Self::QuantizedRelu { .. } => Role::Relu,
            Self::Softmax | Self::Sigmoid => Role::Head,
            Self::Dropout { .. } => Role::Nothing,
        }
    }

    /// Keras's names for a layer of this kind and for the kind, or names in their style if Keras lacks it.
    pub const fn keras_names(self) -> (&'static str, &'static str) {
        match self {
            Self::Dense { .. } => ("dense", "Dense"),
            Self::BatchNorm { .. } => ("batch_normalization", "BatchNormalization"),
            Self::Relu => ("re_lu", "ReLU"),
            Self::Softmax => ("softmax", "Softmax"),
            Self::Sigmoid => ("sigmoid", "Sigmoid"),
            Self::Dropout { .. } => ("dropout", "Dropout"),
            Self::QuantizedRelu { .. } => ("quantized_re_lu", "QuantizedReLU"),
        }
    }

    /// Number of outputs for `inputs` values.
    pub const fn outputs(self, inputs: usize) -> usize {
        match self {
            Self::Dense { units, .. } => units as usize,
            _ => inputs,
        }
    }

    /// Number of parameters for `inputs` values. A Dense has its kernel `[units][inputs]`, then its bias `[units]`; a
    /// BatchNormalization has `[inputs][4]`: gamma, beta, moving mean and moving variance of each unit.
    pub const fn params(self, inputs: usize) -> usize {
        match self {
            Self::Dense { units, bias } => units as usize * (inputs + bias as usize),
            Self::BatchNorm { .. } => 4 * inputs,
            _ => 0,
        }
    }

    /// Number of [`params`](Self::params) that an optimizer changes: all except the moving statistics.
    pub const fn trainable(self, inputs: usize) -> usize {
        match self {
            Self::BatchNorm { .. } => 2 * inputs,
            _ => self.params(inputs),
        }
    }
}

/// Reason why a list of layers is not a network. `layer` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LayerError {
    /// The list has no Dense.
    NoDense,
    /// More than [`MAX_LAYERS`] layers, or more than [`MAX_DENSE`] Dense.
    TooManyLayers,
    /// More than [`MAX_BETWEEN`] consecutive layers that are not Dense.
    TooManyBetween {
        /// The first layer beyond the limit.
        layer: usize,
    },
    /// A width of 0, or above [`MAX_UNITS`].
    BadWidth {
        /// The layer, or 0 for the inputs.
        layer: usize,
    },
    /// A momentum outside 0..=1, or an epsilon that is not positive.
    BadBatchNorm {
        /// The layer.
        layer: usize,
    },
    /// A rate of Dropout outside 0..1.
    BadDropout {
        /// The layer.
        layer: usize,
    },
    /// A step of QuantizedRelu that is not positive.
    BadStep {
        /// The layer.
        layer: usize,
    },
    /// A Sigmoid that is not last, or has more than one unit.
    MisplacedSigmoid {
        /// The layer.
        layer: usize,
    },
    /// A Softmax that is not last.
    MisplacedSoftmax {
        /// The layer.
        layer: usize,
    },
}

impl core::fmt::Display for LayerError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self {
            Self::NoDense => write!(f, "a network needs at least one Dense layer"),
            Self::TooManyLayers => write!(f, "more than {MAX_LAYERS} layers, or {MAX_DENSE} Dense"),
            Self::TooManyBetween { layer } => {
                write!(f, "layer {layer}: more than {MAX_BETWEEN} layers in a row that are not Dense")
            }
            Self::BadWidth { layer } => write!(f, "layer {layer}: a width must be 1 to {MAX_UNITS}"),
            Self::BadBatchNorm { layer } => {
                write!(f, "layer {layer}: BatchNormalization needs a momentum of 0 to 1 and a positive epsilon")
            }
            Self::BadDropout { layer } => write!(f, "layer {layer}: Dropout needs a rate of at least 0 and below 1"),
            Self::BadStep { layer } => write!(f, "layer {layer}: QuantizedRelu needs a positive step"),
            Self::MisplacedSigmoid { layer } => {
                write!(f, "layer {layer}: Sigmoid is only allowed once, as the last layer, after a Dense with one unit")
            }
            Self::MisplacedSoftmax { layer } => {
                write!(f, "layer {layer}: Softmax is only allowed once, as the last layer")
            }
        }
    }
}

impl core::error::Error for LayerError {}

/// Checks that `layers` on `inputs` values form a network that can be trained; returns the first fault found.
pub(crate) const fn validate(layers: &[Layer], inputs: usize) -> Result<(), LayerError> {
    if layers.len() > MAX_LAYERS {
        return Err(LayerError::TooManyLayers);
    }
    if inputs == 0 || inputs > MAX_UNITS {
        return Err(LayerError::BadWidth { layer: 0 });
    }
    let (mut dense, mut between, mut index, mut width) = (0, 0, 0, inputs);
    while index < layers.len() {
        if let Err(error) = validate_layer(layers[index], index, index + 1 == layers.len(), width) {
            return Err(error);
        }
        (dense, between) = match layers[index] {
            Layer::Dense { .. } => (dense + 1, 0),
            _ => (dense, between + 1),
        };
        if between > MAX_BETWEEN {
            return Err(LayerError::TooManyBetween { layer: index });
        }
        width = layers[index].outputs(width);
        index += 1;
    }
    match dense {
        0 => Err(LayerError::NoDense),
        1..=MAX_DENSE => Ok(()),
        _ => Err(LayerError::TooManyLayers),
    }
}

const fn validate_layer(layer: Layer, index: usize, last: bool, width: usize) -> Result<(), LayerError> {
    match layer {
        Layer::Dense { units, .. } if units == 0 || units as usize > MAX_UNITS => {
            Err(LayerError::BadWidth { layer: index })
        }
        Layer::BatchNorm { momentum, epsilon }
            if !(0.0 <= momentum && momentum <= 1.0 && epsilon > 0.0 && epsilon.is_finite()) =>
        {
            Err(LayerError::BadBatchNorm { layer: index })
        }
        Layer::Dropout { rate } if !(0.0 <= rate && rate < 1.0) => Err(LayerError::BadDropout { layer: index }),
        Layer::QuantizedRelu { step } if !(step > 0.0 && step.is_finite()) => Err(LayerError::BadStep { layer: index }),
        Layer::Sigmoid if !last || width != 1 => Err(LayerError::MisplacedSigmoid { layer: index }),
        Layer::Softmax if !last => Err(LayerError::MisplacedSoftmax { layer: index }),
        _ => Ok(()),
    }
}
