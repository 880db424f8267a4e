//! The examples that a model is run on: the data set, how it is read, and whether it matches the model.

use super::error::CliError;
use super::progress;
use clap::Args;
use foldnet_core::Model;
use foldnet_data::{
    AnswerProblem, Cut, DataError, Examples, Format, InputType, Known, Options, Problem, Search, Shape, Source,
    Targets, Task, TestSet, Wanted, formats, load_test_with, read_inputs,
};
use foldnet_sim::described::{digest, input_type, shape, task};
use foldnet_sim::table::TableArgs;
use std::path::Path;

/// Source of the examples, and how they are read.
#[derive(Debug, Args)]
pub(crate) struct DatasetArgs {
    #[arg(long, value_name = "NAME|FILE|DIR", help = help())]
    dataset: Option<Source>,
    #[command(flatten)]
    table: TableArgs,
}

/// Test examples of a model's type and size.
pub(crate) struct TestExamples {
    /// Name of the set.
    pub(crate) dataset: String,
    /// At least one.
    pub(crate) examples: Examples,
    /// Notes on the set, one per line.
    pub(crate) notes: Vec<String>,
}

impl DatasetArgs {
    /// The file or folder given by `--dataset`.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.dataset {
            Some(Source::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// The first `limit` test examples for `models`, or all, read in the form of the first model. Each model comes with
    /// its path.
    pub(crate) fn load(&self, models: &[(&Path, &Model)], limit: Option<u32>) -> Result<TestExamples, CliError> {
        let (path, model) = models[0];
        let mut set = self.test_set(path, model)?;
        models.iter().try_for_each(|(path, model)| belong_together(path, model, &mut set))?;
        let ordered = set.order_as(&channels(model));
        let ordered = ordered.map_err(|missing| CliError::Columns { path: path.to_owned(), missing })?;
        set.notes.extend(ordered.note().map(str::to_owned));
        let TestSet { name: dataset, notes, mut examples, .. } = set;
        let (available, asked) = (examples.len(), limit.map_or(examples.len(), |limit| limit as usize));
        if asked > available {
            return Err(CliError::TooFewImages { asked, dataset, available });
        }
        examples.truncate(asked);
        Ok(TestExamples { dataset, examples, notes })
    }

    fn test_set(&self, path: &Path, model: &Model) -> Result<TestSet, CliError> {
        let Some(source) = &self.dataset else { return self.own_test_set(path, model) };
        let (options, loading) = (self.options(source, model), progress::Loading::new());
        let set = load_test_with(source, &options, &Search::from_env(), &mut |step| loading.show(step));
        loading.finish();
        match (source, set) {
            // A file without labels, which may have one column fewer than a table with them.
            (Source::Path(file), Err(error)) if options.group.is_none() && may_lack_answers(&options, model) => {
                inputs_alone(file, model, &self.table.options()).map_err(|alone| clearer(error, alone).into())
            }
            (Source::Path(file), Ok(set))
                if file.is_file() && !fits(model, set.examples.shape) && may_lack_answers(&options, model) =>
            {
                Ok(inputs_alone(file, model, &self.table.options()).unwrap_or(set))
            }
            (_, set) => Ok(set?),
        }
    }

    /// The set that the model was trained on, if this machine remembers its digest; otherwise Fashion-MNIST for a model
    /// of its shape.
    fn own_test_set(&self, path: &Path, model: &Model) -> Result<TestSet, CliError> {
        let known = digest(model).and_then(|digest| Some((Known::find(&digest)?, digest)));
        let (fashion, loading) = (Source::FashionMnist, progress::Loading::new());
        let set = match known {
            Some((known, digest)) => known.test_set(&digest, &self.table.options(), &mut |step| loading.show(step)),
            None if is_fashion(model) => {
                let options = self.options(&fashion, model);
                load_test_with(&fashion, &options, &Search::from_env(), &mut |step| loading.show(step))
            }
            None => return Err(CliError::NoDataset { path: path.to_owned(), model: described(model) }),
        };
        loading.finish();
        Ok(set?)
    }

    /// Options from the model: the task follows from its head; a table is read with the model's type and cut into its
    /// windows.
    fn options(&self, source: &Source, model: &Model) -> Options {
        let table = matches!(source, Source::Path(path) if Format::of(path).is_ok_and(Format::is_table));
        let (window, input) = match table {
            true => (window(model), Some(input_type(model))),
            false => (None, None),
        };
        let own = self.table.options();
        Options { task: task(model), window: own.window.or(window), input, ..own }
    }
}

/// Help of `--dataset`.
fn help() -> String {
    format!(
        "Test examples: fashion-mnist, synthetic, {}; a file without labels only gives outputs [default: what the model \
         was trained on, if this machine knows it, or fashion-mnist for a model of its shape]",
        formats()
    )
}

/// Number of samples in the windows that a model takes, if it takes windows.
fn window(model: &Model) -> Option<usize> {
    let shape = shape(model);
    Some(shape.height).filter(|&samples| samples > 1 && shape.width == 1)
}

/// Whether a file may be without labels, although it was not read so: no option asks for them, or for other windows.
fn may_lack_answers(options: &Options, model: &Model) -> bool {
    let Options { target, normal, test_split, .. } = options;
    let own_window = options.window.is_none_or(|samples| Some(samples) == window(model));
    let step = options.step.is_none() || window(model).is_some();
    target.is_empty() && normal.is_none() && test_split.is_none() && own_window && step
}

/// The more informative of two errors: from reading a file as a data set, and as examples without labels.
fn clearer(set: DataError, alone: DataError) -> DataError {
    if matches!(set, DataError::File { problem: Problem::Answers(AnswerProblem::NoAnswers), .. }) { alone } else { set }
}

/// Reads a file of inputs without labels.
fn inputs_alone(file: &Path, model: &Model, own: &Options) -> Result<TestSet, DataError> {
    let channels = Some(channels(model)).filter(|names| names.len() == shape(model).channels).unwrap_or_default();
    let wanted = Wanted {
        input: input_type(model),
        shape: shape(model),
        channels: &channels,
        cut: own.into(),
        usual: Cut::default(),
    };
    let examples = read_inputs(file, &wanted)?;
    let (name, notes) = (file.to_string_lossy().into_owned(), Vec::new());
    Ok(TestSet { name, labels: Vec::new(), channels: Vec::new(), notes, task: task(model), examples })
}

/// Names of the channels of the set that the model was trained on, if it is remembered.
fn channels(model: &Model) -> Vec<String> {
    digest(model).and_then(|digest| Known::find(&digest)).map(|known| known.channels).unwrap_or_default()
}

/// Whether the model takes 28x28 pixels and has 10 classes.
fn is_fashion(model: &Model) -> bool {
    shape(model) == Shape::image(28, 28) && input_type(model) == InputType::U8 && model.classes() == 10
}

/// `28x28 (u8)`
fn described(model: &Model) -> String {
    format!("{} ({})", shape(model), input_type(model))
}

/// Whether examples of this shape match the model: the same layout, or as many values if either is a single row.
fn fits(model: &Model, found: Shape) -> bool {
    let own = shape(model);
    let flat = |shape: Shape| [shape.height, shape.width, shape.channels].iter().filter(|&&size| size > 1).count() <= 1;
    own.is_laid_out_as(found) || (own.inputs() == found.inputs() && (flat(own) || flat(found)))
}

/// Checks that the examples have the model's type and size, and the labels its kind of answer.
fn belong_together(path: &Path, model: &Model, set: &mut TestSet) -> Result<(), CliError> {
    let (dataset, path) = (set.name.clone(), path.to_owned());
    let (of_set, found) = (set.examples.shape, set.examples.inputs.view().input_type());
    if !fits(model, of_set) || found != input_type(model) {
        let examples = format!("{of_set} ({found})");
        return Err(CliError::Examples { path, model: described(model), dataset, examples });
    }
    if task(model) == Task::Classify {
        let names: Vec<String> = model.labels().map(str::to_owned).collect();
        if let Err(unknown) = set.number_as(&names) {
            return Err(CliError::UnknownClasses { path, dataset, unknown: unknown.join(", ") });
        }
    }
    let (kind, labels) = (model.head(), set.labels.len());
    match (task(model), &set.examples.targets) {
        (_, Targets::None) => Ok(()),
        (Task::Classify, Targets::Classes(_)) if model.classes() == labels => Ok(()),
        (Task::Classify, Targets::Classes(_)) => {
            Err(CliError::Classes { path, model: model.classes(), dataset, labels })
        }
        (Task::Regress, Targets::Values { outputs, .. }) if *outputs == model.outputs() => Ok(()),
        (Task::Regress, Targets::Values { outputs, .. }) => {
            Err(CliError::Values { path, model: model.outputs(), dataset, values: *outputs })
        }
        // Classes of an image set do not say which examples are abnormal.
        (Task::Reconstruct, Targets::Classes(_)) if labels == 2 => Ok(()),
        (Task::Reconstruct, Targets::Classes(_)) => {
            set.examples.targets = Targets::None;
            Ok(())
        }
        _ => Err(CliError::Answers { path, head: kind.name(), dataset }),
    }
}
