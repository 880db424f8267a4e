//! A cursor over untrusted bytes: every read is checked, nothing panics, nothing is copied.

use crate::error::Fault;

/// Position of the next read in a file. All numbers are little-endian.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    format: &'static str,
}

impl<'a> Cursor<'a> {
    /// At byte `at` of a file; `format` is the name for errors.
    pub(crate) fn new(format: &'static str, bytes: &'a [u8], at: u64) -> Self {
        Self { bytes, at: usize::try_from(at).unwrap_or(usize::MAX), format }
    }

    /// The error for this position.
    pub(crate) fn broken(&self, why: &str) -> Fault {
        Fault::broken(self.format, format!("{why} (at byte {})", self.at))
    }

    pub(crate) fn at(&self) -> u64 {
        self.at as u64
    }

    /// Number of bytes after the cursor.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// # Errors
    /// If the file ends before.
    pub(crate) fn take(&mut self, len: u64) -> Result<&'a [u8], Fault> {
        let len = usize::try_from(len).ok();
        let end = len.and_then(|len| self.at.checked_add(len));
        let slice = end.and_then(|end| self.bytes.get(self.at..end).map(|slice| (slice, end)));
        let Some((slice, end)) = slice else { return Err(self.broken("the file ends too early")) };
        self.at = end;
        Ok(slice)
    }

    pub(crate) fn skip(&mut self, len: u64) -> Result<(), Fault> {
        self.take(len).map(|_| ())
    }

    /// A number of `width` bytes, at most 8.
    pub(crate) fn uint(&mut self, width: u8) -> Result<u64, Fault> {
        let bytes = self.take(width.into())?;
        Ok(bytes.iter().rev().take(8).fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?.first().copied().unwrap_or(0))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        Ok(self.uint(2)? as u16)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        Ok(self.uint(4)? as u32)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        self.uint(8)
    }

    /// # Errors
    /// If the bytes here differ.
    pub(crate) fn expect(&mut self, mark: &[u8]) -> Result<(), Fault> {
        let before = *self;
        if self.take(mark.len() as u64)? == mark { Ok(()) } else { Err(before.broken("a signature is missing")) }
    }
}
