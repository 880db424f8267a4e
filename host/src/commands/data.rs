//! Arguments that several commands share: the dataset, the threads, hints for a checkpoint.

use super::record::{Record, task_of};
use crate::compute::Fast;
use crate::files::open::{Opened, open, open_checkpoint, resolve};
use crate::network::architecture::NormPlacement;
use crate::network::checkpoint::{Checkpoint, Hints, InputScale, PixelRange, ReluOnly, Words};
use crate::show::terminal::{LoadBars, Ui};
use crate::train::history::History;
use crate::train::run::BEST;
use crate::train::state;
use crate::write::check_not_input;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use foldnet_data::{
    Columns, DataError, Dataset, InputType, Options, Search, Source, Task, TestSet, changed, formats, load_test_with,
    load_with, missing_columns, share_or_none,
};
use foldnet_sim::table::TableArgs;
use std::path::{Path, PathBuf};

/// Refuses a count of 0.
pub(super) fn check_positive(name: &str, count: usize) -> anyhow::Result<()> {
    if count == 0 {
        bail!("{name} 0: give a number of at least 1");
    }
    Ok(())
}

/// The units of one layer of a list such as `300,100`.
pub(super) fn units(text: &str) -> Result<u32, &'static str> {
    text.trim().parse().map_err(|_| "give the units of each layer with commas between them, such as 300,100")
}

/// Refuses a network with fewer classes than the dataset, since labels could be out of range.
pub(super) fn check_classes(path: &Path, classes: usize, dataset: &[String]) -> anyhow::Result<()> {
    let needed = dataset.len();
    if classes < needed {
        bail!(
            "{}: has {classes} classes, but the dataset has {needed}; give the --dataset it was trained on",
            path.display()
        );
    }
    Ok(())
}

/// The flags of [`DatasetArg`] that say how a set is read.
pub(super) const READING: &str = "target group window step normal test-split valid-split column-type";

/// Help of `--dataset`.
fn dataset_help() -> String {
    format!(
        "fashion-mnist, synthetic, {} [default: the set named in the run's history.jsonl, otherwise fashion-mnist]",
        formats()
    )
}

/// Source of the examples, and how they are read.
#[derive(Debug, Clone, Args)]
pub(super) struct DatasetArg {
    #[arg(long, value_name = "NAME|FILE|DIR", help = dataset_help())]
    dataset: Option<Source>,
    #[command(flatten)]
    table: TableArgs,
    /// Fraction of the training examples for validation; with 0, all are used for training [default: 0.1; images: 1/12]
    #[arg(long, value_name = "SHARE", value_parser = share_or_none)]
    valid_split: Option<f64>,
    /// Type of the inputs: u8, i8, i16, u16 or f32 [default: the smallest that holds the column's numbers]
    #[arg(long, value_name = "TYPE", help_heading = "Tables and arrays")]
    column_type: Option<InputType>,
}

/// A data set, and how it was read.
pub(super) struct Loaded {
    /// The set.
    pub(super) dataset: Dataset,
    /// How it was read.
    pub(super) options: Options,
}

/// What to read, how, and which file named it.
struct Request {
    source: Source,
    options: Options,
    named_by: Option<String>,
    /// SHA-256 of the set, as recorded.
    digest: Option<String>,
}

impl DatasetArg {
    /// Loads the whole set for `task`, with progress: the requested one, otherwise the one `files` were trained on.
    pub(super) fn load_for(&self, task: Task, files: &[&Path], ui: Ui) -> anyhow::Result<Loaded> {
        let mut request = self.request(files)?;
        request.options.task = task;
        let dataset = read(&request, ui)?;
        Ok(Loaded { dataset, options: request.options })
    }

    /// Loads the whole set, read as it was for training `files`.
    pub(super) fn load(&self, files: &[&Path], ui: Ui) -> anyhow::Result<Dataset> {
        read(&self.request(files)?, ui)
    }

    /// Loads only its test examples.
    pub(super) fn load_test(&self, files: &[&Path], ui: Ui) -> anyhow::Result<TestSet> {
        let request = self.request(files)?;
        let mut bars = LoadBars::default();
        let loaded =
            load_test_with(&request.source, &request.options, &Search::from_env(), &mut |step| bars.update(step));
        drop(bars);
        let set = request.named(loaded)?;
        say_notes(&set.notes, ui);
        Ok(set)
    }

    /// Checks that writing `out` loses no input: `files` and what belongs to their runs, the set that they are used with,
    /// or `more`.
    pub(super) fn keeps_inputs(&self, out: &Path, files: &[&Path], more: &[&Path]) -> anyhow::Result<()> {
        let set = self.request(files).ok().and_then(|request| match request.source {
            Source::Path(path) => Some(path),
            _ => None,
        });
        let runs = files.iter().copied().chain(out.parent()).flat_map(files_of);
        let inputs: Vec<PathBuf> = runs.chain(set).collect();
        let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).chain(more.iter().copied()).collect();
        Ok(check_not_input(out, &inputs)?)
    }

    /// Whether `--dataset` is given.
    pub(super) fn is_given(&self) -> bool {
        self.dataset.is_some()
    }

    /// Whether these arguments read the set in another way than it was read for training `file`.
    pub(super) fn reads_otherwise(&self, file: &Path) -> anyhow::Result<bool> {
        let record = Record::of(file, &self.dataset)?;
        Ok(record.is_some_and(|record| self.options().or(&record.options) != record.options))
    }

    /// How to read tables, according to the arguments.
    pub(super) fn options(&self) -> Options {
        Options { valid_split: self.valid_split, input: self.column_type, ..self.table.options() }
    }

    /// The set given by `--dataset`, otherwise the set that `files` were trained on; otherwise Fashion-MNIST, unless
    /// one of `files` takes other examples. A set is read as it was for training, except where the arguments say
    /// otherwise.
    fn request(&self, files: &[&Path]) -> anyhow::Result<Request> {
        let mut found: Option<Record> = None;
        for file in files {
            let record = match (Record::of(file, &self.dataset)?, &found) {
                (None, _) => continue,
                (Some(record), None) => record,
                (Some(record), Some(first)) if record.differs(first) && self.dataset.is_none() => {
                    bail!("{} and {} name different datasets; give --dataset", first.by, record.by)
                }
                (Some(_), Some(_)) => continue,
            };
            found = Some(record);
        }
        let own = self.options();
        let options = match &found {
            Some(Record { source, options, .. }) => {
                own.or(&self.dataset.as_ref().unwrap_or(source).applicable(options))
            }
            None => Options { task: files.first().map_or(Task::default(), |file| task_of(file)), ..own.clone() },
        };
        let same = found.as_ref().is_some_and(|record| options == record.options);
        match (&self.dataset, found) {
            (Some(source), _) => Ok(Request { source: source.clone(), options, named_by: None, digest: None }),
            (None, Some(Record { source, by, digest, .. })) => {
                Ok(Request { source, options, named_by: Some(by), digest: digest.filter(|_| same) })
            }
            (None, None) => {
                files.iter().try_for_each(|file| takes_fashion(file))?;
                Ok(Request { source: Source::FashionMnist, options, named_by: None, digest: None })
            }
        }
    }
}

/// Refuses Fashion-MNIST for a model that takes other examples. Files that cannot be opened are reported where they are
/// used.
fn takes_fashion(file: &Path) -> anyhow::Result<()> {
    let Ok(opened) = open(file, &Hints::default()) else { return Ok(()) };
    let size = opened.size();
    if size.pixels != 28 * 28 {
        bail!("{}: takes examples of {size}, but its dataset is unknown; give --dataset", file.display());
    }
    Ok(())
}

fn read(request: &Request, ui: Ui) -> anyhow::Result<Dataset> {
    let mut bars = LoadBars::default();
    let loaded = load_with(&request.source, &request.options, &Search::from_env(), &mut |step| bars.update(step));
    drop(bars);
    let dataset = request.named(loaded)?;
    say_notes(&dataset.notes, ui);
    if let (Some(expected), Source::Path(path)) = (&request.digest, &request.source) {
        if dataset.digest() != *expected {
            ui.say(format!("note: {}", changed(path)));
        }
    }
    Ok(dataset)
}

/// Prints notes about a set.
fn say_notes(notes: &[String], ui: Ui) {
    notes.iter().for_each(|note| ui.say(format!("note: {note}")));
}

impl Request {
    fn named<T>(&self, loaded: Result<T, DataError>) -> anyhow::Result<T> {
        match &self.named_by {
            Some(by) => loaded.with_context(|| format!("the dataset named in {by}")),
            None => Ok(loaded?),
        }
    }
}

/// Refuses a set with classes that a model does not have.
pub(super) fn known(path: &Path, unknown: Result<(), Vec<String>>) -> anyhow::Result<()> {
    unknown.map_err(|names| {
        let (path, names) = (path.display(), names.join(", "));
        anyhow!("{path}: lacks these classes of the dataset: {names}; give the --dataset it was trained on")
    })
}

/// Fails if a set has only some of a model's columns; otherwise notes how columns were matched.
pub(super) fn ordered(path: &Path, found: Result<Columns, Vec<String>>, ui: Ui) -> anyhow::Result<()> {
    let found = found.map_err(|missing| anyhow!("{}: {}", path.display(), missing_columns(&missing)))?;
    found.note().into_iter().for_each(|note| ui.say(format!("note: {note}")));
    Ok(())
}

/// The reason why device models do not take `--threads`.
pub(super) const ONE_THREAD: &str = "is for trained networks, but a device model runs as on the device, in one thread";

/// Number of threads.
#[derive(Debug, Clone, Args)]
pub(super) struct ThreadsArg {
    /// Number of threads, which does not change results [default: one per core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl ThreadsArg {
    /// The arithmetic on that number of threads.
    pub(super) fn compute(&self) -> anyhow::Result<Fast> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        match self.threads.unwrap_or(cores) {
            0 => bail!(
                "--threads 0: at least one thread is needed; give a positive number, or leave it out for one per core"
            ),
            threads => Ok(Fast::new(threads)),
        }
    }
}

/// Information that a file saved directly by Keras or PyTorch lacks.
#[derive(Debug, Clone, Args)]
pub(super) struct HintArgs {
    /// Position of BatchNormalization relative to the activations, if the file does not say; implies ReLU activations
    /// and Softmax at the end
    #[arg(long, value_name = "after|before|none", conflicts_with = "layers")]
    norm: Option<NormPlacement>,
    /// All layers in order, if the file does not say, such as "dense, batch_norm, relu, dense, softmax"
    #[arg(long, value_name = "LIST")]
    layers: Option<Words>,
    /// The model's configuration, as from model.to_json(), for a .h5 that holds only Keras weights
    #[arg(long, value_name = "JSON", conflicts_with_all = ["norm", "layers"])]
    config: Option<PathBuf>,
    /// The hidden activation that --norm implies; no other can be folded
    #[arg(long, value_name = "relu", requires = "norm")]
    activation: Option<ReluOnly>,
    /// Range of the pixels that the first Dense or BatchNormalization was trained on, if the file has no pixel
    /// statistics: raw (0 to 255), unit (0 to 1, also after a Rescaling(1/255))
    #[arg(long, value_name = "raw|unit")]
    pixels: Option<PixelRange>,
    /// Epsilon that BatchNormalizations add to their variance, if the file does not say: one for all, or one for each
    /// [default: 0.001 for Keras's files, 0.00001 for PyTorch's]
    #[arg(long, value_name = "EPSILON,...", value_delimiter = ',', value_parser = epsilon)]
    epsilon: Vec<f32>,
    /// Type of the raw inputs, if the file does not say, for sensor values that are not pixels
    #[arg(long = "input-type", value_name = "u8|i8|i16|u16|f32")]
    input_type: Option<foldnet_data::InputType>,
    /// Scale of the raw inputs, if they are integers that stand for real values: x = (value - ZERO) * STEP
    #[arg(long = "input-scale", value_name = "STEP,ZERO", allow_hyphen_values = true, requires = "input_type")]
    input_scale: Option<InputScale>,
}

/// The files of a run or of a checkpoint, which no output may replace.
fn files_of(path: &Path) -> [PathBuf; 4] {
    let network = resolve(path);
    let [history, state, best] = [History::FILE, state::FILE, BEST].map(|name| network.with_file_name(name));
    [network, history, state, best]
}

/// A positive number.
fn epsilon(text: &str) -> Result<f32, &'static str> {
    let epsilon = text.parse().ok().filter(|&epsilon: &f32| epsilon > 0.0 && epsilon.is_finite());
    epsilon.ok_or("give a positive number, such as 0.00001")
}

impl HintArgs {
    /// Opens a file. For bare tensors, whose layers these options specify, prints the interpretation layer by layer.
    pub(super) fn open(&self, path: &Path, ui: Ui) -> anyhow::Result<Opened> {
        let opened = open(path, &self.hints())?;
        if let (Opened::Model { .. }, Some(flag)) = (&opened, self.given()) {
            bail!("{flag}: {} is a device model, which describes itself; leave it out", path.display());
        }
        if let Opened::Checkpoint(checkpoint) = &opened {
            self.say_layers(path, checkpoint, ui);
        }
        Ok(opened)
    }

    /// Prints the layers of bare tensors that these options specify.
    fn say_layers(&self, path: &Path, checkpoint: &Checkpoint, ui: Ui) {
        if self.norm.is_some() || self.layers.is_some() {
            let layers = checkpoint.understood().join("; ");
            ui.say(format!("{}: read as {layers}", path.display()));
        }
    }

    /// Like [`open`](Self::open), for checkpoints.
    pub(super) fn open_checkpoint(&self, path: &Path, ui: Ui) -> anyhow::Result<Checkpoint> {
        let checkpoint = open_checkpoint(path, &self.hints())?;
        self.say_layers(path, &checkpoint, ui);
        Ok(checkpoint)
    }

    /// The first of these options that is given, if any.
    pub(super) fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--norm", self.norm.is_some()),
            ("--layers", self.layers.is_some()),
            ("--config", self.config.is_some()),
            ("--activation", self.activation.is_some()),
            ("--pixels", self.pixels.is_some()),
            ("--epsilon", !self.epsilon.is_empty()),
            ("--input-type", self.input_type.is_some()),
        ];
        flags.into_iter().find_map(|(flag, given)| given.then_some(flag))
    }

    /// The hints for the checkpoint reader.
    pub(super) fn hints(&self) -> Hints {
        Hints {
            norm: self.norm,
            layers: self.layers.clone(),
            config: self.config.clone(),
            pixels: self.pixels,
            epsilon: self.epsilon.clone(),
            input: self.input_type,
            scale: self.input_scale,
        }
    }
}
