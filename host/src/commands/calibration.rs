//! The examples that an export is calibrated on and compared on: from the network's data set, from a given file, or
//! generated from the network's BatchNormalization statistics.

use super::data::{DatasetArg, known, ordered};
use super::record::Record;
use crate::deploy::statistics::{Fit, Made, Undescribed, examples};
use crate::files::open::{ImageSize, check_images};
use crate::network::checkpoint::Checkpoint;
use crate::show::terminal::Ui;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use foldnet_core::Compute;
use foldnet_data::text::without_remedy;
use foldnet_data::{
    Cut, Dataset, Examples, Format, Options, Part, Search, Shape, Source, Targets, Values, View, Wanted, load_with,
    read_inputs,
};
use serde::Serialize;
use std::path::Path;
use std::str::FromStr;

/// Default number of calibration examples.
pub(super) const CALIBRATION: usize = 4_000;

/// Numbers of examples below which a note is printed, for weights of 8, 4 and 2 bits. With a third of that, on the
/// notebook's networks, up to three quarters more images change class than with 4,000.
const FEW: [(u8, usize); 3] = [(8, 300), (4, 1_000), (2, 1_000)];

/// What `--calibration` names.
#[derive(Debug, Clone)]
enum Calibration {
    /// A data set, or a file of examples.
    Source(Source),
    /// Examples generated from the network's own statistics.
    Statistics,
}

/// The word for [`Calibration::Statistics`].
const STATISTICS: &str = "statistics";

impl FromStr for Calibration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == STATISTICS { Ok(Self::Statistics) } else { text.parse().map(Self::Source) }
    }
}

/// Source of the calibration examples.
#[derive(Debug, Clone, Args)]
pub(super) struct CalibrationArgs {
    /// What to calibrate integer weights on instead of the training examples: a data set, a file of examples without
    /// answers as `foldnet predict --input` takes them, or `statistics`: examples generated from the network's
    /// BatchNormalization statistics [default: the set the run was trained on; for a model from another tool its
    /// statistics, if it has any]
    #[arg(long, value_name = "FILE|SET")]
    calibration: Option<Calibration>,
    /// Number of examples to calibrate integer weights on
    #[arg(long, value_name = "N", alias = "calibrate", default_value_t = CALIBRATION)]
    calibration_limit: usize,
}

/// The examples of an export.
pub(super) struct Material {
    /// The data set on which accuracy is measured, if there is one.
    pub(super) set: Option<Dataset>,
    /// The calibration examples, if they are not the set's training examples.
    given: Option<Examples>,
    limit: usize,
    /// How closely generated examples match the network's statistics.
    fit: Option<Fit>,
}

/// The calibration examples in `--json`.
#[derive(Debug, Serialize)]
pub(super) struct Calibrated {
    examples: usize,
    /// For examples generated from statistics.
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<Fit>,
}

/// The source of calibration examples, once chosen.
enum Chosen {
    Given(Examples),
    Made(Made),
    /// The training examples of a set, and the reason why none were generated, if that was tried.
    OfSet(Option<Undescribed>),
}

impl CalibrationArgs {
    /// The file or folder given by `--calibration`.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.calibration {
            Some(Calibration::Source(Source::Path(path))) => Some(path),
            _ => None,
        }
    }

    /// The examples for `checkpoint`, which was opened at `path`. An export as `floats` needs none.
    pub(super) fn material<C: Compute>(
        &self,
        path: &Path,
        checkpoint: &Checkpoint,
        dataset: &DatasetArg,
        floats: bool,
        (compute, ui): (&C, Ui),
    ) -> anyhow::Result<Material> {
        let limit = self.calibration_limit;
        if limit == 0 {
            bail!("--calibration-limit 0: give a number of examples of at least 1, such as {CALIBRATION}");
        }
        let (given, fit, undescribed) = match self.choose(path, checkpoint, floats || dataset.is_given(), compute)? {
            // Nothing says the set, and none is guessed.
            Chosen::Made(Made { examples, fit }) if self.calibration.is_none() => {
                return Ok(Material { set: None, given: Some(examples), limit, fit: Some(fit) });
            }
            Chosen::Made(Made { examples, fit }) => (Some(examples), Some(fit), None),
            Chosen::Given(examples) => (Some(examples), None, None),
            Chosen::OfSet(undescribed) => (None, None, undescribed),
        };
        let labelled = dataset.load(&[path], ui).and_then(|mut set| {
            known(path, set.number_as(&checkpoint.labels))?;
            ordered(path, set.order_as(&checkpoint.about.channels), ui)?;
            check_images(path, ImageSize::of(checkpoint), set.part(Part::Test))?;
            Ok(set)
        });
        let set = match (labelled, undescribed) {
            (Ok(set), None) => Some(set),
            (Ok(set), Some(why)) => {
                ui.say(format!(
                    "note: {why}, so Fashion-MNIST is used for calibration; give another set as --calibration"
                ));
                Some(set)
            }
            (Err(error), _) if !dataset.is_given() && (given.is_some() || floats) => {
                ui.say(format!("note: not compared on labelled examples: {error:#}"));
                None
            }
            (Err(_), Some(why)) => return Err(refused(path, &why)),
            (Err(error), None) if given.is_none() && !dataset.is_given() => {
                let cause = format!("{error:#}");
                let cause = without_remedy(&cause);
                bail!("export needs examples ({cause}); give --dataset or --calibration");
            }
            (Err(error), None) => return Err(error),
        };
        let given = match (given, &set) {
            (None, None) => Some(none(checkpoint)),
            (given, _) => given,
        };
        Ok(Material { set, given, limit, fit })
    }

    /// The requested source. By default, the network's statistics, unless a set is `known` or its run names one.
    fn choose<C: Compute>(
        &self,
        path: &Path,
        checkpoint: &Checkpoint,
        known: bool,
        compute: &C,
    ) -> anyhow::Result<Chosen> {
        let make = || examples(checkpoint, self.calibration_limit.min(CALIBRATION), compute);
        match &self.calibration {
            Some(Calibration::Source(source)) => {
                Ok(Chosen::Given(given(source, path, checkpoint, self.calibration_limit)?))
            }
            Some(Calibration::Statistics) => make().map(Chosen::Made).map_err(|why| refused(path, &why)),
            None if known || Record::of(path, &None)?.is_some() => Ok(Chosen::OfSet(None)),
            None => Ok(make().map_or_else(|why| Chosen::OfSet(Some(why)), Chosen::Made)),
        }
    }
}

/// The error for a network without sufficient statistics.
fn refused(path: &Path, why: &Undescribed) -> anyhow::Error {
    anyhow!("{}: {why}; give a file of examples as --calibration, or a set as --dataset", path.display())
}

impl Material {
    /// The calibration examples.
    pub(super) fn calibration(&self) -> View<'_> {
        let all = match (&self.given, &self.set) {
            (Some(given), _) => given.view(),
            (None, Some(set)) => set.part(Part::Train),
            (None, None) => unreachable!("one of the two is there"),
        };
        all.slice(0..self.limit.min(all.len()))
    }

    /// The examples on which the exported model is compared with the network: labelled ones, or without any those for
    /// calibration.
    pub(super) fn test(&self) -> View<'_> {
        self.set.as_ref().map_or_else(|| self.calibration(), |set| set.part(Part::Test))
    }

    /// Whether the calibration examples are the set's training examples.
    pub(super) fn is_of_set(&self) -> bool {
        self.given.is_none()
    }

    /// Prints a note if the examples are generated, or too few for weights of `bits`.
    pub(super) fn say(&self, bits: &[u8], ui: Ui) {
        let Calibrated { examples, statistics } = self.calibrated();
        let enough = FEW.into_iter().filter(|(width, _)| bits.contains(width)).map(|(_, enough)| enough).max();
        if let (Some(enough), None) = (enough.filter(|&enough| examples < enough), statistics) {
            ui.say(format!("note: only {examples} calibration examples; with {enough} or more, less accuracy is lost"));
        }
        if let Some(Fit { norms, mean, deviation }) = statistics {
            ui.say(format!(
                "warning: without real examples, calibrated on {examples} generated ones, which match the means of {norms} \
                 BatchNormalizations and standardizations within {mean:.3} standard deviations and their deviations within \
                 {:.1} %; give real ones as --calibration to lose less accuracy",
                deviation * 100.0
            ));
        }
    }

    /// The calibration examples for JSON.
    pub(super) fn calibrated(&self) -> Calibrated {
        Calibrated { examples: self.calibration().len(), statistics: self.fit }
    }

    /// Names of the set's classes.
    pub(super) fn labels(&self) -> &[String] {
        self.set.as_ref().map_or(&[], |set| &set.labels)
    }
}

/// The training examples of a set, or the rows of a file.
fn given(source: &Source, path: &Path, checkpoint: &Checkpoint, limit: usize) -> anyhow::Result<Examples> {
    let size = ImageSize::of(checkpoint);
    let shape = size.shape.unwrap_or(Shape::features(size.pixels));
    let examples = match source {
        Source::Path(file) if is_rows(file) => {
            let recorded = Record::of(path, &None).ok().flatten().map(|record| record.options).unwrap_or_default();
            let channels = &checkpoint.about.channels;
            let wanted = Wanted { input: size.input, shape, channels, cut: Cut::default(), usual: (&recorded).into() };
            read_inputs(file, &wanted).context("--calibration")?
        }
        source => {
            let options = Options { task: checkpoint.about.task, ..Options::default() };
            let set = load_with(source, &options, &Search::from_env(), &mut |_| {}).context("--calibration")?;
            let train = set.part(Part::Train);
            let all: Vec<usize> = (0..train.len().min(limit)).collect();
            let inputs = train.inputs.rows(&all, train.shape.inputs());
            Examples { inputs, targets: train.targets.rows(&all), shape: train.shape }
        }
    };
    check_images(path, size, examples.view())?;
    Ok(examples)
}

/// Whether a file contains rows without answers rather than a data set.
fn is_rows(file: &Path) -> bool {
    Format::of(file).map_or(true, Format::has_inputs)
}

/// An empty set of the network's shape and type.
fn none(checkpoint: &Checkpoint) -> Examples {
    let size = ImageSize::of(checkpoint);
    let shape = size.shape.unwrap_or(Shape::features(size.pixels));
    Examples { inputs: Values::empty(size.input), targets: Targets::None, shape }
}
