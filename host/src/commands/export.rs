//! `foldnet export`: from a checkpoint to a device model, with the loss in accuracy.

use super::calibration::{Calibrated, CalibrationArgs};
use super::data::{DatasetArg, HintArgs, READING, ThreadsArg, check_classes};
use super::flash::FlashArgs;
use super::inspect::{inverted_inputs, say_scratch};
use super::shrink::{ShrinkArgs, wanted};
use crate::compute::Fast;
use crate::deploy::export::{ExportPlan, export_shrunk};
use crate::deploy::format::onnx::{onnx, probes};
use crate::deploy::format::{Format, Written};
use crate::deploy::inputs::LOSS_BOUND;
use crate::deploy::measure::Export as Report;
use crate::files::open::class_names;
use crate::format::{bytes, thousands};
use crate::network::checkpoint::Checkpoint;
use crate::run::answers;
use crate::show::shrunk::say_shrunk;
use crate::show::terminal::{QuantizeBar, Ui, bold, table};
use crate::write::{atomic_write, check_writable};
use anyhow::{Context, bail};
use clap::Args;
use foldnet_core::Model;
use foldnet_core::model::{FLOAT_BITS, HeadKind};
use foldnet_data::{Task, text};
use foldnet_sim::board::{BOARDS, slow_layers_on};
use foldnet_sim::given::{Given, Idle};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Fold a checkpoint, quantize it, and write it as a device model
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    #[command(flatten)]
    given: Given,
    /// Checkpoint, or folder of a run
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Bits per weight: 32 (floats), 8, 4 or 2; or one of 8, 4, 2 for each layer [default: 8, or as
    /// trained with --bits]
    #[arg(long, value_name = "BITS,...", value_delimiter = ',')]
    bits: Vec<u8>,
    /// The device model to write
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    #[command(flatten)]
    calibration: CalibrationArgs,
    /// Anomaly score above which an example is abnormal, for networks that reconstruct their inputs [default:
    /// from training]
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    threshold: Option<f32>,
    /// Round the weights of an imported int8 network (TFLite) again; without this, 8 bits keep the file's integers
    #[arg(long)]
    requantize: bool,
    /// With --format onnx: write the folded network, as on the device, instead of the trained one
    #[arg(long)]
    folded: bool,
    #[command(flatten)]
    flash: FlashArgs,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    hints: HintArgs,
    #[command(flatten)]
    threads: ThreadsArg,
    #[command(flatten, next_help_heading = "Smaller models")]
    smaller: ShrinkArgs,
}

const EXAMPLES: &str = "Examples:
  foldnet export runs/after/model.safetensors --bits 4 --out after4.fnet
  foldnet export runs/after --merge --prune --max-loss 0.2 --out small.fnet
  foldnet export runs/after --format onnx --out after.onnx
  foldnet export runs/after --bits 4 --format c --out model.h
  foldnet export runs/after --bits 2 --format hex --board microbit --slot 1 --sequence 2 --out slot1.hex";

impl Export {
    /// Exports and prints.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        let more: Vec<&Path> = self.calibration.path().into_iter().chain(self.flash.board_file()).collect();
        self.dataset.keeps_inputs(&self.out, &[&self.path], &more)?;
        let target = self.flash.target()?;
        check_writable(&self.out)?;
        let mut checkpoint = self.hints.open_checkpoint(&self.path, ui)?;
        let limits = self.smaller.of_export(self.flash.format)?;
        limits.map_or(Ok(()), |limits| limits.check(&checkpoint))?;
        self.check_roles(&checkpoint)?;
        if self.requantize {
            checkpoint.about.scales.clear();
        }
        if self.flash.format == Format::Onnx {
            return self.onnx(&checkpoint, ui);
        }
        self.set_threshold(&mut checkpoint)?;
        let floats = self.bits(&checkpoint).iter().all(|&bits| bits == FLOAT_BITS);
        let compute = self.threads.compute()?;
        let material = self.calibration.material(&self.path, &checkpoint, &self.dataset, floats, (&compute, ui))?;
        let training = limits.is_some() || material.is_of_set() && !floats;
        let read = material.set.is_some();
        let notes = self.given.notes(&[
            (READING, read, "says how a data set is read, but this export reads none"),
            ("valid-split", training || !read, "is for training examples, which play no role in this export"),
            // Without a set, the model is compared on the calibration examples.
            ("calibration calibration-limit", !floats || !read, "is for integer weights, but these stay floats"),
        ]);
        ui.say_all(notes);
        let classes = checkpoint.classes();
        let labels = match checkpoint.about.task {
            Task::Classify => {
                check_classes(&self.path, classes, material.labels())?;
                class_names(checkpoint.labels.clone(), classes, material.labels())
            }
            Task::Regress => checkpoint.about.outputs.iter().map(|output| text::line(&output.name)).collect(),
            Task::Reconstruct => Vec::new(),
        };
        let (calibration, test) = (material.calibration(), material.test());
        let plan = ExportPlan { bits: self.bits(&checkpoint), calibration, test, labels: &labels };
        let mut bar = QuantizeBar::default();
        let wanted = limits.map(|limits| wanted(limits, material.set.as_ref())).transpose()?;
        let (model, report) =
            export_shrunk(&checkpoint, &plan, wanted.as_ref(), &compute, &mut |step| bar.update(step))
                .with_context(|| self.path.display().to_string())?;
        drop(bar);
        let (file, written) =
            target.file(&Model::parse(&model)?, &model).with_context(|| self.path.display().to_string())?;
        atomic_write(&self.out, |out| out.write_all(&file))?;
        material.say(self.bits(&checkpoint), ui);
        if let Some(smaller) = &report.smaller {
            say_shrunk(smaller, ui);
        }
        say(&report, test.unit(), ui);
        say_inputs(&report, &checkpoint, &Model::parse(&model)?, ui);
        let boards = self.flash.chosen_board()?.map_or_else(|| BOARDS.iter().collect(), |board| vec![board]);
        for slow in slow_layers_on(&Model::parse(&model)?, &boards) {
            ui.say(format!("note: {slow}"));
        }
        ui.say(format!("wrote {} ({}){}", self.out.display(), bytes(report.bytes), place(&written)));
        ui.result(&Outcome { report: &report, calibration: material.calibrated(), written })
    }
}

impl Export {
    /// Bits per weight, for all layers or for each: by default those that the network was trained in, or 8.
    fn bits<'a>(&'a self, checkpoint: &'a Checkpoint) -> &'a [u8] {
        match (&self.bits[..], &checkpoint.about.quantized) {
            ([], Some(trained)) => &trained.bits,
            ([], None) => &[8],
            (given, _) => given,
        }
    }

    /// Refuses flags that play no role for this network and format.
    fn check_roles(&self, checkpoint: &Checkpoint) -> Result<(), Idle> {
        let onnx = self.flash.format == Format::Onnx;
        let floats = self.bits(checkpoint).iter().all(|&bits| bits == FLOAT_BITS);
        self.given.check(&[
            ("folded", onnx, "is for --format onnx, since a device model is always folded"),
            (
                "requantize",
                !checkpoint.about.scales.is_empty(),
                "is for networks imported with integer weights, which this one lacks",
            ),
            ("bits", !onnx || floats, "is for device models, but an ONNX file holds floats"),
            ("requantize", !onnx, "is for integer weights, but an ONNX file holds floats"),
            ("threshold", !onnx, "is for device models, but an ONNX file holds none"),
            (
                "threshold",
                checkpoint.about.task == Task::Reconstruct,
                "is for networks that reconstruct their inputs, but this one does not",
            ),
        ])
    }

    /// `--threshold`
    fn set_threshold(&self, checkpoint: &mut Checkpoint) -> anyhow::Result<()> {
        let Some(threshold) = self.threshold else { return Ok(()) };
        if !(threshold >= 0.0 && threshold.is_finite()) {
            bail!("--threshold {threshold}: give a score of at least 0");
        }
        checkpoint.about.threshold = Some(threshold);
        Ok(())
    }

    /// Writes ONNX, which needs no data: a check on a few generated examples makes sure that the network computes
    /// finite numbers.
    fn onnx(&self, checkpoint: &Checkpoint, ui: Ui) -> anyhow::Result<()> {
        let measured = "is for measuring accuracy, but an ONNX file is written without examples";
        let notes = self.given.notes(&[
            ("calibration calibration-limit", false, "is for integer weights, but an ONNX file holds floats"),
            ("dataset threads", false, measured),
            (READING, false, measured),
        ]);
        ui.say_all(notes);
        let file = onnx(checkpoint, self.folded).with_context(|| self.path.display().to_string())?;
        let probes = probes(checkpoint);
        answers(checkpoint, probes.view(), &Fast::new(1)).with_context(|| self.path.display().to_string())?;
        atomic_write(&self.out, |out| out.write_all(&file))?;
        ui.say(format!("wrote {} ({}): takes raw values as f32", self.out.display(), bytes(file.len())));
        ui.result(&serde_json::json!({"format": Format::Onnx, "bytes": file.len(), "folded": self.folded}))
    }
}

/// The keys of the object.
#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(flatten)]
    report: &'a Report,
    calibration: Calibrated,
    #[serde(flatten)]
    written: Written,
}

/// Describes where the model goes.
fn place(written: &Written) -> String {
    let address = written.address.map_or(String::new(), |address| format!(" for address {address:#x}"));
    let slot = match (written.slot, written.sequence) {
        (Some(slot), Some(sequence)) => format!(", slot {slot}, sequence {sequence}"),
        _ => String::new(),
    };
    let note = match (written.slot, written.slots) {
        (Some(_), Some(1)) => "; the only slot, so an update that loses power leaves no working model",
        (Some(_), None) => "; the header of this slot begins there, not the region that two slots share",
        _ => "",
    };
    format!("{address}{slot}{note}")
}

/// Describes what firmware must know: the type of the inputs with the loss from 8 bits, the threshold, and the scratch
/// memory as a constant to paste.
fn say_inputs(report: &Report, checkpoint: &Checkpoint, model: &Model, ui: Ui) {
    if report.input != "u8" {
        let (values, lost) = (model.inputs(), report.input_loss * 100.0);
        let windows = match model.input_maps().count() {
            0 => "used as they are".to_owned(),
            maps => format!("{maps} windows of {} bytes, at most {lost:.2} % of a standard deviation lost", maps * 8),
        };
        ui.say(format!("inputs: {values} x {}, {windows}", report.input));
        if let Some(cost) = report.conversion {
            let [m0, m4f] = [cost.cortex_m0, cost.cortex_m4f].map(thousands);
            ui.say(format!("converting them takes about {m0} instructions on a Cortex-M0, {m4f} on a Cortex-M4F"));
        }
    }
    if let Some(inverted) = inverted_inputs(model) {
        ui.say(format!("{inverted}, since they are 255 more often than 0: a device skips zeros"));
    }
    for lossy in report.lossy_inputs.iter().take(LISTED) {
        let lost = lossy.lost * 100.0;
        let name = input_name(checkpoint, lossy.input);
        ui.say(format!(
            "note: rounding {name} to 8 bits loses {lost:.1} % of its standard deviation: an outlier widens its window"
        ));
    }
    if let Some(more) = report.lossy_inputs.len().checked_sub(LISTED + 1) {
        ui.say(format!("note: {} more inputs lose more than {:.0} %", more + 1, LOSS_BOUND * 100.0));
    }
    if model.head() == HeadKind::Reconstruction {
        match model.threshold() {
            Some(threshold) => ui.say(format!("threshold: a score above {threshold:.4} is abnormal")),
            None => ui.say("note: no threshold, so no example counts as abnormal; give --threshold"),
        }
    }
    say_scratch(model, ui);
}

/// Number of inputs that are listed individually.
const LISTED: usize = 3;

/// `input 3`, with its name if the network knows it.
fn input_name(checkpoint: &Checkpoint, input: usize) -> String {
    let (channels, names) = (checkpoint.shape().channels, &checkpoint.about.channels);
    match names.get(input % channels.max(1)) {
        Some(name) if channels == checkpoint.inputs() => format!("input {input} ({name})"),
        Some(name) => format!("input {input} ({name}, sample {})", input / channels),
        None => format!("input {input}"),
    }
}

/// Prints the loss in accuracy from the export.
pub(super) fn say(report: &Report, unit: &str, ui: Ui) {
    ui.say(format!("folded: largest deviation of a logit {:.1e}", report.folded_max_deviation));
    if !report.layer_errors.is_empty() {
        let rows = report.layer_errors.iter().zip(&report.bits).enumerate();
        let rows = rows.map(|(layer, (error, bits))| {
            vec![format!("layer {layer}"), bits.to_string(), format!("{:.2} %", error * 100.0)]
        });
        ui.block(table(&["quantized", "bits", "output error"], rows));
    }
    if report.kept_layers > 0 {
        let (kept, layers) = (report.kept_layers, report.bits.len());
        ui.say(format!("{kept} of {layers} layers keep the imported file's integers; --requantize rounds them again"));
    }
    if let (Some(float), Some(exported)) = (report.float_rmse, report.rmse) {
        ui.say(format!("RMSE: float {float:.4} - exported {}", bold(format!("{exported:.4}"))));
    }
    if let (Some(float), Some(exported)) = (report.float_auc, report.auc) {
        ui.say(format!("AUC: float {float:.4} - exported {}", bold(format!("{exported:.4}"))));
    }
    if report.accuracy.is_nan() {
        return;
    }
    ui.say(format!(
        "accuracy: float {:.4} - folded {:.4} - exported {} - {} test {unit} changed class",
        report.float_accuracy,
        report.folded_accuracy,
        bold(format!("{:.4}", report.accuracy)),
        report.changed
    ));
}
