//! The section table of a model file: its sections and their positions.

use super::file::{CRC_LEN, PREFIX};
use crate::model::header::padded;

/// Size of an entry in bytes.
pub(super) const ENTRY: usize = 12;

/// The flag of a section that a program must support.
pub(super) const REQUIRED: u16 = 1;

/// The known sections. Their numbers never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Tag {
    /// Shape and sizes. Required.
    Header = 1,
    /// Type of the inputs and their conversion to activations. Required.
    Input = 2,
    /// The layers. Required.
    Layers = 3,
    /// Meaning of the outputs. Required.
    Head = 4,
    /// Names of the classes or outputs.
    Names = 5,
    /// SHA-256 of the data set that the network was trained on.
    Dataset = 6,
}

/// The last tag with a meaning: 7, 8 and 9 are reserved for quantiles of the inputs, statistics of each class, and
/// parameters that a device may train.
const LAST_TAG: u16 = 9;

/// An entry of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) tag: u16,
    pub(super) flags: u16,
    pub(super) offset: u32,
    pub(super) len: u32,
}

impl Entry {
    /// The entry as stored in the file.
    pub(super) fn bytes(self) -> [u8; ENTRY] {
        let ([t0, t1], [f0, f1]) = (self.tag.to_le_bytes(), self.flags.to_le_bytes());
        let ([o0, o1, o2, o3], [l0, l1, l2, l3]) = (self.offset.to_le_bytes(), self.len.to_le_bytes());
        [t0, t1, f0, f1, o0, o1, o2, o3, l0, l1, l2, l3]
    }

    fn from_bytes(bytes: &[u8; ENTRY]) -> Self {
        let [t0, t1, f0, f1, o0, o1, o2, o3, l0, l1, l2, l3] = *bytes;
        Self {
            tag: u16::from_le_bytes([t0, t1]),
            flags: u16::from_le_bytes([f0, f1]),
            offset: u32::from_le_bytes([o0, o1, o2, o3]),
            len: u32::from_le_bytes([l0, l1, l2, l3]),
        }
    }
}

/// The entries of a file's table, as many as the file declares; empty if the file is too short for them.
pub(super) fn entries(file: &[u8]) -> impl ExactSizeIterator<Item = Entry> + use<'_> {
    let count = file.get(6..8).and_then(|count| count.try_into().ok()).map_or(0, u16::from_le_bytes);
    let table = file.get(PREFIX..PREFIX + usize::from(count) * ENTRY).unwrap_or(&[]);
    table.chunks_exact(ENTRY).map(|entry| Entry::from_bytes(entry.try_into().unwrap_or(&[0; ENTRY])))
}

/// The bytes of the section with this tag; `None` if the model has none.
pub(super) fn find(file: &[u8], tag: Tag) -> Option<&[u8]> {
    let entry = entries(file).find(|entry| entry.tag == tag as u16)?;
    let offset = entry.offset as usize;
    file.get(offset..offset.checked_add(entry.len as usize)?)
}

/// Checks that the sections follow each other from the end of the table to the checksum, each at the next multiple of
/// 16, with no tag twice. The error is the tag of a required section that this program does not know, if that is the
/// cause.
pub(super) fn check(file: &[u8]) -> Result<(), Option<u16>> {
    let count = file.get(6..8).and_then(|count| count.try_into().ok()).map_or(0, u16::from_le_bytes);
    if usize::from(count) != entries(file).len() {
        return Err(None);
    }
    let mut at = padded(PREFIX + usize::from(count) * ENTRY);
    let mut seen = 0u32;
    for entry in entries(file) {
        let known = entry.tag != 0 && entry.tag <= LAST_TAG;
        if entry.flags & REQUIRED != 0 && !known {
            return Err(Some(entry.tag));
        }
        let end = at.checked_add(entry.len as usize).filter(|&end| end <= file.len());
        let bit = if known { 1u32 << entry.tag } else { 0 };
        let (Some(end), true, 0) = (end, entry.offset as usize == at, seen & bit) else { return Err(None) };
        seen |= bit;
        at = padded(end);
    }
    if at.checked_add(CRC_LEN) == Some(file.len()) { Ok(()) } else { Err(None) }
}
