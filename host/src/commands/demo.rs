//! `foldnet demo`: the whole flow for both models, from images to the simulated device.

use super::data::{DatasetArg, ThreadsArg, check_positive};
use crate::architecture::Norm;
use crate::compute::Fast;
use crate::export::{Export, export_float};
use crate::run::{Plan, Trained, train_run};
use crate::train::Config;
use crate::ui::{StageBar, Ui, bold, bytes, table, thousands};
use crate::write::atomically;
use clap::{Args, Parser};
use foldnet_core::Model;
use foldnet_data::{Dataset, Part, Source, load};
use foldnet_sim::{Simulation, simulate};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;

/// Run the whole flow: train both models, fold, export, simulate
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet demo --epochs 2 --out runs")]
pub(super) struct Demo {
    /// Passes over the training images
    #[arg(long, value_name = "N", default_value_t = 2)]
    epochs: usize,
    /// Seed of initial weights and shuffling
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    threads: ThreadsArg,
    /// Folder for the runs of both models
    #[arg(long, value_name = "DIR", default_value = "runs")]
    out: PathBuf,
}

/// The defaults of the command line, for a bare `foldnet`.
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

/// A line of the closing table.
#[derive(Debug, Serialize)]
struct Row {
    model: String,
    file: PathBuf,
    export: Export,
    simulated_accuracy: f64,
    logits_sha256: String,
    /// Whether the simulated device chose the class that the PC chose, image by image.
    same_classes: bool,
}

impl Demo {
    /// Runs it and prints the closing table.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        check_positive("--epochs", self.epochs)?;
        let compute = self.threads.compute()?;
        let dataset = self.load(ui)?;
        let rows = [Norm::After, Norm::Before].map(|norm| self.model(norm, &dataset, &compute, ui));
        let rows = rows.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        ui.say(format!("\n{}\n{}", bold("Result on the test images"), closing_table(&rows)));
        ui.say(self.next_steps());
        ui.result(&json!({ "models": rows }))
    }

    /// The dataset, or the synthetic one where it is nowhere to be had.
    fn load(&self, ui: Ui) -> anyhow::Result<Dataset> {
        match self.dataset.load() {
            Err(error) if error.is_unavailable() => {
                ui.say(format!("{error}\n{}", bold("Going on with the built-in synthetic images instead.")));
                Ok(load(&Source::Synthetic, &mut |_| {})?)
            }
            loaded => Ok(loaded?),
        }
    }

    /// Everything for one model.
    fn model(&self, norm: Norm, dataset: &Dataset, compute: &Fast, ui: Ui) -> anyhow::Result<Row> {
        ui.say(format!("\n{}", bold(heading(norm))));
        let out = self.out.join(norm.to_string());
        let config =
            Config { epochs: self.epochs, batch_size: 32, learning_rate: 0.01, seed: self.seed, shuffle: true };
        let plan = Plan { norm, hidden: vec![300, 100], config, init: None, limit: None, out: out.clone() };
        let Trained { network, .. } = train_run(plan, dataset, compute, ui)?;
        let test = dataset.part(Part::Test);
        let (model, export) = export_float(&network, test, &dataset.labels, compute)?;
        let file = out.join(format!("{norm}32.fnet"));
        atomically(&file, |out| out.write_all(&model))?;
        ui.say(format!(
            "folded: largest deviation of a logit {:.1e} - wrote {} ({})",
            export.folded_max_deviation,
            file.display(),
            bytes(export.bytes)
        ));
        let simulation = self.simulate(&Model::parse(&model)?, dataset);
        let accuracy = simulation.accuracy();
        ui.say(format!("simulated image by image: accuracy {accuracy:.4}, logits sha256 {}", simulation.logits_sha256));
        let same_classes = simulation.classes == crate::evaluate::run_model(&Model::parse(&model)?, test).predictions();
        let logits_sha256 = simulation.logits_sha256;
        Ok(Row { model: norm.to_string(), file, export, simulated_accuracy: accuracy, logits_sha256, same_classes })
    }

    fn simulate(&self, model: &Model, dataset: &Dataset) -> Simulation {
        let test = dataset.part(Part::Test);
        let bar = StageBar::new("simulating", test.len());
        simulate(model, test.pixels, test.labels, &mut |done| bar.update(done))
    }

    fn next_steps(&self) -> String {
        let run = self.out.join("after");
        let (run, file) = (run.display(), run.join("after32.fnet"));
        let file = file.display();
        [
            "Next:",
            &format!("  foldnet predict {run} --index 0       one image, drawn, with its probabilities"),
            &format!("  foldnet evaluate {run}                accuracy of every class"),
            &format!("  foldnet inspect {file}   what it needs of flash and RAM, and which boards it fits"),
            &format!("  foldnet-sim {file} --board mps2-an386"),
        ]
        .join("\n")
    }
}

fn heading(norm: Norm) -> &'static str {
    match norm {
        Norm::After => "Model `after`: BatchNormalization first and after each activation",
        Norm::Before => "Model `before`: BatchNormalization between Dense and activation",
    }
}

fn closing_table(rows: &[Row]) -> comfy_table::Table {
    let header = ["model", "float", "folded", "exported, simulated", "classes changed", "device = PC", "bytes", "bits"];
    let line = |row: &Row| {
        vec![
            row.model.clone(),
            format!("{:.4}", row.export.float_accuracy),
            format!("{:.4}", row.export.folded_accuracy),
            format!("{:.4}", row.simulated_accuracy),
            row.export.changed.to_string(),
            if row.same_classes { "yes" } else { "NO" }.to_owned(),
            thousands(row.export.bytes),
            row.export.bits.iter().map(u8::to_string).collect::<Vec<_>>().join(","),
        ]
    };
    table(&header, rows.iter().map(line))
}
