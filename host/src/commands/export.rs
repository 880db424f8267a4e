//! `foldnet export`: from a checkpoint to a device model, with what it cost.

use super::data::{DatasetArg, HintArgs, ThreadsArg, check_classes, known};
use super::flash::FlashArgs;
use super::inspect::scratch_words;
use crate::deploy::export::{Export as Report, ExportPlan, export};
use crate::deploy::flash::{Format, Written};
use crate::deploy::inputs::LOSS_BOUND;
use crate::deploy::onnx::onnx;
use crate::format::bytes;
use crate::network::checkpoint::Checkpoint;
use crate::network::open::{ImageSize, check_images, class_names, resolve};
use crate::show::terminal::{QuantizeBar, Ui, bold, table};
use crate::train::history::History;
use crate::write::{atomic_write, check_not_input};
use anyhow::{Context, bail};
use clap::Args;
use foldnet_core::Model;
use foldnet_data::{Part, Task, text};
use serde::Serialize;
use std::path::PathBuf;

/// Fold a checkpoint, quantize it, and write it as a device model
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    /// Checkpoint, or folder of a run
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Bits of a weight: 32 (floats), 8, 4 or 2; or one of 8, 4, 2 for each layer
    #[arg(long, value_name = "BITS,...", value_delimiter = ',', default_value = "8")]
    bits: Vec<u8>,
    /// The device model to write
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Training images that integer weights are fitted to
    #[arg(long, value_name = "N", default_value_t = CALIBRATION)]
    calibrate: usize,
    /// With --format onnx: folded, as the device has it, rather than as trained
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
}

const EXAMPLES: &str = "Examples:
  foldnet export runs/after/model.safetensors --bits 4 --out after4.fnet
  foldnet export runs/after --format onnx --out after.onnx
  foldnet export runs/after --bits 2 --format hex --board microbit --slot 1 --sequence 2 --out slot1.hex";

/// Training images for calibration where nobody says otherwise.
pub(super) const CALIBRATION: usize = 4_000;

impl Export {
    /// Exports and prints.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        if self.calibrate == 0 {
            bail!("--calibrate 0: give a number of images of at least 1, such as {CALIBRATION}");
        }
        let target = self.flash.target()?;
        check_not_input(&self.out, &[&resolve(&self.path), &History::path_beside(&resolve(&self.path))])?;
        let checkpoint = self.hints.open_checkpoint(&self.path, ui)?;
        if self.flash.format == Format::Onnx {
            return self.onnx(&checkpoint, ui);
        }
        let mut dataset = self.dataset.load(&[&self.path], ui)?;
        known(&self.path, dataset.number_as(&checkpoint.labels))?;
        let (train, test) = (dataset.part(Part::Train), dataset.part(Part::Test));
        check_images(&self.path, ImageSize::of(&checkpoint), test)?;
        let classes = checkpoint.network().outputs();
        let labels = match checkpoint.about.task {
            Task::Classify => {
                check_classes(&self.path, classes, &dataset.labels)?;
                class_names(checkpoint.labels.clone(), classes, &dataset.labels)
            }
            Task::Regress => checkpoint.about.outputs.iter().map(|output| text::line(&output.name)).collect(),
            Task::Reconstruct => Vec::new(),
        };
        let calibration = train.slice(0..self.calibrate.min(train.len()));
        let plan = ExportPlan { bits: &self.bits, calibration, test, labels: &labels };
        let mut bar = QuantizeBar::default();
        let (model, report) = export(&checkpoint, &plan, &self.threads.compute()?, &mut |step| bar.update(step))
            .with_context(|| self.path.display().to_string())?;
        drop(bar);
        let (file, written) =
            target.file(&Model::parse(&model)?, &model).with_context(|| self.path.display().to_string())?;
        atomic_write(&self.out, |out| out.write_all(&file))?;
        say(&report, ui);
        say_inputs(&report, &Model::parse(&model)?, ui);
        ui.say(format!("wrote {} ({}){}", self.out.display(), bytes(report.bytes), place(&written)));
        ui.result(&Outcome { report: &report, written })
    }
}

impl Export {
    /// Writes ONNX, for which no data are needed.
    fn onnx(&self, checkpoint: &Checkpoint, ui: Ui) -> anyhow::Result<()> {
        let file = onnx(checkpoint, self.folded).with_context(|| self.path.display().to_string())?;
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
    #[serde(flatten)]
    written: Written,
}

/// What to know of where the model goes, for people.
fn place(written: &Written) -> String {
    let address = written.address.map_or(String::new(), |address| format!(" for address {address:#x}"));
    let slot = match (written.slot, written.sequence) {
        (Some(slot), Some(sequence)) => format!(", slot {slot}, sequence {sequence}"),
        _ => String::new(),
    };
    let note = match (written.slot, written.slots) {
        (Some(_), Some(1)) => "; it has the whole room: no update in the field survives a loss of power",
        (Some(_), None) => "; the slot's own header begins there, not the room that two slots share",
        _ => "",
    };
    format!("{address}{slot}{note}")
}

/// What firmware must know of the model's two ends, for people: the type of the inputs with what 8 bits of them lose, and
/// the scratch memory as a constant to paste.
fn say_inputs(report: &Report, model: &Model, ui: Ui) {
    let (values, lost) = (model.inputs(), report.input_loss * 100.0);
    if report.input != "u8" {
        let maps = model.input_maps().count() * 8;
        ui.say(format!(
            "inputs: {values} x {}, {maps} bytes of windows, at most {lost:.2} % of a standard deviation lost",
            report.input
        ));
    }
    if report.input_loss > LOSS_BOUND {
        ui.say(format!("note: 8 bits of an input lose {lost:.1} % of its standard deviation; a value far from the others widens its window"));
    }
    ui.say(format!("const SCRATCH_WORDS: usize = {}; // enough for every core", scratch_words(model)));
}

/// What the export cost, for people.
pub(super) fn say(report: &Report, ui: Ui) {
    ui.say(format!("folded: largest deviation of a logit {:.1e}", report.folded_max_deviation));
    if !report.layer_errors.is_empty() {
        let rows = report.layer_errors.iter().zip(&report.bits).enumerate();
        let rows = rows.map(|(layer, (error, bits))| {
            vec![format!("layer {layer}"), bits.to_string(), format!("{:.2} %", error * 100.0)]
        });
        ui.block(table(&["quantized", "bits", "output error"], rows));
    }
    if let (Some(float), Some(exported)) = (report.float_rmse, report.rmse) {
        ui.say(format!("RMSE: float {float:.4} - exported {}", bold(format!("{exported:.4}"))));
    }
    if report.accuracy.is_nan() {
        return;
    }
    ui.say(format!(
        "accuracy: float {:.4} - folded {:.4} - exported {} - {} test images changed class",
        report.float_accuracy,
        report.folded_accuracy,
        bold(format!("{:.4}", report.accuracy)),
        report.changed
    ));
}
