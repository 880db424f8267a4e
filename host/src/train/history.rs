//! The record of a run: the network, the configuration, the program and machine, and the results.

use crate::absent::{is_nan, nan};
use crate::deploy::shrink::Shrunk;
use crate::judge::evaluate::{Evaluation, Metrics};
use crate::network::architecture::NormPlacement;
use crate::network::parameters::Parameters;
use crate::train::fit::{Config, Epoch};
use foldnet_data::Options;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Loss and accuracy on the test images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// Mean cross-entropy, in nats, or mean squared error.
    pub loss: f64,
    /// Fraction of the images classified correctly; NaN, and not written, for other tasks.
    #[serde(default = "nan", skip_serializing_if = "is_nan")]
    pub accuracy: f64,
    /// Root mean squared error of a regression, in the unit of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// Mean absolute error of a regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mae: Option<f64>,
    /// R2 of a regression: the fraction of the variance that is explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// Area under the ROC curve of an anomaly score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
}

impl Test {
    /// The figures of an evaluation.
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

/// The origin of a fresh network; the same recipe, dataset and version give the same network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The placement of BatchNormalization.
    pub norm: NormPlacement,
    /// Units of its hidden layers.
    pub hidden: Vec<u32>,
    /// The training configuration.
    #[serde(flatten)]
    pub config: Config,
    /// Number of training images, if not all.
    pub limit: Option<usize>,
}

/// The training of a network that continued from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continued {
    /// The file of the other network.
    pub from: PathBuf,
    /// [`Start::origin`](crate::train::fit::Start::origin), in hexadecimal digits.
    pub origin: String,
    /// The training configuration.
    #[serde(flatten)]
    pub config: Config,
    /// Number of training images, if not all.
    pub limit: Option<usize>,
}

/// The whole record; also the output of `train --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Epochs in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<Epoch>,
    /// Result after the last epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
    /// The best epoch by the monitored metric, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_epoch: Option<usize>,
    /// Number of parameters in the network.
    pub parameters: Parameters,
    /// Seed of the weights and of shuffling.
    pub seed: u64,
    /// For a network that did not continue from another.
    #[serde(default)]
    pub recipe: Option<Recipe>,
    /// For a network that continued from another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued: Option<Continued>,
    /// What was merged and removed before training in integers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smaller: Option<Shrunk>,
    /// Name of the dataset, or the whole path of its file or folder.
    pub dataset: String,
    /// How it was read.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub data: Options,
    /// SHA-256 of the data, see [`foldnet_data::Dataset::digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Training images per second in the fastest epoch.
    pub images_per_second: f64,
    /// The command line.
    pub command: String,
    /// Version of this program.
    pub version: String,
    /// Architecture, processor, instruction set and threads.
    pub machine: String,
}

/// Whether a set was read with the default options of image sets.
fn is_usual(options: &Options) -> bool {
    *options == Options::default()
}

/// The command line with which this process was started.
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
