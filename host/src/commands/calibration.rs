//! The examples that an export is fitted to and compared on: those of the network's set, or of a file that is given.

use super::data::{DatasetArg, known, ordered};
use super::record::Record;
use crate::network::checkpoint::Checkpoint;
use crate::network::open::{ImageSize, check_images};
use crate::show::terminal::Ui;
use anyhow::{Context, bail};
use clap::Args;
use foldnet_data::{
    Dataset, Examples, Format, Options, Part, Search, Shape, Source, Targets, Values, View, Wanted, load_with,
    read_inputs,
};
use std::path::Path;

/// Examples for calibration where nobody says otherwise.
pub(super) const CALIBRATION: usize = 4_000;

/// Where the examples for calibration come from.
#[derive(Debug, Clone, Args)]
pub(super) struct CalibrationArgs {
    /// What integer weights are fitted to, if not the training examples: a set, or a file of examples without answers, as
    /// `foldnet predict --input` takes them
    #[arg(long, value_name = "FILE|SET")]
    calibration: Option<Source>,
    /// Examples that integer weights are fitted to
    #[arg(long, value_name = "N", alias = "calibrate", default_value_t = CALIBRATION)]
    calibration_limit: usize,
}

/// The examples of an export.
pub(super) struct Material {
    /// The set that accuracy is measured on, where there is one.
    pub(super) set: Option<Dataset>,
    /// What weights are fitted to, if not the set's training examples.
    given: Option<Examples>,
    limit: usize,
}

impl CalibrationArgs {
    /// The examples for `checkpoint`, which was opened at `path`. None at all are needed where it is exported as `floats`.
    pub(super) fn material(
        &self,
        path: &Path,
        checkpoint: &Checkpoint,
        dataset: &DatasetArg,
        floats: bool,
        ui: Ui,
    ) -> anyhow::Result<Material> {
        let limit = self.calibration_limit;
        if limit == 0 {
            bail!("--calibration-limit 0: give a number of examples of at least 1, such as {CALIBRATION}");
        }
        let given = self.calibration.as_ref().map(|source| given(source, path, checkpoint)).transpose()?;
        let labelled = dataset.load(&[path], ui).and_then(|mut set| {
            known(path, set.number_as(&checkpoint.labels))?;
            ordered(path, set.order_as(&checkpoint.about.channels), ui)?;
            check_images(path, ImageSize::of(checkpoint), set.part(Part::Test))?;
            Ok(set)
        });
        let set = match labelled {
            Ok(set) => Some(set),
            Err(error) if !dataset.is_given() && (given.is_some() || floats) => {
                ui.say(format!("note: not compared on labelled examples: {error:#}"));
                None
            }
            Err(error) if given.is_none() && !dataset.is_given() => {
                return Err(error).context("export needs examples: give --dataset, or --calibration");
            }
            Err(error) => return Err(error),
        };
        let given = match (given, &set) {
            (None, None) => Some(none(checkpoint)),
            (given, _) => given,
        };
        Ok(Material { set, given, limit })
    }
}

impl Material {
    /// What weights are fitted to.
    pub(super) fn calibration(&self) -> View<'_> {
        let all = match (&self.given, &self.set) {
            (Some(given), _) => given.view(),
            (None, Some(set)) => set.part(Part::Train),
            (None, None) => unreachable!("one of the two is there"),
        };
        all.slice(0..self.limit.min(all.len()))
    }

    /// What the exported model is compared on with the network: labelled examples, or if there are none those for
    /// calibration.
    pub(super) fn test(&self) -> View<'_> {
        self.set.as_ref().map_or_else(|| self.calibration(), |set| set.part(Part::Test))
    }

    /// Names of the set's classes.
    pub(super) fn labels(&self) -> &[String] {
        self.set.as_ref().map_or(&[], |set| &set.labels)
    }
}

/// The training examples of a set, or the rows of a file.
fn given(source: &Source, path: &Path, checkpoint: &Checkpoint) -> anyhow::Result<Examples> {
    let size = ImageSize::of(checkpoint);
    let shape = size.shape.unwrap_or(Shape::features(size.pixels));
    let examples = match source {
        Source::Path(file) if is_rows(file) => {
            let recorded = Record::of(path, &None).ok().flatten().map(|record| record.options).unwrap_or_default();
            let (step, group) = (recorded.step, recorded.group.as_deref());
            let wanted = Wanted { input: size.input, shape, channels: &checkpoint.about.channels, step, group };
            read_inputs(file, &wanted).context("--calibration")?
        }
        source => {
            let options = Options { task: checkpoint.about.task, ..Options::default() };
            let set = load_with(source, &options, &Search::from_env(), &mut |_| {}).context("--calibration")?;
            let train = set.part(Part::Train);
            let all: Vec<usize> = (0..train.len().min(CALIBRATION)).collect();
            let inputs = train.inputs.rows(&all, train.shape.inputs());
            Examples { inputs, targets: train.targets.rows(&all), shape: train.shape }
        }
    };
    check_images(path, size, examples.view())?;
    Ok(examples)
}

/// Whether a file has rows without answers, rather than a set.
fn is_rows(file: &Path) -> bool {
    !file.is_dir() && !matches!(Format::of(file), Ok(Format::Npz | Format::Idx | Format::Pictures))
}

/// No examples, of the network's shape and type.
fn none(checkpoint: &Checkpoint) -> Examples {
    let size = ImageSize::of(checkpoint);
    let shape = size.shape.unwrap_or(Shape::features(size.pixels));
    Examples { inputs: Values::empty(size.input), targets: Targets::None, shape }
}
