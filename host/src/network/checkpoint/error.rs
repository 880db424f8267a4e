//! What can be wrong with a checkpoint, each in one line: the file, what is wrong, and the remedy.

use super::PixelRange;
use super::pixels::{PIXEL_MEAN, PIXEL_STD};
use crate::network::architecture::NormPlacement;
use foldnet_core::layer::LayerError;
use std::io;
use std::path::PathBuf;

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file, or what was to become the file, is no checkpoint.
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

/// What is wrong with one checkpoint. Tensors are named as in the file; an index counts from 0.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system does not let us read.
    #[error("cannot be read ({0}); check the path and its permissions")]
    Unreadable(io::Error),
    /// A file of another tool's that gives no network.
    #[error("{0}")]
    Import(foldnet_import::Fault),
    /// The file that `--config` names.
    #[error("--config {}: cannot be read ({error}); check the path", path.display())]
    Config {
        /// Its path.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The file that `--config` names is another.
    #[error("--config {}: no JSON ({error}); write into it what model.to_json() gives", path.display())]
    ConfigText {
        /// Its path.
        path: PathBuf,
        /// What the parser says.
        error: String,
    },
    /// A graph that takes its inputs as they come.
    #[error(
        "its graph does not say what its inputs are; give --pixels raw if it takes pixels of 0 to 255, --pixels unit for pixels of 0 to 1, or --input-type f32 (i8, i16, u16) for a sensor's values as they are"
    )]
    RangeUnknown,
    /// Inputs that are turned or dropped before a BatchNormalization.
    #[error("some inputs are multiplied by 0 or less before the first BatchNormalization; put a Dense there first")]
    TurnedInputs,
    /// The container contradicts itself.
    #[error("is not a safetensors file ({0}); save it again with safetensors")]
    NotSafetensors(String),
    /// The file ends too early.
    #[error("is truncated: {expected} bytes are declared, {found} are there; copy or save it again")]
    Truncated {
        /// By the header, in all.
        expected: u64,
        /// In the file.
        found: u64,
    },
    /// A name comes twice.
    #[error("{name} comes twice; save it again, once")]
    Twice {
        /// The name.
        name: String,
    },
    /// A layer comes under two scopes.
    #[error("{second} belongs to a second {first}; keep one network in the file")]
    TwoScopes {
        /// The layer as it came first.
        first: String,
        /// A tensor of the other.
        second: String,
    },
    /// Tensors that are no part of the network.
    #[error(
        "{names}: no Dense and no BatchNormalization; a layer that computes something (PReLU, LayerNorm, a convolution) cannot be left out: train with Dense, BatchNormalization and ReLU in its place (a Normalization: save its mean and the root of its variance as pixel_mean and pixel_std; weights of a loss and states of an optimizer: save the model without them)"
    )]
    Unknown {
        /// The first few, and how many more.
        names: String,
    },
    /// Weights that are computed from other tensors.
    #[error(
        "{name} is a part of a weight that is computed from it; run torch.nn.utils.prune.remove(layer, \"weight\"), parametrize.remove_parametrizations(layer, \"weight\") or remove_weight_norm(layer), and save again"
    )]
    Reparametrized {
        /// The tensor.
        name: String,
    },
    /// A variable's own name, where the name of its layer belongs before it.
    #[error(
        "{name} does not say its layer; save by v.path, or by layer.name + \"/\" + v.name (v.name alone keeps only the last layer's)"
    )]
    WithoutLayer {
        /// The tensor.
        name: String,
    },
    /// Tensors alone.
    #[error(
        "holds tensors alone, which tell neither where BatchNormalization stands nor the activations; give --norm after, before or none (seen from the activations, which then are ReLU), or --layers \"{layers}\" as it was trained; a .keras, .onnx or .tflite file says it itself"
    )]
    Unsaid {
        /// A list that has as many layers of each kind.
        layers: String,
    },
    /// One output, of which `--norm` says too little.
    #[error(
        "one output tells a value, or two classes behind a sigmoid; give --layers \"{layers}\" for two classes, without sigmoid for a value"
    )]
    OneOutput {
        /// The list, for two classes.
        layers: String,
    },
    /// `--layers` has not the layers of the file.
    #[error(
        "--layers has {} dense and {} batch_norm, the file {} and {}; give them as they were trained", said[0], said[1], found[0], found[1]
    )]
    Listed {
        /// Dense and BatchNormalizations of the list.
        said: [usize; 2],
        /// Of the file.
        found: [usize; 2],
    },
    /// `--epsilon` for another number of layers.
    #[error("--epsilon gives {said} values for {found} BatchNormalizations; give one, or one for each")]
    Epsilons {
        /// Values given.
        said: usize,
        /// BatchNormalizations.
        found: usize,
    },
    /// Statistics of pixels of 0 to 255.
    #[error(
        "{name} holds {value}: statistics of pixels of 0 to 255; divide pixel_mean and pixel_std by 255 and save them again"
    )]
    LargeStatistics {
        /// The tensor.
        name: String,
        /// Its largest value.
        value: f32,
    },
    /// `--layers` says otherwise than the file.
    #[error("its own layer list is another; leave out --layers")]
    LayersContradict,
    /// Layers of PyTorch's that fit in more than one order.
    #[error("the order of {names} cannot be told from names and shapes; number the layers of a kind, such as fc1, fc2")]
    Order {
        /// The paths.
        names: String,
    },
    /// `--epsilon` says otherwise than the file.
    #[error("its layer list has another epsilon; leave out --epsilon")]
    EpsilonContradicts,
    /// No Dense at all.
    #[error("holds no dense/kernel; save a network of Dense layers under Keras's own names")]
    NoDense,
    /// A tensor that must be there is not.
    #[error("{name} is missing; the file is not whole, or its layers are others than was said")]
    Missing {
        /// The tensor.
        name: String,
    },
    /// A tensor's shape does not fit the others, or the layer list.
    #[error("{name} has shape {found}, expected {expected}; save all tensors again, from one network")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape.
        found: String,
        /// What fits.
        expected: String,
    },
    /// A tensor is not of 32-bit floats.
    #[error("{name} holds {found}, expected F32; save it as float32")]
    Dtype {
        /// The tensor.
        name: String,
        /// Its type, in the words of safetensors.
        found: String,
    },
    /// A value that a variable of this name cannot have.
    #[error("{name} holds {value} at {index}, expected {expected}; {}", value_remedy(name))]
    Value {
        /// The tensor.
        name: String,
        /// Such as `[3, 17]`.
        index: String,
        /// The value.
        value: f32,
        /// Such as `a finite number`.
        expected: &'static str,
    },
    /// An entry of `__metadata__` is unusable.
    #[error("its metadata `{key}` {problem}; save it again, or drop the entry")]
    Metadata {
        /// The entry.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The tensors fit no layer list we know.
    #[error(
        "BatchNormalization of widths {norms} fits no stack of Dense of widths {widths}{placed}; use one per hidden layer, all before or all after the activations, and at most one before the first Dense"
    )]
    Misfit {
        /// BatchNormalizations, in order.
        norms: String,
        /// Inputs, then every Dense's units.
        widths: String,
        /// ` with --norm after`, or nothing.
        placed: String,
    },
    /// `--norm` says otherwise than the file.
    #[error("its layer list has {}; leave out --norm {norm}", has_not(*norm))]
    NormContradicts {
        /// What was said.
        norm: NormPlacement,
    },
    /// Nobody says what becomes of pixels.
    #[error(
        "has no pixel_mean and pixel_std; give --pixels raw if its first Dense or BatchNormalization takes pixels of 0 to 255, --pixels unit for 0 to 1, also behind a Rescaling(1/255); for -1 to 1 save both as 0.5"
    )]
    PixelsUnknown,
    /// `--pixels` says otherwise than the file.
    #[error("its inputs are {found} pixels; leave out --pixels {said}")]
    PixelsContradict {
        /// In the file.
        found: &'static str,
        /// What was said.
        said: PixelRange,
    },
    /// Metadata calls a tensor by a second name, and there is no such tensor.
    #[error(
        "its metadata says that {alias} is {name}, which is not in it; save it again, with every tensor under its own name"
    )]
    AliasOfNothing {
        /// The second name.
        alias: String,
        /// The tensor that is missing.
        name: String,
    },
    /// More second names than any network has.
    #[error(
        "its metadata has {0} second names of tensors, and 1,024 are the most; save every tensor under its own name"
    )]
    Aliases(usize),
    /// `--input-scale` for a file that says what its inputs are.
    #[error("--input-scale and what the file or --pixels says of its inputs are two scales; leave one of them out")]
    ScaleContradicts,
    /// The layer list is no network that trains.
    #[error("its layers make no network ({0}); change the architecture")]
    Layers(LayerError),
    /// As many parameters as the layers have must be given.
    #[error("{found} parameters were given for a network of {needed}; this is a defect of the caller")]
    Params {
        /// By the layer list.
        needed: usize,
        /// In the buffer.
        found: usize,
    },
}

/// What a file has that is not a network of this placement.
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
