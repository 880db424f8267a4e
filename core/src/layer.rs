//! The layer list: what a network is made of, what makes a list valid, and every buffer size as a `const fn` of it.

use crate::train::input_norm;
use serde::{Deserialize, Serialize};

/// At most so many layers has a list.
pub const MAX_LAYERS: usize = 32;

/// At most so many Dense layers has a list.
pub const MAX_DENSE: usize = 8;

/// At most so many layers without a Dense among them may follow a Dense, or come before the first.
pub const MAX_BETWEEN: usize = 7;

/// The most classes a network may tell apart, and the widest layer.
pub const MAX_UNITS: usize = 65_535;

/// Keras's default momentum of the moving statistics.
pub const MOMENTUM: f32 = 0.99;

/// Keras's default addition to the variance.
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
        /// Share of the old value in a new moving statistic.
        momentum: f32,
        /// Added to the variance.
        epsilon: f32,
    },
    /// `y = max(x, 0)`
    Relu,
    /// `p_c = exp(z_c) / sum exp(z)`, last and only last.
    Softmax,
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

    /// How many values come out where `inputs` go in.
    pub const fn outputs(self, inputs: usize) -> usize {
        match self {
            Self::Dense { units, .. } => units as usize,
            _ => inputs,
        }
    }

    /// How many parameters the layer has where `inputs` go in: a Dense its kernel `[units][inputs]`, then its bias
    /// `[units]`; a BatchNormalization `[inputs][4]`: gamma, beta, moving mean and moving variance of each unit.
    pub const fn params(self, inputs: usize) -> usize {
        match self {
            Self::Dense { units, bias } => units as usize * (inputs + bias as usize),
            Self::BatchNorm { .. } => 4 * inputs,
            Self::Relu | Self::Softmax => 0,
        }
    }

    /// How many of [`params`](Self::params) SGD changes: all but the moving statistics.
    pub const fn trainable(self, inputs: usize) -> usize {
        match self {
            Self::BatchNorm { .. } => 2 * inputs,
            _ => self.params(inputs),
        }
    }
}

/// Why a layer list is not a network. `layer` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LayerError {
    /// The list has no Dense.
    NoDense,
    /// More than [`MAX_LAYERS`] layers, or more than [`MAX_DENSE`] Dense.
    TooManyLayers,
    /// More than [`MAX_BETWEEN`] layers in a row that are not Dense.
    TooManyBetween {
        /// The first that is too many.
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
    /// Softmax must come last, and only there.
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
            Self::MisplacedSoftmax { layer } => write!(f, "layer {layer}: Softmax must be the last layer, once"),
        }
    }
}

impl core::error::Error for LayerError {}

/// Checks that `layers` on `inputs` values make a network that trains.
///
/// # Errors
/// The first fault found, see [`LayerError`].
pub fn validate(layers: &[Layer], inputs: usize) -> Result<(), LayerError> {
    if layers.len() > MAX_LAYERS {
        return Err(LayerError::TooManyLayers);
    }
    if inputs == 0 || inputs > MAX_UNITS {
        return Err(LayerError::BadWidth { layer: 0 });
    }
    let (mut dense, mut between) = (0, 0);
    for (index, &layer) in layers.iter().enumerate() {
        between += 1;
        validate_layer(layer, index, index + 1 == layers.len())?;
        if matches!(layer, Layer::Dense { .. }) {
            (dense, between) = (dense + 1, 0);
        }
        if between > MAX_BETWEEN {
            return Err(LayerError::TooManyBetween { layer: index });
        }
    }
    match dense {
        0 => Err(LayerError::NoDense),
        1..=MAX_DENSE => Ok(()),
        _ => Err(LayerError::TooManyLayers),
    }
}

fn validate_layer(layer: Layer, index: usize, last: bool) -> Result<(), LayerError> {
    match layer {
        Layer::Dense { units, .. } if units == 0 || units as usize > MAX_UNITS => {
            Err(LayerError::BadWidth { layer: index })
        }
        Layer::BatchNorm { momentum, epsilon }
            if !((0.0..=1.0).contains(&momentum) && epsilon > 0.0 && epsilon.is_finite()) =>
        {
            Err(LayerError::BadBatchNorm { layer: index })
        }
        Layer::Softmax if !last => Err(LayerError::MisplacedSoftmax { layer: index }),
        _ => Ok(()),
    }
}

/// Width of the network's output, `C`.
pub const fn outputs(layers: &[Layer], inputs: usize) -> usize {
    let (mut width, mut i) = (inputs, 0);
    while i < layers.len() {
        width = layers[i].outputs(width);
        i += 1;
    }
    width
}

/// The widest that activations get, inputs included.
pub const fn widest(layers: &[Layer], inputs: usize) -> usize {
    let (mut width, mut widest, mut i) = (inputs, inputs, 0);
    while i < layers.len() {
        width = layers[i].outputs(width);
        if width > widest {
            widest = width;
        }
        i += 1;
    }
    widest
}

/// Parameters of the network in all: the length of its parameter buffer.
pub const fn params(layers: &[Layer], inputs: usize) -> usize {
    let (mut width, mut total, mut i) = (inputs, 0, 0);
    while i < layers.len() {
        total += layers[i].params(width);
        width = layers[i].outputs(width);
        i += 1;
    }
    total
}

/// Parameters that SGD changes.
pub const fn trainable(layers: &[Layer], inputs: usize) -> usize {
    let (mut width, mut total, mut i) = (inputs, 0, 0);
    while i < layers.len() {
        total += layers[i].trainable(width);
        width = layers[i].outputs(width);
        i += 1;
    }
    total
}

/// What SGD changes before the first Dense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BeforeDense {
    /// Nothing.
    Nothing,
    /// One BatchNormalization, right before the Dense.
    InputNorm,
    /// Anything else.
    More,
}

impl BeforeDense {
    /// Of a list of layers.
    pub(crate) const fn of(layers: &[Layer]) -> Self {
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
    pub(crate) const fn workspace(self, inputs: usize, units: usize, batch: usize) -> usize {
        match self {
            Self::Nothing => 0,
            Self::InputNorm => input_norm::room(inputs, units),
            Self::More => inputs * batch,
        }
    }
}

/// Units of the first Dense; 0 without one.
pub(crate) const fn first_units(layers: &[Layer]) -> usize {
    let mut i = 0;
    while i < layers.len() {
        if let Layer::Dense { units, .. } = layers[i] {
            return units as usize;
        }
        i += 1;
    }
    0
}

/// Length of the workspace of a training step on at most `batch` examples.
///
/// `batch` values for every input and every output of Dense, BatchNormalization and ReLU; as many again for the
/// gradients of each Dense's outputs, and of the inputs where more than a BatchNormalization before the first Dense
/// needs them (for that one: sums over the Dense's units); a mean and an inverse standard deviation for every unit of a
/// BatchNormalization.
pub const fn train_workspace(layers: &[Layer], inputs: usize, batch: usize) -> usize {
    let before = BeforeDense::of(layers).workspace(inputs, first_units(layers), batch);
    let (mut width, mut total, mut i) = (inputs, inputs * batch + before, 0);
    while i < layers.len() {
        width = layers[i].outputs(width);
        total += match layers[i] {
            Layer::Dense { .. } => 2 * width * batch,
            Layer::BatchNorm { .. } => width * batch + 2 * width,
            Layer::Relu => width * batch,
            Layer::Softmax => 0,
        };
        i += 1;
    }
    total
}

/// Length of the workspace of [`predict`](crate::train::predict) on at most `batch` examples: two activations.
pub const fn predict_workspace(layers: &[Layer], inputs: usize, batch: usize) -> usize {
    2 * widest(layers, inputs) * batch
}

/// A layer with its place: what goes in, what comes out, where its parameters begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// Position in the list.
    pub index: usize,
    /// The layer.
    pub layer: Layer,
    /// `I`
    pub inputs: usize,
    /// `O`
    pub outputs: usize,
    /// First of its parameters in the network's buffer.
    pub offset: usize,
}

impl Placed {
    /// The layer's parameters in the network's buffer.
    pub fn range(&self) -> core::ops::Range<usize> {
        self.offset..self.offset + self.layer.params(self.inputs)
    }
}

/// The layers in order, each with its widths and the place of its parameters.
pub fn placed(layers: &[Layer], inputs: usize) -> impl Iterator<Item = Placed> + Clone {
    let (mut width, mut next) = (inputs, 0);
    layers.iter().enumerate().map(move |(index, &layer)| {
        let placed = Placed { index, layer, inputs: width, outputs: layer.outputs(width), offset: next };
        width = placed.outputs;
        next = placed.range().end;
        placed
    })
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;

    const AFTER: [Layer; 9] = [
        Layer::batch_norm(),
        Layer::dense(300),
        Layer::Relu,
        Layer::batch_norm(),
        Layer::dense(100),
        Layer::Relu,
        Layer::batch_norm(),
        Layer::dense(10),
        Layer::Softmax,
    ];
    const BEFORE: [Layer; 8] = [
        Layer::dense_without_bias(300),
        Layer::batch_norm(),
        Layer::Relu,
        Layer::dense_without_bias(100),
        Layer::batch_norm(),
        Layer::Relu,
        Layer::dense(10),
        Layer::Softmax,
    ];

    pub(crate) fn the_notebooks_models_have_keras_s_parameter_counts() {
        const TOTALS: (usize, usize) = (params(&AFTER, 784), params(&BEFORE, 784));
        assert_eq!(TOTALS, (271_346, 267_810));
        assert_eq!((trainable(&AFTER, 784), trainable(&BEFORE, 784)), (268_978, 267_010));
        assert_eq!((outputs(&AFTER, 784), widest(&AFTER, 784)), (10, 784));
    }

    pub(crate) fn places_follow_each_other() {
        let ends = placed(&AFTER, 784).map(|p| p.range().end);
        assert!(ends.eq([3136, 238_636, 238_636, 239_836, 269_936, 269_936, 270_336, 271_346, 271_346]));
    }

    fn check(layers: &[Layer], inputs: usize, expected: Result<(), LayerError>) {
        assert_eq!(validate(layers, inputs), expected, "{layers:?} on {inputs}");
    }

    pub(crate) fn faults_are_named() {
        let dense = Layer::dense(3);
        check(&AFTER, 784, Ok(()));
        check(&BEFORE, 784, Ok(()));
        check(&[dense], 1, Ok(()));
        check(&[], 1, Err(LayerError::NoDense));
        check(&[Layer::Relu, Layer::Softmax], 1, Err(LayerError::NoDense));
        check(&[dense], 0, Err(LayerError::BadWidth { layer: 0 }));
        check(&[dense, Layer::dense(0)], 1, Err(LayerError::BadWidth { layer: 1 }));
        check(&[dense, Layer::dense(70_000)], 1, Err(LayerError::BadWidth { layer: 1 }));
        check(&[Layer::Softmax, dense], 1, Err(LayerError::MisplacedSoftmax { layer: 0 }));
        check(&[dense; 9], 1, Err(LayerError::TooManyLayers));
        check(&[Layer::Relu; 8], 1, Err(LayerError::TooManyBetween { layer: 7 }));
        let bad = |momentum, epsilon| [dense, Layer::BatchNorm { momentum, epsilon }];
        check(&bad(1.5, 1e-3), 1, Err(LayerError::BadBatchNorm { layer: 1 }));
        check(&bad(0.5, 0.0), 1, Err(LayerError::BadBatchNorm { layer: 1 }));
        check(&bad(0.5, f32::NAN), 1, Err(LayerError::BadBatchNorm { layer: 1 }));
    }
}
