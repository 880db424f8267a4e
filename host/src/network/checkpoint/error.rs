//! Errors of checkpoints, each as one line: the file, what is wrong, and the remedy.

use super::pixels::{PIXEL_MEAN, PIXEL_STD, PixelRange};
use crate::network::architecture::NormPlacement;
use foldnet_core::layer::LayerError;
use foldnet_data::InputType;
use foldnet_data::file_kind::FileKind;
use std::io;
use std::path::PathBuf;

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file, or the file to be written, is not a valid checkpoint.
    #[error("{}: {fault}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The file cannot be written; the text names it (see [`atomic_write`](crate::write::atomic_write)).
    #[error("{0}")]
    Write(io::Error),
}

/// A fault of one checkpoint. Tensors are named as in the file; indices count from 0.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read.
    #[error("cannot be read ({0}); check the path and its permissions")]
    Unreadable(io::Error),
    /// The file has no bytes.
    #[error("is empty; copy or save it again")]
    Empty,
    /// A file of another kind.
    #[error("looks like {}, not a trained network; {}", .0.name(), .0.remedy().unwrap_or(NETWORKS))]
    OtherKind(FileKind),
    /// Another tool's file does not contain a network.
    #[error("{0}")]
    Import(foldnet_import::Fault),
    /// The file given by `--config` cannot be read.
    #[error("--config {}: cannot be read ({error}); check the path", path.display())]
    Config {
        /// Its path.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The file given by `--config` is not a configuration.
    #[error("--config {}: not JSON ({error}); write the output of model.to_json() into it", path.display())]
    ConfigText {
        /// Its path.
        path: PathBuf,
        /// The parser's message.
        error: String,
    },
    /// A graph does not say what its inputs are.
    #[error(
        "its graph does not say what its inputs are; give --pixels raw if it takes pixels of 0 to 255, --pixels unit for pixels of 0 to 1, or --input-type f32 (i8, i16, u16) for a sensor's values as they are"
    )]
    RangeUnknown,
    /// Inputs are negated or dropped before a BatchNormalization.
    #[error("some inputs are multiplied by 0 or less before the first BatchNormalization; put a Dense there first")]
    NegatedInputs,
    /// The container contradicts itself.
    #[error("is not a safetensors file ({0}); save it again with safetensors")]
    NotSafetensors(String),
    /// The file ends too early.
    #[error("is truncated: it declares {expected} bytes but has {found}; copy or save it again")]
    Truncated {
        /// Total length according to the header.
        expected: u64,
        /// Actual length.
        found: u64,
    },
    /// A name is duplicated.
    #[error("{name} occurs twice; save the file again with each name once")]
    Twice {
        /// The name.
        name: String,
    },
    /// A layer occurs in two scopes.
    #[error("{second} belongs to a second {first}; keep one network in the file")]
    TwoScopes {
        /// The first occurrence.
        first: String,
        /// A tensor of the second occurrence.
        second: String,
    },
    /// Tensors that are not part of a network.
    #[error(
        "{names}: not part of a Dense or BatchNormalization; a layer that computes something (PReLU, LayerNorm, a convolution) cannot be left out: train with Dense, BatchNormalization and ReLU instead (for a Normalization, save its mean and the root of its variance as pixel_mean and pixel_std; save the model without weights of a loss and states of an optimizer)"
    )]
    Unknown {
        /// The first few names, and the number of further ones.
        names: String,
    },
    /// A weight is computed from other tensors.
    #[error(
        "{name} is only a part from which a weight is computed; run torch.nn.utils.prune.remove(layer, \"weight\"), parametrize.remove_parametrizations(layer, \"weight\") or remove_weight_norm(layer), and save again"
    )]
    Reparametrized {
        /// The tensor.
        name: String,
    },
    /// A variable's name lacks the name of its layer.
    #[error(
        "{name} does not name its layer; save under v.path, or layer.name + \"/\" + v.name (v.name alone keeps only the last layer's)"
    )]
    WithoutLayer {
        /// The tensor.
        name: String,
    },
    /// Tensors without a layer list.
    #[error(
        "holds only tensors, without the position of BatchNormalization and the activations; give --norm after, before or none (relative to the activations, which are then ReLU), or --layers \"{layers}\" as it was trained; a .keras, .onnx or .tflite file needs neither"
    )]
    Unsaid {
        /// A list with as many layers of each kind.
        layers: String,
    },
    /// A network with one output, for which `--norm` is ambiguous.
    #[error(
        "one output can be a value, or two classes with a sigmoid; give --layers \"{layers}\" for two classes, or the same without sigmoid for a value"
    )]
    OneOutput {
        /// The list, for two classes.
        layers: String,
    },
    /// `--layers` does not match the layers of the file.
    #[error(
        "--layers has {} dense and {} batch_norm, but the file has {} and {}; give them as they were trained", said[0], said[1], found[0], found[1]
    )]
    Listed {
        /// Number of Dense and BatchNormalizations in the list.
        said: [usize; 2],
        /// Number of Dense and BatchNormalizations in the file.
        found: [usize; 2],
    },
    /// The number of `--epsilon` values does not match the layers.
    #[error("--epsilon gives {said} values for {found} BatchNormalizations; give one, or one for each")]
    Epsilons {
        /// Number of values given.
        said: usize,
        /// Number of BatchNormalizations.
        found: usize,
    },
    /// Statistics are those of pixels from 0 to 255.
    #[error(
        "{name} holds {value}: statistics of pixels of 0 to 255; divide pixel_mean and pixel_std by 255 and save them again"
    )]
    LargeStatistics {
        /// The tensor.
        name: String,
        /// Its largest value.
        value: f32,
    },
    /// `--layers` contradicts the file.
    #[error("its own list of layers is different; leave out --layers")]
    LayersContradict,
    /// PyTorch layers that fit in more than one order.
    #[error("the order of {names} cannot be told from names and shapes; number the layers of a kind, such as fc1, fc2")]
    Order {
        /// The paths.
        names: String,
    },
    /// `--epsilon` contradicts the file.
    #[error("its layer list has a different epsilon; leave out --epsilon")]
    EpsilonContradicts,
    /// There is no Dense.
    #[error("holds no dense/kernel; save a network of Dense layers with Keras's own names")]
    NoDense,
    /// A required tensor is missing.
    #[error("{name} is missing; the file is incomplete, or its layers differ from those given")]
    Missing {
        /// The tensor.
        name: String,
    },
    /// A tensor's shape does not match the others, or the layer list.
    #[error("{name} has shape {found}, expected {expected}; save all tensors again, from one network")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape.
        found: String,
        /// The expected shape.
        expected: String,
    },
    /// A tensor does not consist of 32-bit floats.
    #[error("{name} holds {found}, expected F32; save it as float32")]
    Dtype {
        /// The tensor.
        name: String,
        /// Its type, as named by safetensors.
        found: String,
    },
    /// A value is invalid for a variable of this name.
    #[error("{name} holds {value} at {index}, expected {expected}; {}", value_remedy(name))]
    Value {
        /// The tensor.
        name: String,
        /// For example `[3, 17]`.
        index: String,
        /// The value.
        value: f32,
        /// For example `a finite number`.
        expected: &'static str,
    },
    /// An entry of `__metadata__` is invalid.
    #[error("its metadata `{key}` {problem}; save it again, or drop the entry")]
    Metadata {
        /// The entry.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The tensors do not match any supported layer list.
    #[error(
        "BatchNormalizations of widths {norms} do not fit Dense layers of widths {widths}{placed}, with one per hidden layer and at most one before the first Dense; for other positions give --layers \"{layers}\" with the layers as they were trained"
    )]
    Misfit {
        /// BatchNormalizations, in order.
        norms: String,
        /// Inputs, then every Dense's units.
        widths: String,
        /// A list with as many layers of each kind.
        layers: String,
        /// ` with --norm after`, or nothing.
        placed: String,
    },
    /// `--norm` contradicts the tensors.
    #[error("{}, which --norm {norm} contradicts; give {}", has(*norm), right_norm(*norm))]
    NormUnfit {
        /// The given placement.
        norm: NormPlacement,
    },
    /// `--norm` contradicts the file's layer list.
    #[error("its layer list has {}; leave out --norm {norm}", has_not(*norm))]
    NormContradicts {
        /// The given placement.
        norm: NormPlacement,
    },
    /// The file does not say how pixels are scaled.
    #[error(
        "has no pixel_mean and pixel_std; give --pixels raw if its first Dense or BatchNormalization takes pixels of 0 to 255, --pixels unit for 0 to 1, also after a Rescaling(1/255); for -1 to 1 save both as 0.5"
    )]
    PixelsUnknown,
    /// `--pixels` contradicts the file.
    #[error("its inputs are {found} pixels; leave out --pixels {said}")]
    PixelsContradict {
        /// In the file.
        found: &'static str,
        /// The given range.
        said: PixelRange,
    },
    /// `--input-type` contradicts the file.
    #[error("its inputs are {found}, as the file says; leave out --input-type {said}")]
    InputContradicts {
        /// In the file.
        found: InputType,
        /// The given type.
        said: InputType,
    },
    /// Metadata gives a tensor a second name, but the tensor does not exist.
    #[error(
        "its metadata says that {alias} is {name}, which is not in the file; save it again, with every tensor under its own name"
    )]
    AliasOfNothing {
        /// The second name.
        alias: String,
        /// The tensor that is missing.
        name: String,
    },
    /// Too many second names.
    #[error(
        "its metadata has {0} second names of tensors, more than the limit of 1,024; save every tensor under its own name"
    )]
    Aliases(usize),
    /// `--input-scale` is given for a file that describes its inputs.
    #[error("--input-scale is a second scale, besides that of the file or --pixels; leave one of them out")]
    ScaleContradicts,
    /// The layer list is not a valid network.
    #[error("its layers do not form a valid network ({0}); change the architecture")]
    Layers(LayerError),
    /// The number of parameters does not match the layers.
    #[error("internal error: {found} parameters for a network of {needed}; please report this")]
    Params {
        /// Number required by the layer list.
        needed: usize,
        /// Number in the buffer.
        found: usize,
    },
}

/// The files that have a trained network.
const NETWORKS: &str = "give a checkpoint (.safetensors), or a .keras, .h5, .onnx, .tflite or .pt";

/// What the tensors have if this placement is wrong for all of them.
fn has(norm: NormPlacement) -> &'static str {
    if norm == NormPlacement::Without { "has BatchNormalization" } else { "has no BatchNormalization" }
}

/// The placements that such tensors can have.
fn right_norm(norm: NormPlacement) -> &'static str {
    if norm == NormPlacement::Without { "--norm after or before (seen from the activations)" } else { "--norm none" }
}

/// What a file contains that does not occur in a network with this placement.
fn has_not(norm: NormPlacement) -> &'static str {
    match norm {
        NormPlacement::After => "no BatchNormalization after the activations",
        NormPlacement::Before => "no BatchNormalization before the activations",
        NormPlacement::Without => "BatchNormalization",
    }
}

fn value_remedy(name: &str) -> &'static str {
    match name {
        PIXEL_MEAN | PIXEL_STD => "compute the pixel statistics again, with a std of 1 where a pixel is constant",
        _ => "train again, with a lower learning rate if training diverged",
    }
}
