//! `foldnet import`: reads another tool's model and writes it as a run that every command accepts.

use super::data::HintArgs;
use crate::files::open::CHECKPOINT;
use crate::network::checkpoint::Checkpoint;
use crate::network::import::parse;
use crate::show::summary::of_checkpoint;
use crate::show::terminal::Ui;
use crate::write::{check_folder, folder_message};
use anyhow::{anyhow, bail};
use clap::Args;
use foldnet_import::Imported;
use serde::Serialize;
use std::path::PathBuf;

/// Read a model from Keras, ONNX, TFLite or PyTorch, and describe it layer by layer
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet import model.onnx --out runs/mine")]
pub(super) struct Import {
    /// .keras, .h5, .onnx, .tflite, .pt (a state dict) or .safetensors
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Folder of the run to write: model.safetensors
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    hints: HintArgs,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    /// The layers as interpreted, in order.
    layers: Vec<String>,
    /// Operations folded into a neighbour.
    folded: Vec<String>,
    /// Always empty: a file with such a layer is an error.
    refused: Vec<String>,
    checkpoint: PathBuf,
}

impl Import {
    /// Reads, prints and writes.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        if !self.path.is_file() {
            bail!(
                "{}: not a file that can be imported; give a .keras, .h5, .onnx, .tflite, .pt or .safetensors",
                self.path.display()
            );
        }
        check_folder(&self.out)?;
        let checkpoint = Checkpoint::read(&self.path, &self.hints.hints())?;
        let (layers, folded) = self.understood(&checkpoint)?;
        for line in &layers {
            ui.say(line);
        }
        for line in &folded {
            ui.say(format!("folded: {line}"));
        }
        if let Some(scale) = self.hints.hints().scale {
            ui.say(format!("inputs: (value - {}) * {} of {} values", scale.zero, scale.step, checkpoint.about.input.0));
        }
        if !checkpoint.about.scales.is_empty() {
            ui.say("weights: int8; export --bits 8 keeps these integers");
        }
        ui.block(of_checkpoint(checkpoint.network()));
        let path = self.out.join(CHECKPOINT);
        std::fs::create_dir_all(&self.out).map_err(|error| anyhow!(folder_message(&self.out, &error)))?;
        checkpoint.write(&path)?;
        ui.say(format!("wrote {}", path.display()));
        ui.result(&Report { layers, folded, refused: Vec::new(), checkpoint: path })
    }

    /// Describes how the file was interpreted, and what was folded.
    fn understood(&self, checkpoint: &Checkpoint) -> anyhow::Result<(Vec<String>, Vec<String>)> {
        let bytes = foldnet_data::bounded::read(&self.path, foldnet_import::MAX_FILE)?;
        if let Some(Imported::Network(network)) = parse(&bytes, &self.path, &self.hints.hints())? {
            return Ok((network.understood(), network.folded));
        }
        Ok((checkpoint.understood(), Vec::new()))
    }
}
