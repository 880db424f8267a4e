//! Bytes of a model at an address that the parser accepts, without `unsafe`: a few more bytes are allocated, and the
//! contents begin at an aligned one.

use foldnet_data::bounded::{self, limit};
use std::io;
use std::ops::{Deref, DerefMut};
use std::path::Path;

/// Alignment of the first byte: more than any model file requires.
pub const ALIGNMENT: usize = 16;

/// Alignment that [`foldnet_core::Model::parse`] requires.
pub const PARSER_ALIGNMENT: usize = 4;

/// Bytes with a known alignment. Dereferences to `[u8]`.
#[derive(Debug)]
pub struct AlignedBytes {
    /// `start` bytes of slack, then the bytes. Never grown, so never moved.
    buffer: Vec<u8>,
    start: usize,
}

impl AlignedBytes {
    /// A copy of `bytes`, the first at a multiple of 16.
    pub fn from_slice(bytes: &[u8]) -> Self {
        Self::at_offset(bytes, 0)
    }

    /// `bytes`, the first at a multiple of 16.
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        Self::from_slice(&bytes)
    }

    /// The contents of a file, the first byte at a multiple of 16.
    ///
    /// # Errors
    /// If the file cannot be read, is not a regular file, or is larger than any model.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        bounded::read(path.as_ref(), limit::MODEL).map(Self::from_vec)
    }

    /// A copy of `bytes` that begins `offset` bytes after a multiple of 16. With 4, a model has exactly the alignment
    /// that the parser requires, which detects code that relies on more; with 1 it is not aligned at all.
    pub fn at_offset(bytes: &[u8], offset: usize) -> Self {
        let mut buffer = vec![0; bytes.len() + ALIGNMENT + offset];
        let start = buffer.as_ptr().align_offset(ALIGNMENT) + offset;
        buffer[start..start + bytes.len()].copy_from_slice(bytes);
        buffer.truncate(start + bytes.len());
        Self { buffer, start }
    }
}

impl Clone for AlignedBytes {
    /// A copy with the same alignment; the derived one would keep the offset but change the address.
    fn clone(&self) -> Self {
        Self::at_offset(self, self.as_ptr() as usize % ALIGNMENT)
    }
}

impl Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

impl DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_lie_where_they_should() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
            for offset in [0, 1, 4, 15] {
                let aligned = AlignedBytes::at_offset(&bytes, offset);
                let copy = aligned.clone();
                assert_eq!(aligned.as_ptr() as usize % ALIGNMENT, offset, "{len} bytes at {offset}");
                assert_eq!(copy.as_ptr() as usize % ALIGNMENT, offset, "copy of {len} bytes at {offset}");
                assert_eq!((&*aligned, &*copy), (&bytes[..], &bytes[..]));
            }
        }
    }
}
