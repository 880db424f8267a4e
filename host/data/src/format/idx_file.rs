//! The IDX format: an array of numbers of any type, big-endian.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 2 | 0 |
//! | 2 | 1 | type: 8 `u8`, 9 `i8`, 11 `i16`, 12 `i32`, 13 `f32`, 14 `f64` |
//! | 3 | 1 | number of dimensions |
//! | 4 | 4 each | sizes, the number of examples first |
//! | | | elements, the last index running fastest |
//!
//! A file is read once, into one buffer of its declared size (or the maximum for its length, if that is less).

use std::path::Path;

use crate::array::{Array, Element};
use crate::error::{DataError, IdxProblem, Problem};
use crate::unpack::{Contents, is_packed};

/// Bytes read between two progress reports, small enough to stay in the cache until they are hashed.
const CHUNK: usize = 1 << 18;

/// Maximum number of dimensions of an array of images.
const MOST_DIMENSIONS: u8 = 8;

/// The expected kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdxContent {
    Images,
    Labels,
}

impl IdxContent {
    /// The usual first four bytes.
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

    /// Refuses a number of dimensions that is invalid for this kind of file.
    fn check(self, dimensions: u8) -> Result<(), IdxProblem> {
        match (self, dimensions) {
            (Self::Images, 2..=MOST_DIMENSIONS) | (Self::Labels, 1) => Ok(()),
            (Self::Images, 1) => Err(IdxProblem::OneDimension),
            (Self::Images, _) => Err(IdxProblem::NoImages(dimensions)),
            (Self::Labels, _) => Err(IdxProblem::NoLabels(dimensions)),
        }
    }
}

/// One IDX file in memory.
#[derive(Debug)]
pub(crate) struct IdxFile {
    pub(crate) array: Array,
    /// Length of the unpacked contents in bytes, including the header.
    pub(crate) len: u64,
    /// Their SHA-256, in hex.
    pub(crate) sha256: String,
}

/// The header of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) element: Element,
    /// No dimension is zero.
    pub(crate) shape: Vec<usize>,
    /// Whether a file of this length can contain that much.
    pub(crate) possible: bool,
}

/// The header of the file at `path`.
pub(crate) fn head(path: &Path, kind: IdxContent) -> Result<Head, DataError> {
    read_header(&mut open(path)?, path, kind)
}

/// Reads the file at `path`; `progress` receives the bytes done and the total.
pub(crate) fn read(path: &Path, kind: IdxContent, mut progress: impl FnMut(u64, u64)) -> Result<IdxFile, DataError> {
    let mut contents = open(path)?;
    let Head { element, shape, .. } = read_header(&mut contents, path, kind)?;
    let declared = bytes_of(&shape, element);
    let short = |found: usize| DataError::file(path, IdxProblem::TooShort { what: kind.word(), declared, found });
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
        return Err(DataError::file(path, IdxProblem::TooLong { what: kind.word(), declared }));
    }
    let sha256 = contents.sha256();
    let len = 4 + 4 * shape.len() as u64 + size as u64;
    Ok(IdxFile { array: Array { shape, data: element.decode(bytes, true) }, len, sha256 })
}

fn open(path: &Path) -> Result<Contents<'_>, DataError> {
    Contents::open(path, is_packed(&path.to_string_lossy()))
}

/// Number of bytes for up to [`MOST_DIMENSIONS`] 32-bit sizes; saturates beyond 128 bits.
fn bytes_of(shape: &[usize], element: Element) -> u128 {
    shape.iter().fold(element.size() as u128, |bytes, &size| bytes.saturating_mul(size as u128))
}

/// Checks the first four bytes and reads the shape.
fn read_header(contents: &mut Contents, path: &Path, kind: IdxContent) -> Result<Head, DataError> {
    let fail = |problem: Problem| DataError::file(path, problem);
    let mut magic = [0; 4];
    if contents.fill(&mut magic)? < 4 {
        return Err(fail(IdxProblem::NoHeader.into()));
    }
    let element = type_of(magic, kind).map_err(|problem| fail(problem.into()))?;
    let mut sizes = vec![0; 4 * usize::from(magic[3])];
    if contents.fill(&mut sizes)? < sizes.len() {
        return Err(fail(IdxProblem::NoHeader.into()));
    }
    let shape: Vec<usize> =
        sizes.chunks_exact(4).map(|size| u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize).collect();
    let swapped: Vec<usize> = shape.iter().map(|&size| (size as u32).swap_bytes() as usize).collect();
    let [declared, swapped] = [&shape, &swapped].map(|shape| bytes_of(shape, element));
    let limit = u128::from(contents.limit());
    match shape[..] {
        [0, ..] => Err(fail(Problem::Nothing(kind.word()))),
        [_, ref rest @ ..] if rest.contains(&0) => Err(fail(Problem::Nothing("pixels in its images"))),
        _ if declared > limit && swapped <= limit => Err(fail(IdxProblem::LittleEndian.into())),
        _ => Ok(Head { element, shape, possible: declared <= limit }),
    }
}

/// The type of the elements, if the first four bytes are valid for this kind of file.
fn type_of(magic: [u8; 4], kind: IdxContent) -> Result<Element, IdxProblem> {
    match magic {
        [0, 0, code, dimensions] => {
            let element = element(code).ok_or(IdxProblem::Element(code))?;
            kind.check(dimensions).map(|()| element)
        }
        [_, code, 0, 0] if element(code).is_some() => Err(IdxProblem::LittleEndian),
        _ => {
            let found = u32::from_be_bytes(magic);
            Err(IdxProblem::Magic { what: kind.word(), found, expected: kind.magic() })
        }
    }
}

/// The type with this number.
fn element(code: u8) -> Option<Element> {
    match code {
        0x08 => Some(Element::U8),
        0x09 => Some(Element::I8),
        0x0b => Some(Element::I16),
        0x0c => Some(Element::I32),
        0x0d => Some(Element::F32),
        0x0e => Some(Element::F64),
        _ => None,
    }
}

/// An empty buffer with room for `size` bytes, or for `limit`, the most that the file can contain, so that a header
/// alone cannot cause a large allocation.
fn reserve(size: usize, limit: u64) -> Result<Vec<u8>, Problem> {
    let size = size.min(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| Problem::NoMemory(size))?;
    Ok(bytes)
}
