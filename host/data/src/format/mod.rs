//! The formats of a set, distinguished by their contents, one file for each.

mod assemble;
mod csv;
mod idx;
mod idx_file;
mod inputs;
mod npy;
mod npz;
mod pictures;
mod rows;
mod table;
mod texts;
mod width;

pub use inputs::{Wanted, read_inputs};

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::dataset::Dataset;
use crate::error::{DataError, Problem};
use crate::open;
use crate::options::Options;
use crate::progress::LoadProgress;
use crate::search::Search;
use crate::test_set::TestSet;

/// How a set is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A folder with four IDX files.
    Idx,
    /// A folder with one folder of PNG files per class.
    Pictures,
    /// A text table.
    Csv,
    /// `NAME_x.npy` with `NAME_y.npy`.
    Npy,
    /// `x_train`, `y_train`, `x_test`, `y_test`, or `x` and `y`, in one file.
    Npz,
}

impl Format {
    /// The format of the data at `path`.
    ///
    /// # Errors
    /// If nothing is there, or it has none of these formats.
    pub fn of(path: &Path) -> Result<Self, DataError> {
        if path.is_dir() {
            return Ok(if pictures::is(path) { Self::Pictures } else { Self::Idx });
        }
        if !path.exists() {
            return Err(DataError::file(path, Problem::NoFolder));
        }
        let mut start = Vec::new();
        let read = open::regular(path)?.take(8).read_to_end(&mut start);
        read.map_err(|cause| DataError::file(path, Problem::from_io(&cause)))?;
        match &start[..] {
            [] => Err(DataError::file(path, Problem::Blank)),
            bytes if bytes.starts_with(npy::MAGIC) => Ok(Self::Npy),
            bytes if bytes.starts_with(npz::MAGIC) => Ok(Self::Npz),
            bytes if looks_binary(bytes) => Err(DataError::file(path, Problem::UnknownFormat)),
            _ => Ok(Self::Csv),
        }
    }
}

/// Whether a file that starts with these bytes is not text.
fn looks_binary(start: &[u8]) -> bool {
    let control = |&byte: &u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    !crate::decode::is_utf16(start) && start.iter().any(control)
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
    let format = Format::of(file)?;
    if let (Format::Idx | Format::Pictures, Some(flag)) = (format, options.cuts_rows()) {
        return Err(DataError::file(file, Problem::NoRows(flag)));
    }
    let (rows, test) = match format {
        Format::Idx => return idx::read_all(file, idx::Contract::Any, options, progress),
        Format::Pictures => return pictures::read_all(file, options, progress),
        Format::Csv => (csv::read(file, options, progress)?, None),
        Format::Npy => npy::read(file, options)?,
        Format::Npz => npz::read(file, options)?,
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
    match Format::of(file)? {
        Format::Idx if options.test_split.is_some() => Err(DataError::file(file, Problem::SplitGiven)),
        Format::Idx if options.cuts_rows().is_none() => idx::read_test(file, idx::Contract::Any, progress),
        Format::Pictures if options.cuts_rows().is_none() => pictures::read_test(file, options, progress),
        _ => read_all(path, options, progress).map(Dataset::into_test),
    }
}

/// Reads Fashion-MNIST from its location, downloading it if necessary.
pub(crate) fn fashion_mnist(
    search: &Search,
    options: &Options,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Dataset, DataError> {
    let folder = search.locate(&crate::fashion_mnist::ALL, progress)?;
    idx::read_all(&folder, idx::Contract::FashionMnist, options, progress)
}

/// Reads only its test images.
pub(crate) fn fashion_mnist_test(
    search: &Search,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<TestSet, DataError> {
    let folder = search.locate(&crate::fashion_mnist::TEST, progress)?;
    idx::read_test(&folder, idx::Contract::FashionMnist, progress)
}
