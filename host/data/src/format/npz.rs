//! NumPy's `.npz`: a zip archive of `.npy` files.
//!
//! It must contain `x_train`, `y_train`, `x_test` and `y_test`, or `x` and `y`; capital letters are also accepted.
//! Entries may be stored or deflated. Sizes are those of the archive's directory, and no entry may unpack to more than
//! its packed bytes can contain.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::npy;
use super::reader::{Content, Format, Inputs, Names, Start};
use super::rows::Rows;
use crate::array::Array;
use crate::error::{DataError, GzipProblem, NpzProblem, Problem};
use crate::file_kind::ZIP;
use crate::open;
use crate::options::Options;
use crate::unpack::MAX_EXPANSION;

pub(super) const FORMAT: Format = Format {
    names: Names::File { short: "NPZ", kind: ".npz" },
    is: |start| matches!(start, Start::File(start) if start.starts_with(ZIP)),
    content: Content::Arrays(read),
    inputs: Inputs::Refused("a zip archive, such as an .npz"),
};

/// Size of the record at an archive's end, and of the longest comment after it.
const END: u64 = 22;
const COMMENT: u64 = 65_535;

/// Maximum size of a directory: a few thousand entries.
const MOST_DIRECTORY: u64 = 1 << 20;

/// Names of the arrays that are read.
const READ: [&str; 6] = ["x_train", "y_train", "x_test", "y_test", "x", "y"];

/// Reads training examples, and test examples if the file has them separately.
fn read(path: &Path, options: &Options) -> Result<(Rows, Option<Rows>), DataError> {
    let mut archive = Archive::open(path)?;
    if archive.has("x_train") && archive.has("x") {
        return Err(DataError::file(path, NpzProblem::TwoSets));
    }
    let mut rows = |x: &'static str, y: &'static str| -> Result<Option<Rows>, DataError> {
        let Some(inputs) = archive.array(x)? else { return Ok(None) };
        let answers = archive.array(y)?.map(|answers| (path, answers));
        npy::rows(path, inputs, answers, options).map(Some)
    };
    let (train, test) = (rows("x_train", "y_train")?, rows("x_test", "y_test")?);
    let whole = if train.is_none() { rows("x", "y")? } else { train };
    let missing = || NpzProblem::NoArrays(archive.names());
    let mut whole = whole.ok_or_else(|| DataError::file(path, missing()))?;
    whole.notes.extend(archive.unread());
    Ok((whole, test))
}

/// One entry of the directory.
struct Entry {
    name: String,
    deflated: bool,
    crc: u32,
    packed: u64,
    unpacked: u64,
    offset: u64,
}

impl Entry {
    /// The name without its extension.
    fn array_name(&self) -> &str {
        self.name.strip_suffix(".npy").unwrap_or(&self.name)
    }

    fn is(&self, name: &str) -> bool {
        self.array_name().eq_ignore_ascii_case(name)
    }
}

struct Archive<'a> {
    path: &'a Path,
    file: File,
    length: u64,
    entries: Vec<Entry>,
}

impl<'a> Archive<'a> {
    fn open(path: &'a Path) -> Result<Self, DataError> {
        let mut file = open::regular(path)?;
        let (length, entries) = directory(&mut file).map_err(|problem| DataError::file(path, problem))?;
        Ok(Self { path, file, length, entries })
    }

    fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.is(name))
    }

    /// A note about arrays that are not read, if there are any.
    fn unread(&self) -> Option<String> {
        let unread = self.entries.iter().filter(|entry| !READ.iter().any(|name| entry.is(name)));
        let names: Vec<&str> = unread.map(Entry::array_name).take(10).collect();
        (!names.is_empty())
            .then(|| format!("{} in the file are ignored; only {} are read", names.join(", "), READ.join(", ")))
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.entries.iter().take(10).map(|entry| entry.name.as_str()).collect();
        names.join(", ")
    }

    /// The array with this name, in lower or upper case.
    fn array(&mut self, name: &'static str) -> Result<Option<Array>, DataError> {
        let mut named = self.entries.iter().filter(|entry| entry.is(name));
        let Some(entry) = named.next() else { return Ok(None) };
        if named.next().is_some() {
            return Err(DataError::file(self.path, NpzProblem::TwoArrays(name)));
        }
        let read = unpack(&mut self.file, self.length, entry);
        let array = read.and_then(|bytes| npy::parse(&mut &bytes[..], bytes.len() as u64));
        array.map(Some).map_err(|problem| DataError::file(&self.path.join(&entry.name), problem))
    }
}

/// The bytes of one entry.
fn unpack(file: &mut File, length: u64, entry: &Entry) -> Result<Vec<u8>, Problem> {
    let broken = |_| NpzProblem::NotZip;
    file.seek(SeekFrom::Start(entry.offset)).map_err(broken)?;
    let mut local = [0; 30];
    file.read_exact(&mut local).map_err(broken)?;
    let start = entry.offset + 30 + u64::from(number(&local, 26, 2)) + u64::from(number(&local, 28, 2));
    let most = if entry.deflated { entry.packed.saturating_mul(MAX_EXPANSION) } else { entry.packed };
    if !local.starts_with(ZIP) || start.saturating_add(entry.packed) > length || entry.unpacked > most {
        return Err(NpzProblem::NotZip.into());
    }
    file.seek(SeekFrom::Start(start)).map_err(broken)?;
    let size = usize::try_from(entry.unpacked).map_err(|_| Problem::NoMemory(usize::MAX))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| Problem::NoMemory(size))?;
    let packed = file.take(entry.packed);
    let read = match entry.deflated {
        true => DeflateDecoder::new(packed).take(entry.unpacked).read_to_end(&mut bytes),
        false => packed.take(entry.unpacked).read_to_end(&mut bytes),
    };
    read.map_err(|cause| GzipProblem::Damaged(cause.to_string()))?;
    let mut crc = Crc::new();
    crc.update(&bytes);
    match bytes.len() == size && crc.sum() == entry.crc {
        true => Ok(bytes),
        false => Err(GzipProblem::Damaged("its checksum does not match".into()).into()),
    }
}

/// The length of the file, and its directory.
fn directory(file: &mut File) -> Result<(u64, Vec<Entry>), Problem> {
    let broken = |_| NpzProblem::NotZip;
    let length = file.seek(SeekFrom::End(0)).map_err(broken)?;
    let tail_start = length.saturating_sub(END + COMMENT);
    file.seek(SeekFrom::Start(tail_start)).map_err(broken)?;
    let mut tail = Vec::new();
    file.take(END + COMMENT).read_to_end(&mut tail).map_err(broken)?;
    let end = tail.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").filter(|&at| tail.len() - at >= END as usize);
    let end = &tail[end.ok_or(NpzProblem::NotZip)?..];
    let (size, offset) = (u64::from(number(end, 12, 4)), u64::from(number(end, 16, 4)));
    if size > MOST_DIRECTORY || offset + size > length {
        return Err(NpzProblem::NotZip.into());
    }
    file.seek(SeekFrom::Start(offset)).map_err(broken)?;
    let mut listing = vec![0; size as usize];
    file.read_exact(&mut listing).map_err(broken)?;
    let (mut entries, mut rest) = (Vec::new(), &listing[..]);
    while !rest.is_empty() {
        let (entry, after) = entry(rest).ok_or(NpzProblem::NotZip)?;
        entries.push(entry);
        rest = after;
    }
    Ok((length, entries))
}

/// Parses one entry; also returns what follows it.
fn entry(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    if bytes.len() < 46 || !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let field = |at, size| u64::from(number(bytes, at, size));
    let [name, extra, comment] = [28, 30, 32].map(|at| field(at, 2) as usize);
    let text: String = String::from_utf8_lossy(bytes.get(46..46 + name)?).into_owned();
    let entry = Entry {
        name: text.chars().filter(|c| !c.is_control()).take(80).collect(),
        deflated: match field(10, 2) {
            0 => false,
            8 => true,
            _ => return None,
        },
        crc: number(bytes, 16, 4),
        packed: field(20, 4),
        unpacked: field(24, 4),
        offset: field(42, 4),
    };
    // Bit 0 of the flags marks encryption.
    (field(8, 2) & 1 == 0).then_some(())?;
    Some((entry, bytes.get(46 + name + extra + comment..)?))
}

/// A little-endian number of up to four bytes.
fn number(bytes: &[u8], at: usize, size: usize) -> u32 {
    bytes[at..at + size].iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}
