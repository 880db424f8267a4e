//! `foldnet predict`: a network's answer for one example of a set, for an image, or for the rows of a file, in the
//! terms of its task.

mod answers;

use super::data::{DatasetArg, HintArgs, check_classes, known, ordered};
use super::record::{Record, channels};
use crate::compute::Fast;
use crate::files::open::{ImageSize, Opened, check_images, class_names};
use crate::judge::outputs::write as write_outputs;
use crate::run::Outputs;
use crate::show::terminal::{Ui, bars, picture};
use crate::write::check_writable;
use answers::{Answer, Words};
use anyhow::bail;
use clap::Args;
use foldnet_data::file_kind::FileKind;
use foldnet_data::{Examples, Shape, Targets, TargetsRef, Task, Values, View, Wanted, read_inputs, read_png};
use foldnet_sim::given::Given;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Predict one example or many: classes, values or anomaly scores
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[group(required = true, multiple = false, args = ["index", "image", "input"])]
pub(super) struct Predict {
    #[command(flatten)]
    given: Given,
    /// Checkpoint, folder of a run, or .fnet
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Number of a test example, from 0
    #[arg(long, value_name = "N")]
    index: Option<usize>,
    /// A PNG of the network's image size, bright on dark
    #[arg(long, value_name = "PNG")]
    image: Option<PathBuf>,
    /// Examples without answers: a table (with or without a header), a .npy, or raw little-endian values; - reads them
    /// from standard input. For a network on windows, the rows of a table are one recording, or several by --group, cut
    /// by --step
    #[arg(long, value_name = "FILE|-")]
    input: Option<PathBuf>,
    /// Write the outputs of every example to this .npy: probabilities, or the network's values
    #[arg(long, value_name = "OUT.npy")]
    outputs: Option<PathBuf>,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    hints: HintArgs,
}

const EXAMPLES: &str = "Examples:
  foldnet predict runs/after --index 7
  foldnet predict gait4.fnet --input recording.csv --step 8 --outputs scores.npy
  head -3 rows.csv | foldnet predict model.fnet --input - --json";

/// The examples to predict.
struct Subject {
    examples: Examples,
    /// Names of the classes, if known from a set.
    names: Vec<String>,
}

impl Predict {
    /// Answers and prints.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        self.note_roles(ui);
        if let Some(out) = &self.outputs {
            let more: Vec<&Path> = self.input.iter().chain(&self.image).map(PathBuf::as_path).collect();
            self.dataset.keeps_inputs(out, &[&self.path], &more)?;
            check_writable(out)?;
        }
        let opened = self.hints.open(&self.path, ui)?;
        let subject = self.subject(&opened, ui)?;
        let view = subject.examples.view();
        let outputs = opened.run(&self.path, view, &Fast::new(1))?;
        let (task, threshold) = (opened.task(), opened.threshold());
        let names = match task {
            Task::Classify => {
                check_classes(&self.path, outputs.classes, &subject.names)?;
                class_names(opened.labels(), outputs.classes, &subject.names)
            }
            Task::Regress => class_names(opened.labels(), outputs.classes, &[]),
            Task::Reconstruct => Vec::new(),
        };
        if let Some(out) = &self.outputs {
            write_outputs(out, &outputs, opened.answers_probabilities())?;
        }
        let words = Words { names: &names, threshold };
        let answers = Answer::all(task, &outputs);
        match self.input {
            Some(_) => say_rows(&answers, &words, ui),
            None => say_one(&answers[0], &words, view, ui),
        }
        ui.result(&self.result(&answers, &words, &outputs, view))
    }

    /// The JSON object: the answer for one example, or a list for a file.
    fn result(&self, answers: &[Answer], words: &Words, outputs: &Outputs, view: View) -> Value {
        if self.input.is_some() {
            let all: Vec<Value> = answers.iter().map(|answer| answer.json(words)).collect();
            return json!({ "examples": answers.len(), "width": outputs.classes, "answers": all });
        }
        let mut one = answers[0].json(words);
        if let (Value::Object(keys), Answer::Class { .. }) = (&mut one, &answers[0]) {
            keys.insert("true_class".into(), json!(view.targets.classes().map(|classes| classes[0])));
        }
        one
    }

    fn subject(&self, opened: &Opened, ui: Ui) -> anyhow::Result<Subject> {
        let size = opened.size();
        if let Some(path) = &self.input {
            return Ok(Subject { examples: self.read(path, opened, size)?, names: Vec::new() });
        }
        if let Some(path) = &self.image {
            if let Some(kind) = FileKind::at(path).filter(|kind| *kind != FileKind::Picture) {
                let remedy = kind.remedy().unwrap_or("give a .png");
                bail!("{}: looks like {}, not a PNG picture; {remedy}", path.display(), kind.name());
            }
            let picture = read_png(path)?;
            let shape = Shape::image(picture.height, picture.width);
            let examples = Examples { inputs: Values::U8(picture.pixels), targets: Targets::None, shape };
            if !size.takes(examples.view()) {
                let (image, file) = (path.display(), self.path.display());
                bail!("{image}: {shape} pixels, but {file} takes {size}; scale it first")
            }
            return Ok(Subject { examples, names: Vec::new() });
        }
        let mut test = self.dataset.load_test(&[&self.path], ui)?;
        known(&self.path, test.number_as(&opened.labels()))?;
        ordered(&self.path, test.order_as(&channels(&self.path, opened)), ui)?;
        let (index, view) = (self.index.unwrap_or(0), test.examples.view());
        if index >= view.len() {
            bail!("--index {index}: the test {} are 0 to {}; give one of these", view.unit(), view.len() - 1);
        }
        check_images(&self.path, size, view)?;
        let one = view.slice(index..index + 1);
        let (inputs, targets) = (one.inputs.rows(&[0], one.shape.inputs()), one.targets.rows(&[0]));
        Ok(Subject { examples: Examples { inputs, targets, shape: one.shape }, names: test.labels })
    }

    /// Notes flags that play no role for these examples, but that scripts give to every command.
    fn note_roles(&self, ui: Ui) {
        let (of_set, cut) = (self.index.is_some(), self.image.is_none());
        let notes = self.given.notes(&[
            ("valid-split", false, "is for training, and has no effect on predictions"),
            (
                "dataset target window normal test-split column-type",
                of_set,
                "is for --index, which takes an example of a data set",
            ),
            ("step group", cut, "is for recordings, which are cut into windows, but --image is a whole example"),
        ]);
        ui.say_all(notes);
    }

    /// Reads the examples of a file, in the type and shape that the network takes.
    fn read(&self, path: &Path, opened: &Opened, size: ImageSize) -> anyhow::Result<Examples> {
        let recorded = Record::of(&self.path, &None).ok().flatten().map(|record| record.options).unwrap_or_default();
        let channels = channels(&self.path, opened);
        let own = self.dataset.options();
        let shape = size.shape.unwrap_or(Shape::features(size.pixels));
        let channels = if channels.len() == shape.channels { channels } else { Vec::new() };
        let (cut, usual) = ((&own).into(), (&recorded).into());
        Ok(read_inputs(path, &Wanted { input: size.input, shape, channels: &channels, cut, usual })?)
    }
}

/// Prints a line for every example.
fn say_rows(answers: &[Answer], words: &Words, ui: Ui) {
    for (at, answer) in answers.iter().enumerate() {
        ui.say(format!("{at}: {}", answer.text(words)));
    }
    let scored: Vec<bool> = answers.iter().filter_map(Answer::above).collect();
    if scored.len() > 1 {
        let above = scored.iter().filter(|above| **above).count();
        ui.say(format!("{above} of {} are above the threshold", scored.len()));
    }
}

/// Draws one example if it is an image, and prints its answer with the correct one, if known.
fn say_one(answer: &Answer, words: &Words, view: View, ui: Ui) {
    if let (true, Some(pixels)) = (view.shape.is_image(), view.inputs.u8()) {
        ui.block(picture(pixels, view.shape.width));
    }
    let truth = match (answer, view.targets) {
        (Answer::Class { probabilities, .. }, targets) => {
            ui.block(bars(words.names, probabilities));
            match targets {
                TargetsRef::Classes(classes) => Some(words.name(usize::from(classes[0]))),
                _ => return,
            }
        }
        (Answer::Values(_), TargetsRef::Values { values, .. }) => Some(words.values(values)),
        (Answer::Score(_), TargetsRef::Classes(classes)) => {
            Some(if classes[0] == 0 { "normal" } else { "abnormal" }.to_owned())
        }
        _ => None,
    };
    let predicted = match answer {
        Answer::Class { class, .. } => words.name(*class),
        _ => answer.text(words),
    };
    let truth = truth.map_or(String::new(), |truth| format!(" - actual: {truth}"));
    ui.say(format!("predicted: {predicted}{truth}"));
}
