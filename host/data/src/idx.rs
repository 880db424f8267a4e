//! The IDX format: images (`0x803`) and labels (`0x801`), both of unsigned bytes.
//!
//! | offset | bytes | images | labels |
//! |---|---|---|---|
//! | 0 | 4 | `0x00000803` | `0x00000801` |
//! | 4 | 4 | `N` | `N` |
//! | 8 | 4 | `H` | first label |
//! | 12 | 4 | `W` | |
//! | 16 | `N*H*W` | pixels `[N][H][W]` | |
//!
//! Numbers are big-endian. A file is read once, into one buffer of its declared size (or of
//! what its length can hold, if that is less).

use std::path::Path;

use crate::error::{DataError, Problem};
use crate::unpack::{Contents, is_packed};

/// Bytes read between two progress reports; stays in the cache until it is hashed.
const CHUNK: usize = 1 << 18;

/// What one file should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Images,
    Labels,
}

impl Kind {
    fn magic(self) -> u32 {
        match self {
            Self::Images => 0x803,
            Self::Labels => 0x801,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }

    /// Dimensions in the header: the magic number's last byte.
    fn dimensions(self) -> usize {
        (self.magic() & 0xff) as usize
    }
}

/// One IDX file in memory.
#[derive(Debug)]
pub(crate) struct IdxFile {
    /// `[N][H][W]` or `[N]`.
    pub(crate) bytes: Vec<u8>,
    /// `[N, H, W]`; `[N, 1, 1]` for labels.
    pub(crate) shape: [usize; 3],
    /// Hex SHA-256 of the unpacked contents, header included.
    pub(crate) sha256: String,
}

/// Reads the file at `path`; `progress` is given bytes done and bytes in all.
pub(crate) fn read(path: &Path, kind: Kind, mut progress: impl FnMut(u64, u64)) -> Result<IdxFile, DataError> {
    let fail = |problem| Err(DataError::file(path, problem));
    let mut contents = Contents::open(path, is_packed(&path.to_string_lossy()))?;
    let shape = read_header(&mut contents, path, kind)?;
    // Three numbers of 32 bits: up to 96 bits.
    let declared: u128 = shape.iter().map(|&size| size as u128).product();
    let short = |found: usize| DataError::file(path, Problem::TooShort { what: kind.word(), declared, found });
    let size = usize::try_from(declared).unwrap_or(usize::MAX);
    let mut bytes = reserve(size, contents.limit()).map_err(|problem| DataError::file(path, problem))?;
    while bytes.len() < size {
        let start = bytes.len();
        bytes.resize(size.min(start + CHUNK), 0);
        let found = start + contents.fill(&mut bytes[start..])?;
        if found < bytes.len() {
            return Err(short(found));
        }
        progress(found as u64, size as u64);
    }
    if contents.fill(&mut [0])? > 0 {
        return fail(Problem::TooLong { what: kind.word(), declared });
    }
    Ok(IdxFile { bytes, shape, sha256: contents.sha256() })
}

/// Checks the magic number and reads the shape; no dimension of it is zero.
fn read_header(contents: &mut Contents, path: &Path, kind: Kind) -> Result<[usize; 3], DataError> {
    let fail = |problem| Err(DataError::file(path, problem));
    let mut header = [0; 16];
    let header = &mut header[..4 + 4 * kind.dimensions()];
    let found = contents.fill(header)?;
    let mut numbers = header.chunks_exact(4).map(|n| u32::from_be_bytes([n[0], n[1], n[2], n[3]]));
    let magic = numbers.next().unwrap_or(0);
    if found >= 4 && magic != kind.magic() {
        return fail(Problem::Magic { what: kind.word(), found: magic, expected: kind.magic() });
    }
    if found < header.len() {
        return fail(Problem::NoHeader);
    }
    let mut shape = [1; 3];
    for (size, number) in shape.iter_mut().zip(numbers) {
        *size = number as usize;
    }
    match shape {
        [0, ..] => fail(Problem::Nothing(kind.word())),
        [_, 0, _] | [_, _, 0] => fail(Problem::Nothing("pixels in its images")),
        _ => Ok(shape),
    }
}

/// An empty buffer with room for `size` bytes, or for the `limit` that the file can hold at most:
/// a header's word alone allocates nothing.
fn reserve(size: usize, limit: u64) -> Result<Vec<u8>, Problem> {
    let size = size.min(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| Problem::NoMemory(size))?;
    Ok(bytes)
}
