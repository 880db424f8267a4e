//! What a file seems to be, by its first bytes: for messages about a file of the wrong kind.
//!
//! The signatures of formats that this crate reads are declared here. This crate depends on no other one of Foldnet, so
//! it states those of `foldnet-core` (`.fnet`) and `foldnet-import` once more.

use std::io::Read;
use std::path::Path;

use crate::bounded;

/// First bytes of an `.npy`.
pub(crate) const NPY: &[u8] = b"\x93NUMPY";

/// First bytes of a zip archive, such as an `.npz`.
pub(crate) const ZIP: &[u8] = b"PK\x03\x04";

/// Possible delimiters of a text table, the more likely ones first.
pub(crate) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Number of bytes that are enough to recognize a file.
pub const START: usize = 4096;

/// A kind of file that users give in place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A device model, `.fnet`.
    Model,
    /// Safetensors.
    Checkpoint,
    /// A model of another tool, which `foldnet import` reads.
    Foreign,
    /// A PNG picture.
    Picture,
    /// An array, `.npy`.
    Array,
    /// An archive of arrays, `.npz`.
    Arrays,
    /// A file packed by gzip.
    Gzip,
    /// A pointer of Git LFS to a file that was not fetched.
    Pointer,
    /// A program, such as firmware, in ELF.
    Program,
    /// A table of text.
    Table,
    /// Any other text.
    Text,
}

impl FileKind {
    /// The kind of a file that begins with `start`, which is the whole file if it is shorter than [`START`].
    pub fn of(start: &[u8]) -> Option<Self> {
        let signatures: [(&[u8], Self); 8] = [
            (b"FNET", Self::Model),
            (b"\x89PNG\r\n\x1a\n", Self::Picture),
            (NPY, Self::Array),
            (b"\x89HDF\r\n\x1a\n", Self::Foreign),
            (ZIP, Self::Foreign),
            (b"\x1f\x8b\x08", Self::Gzip),
            (bounded::POINTER, Self::Pointer),
            (b"\x7fELF", Self::Program),
        ];
        let signed = signatures.into_iter().find(|(signature, _)| start.starts_with(signature));
        match signed {
            Some((_, Self::Foreign)) if start.starts_with(ZIP) => of_archive(entry_name(start)),
            Some((_, kind)) => Some(kind),
            None if start.get(4..8) == Some(b"TFL3") || is_onnx(start) => Some(Self::Foreign),
            None if start.get(8) == Some(&b'{') && header_len(start).is_some_and(|len| len < 1 << 32) => {
                Some(Self::Checkpoint)
            }
            None => text(start).map(|text| if is_table(text) { Self::Table } else { Self::Text }),
        }
    }

    /// The kind of the file at `path`, if it can be read.
    pub fn at(path: &Path) -> Option<Self> {
        let (file, _) = bounded::open(path).ok()?;
        let mut start = Vec::new();
        file.take(START as u64).read_to_end(&mut start).ok()?;
        Self::of(&start)
    }

    /// Whether it is recognized by a signature that is unlikely to occur in other data by chance.
    pub fn is_certain(self) -> bool {
        !matches!(self, Self::Table | Self::Text)
    }

    /// What it is, with its article, such as `a PNG picture`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "a device model (.fnet)",
            Self::Checkpoint => "a checkpoint (.safetensors)",
            Self::Foreign => "a model of another tool",
            Self::Picture => "a PNG picture",
            Self::Array => "a NumPy array (.npy)",
            Self::Arrays => "a NumPy archive (.npz)",
            Self::Gzip => "a gzip archive",
            Self::Pointer => "a Git LFS pointer",
            Self::Program => "a program (.elf)",
            Self::Table => "a table of text",
            Self::Text => "a text file",
        }
    }

    /// What to do with it, as a remedy; `None` for text, which nothing takes.
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Model => Some("evaluate, predict, inspect and foldnet-sim take it"),
            Self::Checkpoint => Some("evaluate, predict and export take it"),
            Self::Foreign => Some("import reads it"),
            Self::Picture => Some("predict --image takes it"),
            Self::Array | Self::Table => Some("--dataset and predict --input take it"),
            Self::Arrays => Some("--dataset takes it"),
            Self::Gzip => Some("unpack it first"),
            Self::Pointer => Some("fetch the file itself with git lfs pull"),
            Self::Program => Some("foldnet-sim --firmware takes it"),
            Self::Text => None,
        }
    }
}

/// The kind of a zip archive, by the name of its first entry: Keras's and PyTorch's have names of their own.
fn of_archive(first: &[u8]) -> Option<FileKind> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| first.ends_with(ending.as_bytes()));
    match first {
        _ if ends(&[".npy"]) => Some(FileKind::Arrays),
        _ if ends(&["metadata.json", "config.json", "model.weights.h5", "/data.pkl", "/.data/serialization_id"]) => {
            Some(FileKind::Foreign)
        }
        _ => None,
    }
}

/// Whether it begins as ONNX: with the version of the format, and the name of the program that wrote it.
fn is_onnx(start: &[u8]) -> bool {
    let [8, 1..=32, 0x12, len, rest @ ..] = start else { return false };
    let name = rest.get(..usize::from(*len)).unwrap_or_default();
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// Name of the first entry of a zip archive, which follows its header.
fn entry_name(start: &[u8]) -> &[u8] {
    let len = start.get(26..28).map_or(0, |bytes| usize::from(bytes[0]) | usize::from(bytes[1]) << 8);
    start.get(30..30 + len).unwrap_or_default()
}

/// Length of the header of a safetensors file.
fn header_len(start: &[u8]) -> Option<u64> {
    start.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The start of a file as text, if it is plain text; a character that is cut at its end does not count.
fn text(start: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&start[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let plain = |character: char| matches!(character, '\n' | '\r' | '\t') || !character.is_control();
    (!text.is_empty() && text.chars().all(plain)).then_some(text)
}

/// Whether the first two lines have the same number of fields, and more than one.
fn is_table(text: &str) -> bool {
    let mut lines = text.lines();
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let fields = |line: &str, delimiter| line.matches(char::from(delimiter)).count();
    DELIMITERS.into_iter().any(|by| fields(first, by) > 0 && fields(first, by) == fields(second, by))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recognized_by_their_first_bytes() {
        let check = |start: &[u8], expected| assert_eq!(FileKind::of(start), expected, "{start:?}");
        check(b"FNET\x01", Some(FileKind::Model));
        check(b"\x89PNG\r\n\x1a\n\0\0", Some(FileKind::Picture));
        check(b"\x40\0\0\0\0\0\0\0{\"a\"", Some(FileKind::Checkpoint));
        check(b"\x1c\0\0\0TFL3", Some(FileKind::Foreign));
        check(b"PK\x03\x04", None);
        check(&[b"PK\x03\x04".as_slice(), &[0; 22], b"\x0d\0\0\0metadata.json"].concat(), Some(FileKind::Foreign));
        check(&[b"PK\x03\x04".as_slice(), &[0; 22], b"\x05\0\0\0x.npy"].concat(), Some(FileKind::Arrays));
        check(b"a,b\n1,2\n", Some(FileKind::Table));
        check(b"a\tb\r\n1\t2", Some(FileKind::Table));
        check(b"a|b\n1|2\n", Some(FileKind::Table));
        check(b"Dear reader,\nhello", Some(FileKind::Text));
        check("ä".as_bytes().split_at(1).0, None);
        check(b"text, cut \xc3", Some(FileKind::Text));
        check(b"", None);
        check(b"\x08\x07\x12\x04", None);
        check(b"\x08\x07\x12\x04onnx", Some(FileKind::Foreign));
        check(b"\x7fELF\x01", Some(FileKind::Program));
    }
}
