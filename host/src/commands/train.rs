//! `foldnet train`: the notebook's two models, or one that goes on from a checkpoint.

use super::data::{DatasetArg, ThreadsArg, check_positive, known, units};
use crate::network::architecture::Norm;
use crate::network::checkpoint::{Checkpoint, Hints};
use crate::network::open::open_checkpoint;
use crate::show::terminal::Ui;
use crate::train::fit::Config;
use crate::train::run::{Plan, train_run};
use anyhow::{Context, bail};
use clap::Args;
use foldnet_data::Task;
use std::path::{Path, PathBuf};

/// Train a network and write model.safetensors and history.json
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet train --norm after --epochs 2 --out runs/after")]
pub(super) struct Train {
    /// Where BatchNormalization stands: first and after each activation, between Dense and activation, or nowhere
    #[arg(long, value_name = "after|before|none", required_unless_present = "init")]
    norm: Option<Norm>,
    /// What to learn: classify, regress (real values) or reconstruct (its own inputs, to find strange ones) [default:
    /// classify, or what --init was trained for]
    #[arg(long, value_name = "TASK")]
    task: Option<Task>,
    /// Units of the hidden layers
    #[arg(long, value_name = "UNITS,...", value_delimiter = ',', value_parser = units, default_value = "300,100")]
    hidden: Vec<u32>,
    /// Passes over the training images
    #[arg(long, value_name = "N", default_value_t = 2)]
    epochs: usize,
    /// Images in a step
    #[arg(long, value_name = "N", default_value_t = 32)]
    batch_size: usize,
    /// Learning rate of SGD
    #[arg(long, value_name = "RATE", default_value_t = 0.01, allow_negative_numbers = true)]
    learning_rate: f32,
    /// Seed of initial weights and shuffling
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    dataset: DatasetArg,
    /// Go on from this checkpoint, with its layers and pixel statistics
    #[arg(long, value_name = "FILE", conflicts_with = "hidden")]
    init: Option<PathBuf>,
    /// Show the images in the same order in every epoch
    #[arg(long)]
    no_shuffle: bool,
    /// Train on the first N training images only
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    threads: ThreadsArg,
    /// Folder for model.safetensors and history.json [default: runs/ and the norm's name]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Train {
    /// Trains, with a table, a bar and a line for every epoch.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        self.check()?;
        let init = match &self.init {
            Some(path) => Some(open_checkpoint(path, &Hints { norm: self.norm, ..Hints::default() })?),
            None => None,
        };
        let compute = self.threads.compute()?;
        let files: Vec<&Path> = self.init.iter().map(PathBuf::as_path).collect();
        let loaded = self.dataset.load_for(self.task(&init), &files, ui).context("the examples cannot be had")?;
        let mut dataset = loaded.dataset;
        if let (Some(path), Some(init)) = (&self.init, &init) {
            known(path, dataset.number_as(&init.labels))?;
        }
        let plan = Plan {
            norm: self.norm.unwrap_or(Norm::After),
            hidden: self.hidden.clone(),
            config: self.config(),
            init,
            limit: self.limit,
            out: self.out(),
            data: loaded.options,
        };
        let trained = train_run(plan, &dataset, &compute, ui)?;
        ui.result(&trained.history)
    }

    fn task(&self, init: &Option<Checkpoint>) -> Task {
        self.task.or(init.as_ref().map(|init| init.about.task)).unwrap_or_default()
    }

    fn config(&self) -> Config {
        let Self { epochs, batch_size, learning_rate, seed, .. } = *self;
        Config { epochs, batch_size, learning_rate, seed, shuffle: !self.no_shuffle }
    }

    fn out(&self) -> PathBuf {
        let default = || match self.norm {
            Some(norm) => PathBuf::from(format!("runs/{norm}")),
            None => PathBuf::from("runs/continued"),
        };
        self.out.clone().unwrap_or_else(default)
    }

    /// Values that no training can have.
    fn check(&self) -> anyhow::Result<()> {
        if self.hidden.contains(&0) {
            bail!("--hidden {}: every layer needs at least one unit", join(&self.hidden));
        }
        check_positive("--epochs", self.epochs)?;
        check_positive("--batch-size", self.batch_size)?;
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            bail!("--learning-rate {}: give a positive number, such as 0.01", self.learning_rate);
        }
        if self.limit == Some(0) {
            bail!("--limit 0: give a number of images of at least 1");
        }
        Ok(())
    }
}

fn join(units: &[u32]) -> String {
    units.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
