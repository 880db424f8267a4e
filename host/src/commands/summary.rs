//! `foldnet summary`: the layers of a network, in the style of Keras's `model.summary()`.

use super::data::HintArgs;
use crate::files::open::{Opened, resolve};
use crate::network::checkpoint::{load_line, save_line, torch_save_line};
use crate::show::summary::{Summary as Report, of_checkpoint, of_model};
use crate::show::terminal::Ui;
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
        let report: Report = match self.hints.open(&self.path, ui)? {
            Opened::Checkpoint(checkpoint) => {
                let report = of_checkpoint(checkpoint.network());
                ui.block(&report);
                let file = resolve(&self.path).display().to_string();
                ui.block(format!("\nTo load it into a Keras `model` with these layers:\n  {}", load_line(&file)));
                ui.block(format!("To save a Keras `model` to such a file:\n  {}", save_line("model.safetensors")));
                ui.block(format!(
                    "To save a PyTorch `model` to such a file:\n  {}",
                    torch_save_line("model.safetensors")
                ));
                report
            }
            Opened::Model { model, .. } => {
                let report = of_model(&model.header());
                ui.block(&report);
                report
            }
        };
        ui.result(&report)
    }
}
