//! `foldnet compare`: models side by side, or the three placements of BatchNormalization over several seeds.

mod models;
mod seeds;
mod study;

use super::data::{DatasetArg, HintArgs, ThreadsArg, units};
use crate::network::architecture::NormPlacement;
use crate::show::terminal::Ui;
use clap::Args;
use foldnet_data::Part;
use foldnet_sim::board::BoardFileArg;
use foldnet_sim::given::{Given, Idle};
use std::path::PathBuf;

/// Compare models on the same images, or placements of BatchNormalization over several seeds
#[derive(Debug, Args)]
#[command(after_help = "Example:
  foldnet compare runs/after runs/before after4.fnet
  foldnet compare --seeds 5 --norms after,before,none --epochs 2 --out compare.svg")]
pub(super) struct Compare {
    #[command(flatten)]
    given: Given,
    /// Runs, checkpoints or .fnet; the others are compared with the first
    #[arg(value_name = "DIR|FILE", num_args = 2.., required_unless_present_any = ["seeds", "norms", "epochs", "hidden",
        "runs", "out"])]
    paths: Vec<PathBuf>,
    /// Which images to compare models on: test, valid or train
    #[arg(long, value_name = "PART", default_value = "test")]
    split: Part,
    /// Disagreements to list; --json lists all
    #[arg(long, value_name = "N", default_value_t = 10)]
    list: usize,
    /// Train every placement with seeds 1 to N; finished runs are reused
    #[arg(long, value_name = "N", conflicts_with = "paths")]
    seeds: Option<u64>,
    /// Position of BatchNormalization in the networks to train
    #[arg(long, value_name = "NORM,...", value_delimiter = ',', default_value = "after,before,none")]
    norms: Vec<NormPlacement>,
    /// Number of passes over the training examples
    #[arg(long, value_name = "N", default_value_t = 2)]
    epochs: usize,
    /// Units of the hidden layers
    #[arg(long, value_name = "UNITS,...", value_delimiter = ',', value_parser = units, default_value = "300,100")]
    hidden: Vec<u32>,
    /// Folder of the runs; existing runs are reused
    #[arg(long, value_name = "DIR", default_value = "runs/compare")]
    runs: PathBuf,
    /// Draw learning curves and test accuracies into this SVG file
    #[arg(long, value_name = "SVG")]
    out: Option<PathBuf>,
    #[command(flatten)]
    boards: BoardFileArg,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    hints: HintArgs,
    #[command(flatten)]
    threads: ThreadsArg,
}

impl Compare {
    /// Refuses flags of the other kind of comparison.
    fn check_roles(&self) -> Result<(), Idle> {
        let (study, models) = (self.seeds.is_some(), self.seeds.is_none());
        let of_models = "is for models that are given, but --seeds trains its own";
        self.given.check(&[
            (
                "norms epochs hidden runs out",
                study,
                "is for networks that are trained here; also give --seeds N, or leave it out",
            ),
            (
                "split list norm layers config activation pixels epsilon input-type input-scale board-file",
                models,
                of_models,
            ),
        ])
    }

    /// Compares and prints.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        self.check_roles()?;
        match self.seeds {
            Some(seeds) => self.over_seeds(seeds, ui),
            None => self.side_by_side(ui),
        }
    }
}
