//! `foldnet summary`: the layers of a network, as Keras's `model.summary()` shows them.

use super::data::HintArgs;
use crate::opened::{Opened, open, parse};
use crate::summary::{Summary as Report, of_checkpoint, of_model};
use crate::ui::Ui;
use clap::Args;
use std::path::PathBuf;

/// Show the layers and parameters of a network
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet summary runs/after")]
pub(super) struct Summary {
    /// Folder of a run, checkpoint, or .fnet
    #[arg(value_name = "DIR|FILE")]
    path: PathBuf,
    #[command(flatten)]
    hints: HintArgs,
}

impl Summary {
    /// Prints the table.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        let report: Report = match open(&self.path, &self.hints.hints())? {
            Opened::Checkpoint(checkpoint) => of_checkpoint(&checkpoint.layers, checkpoint.inputs),
            Opened::Model(bytes) => of_model(parse(&bytes, &self.path)?.header()),
        };
        ui.say(&report);
        ui.result(&report)
    }
}
