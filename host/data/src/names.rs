//! `labels.txt` in a set's folder: class names, one a line, in the order of their labels.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{DataError, Problem};

/// Most classes of a set: a class is a `u16`.
pub(crate) const MOST: usize = 65_535;

/// Where the names of a folder's classes stand, if anywhere.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("labels.txt")
}

/// The names, spaces around each cut off, blank lines at the end not counted; none where there is no such file.
///
/// # Errors
/// When it cannot be read, or names none or more than [`MOST`] classes.
pub(crate) fn read(folder: &Path) -> Result<Option<Vec<String>>, DataError> {
    let path = path(folder);
    if !path.exists() {
        return Ok(None);
    }
    let text =
        fs::read_to_string(&path).map_err(|cause| DataError::file(&path, Problem::Unreadable(cause.to_string())))?;
    let names: Vec<_> = text.trim_end().lines().map(|line| line.trim().to_owned()).collect();
    match names.len() {
        1..=MOST => Ok(Some(names)),
        count => Err(DataError::file(&path, Problem::ClassCount(count))),
    }
}
