//! The formats of a set, distinguished by their contents, one file for each.
//!
//! To add a format:
//! 1. Write `format/NEW.rs` with a constant `FORMAT` (a [`Format`]: its names, how it is recognized and read).
//! 2. Add it to the list in `list.rs`. Messages and the help of `--dataset` take its names from there.
//! 3. Put its problems into an enum in `problem/NEW.rs`, which becomes one variant of `Problem` and is exported as the
//!    others are (`problem`, `error`, the crate).
//! 4. If its files can be recognized where they do not belong, add a [`FileKind`](crate::file_kind::FileKind) with its signature and
//!    the command that takes them.

mod assemble;
mod csv;
mod examples;
mod idx;
mod idx_file;
mod inputs;
mod list;
mod npy;
mod npz;
mod pictures;
mod reader;
mod rows;
mod samples;
mod table;
mod texts;
mod wanted;
mod width;
mod wording;

pub use inputs::read_inputs;
pub use reader::Format;
pub use wanted::{Cut, Wanted};
pub use wording::formats;

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::dataset::Dataset;
use crate::download::RemoteFile;
use crate::error::{DataError, Problem};
use crate::file_kind::FileKind;
use crate::open;
use crate::options::Options;
use crate::progress::LoadProgress;
use crate::search::Search;
use crate::test_set::TestSet;
use list::FORMATS;
use reader::{Content, Start};

impl Format {
    /// The format of the data at `path`.
    ///
    /// # Errors
    /// If nothing is there, or it has none of the formats.
    pub fn of(path: &Path) -> Result<&'static Self, DataError> {
        let unknown = || DataError::file(path, wording::unknown(path));
        if path.is_dir() {
            return Self::recognized(&Start::Folder(path)).ok_or_else(unknown);
        }
        if !path.exists() {
            return Err(DataError::file(path, wording::no_folder()));
        }
        let mut start = Vec::new();
        let read = open::regular(path)?.take(8).read_to_end(&mut start);
        read.map_err(|cause| DataError::file(path, Problem::from_io(&cause)))?;
        if start.is_empty() {
            let is_array = path.extension().is_some_and(|ending| ending == "npy" || ending == "npz");
            return Err(DataError::file(path, if is_array { Problem::Empty } else { Problem::Blank }));
        }
        // The first would be a table of one column, the second an archive without arrays.
        if matches!(FileKind::at(path), Some(FileKind::Pointer | FileKind::Foreign)) {
            return Err(unknown());
        }
        Self::recognized(&Start::File(&start)).ok_or_else(unknown)
    }

    /// The format of data with this beginning.
    fn recognized(start: &Start) -> Option<&'static Self> {
        FORMATS.into_iter().rev().find(|format| (format.is)(start))
    }
}

/// Resolves a path from the command line: itself, the folder below it that holds the IDX files, or `PATH_x.npy` if only
/// that exists.
fn named(path: &Path) -> PathBuf {
    if path.is_dir() {
        return crate::idx_names::folder(path);
    }
    let array = PathBuf::from(format!("{}_x.npy", path.display()));
    if !path.exists() && array.is_file() { array } else { path.to_owned() }
}

/// Reads a whole set.
pub(crate) fn read_all(
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Dataset, DataError> {
    let file = &named(path);
    let (rows, test) = match Format::of(file)?.content {
        Content::Table(read) => (read(file, options, progress)?, None),
        Content::Arrays(read) => {
            refuse_columns(file, options)?;
            read(file, options)?
        }
        Content::Images { set, .. } => {
            refuse_rows(file, options)?;
            return set(file, options, progress);
        }
    };
    assemble::dataset(path, rows, test, options)
}

/// Reads the test examples.
pub(crate) fn read_test(
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<TestSet, DataError> {
    let file = &named(path);
    match Format::of(file)?.content {
        Content::Images { test, .. } => {
            refuse_rows(file, options)?;
            test(file, options, progress)
        }
        _ => read_all(path, options, progress).map(Dataset::into_test),
    }
}

/// What applies to the data at `path` of options `recorded` for other data.
pub(crate) fn applicable(path: &Path, recorded: &Options) -> Options {
    match Format::of(&named(path)).map(|format| &format.content) {
        Ok(Content::Arrays(_)) => recorded.without_columns(),
        Ok(Content::Images { .. }) => recorded.without_rows(),
        Ok(Content::Table(_)) | Err(_) => recorded.clone(),
    }
}

/// Refuses options for columns, which only tables have.
fn refuse_columns(path: &Path, options: &Options) -> Result<(), DataError> {
    match options.first_of_columns() {
        Some(flag) => Err(DataError::file(path, Problem::NoColumns(flag))),
        None => Ok(()),
    }
}

/// Refuses options for columns and rows.
pub(crate) fn refuse_rows(path: &Path, options: &Options) -> Result<(), DataError> {
    refuse_columns(path, options)?;
    match options.first_of_rows() {
        Some(flag) => Err(DataError::file(path, wording::no_rows(flag))),
        None => Ok(()),
    }
}

/// Reads Fashion-MNIST from its location, downloading it if necessary.
pub(crate) fn fashion_mnist(
    search: &Search,
    options: &Options,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Dataset, DataError> {
    let folder = located(search, &crate::fashion_mnist::ALL, progress)?;
    idx::read_all(&folder, idx::Contract::FashionMnist, options, progress)
}

/// Reads only its test images.
pub(crate) fn fashion_mnist_test(
    search: &Search,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<TestSet, DataError> {
    let folder = located(search, &crate::fashion_mnist::TEST, progress)?;
    idx::read_test(&folder, idx::Contract::FashionMnist, progress)
}

/// The folder of these files.
fn located(
    search: &Search,
    files: &[RemoteFile],
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<PathBuf, DataError> {
    let folder = search.locate(files, progress)?;
    if folder.is_dir() { Ok(folder) } else { Err(DataError::file(&folder, wording::no_folder())) }
}
