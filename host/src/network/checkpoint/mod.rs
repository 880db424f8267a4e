//! Trained networks in `safetensors` files: ours, Keras's and PyTorch's.
//!
//! ```text
//! read:  file ─► container (tensors, metadata) ─► names (layers in order) ─► metadata, or else infer (layer list)
//!                                                       └──────────────────► read (checked, in core's layout)
//! write: Checkpoint ─► encode (tensors in Keras's layout, metadata) ─► container ─► file, whole or not at all
//! ```
//!
//! # The file
//!
//! Tensors are F32, named and laid out as in Keras: `dense/kernel [I][O]`, `dense/bias [O]`,
//! `batch_normalization/gamma|beta|moving_mean|moving_variance [O]`, then `dense_1`, `batch_normalization_1` and so on;
//! `pixel_mean` and `pixel_std` `[I]` where inputs are standardized. On reading any scope before the names and any
//! numbers will do. The entries of `__metadata__`, all optional:
//!
//! | entry | JSON |
//! |---|---|
//! | `layers` | `[{"dense":{"units":300,"bias":true}}, {"batch_norm":{"momentum":0.99,"epsilon":0.001}}, "relu", "softmax"]`, in order |
//! | `pixels` | `"raw"` (0 to 255), `"unit"` (0 to 1), `"standardized"` (0 to 1, by `pixel_mean` and `pixel_std`) or `"values"` (raw, by these) |
//! | `image` | `[height, width]`, whose product is the number of inputs |
//! | `labels` | class names, as many as classes |
//! | `about` | what the network takes and answers, see [`About`]; without it, classes of `u8` images |
//!
//! An entry that is no tensor and names one is another name of it, as safetensors notes shared tensors; others are left
//! alone. A file straight from Keras or PyTorch has no layer list, and its tensors tell neither the order of layers nor
//! their activations. Nothing of that is guessed: `--norm` or `--layers` say it ([`Hints`]), and without them the file is
//! refused with the line to add. The epsilon of BatchNormalization is in no tensor either: `--norm` stands for Keras's
//! 1e-3 under Keras's names and PyTorch's 1e-5 under PyTorch's, and `--epsilon` says others. A BatchNormalization
//! without gamma or beta is read as such. One value of `pixel_mean` and `pixel_std` holds for all pixels.

mod about;
mod container;
mod encode;
mod error;
mod infer;
mod keras;
mod layers;
mod metadata;
mod names;
mod pixels;
mod read;
mod scale;
mod tensor;
mod tensors;
mod torch;
mod words;

pub use about::{About, Input, Output, Quantized, Windows};
pub use error::{CheckpointError, Fault};
pub use keras::{load_line, save_line, torch_save_line};
pub use scale::{InputScale, NoInputScale};
pub use tensors::{read_tensors, write_tensors};
pub use words::{ReluOnly, UnknownWord, Word, Words};

use crate::network::architecture::NormPlacement;
use crate::network::pool::SIDE;
use crate::write::atomic_write;
use foldnet_core::standardize::PixelScaling;
use foldnet_core::{Layer, Network, Shape};
use std::path::{Path, PathBuf};

/// A network with all that is needed to go on training it, evaluate it, or export it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The layers in order; [`Network::new`] takes them.
    pub layers: Vec<Layer>,
    /// `I` of the first layer; with [`About::pool`] an example has four times as many values.
    pub inputs: usize,
    /// [`Network::params`] values in core's layout.
    pub params: Vec<f32>,
    /// From pixels to inputs.
    pub pixels: PixelStatistics,
    /// Height and width, where known; their product is `inputs`.
    pub image: Option<(usize, usize)>,
    /// Names of the classes, as many as there are classes, or none.
    pub labels: Vec<String>,
    /// What it takes and what it answers.
    pub about: About,
}

impl Checkpoint {
    /// The network.
    ///
    /// # Panics
    /// If the layers are not a network; those of a file that was read are.
    pub fn network(&self) -> Network<'_> {
        Network::of(&self.layers, self.shape())
    }

    /// One line for each layer: what the file was taken to be.
    pub fn understood(&self) -> Vec<String> {
        let pixels = match &self.pixels {
            PixelStatistics::Raw => "values as they are, pixels of 0 to 255",
            PixelStatistics::Unit => "pixels of 0 to 1",
            PixelStatistics::Standardized { .. } => {
                "pixels of 0 to 1, less their mean, divided by their standard deviation"
            }
            PixelStatistics::Values { .. } => "values less their mean, divided by their standard deviation",
        };
        let pooled = if self.about.pool.is_some() { " (averages of 2x2 pixels)" } else { "" };
        let mut lines = vec![format!("input: {} values{pooled}, {pixels}", self.inputs)];
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
            (Some([height, width, channels]), _) => Shape { height, width, channels },
            (None, Some((height, width))) => Shape::image(height, width),
            (None, None) => Shape::count(self.inputs),
        }
    }
}

/// How pixels become inputs, with the numbers for it.
#[derive(Debug, Clone, PartialEq)]
pub enum PixelStatistics {
    /// Pixels of 0 to 255.
    Raw,
    /// Pixels of 0 to 1.
    Unit,
    /// Pixels of 0 to 1, less `mean`, divided by `std`.
    Standardized {
        /// `[I]`
        mean: Vec<f32>,
        /// `[I]`, positive.
        std: Vec<f32>,
    },
    /// Raw values of any type, less `mean`, divided by `std`.
    Values {
        /// `[I]`
        mean: Vec<f32>,
        /// `[I]`, positive.
        std: Vec<f32>,
    },
}

impl PixelStatistics {
    /// The same for core.
    pub fn scaling(&self) -> PixelScaling<'_> {
        match self {
            Self::Raw => PixelScaling::Raw,
            Self::Unit => PixelScaling::Unit,
            Self::Standardized { mean, std } => PixelScaling::Standardized { mean, std },
            Self::Values { mean, std } => PixelScaling::Values { mean, std },
        }
    }
}

/// The range of pixels that are not standardized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelRange {
    /// 0 to 255.
    Raw,
    /// 0 to 1.
    Unit,
}

impl std::fmt::Display for PixelRange {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw",
            Self::Unit => "unit",
        })
    }
}

impl std::str::FromStr for PixelRange {
    type Err = UnknownPixelRange;

    fn from_str(text: &str) -> Result<Self, UnknownPixelRange> {
        match text {
            "raw" => Ok(Self::Raw),
            "unit" => Ok(Self::Unit),
            _ => Err(UnknownPixelRange),
        }
    }
}

/// The text is neither `raw` nor `unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give raw (pixels of 0 to 255) or unit (0 to 1)")]
pub struct UnknownPixelRange;

/// What the user says of a file that does not say it: `--norm`, `--layers`, `--pixels`, `--epsilon`, `--config`, `--input-type`
/// and `--input-scale`.
///
/// If the file says it, the same may be said again; anything else is an error.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Where the BatchNormalizations of the hidden layers stand; the hidden activations then are ReLU.
    pub norm: Option<NormPlacement>,
    /// All layers in order, in words.
    pub layers: Option<Words>,
    /// The configuration of Keras weights alone: a file with what `model.to_json()` gives.
    pub config: Option<PathBuf>,
    /// The range of pixels, where there are no statistics.
    pub pixels: Option<PixelRange>,
    /// What BatchNormalizations add to their variance, positive: one for all, one for each, or none given.
    pub epsilon: Vec<f32>,
    /// Type of the raw inputs, of a file that does not say it.
    pub input: Option<foldnet_data::InputType>,
    /// What raw inputs stand for, of a file that does not say it.
    pub scale: Option<InputScale>,
}

impl Checkpoint {
    /// Number of classes it tells apart; of one sigmoid 2. Meaningless where the task is another.
    pub fn classes(&self) -> usize {
        if self.layers.last() == Some(&Layer::Sigmoid) { 2 } else { self.network().outputs() }
    }

    /// Reads a checkpoint, be it ours, Keras's or PyTorch's.
    ///
    /// # Errors
    /// When the file is not a whole checkpoint of finite numbers, or does not tell what `hints` then must: see [`Fault`].
    pub fn read(path: &Path, hints: &Hints) -> Result<Self, CheckpointError> {
        let decoded = read::file(path, hints);
        decoded.map_err(|fault| CheckpointError::File { path: path.to_owned(), fault })
    }

    /// Writes a checkpoint, whole or not at all; equal checkpoints give equal bytes. What cannot be read again (a
    /// diverged network's NaN) is not written.
    ///
    /// # Errors
    /// When the checkpoint contradicts itself, or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let encoded = self.encode().map_err(|fault| CheckpointError::File { path: path.to_owned(), fault })?;
        atomic_write(path, |out| out.write_all(&encoded)).map_err(CheckpointError::Write)
    }

    /// The bytes of the file.
    fn encode(&self) -> Result<Vec<u8>, Fault> {
        let encoded = encode::encode(self)?;
        read::decode(&encoded, &Hints::default())?;
        Ok(encoded)
    }
}
