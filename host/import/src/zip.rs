//! Zip files as written by Keras (`.keras`) and PyTorch (`.pt`): entries stored or deflated, checked by their CRC.
//!
//! Read from the central directory at the end. Encrypted, split and Zip64 files are refused by name.

use crate::bytes::Cursor;
use crate::error::{Fault, MAX_FILE};
use std::io::Read;

const FORMAT: &str = "zip";

/// The signature of a zip file.
pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";

/// A file of a zip file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    offset: u32,
}

/// The entries of a zip archive.
#[derive(Debug)]
pub(crate) struct Zip<'a> {
    bytes: &'a [u8],
    pub(crate) entries: Vec<Entry>,
}

impl<'a> Zip<'a> {
    /// # Errors
    /// If the central directory is missing or damaged.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        // The end-of-central-directory record has 22 bytes plus a comment of up to 65,535.
        let from = bytes.len().saturating_sub(22 + 65_535);
        let tail = &bytes[from..];
        let found = tail.windows(4).rposition(|window| window == b"PK\x05\x06");
        let Some(found) = found else { return Err(Fault::broken(FORMAT, "its end record is missing")) };
        let mut end = Cursor::new(FORMAT, bytes, (from + found) as u64 + 10);
        let (count, _, start) = (end.u16()?, end.u32()?, end.u32()?);
        if count == u16::MAX || start == u32::MAX {
            return Err(Fault::Unread("a Zip64 archive, which only files over 4 GB need".into()));
        }
        let mut cursor = Cursor::new(FORMAT, bytes, start.into());
        let entries = (0..count).map(|_| entry(&mut cursor)).collect::<Result<_, _>>()?;
        Ok(Self { bytes, entries })
    }

    /// The contents of the file with this name.
    ///
    /// # Errors
    /// If it does not exist, is damaged, or too large.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Fault> {
        let entry = self.entries.iter().find(|entry| entry.name == name);
        let entry = entry.ok_or_else(|| Fault::broken(FORMAT, format!("it has no {name}")))?;
        if u64::from(entry.size) > MAX_FILE {
            return Err(Fault::TooLarge { bytes: entry.size.into() });
        }
        let mut cursor = Cursor::new(FORMAT, self.bytes, entry.offset.into());
        cursor.expect(MAGIC)?;
        cursor.skip(22)?;
        let (name_len, extra) = (cursor.u16()?, cursor.u16()?);
        cursor.skip(u64::from(name_len) + u64::from(extra))?;
        let packed = cursor.take(entry.packed.into())?;
        let contents = match entry.method {
            0 => packed.to_vec(),
            8 => inflate(flate2::read::DeflateDecoder::new(packed), entry.size.into())?,
            method => {
                return Err(Fault::Unread(format!(
                    "{name} is packed by method {method}; only stored and deflated are read"
                )));
            }
        };
        let mut crc = flate2::Crc::new();
        crc.update(&contents);
        if contents.len() as u64 != u64::from(entry.size) || crc.sum() != entry.crc {
            return Err(Fault::broken(FORMAT, format!("the checksum of {name} differs")));
        }
        Ok(contents)
    }
}

/// Unpacks at most `size` bytes of `packed`.
pub(crate) fn inflate(packed: impl Read, size: u64) -> Result<Vec<u8>, Fault> {
    if size > MAX_FILE {
        return Err(Fault::TooLarge { bytes: size });
    }
    let mut out = Vec::new();
    let read = packed.take(size).read_to_end(&mut out);
    read.map_err(|error| Fault::broken(FORMAT, format!("packed data: {error}")))?;
    Ok(out)
}

/// A line of the central directory.
fn entry(cursor: &mut Cursor) -> Result<Entry, Fault> {
    cursor.expect(b"PK\x01\x02")?;
    cursor.skip(4)?;
    let (flags, method) = (cursor.u16()?, cursor.u16()?);
    cursor.skip(4)?;
    let (crc, packed, size) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let (name, extra, comment) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    cursor.skip(8)?;
    let offset = cursor.u32()?;
    let name = String::from_utf8_lossy(cursor.take(name.into())?).into_owned();
    cursor.skip(u64::from(extra) + u64::from(comment))?;
    if flags & 1 == 1 {
        return Err(Fault::Unread(format!("{name} is encrypted")));
    }
    Ok(Entry { name, method, crc, packed, size, offset })
}
