//! Data sets and attributes: types, shapes, and the positions of their bytes.

use super::chunks;
use super::file::{FORMAT, Hdf5, UNDEFINED};
use super::header::{ATTRIBUTE, ATTRIBUTE_INFO, DATASPACE, DATATYPE, FILTERS, LAYOUT, ObjectHeader};
use crate::bytes::Cursor;
use crate::error::{Fault, MAX_FILE};
use crate::tensor::{Data, Tensor, elements, from_half};
use std::borrow::Cow;

/// Type of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Float {
        size: u32,
    },
    Int {
        size: u32,
        signed: bool,
    },
    /// Padded with zeros or spaces.
    Text {
        size: u32,
    },
    /// In a global heap.
    LongText,
}

/// Reads a data set of numbers.
pub(super) fn tensor(file: Hdf5, header: &ObjectHeader) -> Result<Tensor, Fault> {
    let shape = dataspace(file, &mut header.require(DATASPACE, "shape")?)?;
    let kind = datatype(&mut header.require(DATATYPE, "type")?)?;
    let (Type::Float { size } | Type::Int { size, .. } | Type::Text { size }) = kind else {
        return Err(Fault::broken(FORMAT, "strings instead of numbers"));
    };
    let bytes = elements(&shape).and_then(|count| count.checked_mul(size as usize));
    let Some(len) = bytes.filter(|&bytes| bytes as u64 <= MAX_FILE) else {
        return Err(Fault::broken(FORMAT, format!("a data set of invalid shape {shape:?}")));
    };
    let raw = layout(file, header, &shape, len, size as usize)?;
    let data = match kind {
        Type::Float { size } => Data::F32(floats(&raw, size)?),
        Type::Int { size, signed } => Data::I64(ints(&raw, size, signed)),
        _ => return Err(Fault::broken(FORMAT, "strings instead of numbers")),
    };
    Tensor::of(shape, data)
}

/// The `len` bytes of a data set.
fn layout<'a>(
    file: Hdf5<'a>,
    header: &ObjectHeader<'a>,
    shape: &[usize],
    len: usize,
    size: usize,
) -> Result<Cow<'a, [u8]>, Fault> {
    let mut cursor = header.require(LAYOUT, "layout")?;
    let version = cursor.u8()?;
    if !(3..=4).contains(&version) {
        return Err(Fault::Unread(format!(
            "an HDF5 data layout of version {version}; save the model again from Keras"
        )));
    }
    let class = cursor.u8()?;
    match class {
        0 => {
            cursor.skip(2)?;
            Ok(Cow::Borrowed(cursor.take(len as u64)?))
        }
        1 => {
            let address = cursor.uint(file.offsets)?;
            if address == UNDEFINED {
                // Never written: the fill value, which is zero for Keras.
                return Ok(Cow::Owned(vec![0; len]));
            }
            Ok(Cow::Borrowed(file.cursor(address)?.take(len as u64)?))
        }
        2 if version == 3 => {
            let filters = header.message(FILTERS).map(|message| message.body);
            chunks::read(file, &mut cursor, filters, shape, size).map(Cow::Owned)
        }
        _ => Err(Fault::Unread("HDF5 data with an unsupported chunk index; save the model from Keras".into())),
    }
}

/// The sizes of a simple dataspace; empty for a single value.
fn dataspace(file: Hdf5, cursor: &mut Cursor) -> Result<Vec<usize>, Fault> {
    let (version, rank) = (cursor.u8()?, cursor.u8()?);
    match version {
        1 => cursor.skip(6)?,
        2 => cursor.skip(2)?,
        _ => return Err(cursor.broken("a dataspace of an unknown version")),
    }
    (0..rank).map(|_| Ok(usize::try_from(cursor.uint(file.lengths)?).unwrap_or(usize::MAX))).collect()
}

fn datatype(cursor: &mut Cursor) -> Result<Type, Fault> {
    let (class, bits) = (cursor.u8()? & 15, cursor.u8()?);
    cursor.skip(2)?;
    let size = cursor.u32()?;
    match (class, bits & 1, size) {
        (0 | 1, 1, _) => Err(Fault::Unread("big-endian numbers; save the model on a PC".into())),
        (1, 0, 2 | 4 | 8) => Ok(Type::Float { size }),
        (0, 0, 1 | 2 | 4 | 8) => Ok(Type::Int { size, signed: bits & 8 != 0 }),
        (3, ..) => Ok(Type::Text { size }),
        (9, ..) => Ok(Type::LongText),
        _ => Err(Fault::Unread(format!("HDF5 values of class {class} and {size} bytes"))),
    }
}

fn floats(raw: &[u8], size: u32) -> Result<Vec<f32>, Fault> {
    let chunks = raw.chunks_exact(size as usize);
    Ok(match size {
        2 => chunks.map(|b| from_half(u16::from_le_bytes([b[0], b[1]]))).collect(),
        4 => chunks.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        _ => chunks.map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32).collect(),
    })
}

fn ints(raw: &[u8], size: u32, signed: bool) -> Vec<i64> {
    let free = 64 - 8 * size.min(8);
    let value = |chunk: &[u8]| {
        let bits = chunk.iter().rev().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
        if signed { (bits << free) as i64 >> free } else { bits as i64 }
    };
    raw.chunks_exact(size as usize).map(value).collect()
}

/// The texts of the attribute with this name; `None` if there is no such text attribute.
pub(super) fn attribute(file: Hdf5, header: &ObjectHeader, wanted: &str) -> Result<Option<Vec<String>>, Fault> {
    for message in header.messages.iter().filter(|message| message.kind == ATTRIBUTE && !message.shared) {
        let mut cursor = Cursor::new(FORMAT, message.body, 0);
        let version = cursor.u8()?;
        cursor.skip(1)?;
        let sizes = [cursor.u16()?, cursor.u16()?, cursor.u16()?].map(u64::from);
        cursor.skip(u64::from(version == 3))?;
        let padded = |size: u64| if version == 1 { size.next_multiple_of(8) } else { size };
        let name = cursor.take(padded(sizes[0]))?;
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        if name != wanted.as_bytes() {
            continue;
        }
        let kind = datatype(&mut Cursor::new(FORMAT, cursor.take(padded(sizes[1]))?, 0))?;
        let shape = dataspace(file, &mut Cursor::new(FORMAT, cursor.take(padded(sizes[2]))?, 0))?;
        let count = elements(&shape).filter(|&count| count <= message.body.len());
        let count = count.ok_or_else(|| cursor.broken("an attribute of invalid shape"))?;
        return (0..count).map(|_| text(file, &mut cursor, kind)).collect::<Result<_, _>>().map(Some);
    }
    let many = header.message(ATTRIBUTE_INFO).map(|message| message.body);
    if many.is_some_and(|body| dense_attributes(file, body)) {
        return Err(Fault::Unread(
            "an HDF5 file whose attributes are in a fractal heap; save the model from Keras".into(),
        ));
    }
    Ok(None)
}

/// Whether the attributes are stored outside the header.
fn dense_attributes(file: Hdf5, body: &[u8]) -> bool {
    let mut cursor = Cursor::new(FORMAT, body, 1);
    let flags = cursor.u8().unwrap_or(0);
    let skipped = cursor.skip(if flags & 1 != 0 { 2 } else { 0 });
    skipped.is_ok() && cursor.take(file.offsets.into()).is_ok_and(|address| address.iter().any(|&byte| byte != 255))
}

/// The next text of an attribute.
fn text(file: Hdf5, cursor: &mut Cursor, kind: Type) -> Result<String, Fault> {
    let bytes = match kind {
        Type::Text { size } => cursor.take(size.into())?,
        Type::LongText => {
            let len = cursor.u32()?;
            let (address, index) = (cursor.uint(file.offsets)?, cursor.u32()?);
            if len == 0 { &[] } else { heap_object(file, address, index)?.get(..len as usize).unwrap_or_default() }
        }
        _ => return Err(cursor.broken("a number instead of a string")),
    };
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
}

/// An object of a global heap.
fn heap_object(file: Hdf5<'_>, address: u64, wanted: u32) -> Result<&[u8], Fault> {
    let mut cursor = file.cursor(address)?;
    let start = cursor.at();
    cursor.expect(b"GCOL\x01")?;
    cursor.skip(3)?;
    let end = start.saturating_add(cursor.uint(file.lengths)?);
    while cursor.at() + 8 + u64::from(file.lengths) <= end {
        let index = cursor.u16()?;
        cursor.skip(6)?;
        let size = cursor.uint(file.lengths)?;
        if index == 0 {
            break;
        }
        let object = cursor.take(size)?;
        if u32::from(index) == wanted {
            return Ok(object);
        }
        cursor.skip((size.wrapping_neg() % 8).min(cursor.left() as u64))?;
    }
    Err(cursor.broken("a string missing from its heap"))
}
