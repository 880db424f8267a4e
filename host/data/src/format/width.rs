//! Limits the width of a table before its first line takes memory.

use std::io::{Error, Read, Result};

use crate::error::ColumnProblem;

/// Maximum number of input columns: the maximum for a network.
pub(super) const MOST_INPUTS: usize = 65_535;

/// Maximum total number of columns: inputs, with room for targets and others.
const MOST_COLUMNS: usize = 2 * MOST_INPUTS;

/// Maximum length of a line in bytes: 256 for each of the maximum number of columns.
const MOST_LINE: usize = 256 * MOST_COLUMNS;

/// A reader that fails on lines wider than a table may be.
pub(super) struct Bounded {
    text: Box<dyn Read>,
    delimiter: u8,
    /// Number of delimiters in the current line.
    delimiters: usize,
    bytes: usize,
}

impl Bounded {
    pub(super) fn new(text: Box<dyn Read>, delimiter: u8) -> Self {
        Self { text, delimiter, delimiters: 0, bytes: 0 }
    }

    /// Counts on to the end of the current line, which `rest` and later data belong to.
    fn fail(&mut self, mut rest: Vec<u8>) -> Error {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let end = rest.iter().position(|&byte| byte == b'\n');
            self.count(&rest[..end.unwrap_or(rest.len())]);
            match (end, self.text.read(&mut buffer)) {
                (None, Ok(read)) if read > 0 => rest = buffer[..read].to_vec(),
                _ => break,
            }
        }
        Error::other(match self.delimiters >= MOST_COLUMNS {
            true => ColumnProblem::TooWide { found: self.delimiters + 1, most: MOST_INPUTS },
            false => ColumnProblem::LongLine { found: self.bytes, most: MOST_LINE },
        })
    }

    fn count(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.delimiters += bytes.iter().filter(|&&byte| byte == self.delimiter).count();
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.text.read(buffer)?;
        for line in buffer[..read].split_inclusive(|&byte| byte == b'\n') {
            self.count(line);
            if self.delimiters >= MOST_COLUMNS || self.bytes > MOST_LINE {
                let behind = line.as_ptr_range().end as usize - buffer.as_ptr() as usize;
                let rest = if line.ends_with(b"\n") { b"\n".to_vec() } else { buffer[behind..read].to_vec() };
                return Err(self.fail(rest));
            }
            if line.ends_with(b"\n") {
                (self.delimiters, self.bytes) = (0, 0);
            }
        }
        Ok(read)
    }
}

/// The problem that made reading fail, if it was the width.
pub(super) fn too_wide(cause: &Error) -> Option<&ColumnProblem> {
    cause.get_ref()?.downcast_ref()
}
