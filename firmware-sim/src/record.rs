//! The output of `foldnet-sim --json`: one [`Record`] for a model, or a list of them for several models or boards. The
//! command writes it, and `foldnet report --device` reads it.

use crate::board::{Board, Footprint};
use crate::emulate::{Cycles, Emulation, Instructions};
use crate::metrics::Metrics;
use crate::simulate::Simulation;
use foldnet_core::Model;
use foldnet_core::model::checksum;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A model, simulated or on a board: either the measurement, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The board; `None` if the model was simulated without one.
    pub board: Option<String>,
    /// Its processor core.
    pub core: Option<String>,
    /// Rust target of its firmware.
    pub target: Option<String>,
    /// The model's file.
    pub model: String,
    /// The checksum at the end of the file, see [`crc32`].
    pub crc32: String,
    /// Bits per weight of each layer.
    pub bits: Vec<u8>,
    /// Name of the examples' data set.
    pub dataset: String,
    /// Whether the model fits the board.
    pub fits: bool,
    /// Why nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The measurement.
    #[serde(flatten)]
    pub measured: Option<Measured>,
}

/// Results of any run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Number of examples answered.
    pub images: usize,
    /// Fraction of examples whose class is correct, 0 to 1; `None` for other tasks, or if the labels are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Metrics of values or scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// SHA-256 in hex over the output words of all examples, each word little-endian.
    pub logits_sha256: String,
    /// Flash: measured on an emulated board, otherwise an upper bound.
    pub flash_bytes: usize,
    /// RAM, likewise.
    pub ram_bytes: usize,
    /// Additional results of a run on an emulated board.
    #[serde(flatten)]
    pub emulated: Option<Emulated>,
}

/// Additional results of a run on an emulated board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Emulated {
    /// Name of the kernel that ran.
    pub kernel: String,
    /// The compiler of the firmware; `None` if it was given as a file.
    pub compiler: Option<String>,
    /// From raw values to the answer.
    pub instructions_per_image: Instructions,
    /// Instructions of each layer, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions_per_layer: Option<Vec<Instructions>>,
    /// Modelled cycles per example, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycles: Option<Cycles>,
    /// Their mean in milliseconds at the board's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// Wait states of the board's flash used by the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_states: Option<u32>,
    /// Whether the classes, scores and all outputs of all examples equal the simulation's.
    pub identical: bool,
    /// The booted slot; `None` for a bare model.
    pub slot: Option<u8>,
}

/// The checksum of a model file in hex, eight digits, as shown by `foldnet inspect`.
pub fn crc32(file: &[u8]) -> String {
    format!("{:08x}", checksum(file).unwrap_or_default())
}

impl Record {
    /// A record for the model in `file`, whose contents are `bytes`, without a measurement.
    pub fn new(board: Option<&Board>, file: &Path, bytes: &[u8], model: &Model, dataset: &str) -> Self {
        let known = |what: fn(&Board) -> &'static str| board.map(|board| what(board).to_owned());
        Self {
            board: known(|board| board.name),
            core: known(|board| board.core),
            target: known(|board| board.target),
            model: file.display().to_string(),
            crc32: crc32(bytes),
            bits: model.header().layers.iter().map(|layer| layer.bits).collect(),
            dataset: dataset.to_owned(),
            fits: true,
            reason: None,
            measured: None,
        }
    }
}

impl Measured {
    /// The record of a simulation.
    pub fn simulated(run: &Simulation, takes: &Footprint) -> Self {
        Self {
            images: run.images,
            accuracy: accuracy(run.metrics.as_ref(), run.correct, run.images),
            metrics: of_other_tasks(run.metrics.as_ref()),
            logits_sha256: run.logits_sha256.clone(),
            flash_bytes: takes.flash_bytes,
            ram_bytes: takes.ram_bytes,
            emulated: None,
        }
    }

    /// The record of a run on an emulated board.
    pub fn emulated(run: &Emulation) -> Self {
        Self {
            images: run.images,
            accuracy: accuracy(run.metrics(), run.correct, run.images),
            metrics: of_other_tasks(run.metrics()),
            logits_sha256: run.logits_sha256.clone(),
            flash_bytes: run.flash.total(),
            ram_bytes: run.ram.total(),
            emulated: Some(Emulated {
                kernel: run.kernel.clone(),
                compiler: run.compiler.clone(),
                instructions_per_image: run.instructions,
                instructions_per_layer: (!run.layers.is_empty()).then(|| run.layers.clone()),
                cycles: run.cycles,
                ms: run.ms,
                wait_states: run.wait_states,
                identical: run.identical(),
                slot: run.booted.slot,
            }),
        }
    }
}

/// The fraction of correct classes, if there are classes and they are known.
fn accuracy(metrics: Option<&Metrics>, correct: usize, images: usize) -> Option<f64> {
    matches!(metrics, Some(Metrics::Classification(_))).then(|| correct as f64 / images.max(1) as f64)
}

/// Metrics of tasks other than classification.
fn of_other_tasks(metrics: Option<&Metrics>) -> Option<Metrics> {
    metrics.filter(|metrics| !matches!(metrics, Metrics::Classification(_))).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: Instructions = Instructions { mean: 12.5, min: 7, max: 4_000_000_000 };

    fn record() -> Record {
        Record {
            board: Some("microbit".into()),
            core: Some("Cortex-M0".into()),
            target: Some("thumbv6m-none-eabi".into()),
            model: "a.fnet".into(),
            crc32: "0012abcd".into(),
            bits: vec![4, 8],
            dataset: "mine".into(),
            fits: true,
            reason: None,
            measured: None,
        }
    }

    fn check(measured: Option<Measured>, keys: usize) {
        let record = Record { measured, ..record() };
        let text = serde_json::to_string(&record).unwrap();
        let object: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object.as_object().map(|object| object.len()), Some(keys), "objects are nested correctly: {text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }

    #[test]
    fn what_was_written_is_read() {
        check(None, 8);
        let mut measured = Measured {
            images: 9,
            accuracy: Some(0.5),
            metrics: None,
            logits_sha256: "00".into(),
            flash_bytes: 1,
            ram_bytes: 2,
            emulated: None,
        };
        check(Some(measured.clone()), 13);
        let mut emulated = Emulated {
            kernel: "dsp".into(),
            compiler: None,
            instructions_per_image: COUNT,
            instructions_per_layer: None,
            cycles: None,
            ms: None,
            wait_states: None,
            identical: true,
            slot: Some(1),
        };
        measured.emulated = Some(emulated.clone());
        check(Some(measured.clone()), 18);
        emulated.instructions_per_layer = Some(vec![COUNT; 2]);
        measured.emulated = Some(emulated);
        check(Some(measured), 19);
    }

    #[test]
    fn a_checksum_is_the_file_s_last_word() {
        assert_eq!(crc32(&[9, 9, 1, 2, 3, 4]), "04030201");
    }
}
