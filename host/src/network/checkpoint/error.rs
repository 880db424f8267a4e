//! What can be wrong with a checkpoint, each in one line: the file, what is wrong, and the remedy.

use super::{PixelRange, names};
use crate::network::architecture::Norm;
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
    /// The file cannot be written; the text names it (see [`atomically`](crate::write::atomically)).
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
        "{names} fit nowhere in a network of Dense and BatchNormalization; leave them out of the file (Keras's own layer names, dense_N and batch_normalization_N, tell the layers)"
    )]
    Unknown {
        /// The first few, and how many more.
        names: String,
    },
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
    #[error("{name} is missing; save the network again with all its variables")]
    Missing {
        /// The tensor.
        name: String,
    },
    /// A tensor's shape does not fit the others, or the layer list.
    #[error("{name} has shape {found}, expected {expected}; save the network again, in Keras's layout")]
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
    /// The tensors fit more than one layer list.
    #[error(
        "its tensors do not tell where BatchNormalization stands ({why}); give --norm after or --norm before (seen from the activations)"
    )]
    Ambiguous {
        /// What makes it so.
        why: &'static str,
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
        norm: Norm,
    },
    /// Nobody says what becomes of pixels.
    #[error(
        "has no pixel_mean and pixel_std; give --pixels raw if it was trained on pixels of 0 to 255, --pixels unit for 0 to 1"
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
fn has_not(norm: Norm) -> &'static str {
    match norm {
        Norm::After => "no BatchNormalization after the activations",
        Norm::Before => "no BatchNormalization before the activations",
        Norm::Without => "BatchNormalization",
    }
}

fn value_remedy(name: &str) -> &'static str {
    match name {
        names::PIXEL_MEAN | names::PIXEL_STD => {
            "compute the pixel statistics again, with a std of 1 where a pixel is constant"
        }
        _ => "train again, with a lower learning rate if training diverged",
    }
}
