//! `foldnet compare`: models side by side, or the three placements of BatchNormalization over several seeds.

mod models;
mod seeds;
mod study;

use super::data::{DatasetArg, HintArgs, ThreadsArg, units};
use crate::network::architecture::NormPlacement;
use crate::show::terminal::Ui;
use clap::Args;
use foldnet_data::Part;
use std::path::PathBuf;

/// Compare models on the same images, or placements of BatchNormalization over several seeds
#[derive(Debug, Args)]
#[command(after_help = "Example:
  foldnet compare runs/after runs/before after4.fnet
  foldnet compare --seeds 5 --norms after,before,none --epochs 2 --out compare.svg")]
pub(super) struct Compare {
    /// Runs, checkpoints or .fnet; the others are compared with the first
    #[arg(value_name = "DIR|FILE", num_args = 2.., required_unless_present = "seeds")]
    paths: Vec<PathBuf>,
    /// Which images to compare models on: test, valid or train
    #[arg(long, value_name = "PART", default_value = "test", conflicts_with = "seeds")]
    split: Part,
    /// Disagreements to list; --json lists all
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "seeds")]
    list: usize,
    /// Train every placement with seeds 1 to N; finished runs are reused
    #[arg(long, value_name = "N", conflicts_with_all = ["paths", "norm", "layers", "config",
        "activation", "pixels", "epsilon", "input_type", "input_scale"])]
    seeds: Option<u64>,
    /// Position of BatchNormalization in the networks to train
    #[arg(
        long,
        value_name = "NORM,...",
        value_delimiter = ',',
        default_value = "after,before,none",
        conflicts_with = "paths"
    )]
    norms: Vec<NormPlacement>,
    /// Number of passes over the training images
    #[arg(long, value_name = "N", default_value_t = 2, conflicts_with = "paths")]
    epochs: usize,
    /// Units of the hidden layers
    #[arg(long, value_name = "UNITS,...", value_delimiter = ',', value_parser = units, default_value = "300,100", conflicts_with = "paths")]
    hidden: Vec<u32>,
    /// Folder of the runs; existing runs are reused
    #[arg(long, value_name = "DIR", default_value = "runs/compare", conflicts_with = "paths")]
    runs: PathBuf,
    /// Draw learning curves and test accuracies into this SVG file
    #[arg(long, value_name = "SVG", conflicts_with = "paths")]
    out: Option<PathBuf>,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    hints: HintArgs,
    #[command(flatten)]
    threads: ThreadsArg,
}

impl Compare {
    /// Compares and prints.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        match self.seeds {
            Some(seeds) => self.over_seeds(seeds, ui),
            None => self.side_by_side(ui),
        }
    }
}
