//! Opens files from untrusted sources: only regular files, so that no pipe or device is waited for.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::bounded;
use crate::error::{DataError, Problem};

/// Opens a regular file.
///
/// # Errors
/// If it does not exist, cannot be read, or is a folder, pipe or device.
pub(crate) fn regular(path: &Path) -> Result<File, DataError> {
    let (file, _) = bounded::open(path).map_err(|cause| DataError::file(path, Problem::from_io(&cause)))?;
    Ok(file)
}

/// Reads a small file, of at most `most` bytes.
///
/// # Errors
/// As [`regular`], and if it is longer.
pub(crate) fn small(path: &Path, most: u64) -> Result<Vec<u8>, DataError> {
    let file = regular(path)?;
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|cause| DataError::file(path, Problem::Unreadable(cause.to_string())))?;
    if bytes.len() as u64 > most {
        return Err(DataError::file(path, Problem::TooLarge(most)));
    }
    Ok(bytes)
}
