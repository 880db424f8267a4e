//! `labels.txt` in a set's folder: class names, one per line, in the order of their labels.

use std::path::{Path, PathBuf};

use crate::error::{DataError, NameProblem, Problem};
use crate::{decode, open};

/// Maximum number of classes in a set: a class is a `u16`.
pub(crate) const MOST: usize = 65_535;

/// Maximum size of `labels.txt`: 65,535 names of 255 bytes.
const MOST_BYTES: u64 = 16 << 20;

/// Maximum length of a name in bytes, the limit of a device model.
pub(crate) const MOST_NAME: usize = 255;

/// Path of the file with the names of a folder's classes.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("labels.txt")
}

/// The names without surrounding spaces, ignoring blank lines at the end; `None` if there is no such file.
///
/// # Errors
/// If it cannot be read, has no names or more than [`MOST`], has one twice, or one that is not plain text.
pub(crate) fn read(folder: &Path) -> Result<Option<Vec<String>>, DataError> {
    let path = path(folder);
    if !path.exists() {
        return Ok(None);
    }
    let fail = |problem: Problem| DataError::file(&path, problem);
    let text = decode::decode(&open::small(&path, MOST_BYTES)?).map_err(fail)?;
    let names: Vec<_> = text.trim_end().lines().map(|line| decode::composed(line.trim())).collect();
    match names.len() {
        _ if names == [""] => return Err(fail(NameProblem::ClassCount(0).into())),
        1..=MOST => check(&names).map_err(fail)?,
        count => return Err(fail(NameProblem::ClassCount(count).into())),
    }
    Ok(Some(names))
}

/// Refuses invalid class names, reported by their line, counted from 1.
pub(crate) fn check(names: &[String]) -> Result<(), Problem> {
    let mut lines = std::collections::HashMap::new();
    for (line, name) in (1..).zip(names) {
        if name.is_empty() {
            return Err(NameProblem::BlankName(line).into());
        }
        if name.len() > MOST_NAME {
            return Err(NameProblem::LongName { line, bytes: name.len() }.into());
        }
        if !decode::is_plain(name) {
            return Err(NameProblem::NotPlain { line, name: name.escape_default().to_string() }.into());
        }
        if let Some(first) = lines.insert(name, line) {
            return Err(NameProblem::NamedTwice { name: name.clone(), first, line }.into());
        }
    }
    Ok(())
}
