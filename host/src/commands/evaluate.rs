//! `foldnet evaluate`: loss and accuracy of a checkpoint or a device model, in all and per class.

use super::data::{DatasetArg, HintArgs, ThreadsArg, check_classes};
use crate::evaluate::{Evaluation, Outputs, run_checkpoint, run_model};
use crate::opened::{Opened, check_images, class_names, open, parse};
use crate::ui::{Ui, bold, table, thousands};
use crate::write::atomically;
use clap::Args;
use foldnet_data::{Part, View};
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
        let opened = open(&self.path, &self.hints.hints())?;
        let dataset = self.dataset.load()?;
        let view = dataset.part(self.split);
        let (outputs, own) = self.outputs(&opened, view)?;
        let names = class_names(own, outputs.classes, &dataset.labels);
        check_classes(&self.path, outputs.classes, &dataset.labels)?;
        if let Some(path) = &self.predictions {
            let classes = outputs.predictions();
            atomically(path, |out| classes.iter().try_for_each(|class| writeln!(out, "{class}")))?;
        }
        let evaluation = outputs.evaluation(view.labels, &names);
        say(&evaluation, ui);
        ui.result(&evaluation)
    }

    /// The logits, and the names of the classes that the file has.
    fn outputs(&self, opened: &Opened, view: View) -> anyhow::Result<(Outputs, Vec<String>)> {
        match opened {
            Opened::Checkpoint(checkpoint) => {
                check_images(&self.path, checkpoint.inputs, view)?;
                Ok((run_checkpoint(checkpoint, view, &self.threads.compute()?), checkpoint.labels.clone()))
            }
            Opened::Model(bytes) => {
                let model = parse(bytes, &self.path)?;
                check_images(&self.path, model.inputs(), view)?;
                Ok((run_model(&model, view), model.labels().map(str::to_owned).collect()))
            }
        }
    }
}

fn say(evaluation: &Evaluation, ui: Ui) {
    let row = |class: &crate::evaluate::PerClass| {
        vec![class.label.clone(), thousands(class.images), format!("{:.4}", class.accuracy)]
    };
    ui.say(table(&["class", "images", "accuracy"], evaluation.per_class.iter().map(row)));
    let accuracy = bold(format!("{:.4}", evaluation.accuracy));
    ui.say(format!("{} images - loss: {:.4} - accuracy: {accuracy}", thousands(evaluation.images), evaluation.loss));
    if let Some(digest) = &evaluation.logits_sha256 {
        ui.say(format!("logits sha256: {digest}"));
    }
}
