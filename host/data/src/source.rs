//! The value of `--dataset`, and loading its data.

use std::path::PathBuf;
use std::str::FromStr;

use crate::dataset::Dataset;
use crate::error::{DataError, SplitProblem};
use crate::options::Options;
use crate::progress::LoadProgress;
use crate::search::Search;
use crate::test_set::TestSet;
use crate::{fashion_mnist, format, synthetic};

/// Source of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Fashion-MNIST, verified by hash wherever it is found; downloaded if it is not found.
    FashionMnist,
    /// The built-in set, generated on the spot: 12,000 training and 2,000 test images, 28x28, 10 classes.
    Synthetic,
    /// A file or folder in one of the formats that [`formats`](crate::formats) names. A folder's `labels.txt` may have
    /// the names of classes, one per line.
    Path(PathBuf),
}

impl Source {
    /// What applies to this data of options that are `recorded` for other data: only tables have columns, only tables and
    /// arrays have rows, and the built-in sets have test examples of their own.
    #[must_use]
    pub fn applicable(&self, recorded: &Options) -> Options {
        match self {
            Self::Path(path) => format::applicable(path, recorded),
            Self::FashionMnist | Self::Synthetic => Options { test_split: None, ..recorded.without_rows() },
        }
    }
}

impl FromStr for Source {
    type Err = String;

    /// `fashion-mnist`, `synthetic`, or otherwise a file or folder, which is not opened yet.
    fn from_str(value: &str) -> Result<Self, String> {
        match value {
            "" => Err("the name is empty: give fashion-mnist, synthetic, a file or a folder".into()),
            fashion_mnist::NAME => Ok(Self::FashionMnist),
            synthetic::NAME => Ok(Self::Synthetic),
            path => Ok(Self::Path(path.into())),
        }
    }
}

/// Loads the whole set with default options; Fashion-MNIST is searched according to the environment
/// ([`Search::from_env`]).
pub fn load(source: &Source, progress: &mut dyn FnMut(LoadProgress)) -> Result<Dataset, DataError> {
    load_with(source, &Options::default(), &Search::from_env(), progress)
}

/// Loads only the test examples; for images it reads (and if necessary downloads) only the test files.
pub fn load_test(source: &Source, progress: &mut dyn FnMut(LoadProgress)) -> Result<TestSet, DataError> {
    load_test_with(source, &Options::default(), &Search::from_env(), progress)
}

/// Like [`load`], with the given options and places to search.
pub fn load_with(
    source: &Source,
    options: &Options,
    search: &Search,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Dataset, DataError> {
    check(source, options)?;
    let mut set = match source {
        Source::FashionMnist => format::fashion_mnist(search, options, progress)?,
        Source::Synthetic => synthetic::dataset().validated_on(options.valid_split),
        Source::Path(path) => format::read_all(path, options, progress)?,
    };
    set.task = options.task;
    Ok(set)
}

/// Like [`load_test`], with the given options and places to search.
pub fn load_test_with(
    source: &Source,
    options: &Options,
    search: &Search,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<TestSet, DataError> {
    check(source, options)?;
    match source {
        Source::FashionMnist => format::fashion_mnist_test(search, progress),
        Source::Synthetic => Ok(synthetic::test_set()),
        Source::Path(path) => format::read_test(path, options, progress),
    }
}

/// Refuses options for rows if the set has none, and splitting a set that is already split.
fn check(source: &Source, options: &Options) -> Result<(), DataError> {
    let name = match source {
        Source::Path(_) => return Ok(()),
        Source::FashionMnist => fashion_mnist::NAME.as_ref(),
        Source::Synthetic => synthetic::NAME.as_ref(),
    };
    if options.test_split.is_some() {
        return Err(DataError::file(name, SplitProblem::SplitGiven));
    }
    format::refuse_rows(name, options)
}
