//! What to train, from which starting point, and the output folder.

use crate::network::architecture::NormPlacement;
use crate::network::checkpoint::Checkpoint;
use crate::train::fit::{Config, Start};
use crate::train::history::History;
use crate::train::qat::Quantize;
use foldnet_data::Options;
use std::path::PathBuf;

/// What to train, and the output folder.
#[derive(Debug, Clone)]
pub struct TrainPlan {
    /// The placement of BatchNormalization.
    pub norm: NormPlacement,
    /// Units of its hidden layers.
    pub hidden: Vec<u32>,
    /// The training configuration.
    pub config: Config,
    /// The network to continue from, instead of a fresh one.
    pub init: Option<Checkpoint>,
    /// Number of training images, if not all.
    pub limit: Option<usize>,
    /// Folder of the run.
    pub out: PathBuf,
    /// How the dataset was read.
    pub data: Options,
    /// Further settings.
    pub extras: Extras,
}

/// Settings that only some trainings have.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// The file of the network to continue from.
    pub from: Option<PathBuf>,
    /// The training to resume, instead of a new one.
    pub resume: Option<Resume>,
    /// Whether to write the epochs as a table as well.
    pub table: bool,
    /// Training in integers, from the network of `init`.
    pub quantized: Option<Quantize>,
    /// Notes to print once nothing can refuse the training any more.
    pub notes: Vec<String>,
}

/// A stopped training.
#[derive(Debug, Clone)]
pub struct Resume {
    /// The network after the last complete epoch, in units of training.
    pub network: Checkpoint,
    /// Its state.
    pub start: Start,
    /// The epochs so far.
    pub history: History,
}
