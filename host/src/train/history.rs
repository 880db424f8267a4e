//! `history.jsonl` beside a checkpoint: what was trained, how, by which program on which machine, and how it went.

use crate::judge::evaluate::{Evaluation, Metrics};
use crate::network::architecture::NormPlacement;
use crate::train::fit::{Config, Epoch};
use crate::train::journal;
use crate::write::atomic_write;
use anyhow::Context;
use foldnet_data::Options;
use foldnet_data::bounded::{self, limit};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Loss and accuracy on the test images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// Mean cross-entropy, in nats, or mean squared error.
    pub loss: f64,
    /// Share of the images recognized; NaN, and not written, where the task is another.
    #[serde(default = "nan", skip_serializing_if = "is_nan")]
    pub accuracy: f64,
    /// Root mean squared error of a regression, in the unit of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// Mean absolute error of a regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mae: Option<f64>,
    /// R2 of a regression: the share of the variance that is explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// Area under the ROC curve of an anomaly score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
}

impl Test {
    /// What an evaluation found.
    pub fn of(found: &Evaluation) -> Self {
        let (loss, accuracy) = (found.loss, found.accuracy);
        let empty = Self { loss, accuracy, rmse: None, mae: None, r2: None, auc: None };
        match &found.metrics {
            Metrics::Classification(_) => empty,
            Metrics::Regression(found) => {
                Self { rmse: Some(found.rmse), mae: Some(found.mae), r2: Some(found.r2), ..empty }
            }
            Metrics::Anomaly(found) => Self { auc: found.auc, ..empty },
        }
    }
}

pub(crate) fn nan() -> f64 {
    f64::NAN
}

pub(crate) fn is_nan(value: &f64) -> bool {
    value.is_nan()
}

/// Counts of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// All.
    pub total: usize,
    /// Those that SGD changes.
    pub trainable: usize,
    /// Moving statistics.
    pub non_trainable: usize,
}

/// What a fresh network was trained from; the same recipe, dataset and version give the same network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Which of the three models.
    pub norm: NormPlacement,
    /// Units of its hidden layers.
    pub hidden: Vec<u32>,
    /// How it was trained.
    #[serde(flatten)]
    pub config: Config,
    /// Number of training images, if not all.
    pub limit: Option<usize>,
}

/// How a network was trained that went on from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continued {
    /// The file of the other network.
    pub from: PathBuf,
    /// [`Start::origin`](crate::train::fit::Start::origin), in hexadecimal digits.
    pub origin: String,
    /// How it was trained.
    #[serde(flatten)]
    pub config: Config,
    /// Number of training images, if not all.
    pub limit: Option<usize>,
}

/// The whole record; also what `train --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Epochs in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<Epoch>,
    /// After the last epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
    /// The best epoch by the monitored metric, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_epoch: Option<usize>,
    /// Of the network.
    pub parameters: Parameters,
    /// Seed of the weights and of shuffling.
    pub seed: u64,
    /// Of a network that did not go on from another.
    #[serde(default)]
    pub recipe: Option<Recipe>,
    /// Of a network that went on from another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued: Option<Continued>,
    /// Name of the dataset, or the whole path of its file or folder.
    pub dataset: String,
    /// How it was read.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub data: Options,
    /// SHA-256 of what was read, see [`foldnet_data::Dataset::digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Training images a second, in the fastest epoch.
    pub images_per_second: f64,
    /// The command line.
    pub command: String,
    /// Of this program.
    pub version: String,
    /// Architecture, processor, instruction set and threads.
    pub machine: String,
}

impl History {
    /// Name of the file in the folder of a run.
    pub const FILE: &'static str = "history.jsonl";

    /// Its name in runs of earlier versions, one JSON object.
    const OLD_FILE: &'static str = "history.json";

    /// Name of the table of epochs.
    pub const TABLE: &'static str = "history.csv";

    /// Where the record of a checkpoint is, if there is one.
    pub fn path_beside(checkpoint: &Path) -> PathBuf {
        let (path, old) = (checkpoint.with_file_name(Self::FILE), checkpoint.with_file_name(Self::OLD_FILE));
        if old.exists() && !path.exists() { old } else { path }
    }

    /// The record beside a checkpoint, if there is one.
    ///
    /// # Errors
    /// When there is, and it is not a record; the error names it.
    pub fn beside(checkpoint: &Path) -> anyhow::Result<Option<Self>> {
        let path = Self::path_beside(checkpoint);
        let text = match bounded::read_text(&path, limit::HISTORY) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("{}: cannot be read; check its permissions", path.display()))?,
        };
        let old = path.file_name().is_some_and(|name| name == Self::OLD_FILE);
        let parsed = if old { serde_json::from_str(&text) } else { journal::read(&text) };
        parsed
            .map(Some)
            .with_context(|| format!("{}: not a record of a training; train again, or remove it", path.display()))
    }

    /// Writes `history.jsonl` into `folder`; the old one stays whole on any error.
    ///
    /// # Errors
    /// When the file cannot be written; the error names it.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(Self::FILE);
        let text = journal::write(self)?;
        Ok(atomic_write(&path, |out| out.write_all(text.as_bytes()))?)
    }

    /// Writes the epochs as a table, `history.csv`, into `folder`.
    ///
    /// # Errors
    /// When the file cannot be written; the error names it.
    pub fn write_table(&self, folder: &Path) -> anyhow::Result<()> {
        let text = journal::csv(self);
        Ok(atomic_write(&folder.join(Self::TABLE), |out| out.write_all(text.as_bytes()))?)
    }
}

/// Whether a set was read as sets of images are.
fn is_usual(options: &Options) -> bool {
    *options == Options::default()
}

/// The command line this process was started with.
pub fn command_line() -> String {
    let quote = |word: String| if word.contains(' ') { format!("'{word}'") } else { word };
    std::env::args().map(quote).collect::<Vec<_>>().join(" ")
}

/// Architecture and processor of this machine, then `compute`.
pub fn machine(compute: &str) -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cpu = model.map_or("unknown processor", |(_, name)| name);
    format!("{} {}, {cpu}, {compute}", std::env::consts::OS, std::env::consts::ARCH)
}
