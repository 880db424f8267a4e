//! Flatbuffers: tables whose fields are located by a table of offsets; every step is checked.

use crate::bytes::Cursor;
use crate::error::Fault;

pub(super) const FORMAT: &str = "TFLite";

/// A table at an offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: u64,
    /// Where its offsets begin, and how many bytes they have.
    fields: (u64, u64),
}

/// A vector of elements at an offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct List<'a> {
    bytes: &'a [u8],
    at: u64,
    pub(super) len: u64,
}

impl<'a> Table<'a> {
    /// The root of a file.
    pub(super) fn root(bytes: &'a [u8]) -> Result<Self, Fault> {
        let at = cursor(bytes, 0).u32()?;
        Self::at(bytes, at.into())
    }

    fn at(bytes: &'a [u8], at: u64) -> Result<Self, Fault> {
        let back = cursor(bytes, at).u32()? as i32;
        let fields = at
            .checked_add_signed(-i64::from(back))
            .ok_or_else(|| Fault::broken(FORMAT, "a table before the start of the file"))?;
        let mut cursor = cursor(bytes, fields);
        let size = u64::from(cursor.u16()?);
        Ok(Self { bytes, at, fields: (fields, size) })
    }

    /// Position of a field; `None` if it has its default.
    fn field(&self, number: u64) -> Result<Option<u64>, Fault> {
        let place = 4 + 2 * number;
        if place + 2 > self.fields.1 {
            return Ok(None);
        }
        let offset = cursor(self.bytes, self.fields.0 + place).u16()?;
        Ok((offset != 0).then(|| self.at + u64::from(offset)))
    }

    /// A number of `width` bytes, or the default.
    pub(super) fn number(&self, field: u64, width: u8, default: u64) -> Result<u64, Fault> {
        match self.field(field)? {
            Some(at) => cursor(self.bytes, at).uint(width),
            None => Ok(default),
        }
    }

    /// The target of the offset in a field.
    fn follow(&self, field: u64) -> Result<Option<u64>, Fault> {
        let Some(at) = self.field(field)? else { return Ok(None) };
        Ok(Some(at + u64::from(cursor(self.bytes, at).u32()?)))
    }

    pub(super) fn table(&self, field: u64) -> Result<Option<Self>, Fault> {
        self.follow(field)?.map(|at| Self::at(self.bytes, at)).transpose()
    }

    /// A list of elements of `width` bytes, empty if it is missing.
    pub(super) fn list(&self, field: u64, width: u64) -> Result<List<'a>, Fault> {
        let Some(at) = self.follow(field)? else { return Ok(List { bytes: self.bytes, at: 0, len: 0 }) };
        let mut cursor = cursor(self.bytes, at);
        let len = u64::from(cursor.u32()?);
        if len.saturating_mul(width) > cursor.left() as u64 {
            return Err(cursor.broken("a vector longer than the file"));
        }
        Ok(List { bytes: self.bytes, at: cursor.at(), len })
    }

    pub(super) fn text(&self, field: u64) -> Result<String, Fault> {
        Ok(String::from_utf8_lossy(self.list(field, 1)?.bytes()?).into_owned())
    }
}

impl<'a> List<'a> {
    /// The elements of a list of bytes.
    pub(super) fn bytes(&self) -> Result<&'a [u8], Fault> {
        cursor(self.bytes, self.at).take(self.len)
    }

    /// The elements of a list of numbers of `width` bytes.
    pub(super) fn numbers(&self, width: u8) -> Result<Vec<u64>, Fault> {
        let mut cursor = cursor(self.bytes, self.at);
        (0..self.len).map(|_| cursor.uint(width)).collect()
    }

    /// The elements of a list of signed 32-bit numbers.
    pub(super) fn ints(&self) -> Result<Vec<i64>, Fault> {
        Ok(self.numbers(4)?.into_iter().map(|bits| i64::from(bits as u32 as i32)).collect())
    }

    /// The table at an index of a list of tables.
    pub(super) fn table(&self, index: u64) -> Result<Table<'a>, Fault> {
        if index >= self.len {
            return Err(Fault::broken(FORMAT, "an index out of range"));
        }
        let at = self.at + 4 * index;
        Table::at(self.bytes, at + u64::from(cursor(self.bytes, at).u32()?))
    }
}

fn cursor(bytes: &[u8], at: u64) -> Cursor<'_> {
    Cursor::new(FORMAT, bytes, at)
}
