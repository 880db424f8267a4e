//! A file's contents as a stream: unpacked if it is gzip, whatever its name, and hashed while it is read.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::error::{DataError, GzipProblem, Problem};
use crate::open;
use crate::text;

/// Maximum number of bytes that a byte of deflate unpacks to (RFC 1951: 258 bytes from two bits).
pub(crate) const MAX_EXPANSION: u64 = 1032;

/// The first bytes of every gzip member.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Packed bytes read at a time.
const BUFFER: usize = 1 << 17;

/// The unpacked contents of one file, from beginning to end.
pub(crate) struct Contents<'a> {
    path: &'a Path,
    stream: Box<dyn Read>,
    hasher: Sha256,
    limit: u64,
}

impl<'a> Contents<'a> {
    /// Opens `path`, unpacking once or twice if necessary; an empty file, and a `packed` one that is not gzip, are
    /// errors.
    pub(crate) fn open(path: &'a Path, packed: bool) -> Result<Self, DataError> {
        let unreadable = |cause: io::Error| DataError::file(path, unreadable(&cause));
        let file = open::regular(path)?;
        let packed_len = file.metadata().map_err(unreadable)?.len();
        let mut file = BufReader::with_capacity(BUFFER, file);
        let start = file.fill_buf().map_err(unreadable)?;
        if start.is_empty() {
            return Err(DataError::file(path, Problem::Empty));
        }
        if packed && !start.starts_with(&GZIP_MAGIC) {
            return Err(DataError::file(path, GzipProblem::NotGzip));
        }
        let (stream, limit): (Box<dyn Read>, u64) = if start.starts_with(&GZIP_MAGIC) {
            let mut inner = BufReader::with_capacity(BUFFER, MultiGzDecoder::new(file));
            let limit = packed_len.saturating_mul(MAX_EXPANSION);
            // Some browsers and archives compress twice. Errors in the stream surface when it is read.
            match inner.fill_buf().map_err(unreadable)?.starts_with(&GZIP_MAGIC) {
                true => (Box::new(MultiGzDecoder::new(inner)), limit.saturating_mul(MAX_EXPANSION)),
                false => (Box::new(inner), limit),
            }
        } else {
            (Box::new(file), packed_len)
        };
        Ok(Self { path, stream, hasher: Sha256::new(), limit })
    }

    /// Upper bound of the unpacked size of a file of this length, to check before allocating.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Fills `buffer` as far as the contents reach, and returns the number of bytes. A short count means that the end
    /// was reached and gzip's own checksums are correct.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, DataError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.stream.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Err(DataError::file(self.path, unreadable(&cause))),
            }
        }
        self.hasher.update(&buffer[..filled]);
        Ok(filled)
    }

    /// SHA-256, in hex, of everything read so far.
    pub(crate) fn sha256(self) -> String {
        text::hex(&self.hasher.finalize())
    }
}

/// Whether a file of this name is gzip.
pub(crate) fn is_packed(name: &str) -> bool {
    name.ends_with(".gz")
}

/// SHA-256, in hex, of the unpacked contents of the file at `path`. Reads little more than `len` bytes of them, because
/// a file may unpack to a thousand times its size.
pub(crate) fn sha256_of(path: &Path, packed: bool, len: u64) -> Result<String, DataError> {
    let mut contents = Contents::open(path, packed)?;
    let (mut buffer, mut read) = (vec![0; BUFFER], 0);
    while read <= len && contents.fill(&mut buffer)? == buffer.len() {
        read += buffer.len() as u64;
    }
    Ok(contents.sha256())
}

/// Flate2 reports faults of the stream as I/O errors of these kinds; all others come from the system.
fn unreadable(cause: &io::Error) -> Problem {
    match cause.kind() {
        ErrorKind::NotFound => Problem::Missing,
        ErrorKind::UnexpectedEof => GzipProblem::Truncated.into(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => GzipProblem::Damaged(cause.to_string()).into(),
        _ => Problem::Unreadable(cause.to_string()),
    }
}
