//! What is to be trained, from what, and where it goes.

use crate::network::architecture::NormPlacement;
use crate::network::checkpoint::Checkpoint;
use crate::train::fit::{Config, Start};
use crate::train::history::History;
use crate::train::qat::Quantize;
use foldnet_data::Options;
use std::path::PathBuf;

/// What is to be trained, and where it goes.
#[derive(Debug, Clone)]
pub struct TrainPlan {
    /// Which of the three models.
    pub norm: NormPlacement,
    /// Units of its hidden layers.
    pub hidden: Vec<u32>,
    /// How to train.
    pub config: Config,
    /// The network to go on from, instead of a fresh one.
    pub init: Option<Checkpoint>,
    /// Number of training images, if not all.
    pub limit: Option<usize>,
    /// Folder of the run.
    pub out: PathBuf,
    /// How the dataset was read.
    pub data: Options,
    /// What else there is to know of it.
    pub extras: Extras,
}

/// What only some trainings have.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// The file of the network to go on from.
    pub from: Option<PathBuf>,
    /// The training to go on with, instead of a new one.
    pub resume: Option<Resume>,
    /// Whether the epochs are written as a table, too.
    pub table: bool,
    /// Training in integers, from the network of `init`.
    pub quantized: Option<Quantize>,
    /// Lines for people, once nothing is left that would refuse the training.
    pub notes: Vec<String>,
}

/// A training that stopped.
#[derive(Debug, Clone)]
pub struct Resume {
    /// After its last whole epoch, in units of training.
    pub network: Checkpoint,
    /// Where it stood.
    pub start: Start,
    /// The epochs before.
    pub history: History,
}
