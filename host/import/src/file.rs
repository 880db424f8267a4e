//! Reads regular files of limited size.

use crate::error::{Fault, MAX_FILE};
use std::io::Read;
use std::path::Path;

/// The contents of a regular file of at most [`MAX_FILE`] bytes.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Fault> {
    let meta = std::fs::metadata(path).map_err(Fault::Unreadable)?;
    if !meta.is_file() {
        return Err(Fault::NotRegular);
    }
    if meta.len() > MAX_FILE {
        return Err(Fault::TooLarge { bytes: meta.len() });
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(Fault::Unreadable)?;
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(Fault::Unreadable)?;
    Ok(bytes)
}
