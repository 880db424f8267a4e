//! A network: layers on inputs of a given shape, validated once, with every size as a `const fn`.
//!
//! The size of the training workspace is next to the training step, in `train/workspace.rs`.

use crate::layer::{self, Layer, LayerError};

/// The shape of an example, `[height][width][channels]`: an image, consecutive samples of several channels, or a plain
/// count. `foldnet-data` has its own, of data sets: neither crate depends on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Shape {
    /// Rows of an image, or samples over time; 1 for a plain count.
    pub height: usize,
    /// Columns of an image; otherwise 1.
    pub width: usize,
    /// Values per pixel or sample; all values of a plain count.
    pub channels: usize,
}

impl Shape {
    /// `count` values without further structure.
    pub const fn count(count: usize) -> Self {
        Self { height: 1, width: 1, channels: count }
    }

    /// An image of one channel.
    pub const fn image(height: usize, width: usize) -> Self {
        Self { height, width, channels: 1 }
    }

    /// Number of values; `usize::MAX` if it overflows.
    pub const fn values(self) -> usize {
        self.height.saturating_mul(self.width).saturating_mul(self.channels)
    }
}

/// A validated list of layers on inputs of a given shape.
///
/// ```
/// use foldnet_core::{Layer, Network, Shape};
///
/// const LAYERS: [Layer; 4] = [Layer::dense(8), Layer::batch_norm(), Layer::Relu, Layer::dense(2)];
/// const NETWORK: Network = Network::of(&LAYERS, Shape::image(2, 2));
/// static PARAMS: [f32; NETWORK.params()] = [0.0; NETWORK.params()];
/// assert_eq!((PARAMS.len(), NETWORK.outputs()), (4 * 8 + 8 + 4 * 8 + 8 * 2 + 2, 2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network<'a> {
    layers: &'a [Layer],
    shape: Shape,
}

impl<'a> Network<'a> {
    /// The network of `layers` on examples of `shape`.
    ///
    /// # Errors
    /// The first fault found, see [`LayerError`].
    pub const fn new(layers: &'a [Layer], shape: Shape) -> Result<Self, LayerError> {
        match layer::validate(layers, shape.values()) {
            Ok(()) => Ok(Self { layers, shape }),
            Err(error) => Err(error),
        }
    }

    /// Like [`new`](Self::new), for constants: an invalid list fails the build.
    ///
    /// # Panics
    /// If [`new`](Self::new) returns an error.
    pub const fn of(layers: &'a [Layer], shape: Shape) -> Self {
        match Self::new(layers, shape) {
            Ok(network) => network,
            Err(_) => panic!("not a valid network: `Network::new` says why"),
        }
    }

    /// The layers in order.
    pub const fn layers(&self) -> &'a [Layer] {
        self.layers
    }

    /// The shape of an example.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of inputs, `I`.
    pub const fn inputs(&self) -> usize {
        self.shape.values()
    }

    /// Width of the output: `C` classes, or `O` values.
    pub const fn outputs(&self) -> usize {
        let (mut width, mut i) = (self.inputs(), 0);
        while i < self.layers.len() {
            width = self.layers[i].outputs(width);
            i += 1;
        }
        width
    }

    /// The largest width of any layer, including the inputs.
    pub const fn widest(&self) -> usize {
        let (mut width, mut widest, mut i) = (self.inputs(), self.inputs(), 0);
        while i < self.layers.len() {
            width = self.layers[i].outputs(width);
            if width > widest {
                widest = width;
            }
            i += 1;
        }
        widest
    }

    /// Number of all parameters: the length of the parameter buffer.
    pub const fn params(&self) -> usize {
        let (mut width, mut total, mut i) = (self.inputs(), 0, 0);
        while i < self.layers.len() {
            total += self.layers[i].params(width);
            width = self.layers[i].outputs(width);
            i += 1;
        }
        total
    }

    /// Number of parameters that an optimizer changes: all except the moving statistics.
    pub const fn trainable(&self) -> usize {
        let (mut width, mut total, mut i) = (self.inputs(), 0, 0);
        while i < self.layers.len() {
            total += self.layers[i].trainable(width);
            width = self.layers[i].outputs(width);
            i += 1;
        }
        total
    }

    /// Length of the workspace of [`predict`](crate::train::predict) for at most `batch` examples: two activations.
    pub const fn predict_workspace(&self, batch: usize) -> usize {
        2 * self.widest() * batch
    }

    /// Length of an optimizer's state with `slots` values per parameter.
    pub const fn state(&self, slots: usize) -> usize {
        slots * self.params()
    }

    /// The layers in order, each with its widths and the offset of its parameters.
    pub fn placed(&self) -> impl Iterator<Item = Placed> + Clone + use<'a> {
        let (mut width, mut next) = (self.inputs(), 0);
        self.layers.iter().enumerate().map(move |(index, &layer)| {
            let placed = Placed { index, layer, inputs: width, outputs: layer.outputs(width), offset: next };
            width = placed.outputs;
            next = placed.range().end;
            placed
        })
    }
}

/// Layers validated on a number of inputs, with storage of their own, such as a `Vec` or an array: what a [`Network`]
/// borrows. Its [`network`](Self::network) is not validated again.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerList<S> {
    layers: S,
    inputs: usize,
}

impl<S: AsRef<[Layer]>> LayerList<S> {
    /// The list of `layers` on `inputs` values.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn new(layers: S, inputs: usize) -> Result<Self, LayerError> {
        layer::validate(layers.as_ref(), inputs)?;
        Ok(Self { layers, inputs })
    }

    /// Number of inputs, `I`.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The network of these layers on examples of `shape`.
    ///
    /// # Panics
    /// If the shape does not have [`inputs`](Self::inputs) values.
    pub fn network(&self, shape: Shape) -> Network<'_> {
        assert_eq!(shape.values(), self.inputs, "values of an example");
        Network { layers: self, shape }
    }
}

impl<S: AsRef<[Layer]>> core::ops::Deref for LayerList<S> {
    type Target = [Layer];

    fn deref(&self) -> &[Layer] {
        self.layers.as_ref()
    }
}

/// A layer with its position: its inputs and outputs, and the offset of its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// Position in the list, from 0.
    pub index: usize,
    /// The layer.
    pub layer: Layer,
    /// `I`
    pub inputs: usize,
    /// `O`
    pub outputs: usize,
    /// Offset of its first parameter in the network's buffer.
    pub offset: usize,
}

impl Placed {
    /// The layer's parameters in the network's buffer.
    pub fn range(&self) -> core::ops::Range<usize> {
        self.offset..self.offset + self.layer.params(self.inputs)
    }
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
    const IMAGE: Shape = Shape::image(28, 28);

    pub(crate) fn the_notebooks_models_have_keras_s_parameter_counts() {
        const NETWORKS: (Network, Network) = (Network::of(&AFTER, IMAGE), Network::of(&BEFORE, IMAGE));
        const TOTALS: (usize, usize) = (NETWORKS.0.params(), NETWORKS.1.params());
        assert_eq!(TOTALS, (271_346, 267_810));
        assert_eq!((NETWORKS.0.trainable(), NETWORKS.1.trainable()), (268_978, 267_010));
        assert_eq!((NETWORKS.0.outputs(), NETWORKS.0.widest()), (10, 784));
    }

    pub(crate) fn places_follow_each_other() {
        let ends = Network::of(&AFTER, IMAGE).placed().map(|p| p.range().end);
        assert!(ends.eq([3136, 238_636, 238_636, 239_836, 269_936, 269_936, 270_336, 271_346, 271_346]));
    }

    fn check(layers: &[Layer], inputs: usize, expected: Result<(), LayerError>) {
        let found = Network::new(layers, Shape::count(inputs)).map(drop);
        assert_eq!(found, expected, "{layers:?} on {inputs}");
        assert_eq!(LayerList::new(layers, inputs).map(drop), expected, "{layers:?} on {inputs}");
    }

    pub(crate) fn faults_are_named() {
        let dense = Layer::dense(3);
        check(&AFTER, 784, Ok(()));
        check(&BEFORE, 784, Ok(()));
        check(&[dense], 1, Ok(()));
        check(&[], 1, Err(LayerError::NoDense));
        check(&[Layer::Relu, Layer::Softmax], 1, Err(LayerError::NoDense));
        check(&[dense], 0, Err(LayerError::BadWidth { layer: 0 }));
        check(&[dense], usize::MAX, Err(LayerError::BadWidth { layer: 0 }));
        check(&[dense, Layer::dense(0)], 1, Err(LayerError::BadWidth { layer: 1 }));
        check(&[dense, Layer::dense(70_000)], 1, Err(LayerError::BadWidth { layer: 1 }));
        check(&[Layer::Softmax, dense], 1, Err(LayerError::MisplacedSoftmax { layer: 0 }));
        check(&[dense; 16], 1, Ok(()));
        check(&[dense; 17], 1, Err(LayerError::TooManyLayers));
        check(&[Layer::Relu; 8], 1, Err(LayerError::TooManyBetween { layer: 7 }));
        check(&[dense, Layer::Sigmoid], 1, Err(LayerError::MisplacedSigmoid { layer: 1 }));
        check(&[Layer::dense(1), Layer::Sigmoid], 1, Ok(()));
        check(&[Layer::Dropout { rate: 1.0 }, dense], 1, Err(LayerError::BadDropout { layer: 0 }));
        check(&[dense, Layer::QuantizedRelu { step: 0.0 }], 1, Err(LayerError::BadStep { layer: 1 }));
        let bad = |momentum, epsilon| [dense, Layer::BatchNorm { momentum, epsilon }];
        check(&bad(1.5, 1e-3), 1, Err(LayerError::BadBatchNorm { layer: 1 }));
        check(&bad(0.5, 0.0), 1, Err(LayerError::BadBatchNorm { layer: 1 }));
        check(&bad(0.5, f32::NAN), 1, Err(LayerError::BadBatchNorm { layer: 1 }));
    }

    pub(crate) fn ten_dense_with_norm_and_relu_fit() {
        let mut layers = [Layer::dense(3); 31];
        for block in layers[..30].chunks_exact_mut(3) {
            block.copy_from_slice(&[Layer::dense_without_bias(4), Layer::batch_norm(), Layer::Relu]);
        }
        check(&layers, 5, Ok(()));
    }
}
