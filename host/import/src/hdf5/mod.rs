//! The part of HDF5 that Keras's files use, read-only.
//!
//! | supported | refused by name |
//! |---|---|
//! | superblocks 0 to 3, object headers 1 and 2 | files whose signature is not at their start |
//! | groups as symbol tables and as links in the header | groups of many links in a fractal heap |
//! | data contiguous, compact, or in chunks (version-1 B-tree; deflate, shuffle, Fletcher-32 ignored) | other filters, newer chunk indices, external files |
//! | floats of 2, 4 and 8 bytes, integers, texts of fixed and variable length | other types, big-endian numbers, shared types |
//!
//! According to the HDF5 File Format Specification, version 3.0. Every address, length and count from the file is
//! checked, and the traversal of trees and headers has a budget, so that it terminates on loops.

mod chunks;
mod data;
mod groups;
mod header;

use crate::bytes::Cursor;
use crate::error::Fault;
use crate::tensor::Tensor;
use header::{Header, header};

const FORMAT: &str = "HDF5";

/// The signature of an HDF5 file.
pub(crate) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The undefined address.
const UNDEFINED: u64 = u64::MAX;

/// Maximum number of nodes, headers and blocks that one look-up may visit.
const BUDGET: usize = 100_000;

/// An open file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hdf5<'a> {
    bytes: &'a [u8],
    base: u64,
    /// Size of an address in bytes.
    offsets: u8,
    /// Size of a length in bytes.
    lengths: u8,
    root: u64,
}

/// A group or a data set.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    file: Hdf5<'a>,
    header: Header<'a>,
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

    pub(crate) fn root(self) -> Result<Object<'a>, Fault> {
        self.object(self.root)
    }

    fn object(self, address: u64) -> Result<Object<'a>, Fault> {
        Ok(Object { file: self, header: header(self, address)? })
    }

    /// A cursor at an address.
    fn cursor(self, address: u64) -> Result<Cursor<'a>, Fault> {
        let at = self.base.checked_add(address).filter(|_| address != UNDEFINED);
        let start = Cursor::new(FORMAT, self.bytes, 0);
        at.map(|at| Cursor::new(FORMAT, self.bytes, at))
            .ok_or_else(|| start.broken("an address past the end of the file"))
    }
}

impl<'a> Object<'a> {
    /// Names and positions of this group's members; empty for a data set.
    pub(crate) fn children(&self) -> Result<Vec<(String, u64)>, Fault> {
        groups::children(self.file, &self.header)
    }

    /// The object at a path like `a/b`, if it exists. Keras writes some paths as names that contain a slash.
    pub(crate) fn get(&self, path: &str) -> Result<Option<Object<'a>>, Fault> {
        let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let Some((_, address)) = self.children()?.into_iter().find(|(child, _)| child == name) else { return Ok(None) };
        let child = self.file.object(address)?;
        match rest {
            Some(rest) => child.get(rest),
            None => Ok(Some(child)),
        }
    }

    /// All data sets below, with paths relative to this group, in the file's order.
    pub(crate) fn data_sets(&self) -> Result<Vec<(String, Object<'a>)>, Fault> {
        let mut found = Vec::new();
        let mut waiting: Vec<(String, u64, usize)> =
            self.children()?.into_iter().rev().map(|(name, at)| (name, at, 0)).collect();
        let mut budget = BUDGET;
        while let Some((path, address, depth)) = waiting.pop() {
            budget -= 1;
            if budget == 0 || depth > 16 {
                return Err(Fault::broken(FORMAT, "its groups are nested too deeply"));
            }
            let object = self.file.object(address)?;
            if object.is_data() {
                found.push((path, object));
            } else {
                let children = object.children()?.into_iter().rev();
                waiting.extend(children.map(|(name, at)| (format!("{path}/{name}"), at, depth + 1)));
            }
        }
        Ok(found)
    }

    /// Whether it is a data set rather than a group.
    pub(crate) fn is_data(&self) -> bool {
        self.header.message(header::LAYOUT).is_some()
    }

    /// The numbers of a data set.
    ///
    /// # Errors
    /// If it is not a data set, or its type is not numeric.
    pub(crate) fn tensor(&self) -> Result<Tensor, Fault> {
        data::tensor(self.file, &self.header)
    }

    /// The strings of an attribute, if it exists: one, or one per array element.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Fault> {
        data::attribute(self.file, &self.header, name)
    }

    /// The string of an attribute that has exactly one.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self.texts(name)?.and_then(|texts| texts.into_iter().next()))
    }
}

#[cfg(test)]
mod tests;
