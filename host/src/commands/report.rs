//! `foldnet report`: one HTML page with the results of training, fold and quantization.

use super::calibration::CALIBRATION;
use super::data::{DatasetArg, HintArgs, ThreadsArg, check_classes, check_positive, known, ordered};
use crate::files::open::{ImageSize, Opened, check_images, class_names, open, resolve};
use crate::format::bytes;
use crate::network::checkpoint::{Checkpoint, Hints};
use crate::show::report::{FILE, ModelFile, ReportPlan, Stage, gather, measured, page};
use crate::show::terminal::{StageBar, Ui, bold};
use crate::train::history::History;
use crate::write::{atomic_write, check_writable};
use anyhow::bail;
use clap::Args;
use foldnet_data::file_kind::FileKind;
use foldnet_data::{Dataset, Part, Task, text};
use foldnet_sim::board::{Board, BoardFileArg};
use foldnet_sim::given::Given;
use foldnet_sim::record::crc32;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Write one HTML page about a trained network and its device models
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Report {
    #[command(flatten)]
    given: Given,
    /// Folder of a run, or checkpoint
    #[arg(value_name = "RUN|FILE")]
    path: PathBuf,
    /// A device model of this network; may be given more than once
    #[arg(long = "model", value_name = "MODEL.fnet")]
    models: Vec<PathBuf>,
    /// Instructions counted on boards, as printed by `foldnet-sim MODEL.fnet --board all --emulate --layers --json`;
    /// may be given more than once
    #[arg(long = "device", value_name = "JSON", requires = "models")]
    devices: Vec<PathBuf>,
    /// The page to write [default: report.html in the run's folder]
    #[arg(long, value_name = "HTML")]
    out: Option<PathBuf>,
    /// Measure only on the first N test images
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    boards: BoardFileArg,
    /// Number of training examples on which the errors of the device models' layers are measured
    #[arg(long, value_name = "N", alias = "calibrate", default_value_t = CALIBRATION)]
    calibration_limit: usize,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    hints: HintArgs,
    #[command(flatten)]
    threads: ThreadsArg,
}

const EXAMPLES: &str = "Examples:
  foldnet report runs/after --model after8.fnet --model after4.fnet

  foldnet-sim after4.fnet --board all --emulate --layers --images 1000 --json > run.json
  foldnet report runs/after --model after4.fnet --device run.json";

impl Report {
    /// Measures, writes the page, and prints its figures if requested.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        check_positive("--calibration-limit", self.calibration_limit)?;
        check_positive("--limit", self.limit.unwrap_or(1))?;
        let models = "is for device models; also give --model, or leave it out";
        self.given.check(&[("board-file", !self.models.is_empty(), models)])?;
        let notes = self.given.notes(&[("calibration-limit", !self.models.is_empty(), "is for device models")]);
        ui.say_all(notes);
        self.check_out()?;
        let boards = self.boards.known()?;
        let checkpoint = self.hints.open_checkpoint(&self.path, ui)?;
        let mut models: Vec<ModelFile> =
            self.models.iter().map(|path| self.model(path)).collect::<anyhow::Result<_>>()?;
        self.devices.iter().try_for_each(|path| measured(path, &mut models))?;
        check_writable(&self.out())?;
        let history = History::beside(&resolve(&self.path))?;
        let mut dataset = self.dataset.load(&[&self.path], ui)?;
        known(&self.path, dataset.number_as(&checkpoint.labels))?;
        ordered(&self.path, dataset.order_as(&checkpoint.about.channels), ui)?;
        let plan = self.plan(&checkpoint, history, &dataset, &models, &boards)?;
        let mut bar = Bar::default();
        let report = gather(&plan, &self.threads.compute()?, &mut |stage| bar.update(stage))?;
        drop(bar);
        for model in report.models.iter().filter(|model| model.is_strange()) {
            ui.say(format!(
                "note: {}: its layers answer differently from this network's; was it exported from another one?",
                model.file
            ));
        }
        let (html, out) = (page(&report, plan.test), self.out());
        atomic_write(&out, |file| file.write_all(html.as_bytes()))?;
        ui.say(format!("wrote {} ({}); open it in a browser", bold(out.display()), bytes(html.len())));
        ui.result(&json!({ "file": out, "bytes": html.len(), "report": report }))
    }

    fn plan<'a>(
        &self,
        checkpoint: &'a Checkpoint,
        history: Option<History>,
        dataset: &'a Dataset,
        models: &'a [ModelFile<'a>],
        boards: &'a [&'static Board],
    ) -> anyhow::Result<ReportPlan<'a>> {
        let (train, test) = (dataset.part(Part::Train), dataset.part(Part::Test));
        check_images(&self.path, ImageSize::of(checkpoint), test)?;
        let labels = match checkpoint.about.task {
            Task::Classify => {
                check_classes(&self.path, checkpoint.classes(), &dataset.labels)?;
                class_names(checkpoint.labels.clone(), checkpoint.classes(), &dataset.labels)
            }
            Task::Regress => checkpoint.about.outputs.iter().map(|output| text::line(&output.name)).collect(),
            Task::Reconstruct => Vec::new(),
        };
        Ok(ReportPlan {
            name: self.name(),
            checkpoint,
            history,
            dataset: dataset.name.clone(),
            labels,
            test: test.slice(0..self.limit.unwrap_or(test.len()).min(test.len())),
            test_images: test.len(),
            calibration: train.slice(0..self.calibration_limit.min(train.len())),
            models,
            boards,
        })
    }

    fn model(&self, path: &Path) -> anyhow::Result<ModelFile<'static>> {
        let kind = FileKind::at(path)
            .filter(|kind| *kind != FileKind::Model && path.extension().is_none_or(|end| end != "fnet"));
        if let Some(kind) = kind {
            bail!("--model {}: is {}; give a .fnet that `foldnet export` wrote", path.display(), kind.name());
        }
        match open(path, &Hints::default())? {
            Opened::Model { file, model } => {
                Ok(ModelFile { path: path.to_owned(), crc32: crc32(file), model, measured: Vec::new() })
            }
            Opened::Checkpoint(_) => {
                let what = if path.is_dir() { "a run" } else { "a trained network" };
                bail!("--model {}: is {what}; give a .fnet that `foldnet export` wrote", path.display())
            }
        }
    }

    /// The run's folder, or the file's name.
    fn name(&self) -> String {
        let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
    }

    /// Refuses to overwrite an input of the report.
    fn check_out(&self) -> anyhow::Result<()> {
        let more: Vec<&Path> =
            self.models.iter().chain(&self.devices).chain(&self.boards.board_file).map(PathBuf::as_path).collect();
        self.dataset.keeps_inputs(&self.out(), &[&self.path], &more)
    }

    /// The output path; by default next to the checkpoint.
    fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| resolve(&self.path).with_file_name(FILE))
    }
}

/// A progress bar for the current step, with the step's name.
#[derive(Default)]
struct Bar(Option<(String, StageBar)>);

impl Bar {
    fn update(&mut self, Stage { what, done, images }: Stage) {
        if self.0.as_ref().is_none_or(|(running, _)| running != what) {
            self.0 = Some((what.to_owned(), StageBar::new(&format!("running {what}"), images)));
        }
        self.0.iter().for_each(|(_, bar)| bar.update(done));
    }
}
