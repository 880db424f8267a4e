//! What `--dataset` names, and the way from there to images.

use std::path::PathBuf;
use std::str::FromStr;

use crate::dataset::{Dataset, TestSet};
use crate::error::DataError;
use crate::progress::Progress;
use crate::search::Search;
use crate::{class_folders, fashion_mnist, idx_folder, synthetic};

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Fashion-MNIST, wherever it is found, verified by hash; downloaded if it is nowhere.
    FashionMnist,
    /// The built-in set, drawn on the spot: 12,000 training and 2,000 test images, 28x28, 10 classes.
    Synthetic,
    /// Any image size and 1 to 256 classes, whose names may stand in a `labels.txt`, one a line: four IDX files named
    /// like Fashion-MNIST's, packed or not; or where there are none of these, a folder of PNG for each class,
    /// `<class>/*.png` or `train/<class>/*.png` and `test/<class>/*.png`.
    Directory(PathBuf),
}

impl FromStr for Source {
    type Err = String;

    /// `fashion-mnist`, `synthetic`, or else a folder, which is not looked at yet.
    fn from_str(value: &str) -> Result<Self, String> {
        match value {
            "" => Err("no dataset is named: give fashion-mnist, synthetic or a folder".into()),
            fashion_mnist::NAME => Ok(Self::FashionMnist),
            synthetic::NAME => Ok(Self::Synthetic),
            folder => Ok(Self::Directory(folder.into())),
        }
    }
}

/// The whole set, Fashion-MNIST looked for where the environment says ([`Search::from_env`]).
pub fn load(source: &Source, progress: &mut dyn FnMut(Progress)) -> Result<Dataset, DataError> {
    load_with(source, &Search::from_env(), progress)
}

/// The test images alone: reads (and if need be downloads) only the test files.
pub fn load_test(source: &Source, progress: &mut dyn FnMut(Progress)) -> Result<TestSet, DataError> {
    load_test_with(source, &Search::from_env(), progress)
}

/// [`load`], with the places to search given.
pub fn load_with(source: &Source, search: &Search, progress: &mut dyn FnMut(Progress)) -> Result<Dataset, DataError> {
    match source {
        Source::FashionMnist => {
            let folder = search.locate(&fashion_mnist::ALL, progress)?;
            idx_folder::read_all(&folder, idx_folder::Contract::FashionMnist, progress)
        }
        Source::Synthetic => Ok(synthetic::dataset()),
        Source::Directory(folder) if class_folders::is(folder) => class_folders::read_all(folder, progress),
        Source::Directory(folder) => idx_folder::read_all(folder, idx_folder::Contract::Any, progress),
    }
}

/// [`load_test`], with the places to search given.
pub fn load_test_with(
    source: &Source,
    search: &Search,
    progress: &mut dyn FnMut(Progress),
) -> Result<TestSet, DataError> {
    match source {
        Source::FashionMnist => {
            let folder = search.locate(&fashion_mnist::TEST, progress)?;
            idx_folder::read_test(&folder, idx_folder::Contract::FashionMnist, progress)
        }
        Source::Synthetic => Ok(synthetic::test_set()),
        Source::Directory(folder) if class_folders::is(folder) => class_folders::read_test(folder, progress),
        Source::Directory(folder) => idx_folder::read_test(folder, idx_folder::Contract::Any, progress),
    }
}
