//! `foldnet export`: from a checkpoint to a device model, with what it cost.

use super::data::{DatasetArg, HintArgs, ThreadsArg};
use crate::export::{Export as Report, export_float};
use crate::opened::{check_images, class_names, open_checkpoint};
use crate::ui::{Ui, bold, bytes};
use crate::write::atomically;
use anyhow::{Context, bail};
use clap::Args;
use foldnet_core::layer;
use std::path::PathBuf;

/// Fold a checkpoint and write it as a device model
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet export runs/after/model.safetensors --bits 32 --out after.fnet")]
pub(super) struct Export {
    /// Checkpoint, or folder of a run
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Bits of a weight: 32
    #[arg(long, value_name = "BITS", default_value_t = 32)]
    bits: u8,
    /// The device model to write
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    hints: HintArgs,
    #[command(flatten)]
    threads: ThreadsArg,
}

impl Export {
    /// Exports and prints.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        if self.bits != 32 {
            bail!("--bits {}: this version writes 32", self.bits);
        }
        let checkpoint = open_checkpoint(&self.path, &self.hints.hints())?;
        let test = self.dataset.load_test()?;
        let view = test.images.view();
        check_images(&self.path, checkpoint.inputs, view)?;
        let classes = layer::outputs(&checkpoint.layers, checkpoint.inputs);
        let names = class_names(checkpoint.labels.clone(), classes, &test.labels);
        let (model, report) = export_float(&checkpoint, view, &names, &self.threads.compute()?)
            .with_context(|| self.path.display().to_string())?;
        atomically(&self.out, |out| out.write_all(&model))?;
        say(&report, ui);
        ui.say(format!("wrote {} ({})", self.out.display(), bytes(report.bytes)));
        ui.result(&report)
    }
}

fn say(report: &Report, ui: Ui) {
    ui.say(format!("folded: largest deviation of a logit {:.1e}", report.folded_max_deviation));
    ui.say(format!(
        "accuracy: float {:.4} - folded {:.4} - exported {} - {} images changed class",
        report.float_accuracy,
        report.folded_accuracy,
        bold(format!("{:.4}", report.accuracy)),
        report.changed
    ));
}
