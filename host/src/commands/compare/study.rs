//! The notebook's question, asked repeatedly: the same networks with different positions of BatchNormalization, or
//! none, trained with several seeds.

use crate::compute::Fast;
use crate::files::open::CHECKPOINT;
use crate::judge::compare::statistics::{Difference, MeanDeviation};
use crate::network::architecture::NormPlacement;
use crate::network::parameters::Parameters;
use crate::show::terminal::Ui;
use crate::show::training::TrainingText;
use crate::train::fit::{Config, Epoch};
use crate::train::history::{History, Test};
use crate::train::plan::{Extras, TrainPlan};
use crate::train::run::{train_run, whole_path};
use anyhow::Context;
use foldnet_data::Dataset;
use serde::Serialize;
use std::path::PathBuf;

/// What to train.
#[derive(Debug, Clone)]
pub(super) struct Study {
    /// Placements, at least one.
    pub(super) norms: Vec<NormPlacement>,
    /// Seeds, at least one.
    pub(super) seeds: Vec<u64>,
    /// Units of the hidden layers.
    pub(super) hidden: Vec<u32>,
    /// How to train; the seed is replaced by each of `seeds`.
    pub(super) config: Config,
    /// Folder of the runs, which are named `after-1` and so on.
    pub(super) out: PathBuf,
}

/// One training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Run {
    /// Seed of the weights and of shuffling.
    pub(super) seed: u64,
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Whether the run existed already.
    pub(super) reused: bool,
    /// Epochs in order.
    pub(super) epochs: Vec<Epoch>,
    /// Result after the last epoch.
    pub(super) test: Test,
}

/// An epoch over all seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct EpochSpread {
    /// In training.
    pub(super) loss: MeanDeviation,
    /// In training.
    pub(super) accuracy: MeanDeviation,
    /// On the validation images.
    pub(super) val_loss: MeanDeviation,
    /// On the validation images.
    pub(super) val_accuracy: MeanDeviation,
}

/// The test images over all seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct TestSpread {
    /// Mean cross-entropy.
    pub(super) loss: MeanDeviation,
    /// Fraction of the images classified correctly.
    pub(super) accuracy: MeanDeviation,
}

/// All runs of one placement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct OfNorm {
    /// Position of BatchNormalization.
    pub(super) norm: NormPlacement,
    /// Number of parameters of each network.
    pub(super) parameters: Parameters,
    /// In the order of the seeds.
    pub(super) runs: Vec<Run>,
    /// Epochs in order.
    pub(super) epochs: Vec<EpochSpread>,
    /// Result after the last epoch.
    pub(super) test: TestSpread,
}

/// Two placements, compared seed by seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Versus {
    /// The first placement.
    pub(super) a: NormPlacement,
    /// The second placement.
    pub(super) b: NormPlacement,
    /// Test accuracy of `a` minus that of `b` with the same seed.
    pub(super) accuracy: Difference,
    /// Number of seeds with which `a` is better.
    pub(super) wins: usize,
}

/// The result of a study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Answer {
    /// Name of the dataset.
    pub(super) dataset: String,
    /// Seeds, in order.
    pub(super) seeds: Vec<u64>,
    /// Placements, in the requested order.
    pub(super) norms: Vec<OfNorm>,
    /// Every pair of placements; empty for a single seed.
    pub(super) differences: Vec<Versus>,
}

/// Trains the missing runs, and compares. An existing run in the folder is reused if it is finished and was trained
/// with the same recipe and version on a dataset of the same name.
///
/// # Errors
/// As [`train_run`].
pub(super) fn study(study: &Study, dataset: &Dataset, compute: &Fast, ui: Ui) -> anyhow::Result<Answer> {
    let mut norms = Vec::new();
    for &norm in &study.norms {
        let mut runs = Vec::new();
        let mut parameters = None;
        for &seed in &study.seeds {
            let (run, history) = one(study, norm, seed, dataset, compute, ui)?;
            parameters = Some(history.parameters);
            runs.push(run);
        }
        norms.push(of_norm(norm, parameters.context("at least one seed is needed")?, runs));
    }
    let differences = differences(&norms);
    Ok(Answer { dataset: dataset.name.clone(), seeds: study.seeds.clone(), norms, differences })
}

fn one(
    study: &Study,
    norm: NormPlacement,
    seed: u64,
    dataset: &Dataset,
    compute: &Fast,
    ui: Ui,
) -> anyhow::Result<(Run, History)> {
    let folder = study.out.join(format!("{norm}-{seed}"));
    let config = Config { seed, ..study.config.clone() };
    let plan = TrainPlan {
        norm,
        hidden: study.hidden.clone(),
        config,
        init: None,
        limit: None,
        out: folder.clone(),
        data: Default::default(),
        extras: Extras::default(),
    };
    let (history, reused) = match finished(&plan, dataset) {
        Some(history) => (history, true),
        None => (train_run(plan, dataset, compute, &mut TrainingText::new(ui.quiet()))?.history, false),
    };
    let test = history.test.context("a finished run was tested")?;
    let how = if reused { "found" } else { "trained" };
    ui.say(format!("{norm:6} seed {seed}: test accuracy {:.4} - {how} {}", test.accuracy, folder.display()));
    let epochs = history.epochs.clone();
    Ok((Run { seed, folder, reused, epochs, test }, history))
}

/// The history of this training, if the plan's folder already has it.
fn finished(plan: &TrainPlan, dataset: &Dataset) -> Option<History> {
    let checkpoint = plan.out.join(CHECKPOINT);
    let history = History::beside(&checkpoint).ok().flatten().filter(|_| checkpoint.is_file())?;
    let same = history.recipe == plan.recipe()
        && history.dataset == whole_path(&dataset.name)
        && history.version == env!("CARGO_PKG_VERSION")
        && history.epochs.len() == plan.config.epochs;
    (same && history.test.is_some()).then_some(history)
}

fn of_norm(norm: NormPlacement, parameters: Parameters, runs: Vec<Run>) -> OfNorm {
    let spread = |value: &dyn Fn(&Run) -> f64| MeanDeviation::of(&runs.iter().map(value).collect::<Vec<_>>());
    let epochs = runs.first().map_or(0, |run| run.epochs.len());
    let epoch = |at: usize| EpochSpread {
        loss: spread(&|run| run.epochs[at].loss),
        accuracy: spread(&|run| run.epochs[at].accuracy),
        val_loss: spread(&|run| run.epochs[at].val_loss),
        val_accuracy: spread(&|run| run.epochs[at].val_accuracy),
    };
    let test = TestSpread { loss: spread(&|run| run.test.loss), accuracy: spread(&|run| run.test.accuracy) };
    OfNorm { norm, parameters, epochs: (0..epochs).map(epoch).collect(), test, runs }
}

/// Compares every placement with those after it.
fn differences(norms: &[OfNorm]) -> Vec<Versus> {
    let mut found = Vec::new();
    for (at, a) in norms.iter().enumerate() {
        for b in &norms[at + 1..] {
            let pairs = a.runs.iter().zip(&b.runs);
            let by_seed: Vec<f64> = pairs.map(|(a, b)| a.test.accuracy - b.test.accuracy).collect();
            let wins = by_seed.iter().filter(|&&difference| difference > 0.0).count();
            let versus = |accuracy| Versus { a: a.norm, b: b.norm, accuracy, wins };
            found.extend(Difference::of(&by_seed).map(versus));
        }
    }
    found
}
