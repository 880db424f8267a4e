//! The results for each exported model, and the closing table.

use crate::deploy::measure::Export;
use crate::format::thousands;
use crate::show::terminal::table;
use comfy_table::Table;
use serde::Serialize;
use std::path::PathBuf;

/// One exported model: a row of the closing table.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// `after` or `before`.
    pub(super) model: String,
    /// The model file.
    pub(super) file: PathBuf,
    /// The loss in accuracy from the export.
    pub(super) export: Export,
    /// Result on the simulated device, for all test images.
    pub(super) simulated: Simulated,
    /// Result on an emulated board, for some of them.
    pub(super) emulated: Option<Emulated>,
}

/// A run of the simulator.
#[derive(Debug, Serialize)]
pub(super) struct Simulated {
    pub(super) accuracy: f64,
    pub(super) logits_sha256: String,
}

/// A run on an emulated board.
#[derive(Debug, Serialize)]
pub(super) struct Emulated {
    pub(super) board: String,
    pub(super) images: usize,
    pub(super) accuracy: f64,
    /// Whether all logits equal the simulation's.
    pub(super) identical: bool,
    pub(super) kernel: String,
    pub(super) instructions_per_image: f64,
    pub(super) flash_bytes: usize,
    pub(super) ram_bytes: usize,
}

const HEADER: [&str; 9] = ["model", "bits", "bytes", "float", "folded", "on device", "changed", "board", "logits = PC"];

/// A row for every exported model.
pub(super) fn closing_table(outcomes: &[Outcome]) -> Table {
    table(&HEADER, outcomes.iter().map(line))
}

fn line(outcome: &Outcome) -> Vec<String> {
    let Outcome { model, export, simulated, emulated, .. } = outcome;
    let (board, equal) = match emulated {
        Some(run) => (run.board.clone(), format!("{} of {}", if run.identical { run.images } else { 0 }, run.images)),
        None => ("simulated".to_owned(), "-".to_owned()),
    };
    let bits = export.bits.first().map_or(String::new(), u8::to_string);
    let accuracies = [export.float_accuracy, export.folded_accuracy, simulated.accuracy];
    let [float, folded, device] = accuracies.map(|accuracy| format!("{accuracy:.4}"));
    vec![model.clone(), bits, thousands(export.bytes), float, folded, device, export.changed.to_string(), board, equal]
}
