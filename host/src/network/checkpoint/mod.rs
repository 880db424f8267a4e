//! Trained networks in `safetensors` files: ours, Keras's and PyTorch's.
//!
//! ```text
//! read:  file ─► container (tensors, metadata) ─► names (layers in order) ─► metadata, or else infer (layer list)
//!                                                       └──────────────────► read (checked, in core's layout)
//! write: Checkpoint ─► encode (tensors in Keras's layout, metadata) ─► container ─► file, atomically
//! ```
//!
//! # The file
//!
//! Tensors are F32, named and laid out as in Keras: `dense/kernel [I][O]`, `dense/bias [O]`,
//! `batch_normalization/gamma|beta|moving_mean|moving_variance [O]`, then `dense_1`, `batch_normalization_1` and so on;
//! `pixel_mean` and `pixel_std` `[I]` if inputs are standardized. The reader accepts any scope before the names and any
//! numbers. The entries of `__metadata__` are all optional:
//!
//! | entry | JSON |
//! |---|---|
//! | `layers` | `[{"dense":{"units":300,"bias":true}}, {"batch_norm":{"momentum":0.99,"epsilon":0.001}}, "relu", "softmax"]`, in order |
//! | `pixels` | `"raw"` (0 to 255), `"unit"` (0 to 1), `"standardized"` (0 to 1, by `pixel_mean` and `pixel_std`) or `"values"` (raw, by these) |
//! | `image` | `[height, width]`, whose product is the number of inputs |
//! | `labels` | class names, as many as classes |
//! | `about` | the network's task, inputs and outputs, see [`About`]; without it, classification of `u8` images |
//!
//! An entry that is not a tensor but contains a tensor's name is another name for it, which is how safetensors records
//! shared tensors; other entries are ignored. A file saved directly by Keras or PyTorch has no layer list, and its
//! tensors reveal neither the order of layers nor their activations. These are never guessed: the user gives `--norm`
//! or `--layers` ([`Hints`]), and without them the file is refused with the option to add. The epsilon of
//! BatchNormalization is not in a tensor either: `--norm` implies Keras's 1e-3 under Keras's names and PyTorch's 1e-5
//! under PyTorch's, and `--epsilon` gives others. A BatchNormalization without gamma or beta is read as such. A single
//! value of `pixel_mean` and `pixel_std` applies to all pixels.

mod about;
mod container;
pub(crate) mod encode;
mod error;
mod hints;
mod infer;
mod keras;
mod layers;
mod metadata;
mod names;
mod pixels;
pub(crate) mod read;
mod scale;
mod tensor;
mod tensors;
mod torch;
mod words;

pub use about::{About, Input, Output, Quantized, Scales, Windows};
pub use error::{CheckpointError, Fault};
pub use hints::Hints;
pub use keras::{load_line, save_line, torch_save_line};
pub use pixels::{PixelRange, PixelStatistics, UnknownPixelRange};
pub use scale::{InputScale, NoInputScale};
pub use tensors::{read_tensors, write_tensors};
pub use words::{ReluOnly, UnknownWord, Words};

use crate::network::pool::SIDE;
use foldnet_core::layer::LayerError;
use foldnet_core::network::LayerList;
use foldnet_core::{Layer, Network, Shape};

/// A network with everything needed to continue training, evaluate or export it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The layers in order; an example has more [`values`](Self::values) than they have inputs if inputs are averages
    /// of them.
    pub layers: LayerList<Vec<Layer>>,
    /// [`Network::params`] values in core's layout.
    pub params: Vec<f32>,
    /// Scaling from pixels to inputs.
    pub pixels: PixelStatistics,
    /// Height and width, if known; their product is the number of inputs.
    pub image: Option<(usize, usize)>,
    /// Names of the classes, as many as there are classes, or empty.
    pub labels: Vec<String>,
    /// Its task, inputs and outputs.
    pub about: About,
}

impl Checkpoint {
    /// A classifier of `u8` values, with neither an image's shape nor class names.
    ///
    /// # Errors
    /// If the layers are not a valid network on `inputs` values.
    pub fn new(
        layers: Vec<Layer>,
        inputs: usize,
        params: Vec<f32>,
        pixels: PixelStatistics,
    ) -> Result<Self, LayerError> {
        let layers = LayerList::new(layers, inputs)?;
        Ok(Self { layers, params, pixels, image: None, labels: Vec::new(), about: About::default() })
    }

    /// The network.
    ///
    /// # Panics
    /// If the shape in `image` or `about` contradicts the layers; that of a file that was read never does.
    pub fn network(&self) -> Network<'_> {
        self.layers.network(self.shape())
    }

    /// `I` of the first layer.
    pub fn inputs(&self) -> usize {
        self.layers.inputs()
    }

    /// The interpretation of the file, one line per layer.
    pub fn understood(&self) -> Vec<String> {
        let pixels = match &self.pixels {
            PixelStatistics::Raw => "values as they are, pixels of 0 to 255",
            PixelStatistics::Unit => "pixels of 0 to 1",
            PixelStatistics::Standardized { .. } => {
                "pixels of 0 to 1, less their mean, divided by their standard deviation"
            }
            PixelStatistics::Values { .. } => "values less their mean, divided by their standard deviation",
        };
        let averages = self.averages().map_or(String::new(), |averages| format!(" ({averages})"));
        let mut lines = vec![format!("input: {} values{averages}, {pixels}", self.inputs())];
        for place in self.network().placed() {
            lines.push(match place.layer {
                Layer::Dense { bias, .. } => {
                    format!("Dense {} -> {}{}", place.inputs, place.outputs, if bias { "" } else { " without bias" })
                }
                Layer::BatchNorm { epsilon, .. } => {
                    format!("BatchNormalization of {}, epsilon {epsilon}", place.outputs)
                }
                other => format!("{other:?}"),
            });
        }
        lines
    }

    /// The shape of an example as the network's inputs take it.
    pub fn shape(&self) -> Shape {
        match (self.about.shape, self.image) {
            (Some([height, width, channels]), _) if self.about.pool.is_some() => {
                Shape { height: height / SIDE, width: width / SIDE, channels }
            }
            _ if self.about.merged().is_some() => Shape::count(self.inputs()),
            (Some([height, width, channels]), _) => Shape { height, width, channels },
            (None, Some((height, width))) => Shape::image(height, width),
            (None, None) => Shape::count(self.inputs()),
        }
    }

    /// Number of classes; 2 for one sigmoid. Meaningless for other tasks.
    pub fn classes(&self) -> usize {
        if self.layers.last() == Some(&Layer::Sigmoid) { 2 } else { self.network().outputs() }
    }
}
