//! `foldnet demo`: the whole flow for both models, from images to simulated and emulated devices.

mod device;
mod outcome;

use super::calibration::CALIBRATION;
use super::data::{DatasetArg, ThreadsArg, check_positive};
use super::export::say as say_export;
use crate::compute::Fast;
use crate::deploy::export::{ExportPlan, export};
use crate::format::bytes;
use crate::network::architecture::NormPlacement;
use crate::show::terminal::{QuantizeBar, Ui, bold};
use crate::show::training::TrainingText;
use crate::train::fit::Config;
use crate::train::plan::{Extras, TrainPlan};
use crate::train::run::{Trained, train_run};
use crate::write::{atomic_write, check_folder};
use clap::{Args, Parser};
use foldnet_data::{DataError, Dataset, Part, Source, load, text};
use outcome::{Outcome, closing_table};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Run the whole flow: train both models, fold, quantize, export, run on simulated and emulated devices
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet demo --epochs 2 --out runs")]
pub(super) struct Demo {
    /// Number of passes over the training examples
    #[arg(long, value_name = "N", default_value_t = 2)]
    epochs: usize,
    /// Seed of initial weights and shuffling
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Number of test images that each emulated board classifies
    #[arg(long, value_name = "N", default_value_t = 500)]
    board_images: usize,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    threads: ThreadsArg,
    /// Folder for the runs of both models
    #[arg(long, value_name = "DIR", default_value = "runs")]
    out: PathBuf,
}

/// The command line's defaults, for `foldnet` without a command.
impl Default for Demo {
    fn default() -> Self {
        #[derive(Parser)]
        struct Defaults {
            #[command(flatten)]
            demo: Demo,
        }
        Defaults::parse_from(["foldnet"]).demo
    }
}

/// The exports of each model: bits, and the board to emulate.
const EXPORTS: [(u8, Option<&str>); 3] = [(32, None), (8, Some("netduinoplus2")), (4, Some("microbit"))];

impl Demo {
    /// Runs it and prints the closing table.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        check_positive("--epochs", self.epochs)?;
        check_positive("--board-images", self.board_images)?;
        check_folder(&self.out)?;
        let compute = self.threads.compute()?;
        let dataset = self.load(ui)?;
        let mut outcomes = Vec::new();
        for norm in [NormPlacement::After, NormPlacement::Before] {
            outcomes.extend(self.model(norm, &dataset, &compute, ui)?);
        }
        ui.block(format!("\n{}\n{}", bold("Result on the test images"), closing_table(&outcomes)));
        ui.block(self.next_steps());
        ui.result(&json!({ "models": outcomes }))
    }

    /// Loads the dataset, or the synthetic one if it is not available.
    fn load(&self, ui: Ui) -> anyhow::Result<Dataset> {
        match self.dataset.load(&[], ui) {
            Err(error) if error.downcast_ref().is_some_and(DataError::is_unavailable) => {
                ui.say(format!("{error:#}"));
                ui.say(bold("Continuing with the built-in synthetic images instead."));
                Ok(load(&Source::Synthetic, &mut |_| {})?)
            }
            loaded => loaded,
        }
    }

    /// Runs all stages for one model.
    fn model(&self, norm: NormPlacement, dataset: &Dataset, compute: &Fast, ui: Ui) -> anyhow::Result<Vec<Outcome>> {
        ui.block(format!("\n{}", bold(heading(norm))));
        let out = self.out.join(norm.to_string());
        let config = Config { epochs: self.epochs, seed: self.seed, ..Config::default() };
        let plan = TrainPlan {
            norm,
            hidden: vec![300, 100],
            config,
            init: None,
            limit: None,
            out: out.clone(),
            data: Default::default(),
            extras: Extras::default(),
        };
        let Trained { network, .. } = train_run(plan, dataset, compute, &mut TrainingText::new(ui))?;
        let (train, test) = (dataset.part(Part::Train), dataset.part(Part::Test));
        let calibration = train.slice(0..CALIBRATION.min(train.len()));
        let mut outcomes = Vec::new();
        for (bits, board) in EXPORTS {
            let plan = ExportPlan { bits: &[bits], calibration, test, labels: &dataset.labels };
            let mut bar = QuantizeBar::default();
            let (model, report) = export(&network, &plan, compute, &mut |step| bar.update(step))?;
            drop(bar);
            let file = out.join(format!("{norm}{bits}.fnet"));
            atomic_write(&file, |out| out.write_all(&model))?;
            ui.block("");
            ui.say(format!("{} ({})", bold(file.display()), bytes(report.bytes)));
            say_export(&report, test.unit(), ui);
            let simulated = device::simulated(&model, test)?;
            ui.say(format!("simulated image by image: accuracy {:.4}", simulated.accuracy));
            let emulated = match board {
                Some(board) => device::emulated(&model, test.slice(0..self.board_images.min(test.len())), board, ui)?,
                None => None,
            };
            outcomes.push(Outcome { model: norm.to_string(), file, export: report, simulated, emulated });
        }
        Ok(outcomes)
    }
    fn next_steps(&self) -> String {
        let run = self.out.join("after");
        let shown = |path: &Path| text::line(&path.display().to_string());
        let (file, run) = (shown(&run.join("after4.fnet")), shown(&run));
        [
            "Next:",
            &format!("  foldnet predict {run} --index 0                      one image, drawn, with its probabilities"),
            &format!("  foldnet export {run} --bits 2 --out after2.fnet      a quarter of the 8-bit model's size"),
            &format!("  foldnet inspect {file}              what it needs, and which boards it fits"),
            &format!("  foldnet-sim {file} --board microbit --emulate    all test images on an emulated board"),
        ]
        .join("\n")
    }
}

fn heading(norm: NormPlacement) -> &'static str {
    match norm {
        NormPlacement::After => "Model `after`: BatchNormalization first and after each activation",
        NormPlacement::Before => "Model `before`: BatchNormalization between Dense and activation",
        NormPlacement::Without => "Model `none`: no BatchNormalization",
    }
}
