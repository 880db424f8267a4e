//! An open file: its superblock, and cursors at addresses.

use crate::bytes::Cursor;
use crate::error::Fault;

pub(super) const FORMAT: &str = "HDF5";

/// The signature of an HDF5 file.
pub(crate) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The undefined address.
pub(super) const UNDEFINED: u64 = u64::MAX;

/// Maximum number of nodes, headers and blocks that one look-up may visit.
pub(super) const BUDGET: usize = 100_000;

/// An open file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hdf5<'a> {
    bytes: &'a [u8],
    base: u64,
    /// Size of an address in bytes.
    pub(super) offsets: u8,
    /// Size of a length in bytes.
    pub(super) lengths: u8,
    pub(super) root: u64,
}

impl<'a> Hdf5<'a> {
    /// # Errors
    /// If the superblock is damaged or of an unknown version.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut cursor = Cursor::new(FORMAT, bytes, 0);
        cursor.expect(MAGIC)?;
        let version = cursor.u8()?;
        match version {
            0 | 1 => cursor.skip(4)?,
            2 | 3 => {}
            _ => return Err(Fault::Unread(format!("an HDF5 superblock of version {version}"))),
        }
        let (offsets, lengths) = (cursor.u8()?, cursor.u8()?);
        if ![2, 4, 8].contains(&offsets) || ![2, 4, 8].contains(&lengths) {
            return Err(cursor.broken("an invalid address size"));
        }
        let mut file = Self { bytes, base: 0, offsets, lengths, root: 0 };
        cursor.skip(if version < 2 { [10, 14][usize::from(version == 1)] - 1 } else { 1 })?;
        file.base = cursor.uint(offsets)?;
        cursor.skip(2 * u64::from(offsets))?;
        if version < 2 {
            // The driver's block, then the root's entry, which begins with the offset of its name.
            cursor.skip(2 * u64::from(offsets))?;
        }
        file.root = cursor.uint(offsets)?;
        Ok(file)
    }

    /// A cursor at an address.
    pub(super) fn cursor(self, address: u64) -> Result<Cursor<'a>, Fault> {
        let at = self.base.checked_add(address).filter(|_| address != UNDEFINED);
        let start = Cursor::new(FORMAT, self.bytes, 0);
        at.map(|at| Cursor::new(FORMAT, self.bytes, at))
            .ok_or_else(|| start.broken("an address past the end of the file"))
    }
}
