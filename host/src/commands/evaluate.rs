//! `foldnet evaluate`: loss and accuracy of a checkpoint or a device model, in all and per class.

use super::data::{DatasetArg, HintArgs, ThreadsArg, check_classes, known};
use crate::format::thousands;
use crate::judge::evaluate::{Evaluation, PerClass};
use crate::network::open::{check_images, class_names, resolve};
use crate::show::terminal::{Ui, bold, table};
use crate::train::history::History;
use crate::write::{atomically, check_not_input};
use clap::Args;
use foldnet_data::Part;
use std::path::PathBuf;

/// Evaluate a checkpoint or a .fnet on labelled images
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet evaluate runs/after/model.safetensors --split test")]
pub(super) struct Evaluate {
    /// Checkpoint, folder of a run, or .fnet
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Which images: test, valid or train
    #[arg(long, value_name = "PART", default_value = "test")]
    split: Part,
    /// Write the class of every image to this file, one a line
    #[arg(long, value_name = "OUT")]
    predictions: Option<PathBuf>,
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
        if let Some(out) = &self.predictions {
            check_not_input(out, &[&resolve(&self.path), &History::path_beside(&resolve(&self.path))])?;
        }
        let opened = self.hints.open(&self.path, ui)?;
        let mut dataset = self.dataset.load(&[&self.path], ui)?;
        known(&self.path, dataset.number_as(&opened.labels(&self.path)?))?;
        let view = dataset.part(self.split);
        check_images(&self.path, opened.size(&self.path)?, view)?;
        let (outputs, own) = opened.run(&self.path, view, &self.threads.compute()?)?;
        let names = class_names(own, outputs.classes, &dataset.labels);
        check_classes(&self.path, outputs.classes, &dataset.labels)?;
        if let Some(path) = &self.predictions {
            let classes = outputs.predictions();
            atomically(path, |out| classes.iter().try_for_each(|class| writeln!(out, "{class}")))?;
        }
        let evaluation = outputs.evaluation(view.classes()?, &names);
        say(&evaluation, ui);
        ui.result(&evaluation)
    }
}

fn say(evaluation: &Evaluation, ui: Ui) {
    let row = |class: &PerClass| vec![class.label.clone(), thousands(class.images), format!("{:.4}", class.accuracy)];
    ui.block(table(&["class", "images", "accuracy"], evaluation.per_class.iter().map(row)));
    let accuracy = bold(format!("{:.4}", evaluation.accuracy));
    ui.say(format!("{} images - loss: {:.4} - accuracy: {accuracy}", thousands(evaluation.images), evaluation.loss));
    if let Some(digest) = &evaluation.logits_sha256 {
        ui.say(format!("logits sha256: {digest}"));
    }
}
