//! `labels.txt` in a set's folder: class names, one a line, in the order of their labels.

use std::path::{Path, PathBuf};

use crate::error::{DataError, Problem};
use crate::{decode, open};

/// Most classes of a set: a class is a `u16`.
pub(crate) const MOST: usize = 65_535;

/// Most bytes of `labels.txt`: 65,535 names of 255 bytes.
const MOST_BYTES: u64 = 16 << 20;

/// Most bytes of a name: what a device model holds.
pub(crate) const MOST_NAME: usize = 255;

/// Where the names of a folder's classes stand, if anywhere.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("labels.txt")
}

/// The names, spaces around each cut off, blank lines at the end not counted; `None` if there is no such file.
///
/// # Errors
/// When it cannot be read, or names none or more than [`MOST`] classes, or one twice, or one that is no plain text.
pub(crate) fn read(folder: &Path) -> Result<Option<Vec<String>>, DataError> {
    let path = path(folder);
    if !path.exists() {
        return Ok(None);
    }
    let fail = |problem| DataError::file(&path, problem);
    let text = decode::decode(&open::small(&path, MOST_BYTES)?).map_err(fail)?;
    let names: Vec<_> = text.trim_end().lines().map(|line| decode::composed(line.trim())).collect();
    match names.len() {
        _ if names == [""] => return Err(fail(Problem::ClassCount(0))),
        1..=MOST => check(&names).map_err(fail)?,
        count => return Err(fail(Problem::ClassCount(count))),
    }
    Ok(Some(names))
}

/// Refuses names that a class cannot have, by their line, counted from 1.
pub(crate) fn check(names: &[String]) -> Result<(), Problem> {
    let mut lines = std::collections::HashMap::new();
    for (line, name) in (1..).zip(names) {
        if name.is_empty() {
            return Err(Problem::BlankName(line));
        }
        if name.len() > MOST_NAME {
            return Err(Problem::LongName { line, bytes: name.len() });
        }
        if !decode::is_plain(name) {
            return Err(Problem::NotPlain { line, name: name.escape_default().to_string() });
        }
        if let Some(first) = lines.insert(name, line) {
            return Err(Problem::NamedTwice { name: name.clone(), first, line });
        }
    }
    Ok(())
}
