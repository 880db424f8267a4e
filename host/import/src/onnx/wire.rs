//! The wire format of protocol buffers: fields of a message, one after the other.

use crate::bytes::Cursor;
use crate::error::Fault;

const FORMAT: &str = "ONNX";

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// Varints and fixed numbers, as their bits.
    Number(u64),
    /// A text, a message or packed numbers.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(super) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Number(_) => &[],
        }
    }

    pub(super) fn number(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Bytes(_) => 0,
        }
    }

    pub(super) fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

/// The fields of a message: number and value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(Cursor<'a>);

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self(Cursor::new(FORMAT, message, 0))
    }

    /// The next field.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Fault> {
        if self.0.left() == 0 {
            return Ok(None);
        }
        let key = varint(&mut self.0)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut self.0)?),
            1 => Value::Number(self.0.u64()?),
            2 => {
                let len = varint(&mut self.0)?;
                Value::Bytes(self.0.take(len)?)
            }
            5 => Value::Number(self.0.u32()?.into()),
            kind => return Err(self.0.broken(&format!("a field of kind {kind}"))),
        };
        Ok(Some((key >> 3, value)))
    }
}

fn varint(cursor: &mut Cursor) -> Result<u64, Fault> {
    let mut value = 0;
    for place in 0..10 {
        let byte = cursor.u8()?;
        value |= u64::from(byte & 127) << (7 * place);
        if byte < 128 {
            return Ok(value);
        }
    }
    Err(cursor.broken("an overlong varint"))
}

/// Whole numbers of a repeated field: packed, or one.
pub(super) fn integers(value: Value, out: &mut Vec<i64>) -> Result<(), Fault> {
    match value {
        Value::Number(number) => out.push(number as i64),
        Value::Bytes(bytes) => {
            let mut cursor = Cursor::new(FORMAT, bytes, 0);
            while cursor.left() > 0 {
                out.push(varint(&mut cursor)? as i64);
            }
        }
    }
    Ok(())
}

/// Floats of a repeated field: packed, or one.
pub(super) fn floats(value: Value, out: &mut Vec<f32>) {
    match value {
        Value::Number(bits) => out.push(f32::from_bits(bits as u32)),
        Value::Bytes(bytes) => out.extend(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
    }
}

/// Doubles of a repeated field, rounded.
pub(super) fn doubles(value: Value, out: &mut Vec<f32>) {
    match value {
        Value::Number(bits) => out.push(f64::from_bits(bits) as f32),
        Value::Bytes(bytes) => {
            let eight = bytes.chunks_exact(8);
            out.extend(eight.map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32));
        }
    }
}
