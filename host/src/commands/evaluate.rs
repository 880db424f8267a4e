//! `foldnet evaluate`: loss and accuracy of a checkpoint or a device model, overall and per class.

use super::data::{DatasetArg, HintArgs, ONE_THREAD, ThreadsArg, check_classes, known, ordered};
use super::record::channels;
use crate::files::open::{Opened, check_images, class_names};
use crate::format::thousands;
use crate::judge::evaluate::{Evaluation, Metrics, PerClass, evaluate, evaluate_model};
use crate::judge::outputs::write as write_outputs;
use crate::run::Outputs;
use crate::show::terminal::{Ui, bold, table};
use crate::write::{atomic_write, check_writable};
use anyhow::{Context, bail};
use clap::Args;
use foldnet_data::{Part, Task, View};
use foldnet_sim::given::Given;
use foldnet_sim::table::count;
use std::path::PathBuf;

/// Evaluate a checkpoint or a .fnet on a data set
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet evaluate runs/after/model.safetensors --split test")]
pub(super) struct Evaluate {
    #[command(flatten)]
    given: Given,
    /// Checkpoint, folder of a run, or .fnet
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Which images: test, valid or train
    #[arg(long, value_name = "PART", default_value = "test")]
    split: Part,
    /// Write the class of every image to this file, one per line
    #[arg(long, value_name = "OUT")]
    predictions: Option<PathBuf>,
    /// Write the outputs of every example to this .npy: probabilities, or the network's values
    #[arg(long, value_name = "OUT.npy")]
    outputs: Option<PathBuf>,
    /// Evaluate only the first N examples
    #[arg(long, value_name = "N", value_parser = count)]
    limit: Option<usize>,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    hints: HintArgs,
    #[command(flatten)]
    threads: ThreadsArg,
}

impl Evaluate {
    /// Evaluates and prints.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        for out in self.predictions.iter().chain(&self.outputs) {
            self.dataset.keeps_inputs(out, &[&self.path], &[])?;
            check_writable(out)?;
        }
        if self.predictions.is_some() && self.predictions == self.outputs {
            bail!("--predictions and --outputs name the same file; give each its own");
        }
        let opened = self.hints.open(&self.path, ui)?;
        let notes = self.given.notes(&[
            ("threads", matches!(opened, Opened::Checkpoint(_)), ONE_THREAD),
            (
                "valid-split",
                self.split != Part::Test,
                "is for --split valid or train, but this evaluates the test examples",
            ),
        ]);
        ui.say_all(notes);
        let mut dataset = self.dataset.load(&[&self.path], ui)?;
        check_images(&self.path, opened.size(), dataset.part(self.split))?;
        known(&self.path, dataset.number_as(&opened.labels()))?;
        ordered(&self.path, dataset.order_as(&channels(&self.path, &opened)), ui)?;
        let view = dataset.part(self.split);
        if view.is_empty() {
            bail!("--split {}: the set has no such examples (--valid-split 0); give another part", self.split);
        }
        let view = view.slice(0..self.limit.unwrap_or(view.len()).min(view.len()));
        let (outputs, evaluation) = self.evaluated(&opened, view, &dataset.labels)?;
        let classes = matches!(evaluation.metrics, Metrics::Classification(_));
        if let Some(path) = &self.predictions {
            if !classes {
                bail!("--predictions: this network does not classify; give --outputs OUT.npy");
            }
            let classes = outputs.predictions();
            atomic_write(path, |out| classes.iter().try_for_each(|class| writeln!(out, "{class}")))?;
        }
        if let Some(path) = &self.outputs {
            write_outputs(path, &outputs, opened.answers_probabilities())?;
        }
        say(&evaluation, view, ui);
        ui.result(&evaluation)
    }

    fn evaluated(&self, opened: &Opened, view: View, labels: &[String]) -> anyhow::Result<(Outputs, Evaluation)> {
        let compute = self.threads.compute()?;
        let (own, task) = (opened.labels(), opened.task());
        let names = match opened {
            _ if task != Task::Classify => Vec::new(),
            Opened::Checkpoint(checkpoint) => class_names(own, checkpoint.classes(), labels),
            Opened::Model { model, .. } => class_names(own, model.classes(), labels),
        };
        if task == Task::Classify {
            check_classes(&self.path, names.len(), labels)?;
        }
        match opened {
            Opened::Checkpoint(checkpoint) => evaluate(checkpoint, view, &names, &compute),
            Opened::Model { model, .. } => evaluate_model(model, view, &names),
        }
        .with_context(|| self.path.display().to_string())
    }
}

/// Prints metrics of values and scores.
fn say_other(evaluation: &Evaluation, ui: Ui) {
    let examples = thousands(evaluation.images);
    match &evaluation.metrics {
        Metrics::Classification(_) => {}
        Metrics::Regression(found) => ui.say(format!(
            "{examples} examples - rmse: {} - mae: {:.4} - r2: {:.4}",
            bold(format!("{:.4}", found.rmse)),
            found.mae,
            found.r2
        )),
        Metrics::Anomaly(found) => {
            let parts = [("normal", found.normal), ("abnormal", found.abnormal)];
            let rows = parts.into_iter().filter_map(|(name, part)| Some((name, part?))).map(|(name, part)| {
                let values = [part.min, part.lower_quartile, part.median, part.upper_quartile, part.max];
                let numbers = values.iter().map(|value| format!("{value:.4}"));
                [name.to_owned(), thousands(part.examples)].into_iter().chain(numbers).collect()
            });
            ui.block(table(&["score", "examples", "min", "quartile", "median", "quartile", "max"], rows));
            let auc = found.auc.map_or(String::new(), |auc| format!(" - auc: {}", bold(format!("{auc:.4}"))));
            let limit = found.threshold.map_or(String::new(), |threshold| format!(" - threshold: {threshold:.4}"));
            let shares = [("normal above it", found.false_alarms), ("abnormal above it", found.detected)];
            let shares =
                shares.into_iter().filter_map(|(name, share)| Some(format!(" - {name}: {:.1} %", share? * 100.0)));
            ui.say(format!("{examples} examples{auc}{limit}{}", shares.collect::<String>()));
        }
    }
}

fn say(evaluation: &Evaluation, view: View, ui: Ui) {
    if !matches!(evaluation.metrics, Metrics::Classification(_)) {
        say_other(evaluation, ui);
        return;
    }
    let unit = view.unit();
    let row = |class: &PerClass| {
        // Of a class without examples nothing is known.
        let shares = [class.accuracy, class.precision, class.f1].map(|share| format!("{share:.4}"));
        let shares = if class.images == 0 { ["-", "-", "-"].map(String::from) } else { shares };
        [class.label.clone(), thousands(class.images)].into_iter().chain(shares).collect()
    };
    ui.block(table(&["class", unit, "accuracy", "precision", "F1"], evaluation.per_class.iter().map(row)));
    let accuracy = bold(format!("{:.4}", evaluation.accuracy));
    ui.say(format!("{} {unit} - loss: {:.4} - accuracy: {accuracy}", thousands(evaluation.images), evaluation.loss));
    if let Some(digest) = &evaluation.logits_sha256 {
        ui.say(format!("logits sha256: {digest}"));
    }
}
