//! Raw input values in memory, of one type: owned ([`Values`]) and borrowed ([`ValuesRef`]).
//!
//! A set keeps the values as they are in its files: a byte of an image takes one byte here. Their meaning to a network
//! (scale, mean, standard deviation) is left to the trainer.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The type of a set's input values, which is also what a device takes. Core has its own `InputType`, of models: this
/// crate has no internal dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputType {
    /// Unsigned bytes: pixels.
    U8,
    /// Signed bytes.
    I8,
    /// Signed 16-bit integers: samples of a microphone or an accelerometer.
    I16,
    /// Unsigned 16-bit integers: counts of an ADC.
    U16,
    /// 32-bit floats: features.
    F32,
}

impl InputType {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::U8, Self::I8, Self::I16, Self::U16, Self::F32];

    /// Its name in files and messages: `u8`, `i8`, `i16`, `u16` or `f32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::F32 => "f32",
        }
    }

    /// Size of one value in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::F32 => 4,
        }
    }
}

impl fmt::Display for InputType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for InputType {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == word);
        found.ok_or_else(|| format!("unknown input type '{word}': give u8, i8, i16, u16 or f32"))
    }
}

/// Input values of one type.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Unsigned bytes.
    U8(Vec<u8>),
    /// Signed bytes.
    I8(Vec<i8>),
    /// Signed 16-bit integers.
    I16(Vec<i16>),
    /// Unsigned 16-bit integers.
    U16(Vec<u16>),
    /// Finite 32-bit floats.
    F32(Vec<f32>),
}

impl Values {
    /// Values of a type from numbers, as `as` converts them: fractions of whole numbers are cut off, and what is beyond
    /// the type becomes its end.
    pub fn cast(to: InputType, numbers: impl Iterator<Item = f64>) -> Self {
        match to {
            InputType::U8 => Self::U8(numbers.map(|x| x as u8).collect()),
            InputType::I8 => Self::I8(numbers.map(|x| x as i8).collect()),
            InputType::I16 => Self::I16(numbers.map(|x| x as i16).collect()),
            InputType::U16 => Self::U16(numbers.map(|x| x as u16).collect()),
            InputType::F32 => Self::F32(numbers.map(|x| x as f32).collect()),
        }
    }
}

/// Borrowed input values of one type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValuesRef<'a> {
    /// Unsigned bytes.
    U8(&'a [u8]),
    /// Signed bytes.
    I8(&'a [i8]),
    /// Signed 16-bit integers.
    I16(&'a [i16]),
    /// Unsigned 16-bit integers.
    U16(&'a [u16]),
    /// Finite 32-bit floats.
    F32(&'a [f32]),
}

/// Evaluates `$body` with `$v` bound to the slice or vector, whatever its type.
macro_rules! each {
    ($kind:ident, $values:expr, $v:ident => $body:expr) => {
        match $values {
            $kind::U8($v) => $body,
            $kind::I8($v) => $body,
            $kind::I16($v) => $body,
            $kind::U16($v) => $body,
            $kind::F32($v) => $body,
        }
    };
}

/// The same, with `$body` wrapped in the variant of its type.
macro_rules! map {
    ($from:ident, $to:ident, $values:expr, $v:ident => $body:expr) => {
        match $values {
            $from::U8($v) => $to::U8($body),
            $from::I8($v) => $to::I8($body),
            $from::I16($v) => $to::I16($body),
            $from::U16($v) => $to::U16($body),
            $from::F32($v) => $to::F32($body),
        }
    };
}

impl Values {
    /// No values of a type.
    pub fn empty(input: InputType) -> Self {
        match input {
            InputType::U8 => Self::U8(Vec::new()),
            InputType::I8 => Self::I8(Vec::new()),
            InputType::I16 => Self::I16(Vec::new()),
            InputType::U16 => Self::U16(Vec::new()),
            InputType::F32 => Self::F32(Vec::new()),
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All values, borrowed.
    pub fn view(&self) -> ValuesRef<'_> {
        map!(Self, ValuesRef, self, values => values)
    }

    /// Keeps only the first `len` values.
    pub fn truncate(&mut self, len: usize) {
        each!(Self, self, values => values.truncate(len));
    }
}

impl<'a> ValuesRef<'a> {
    /// Number of values.
    pub fn len(self) -> usize {
        each!(Self, self, values => values.len())
    }

    /// Whether there are no values.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Their type.
    pub fn input_type(self) -> InputType {
        match self {
            Self::U8(_) => InputType::U8,
            Self::I8(_) => InputType::I8,
            Self::I16(_) => InputType::I16,
            Self::U16(_) => InputType::U16,
            Self::F32(_) => InputType::F32,
        }
    }

    /// The values of `range`. Panics if it ends past `len()`.
    pub fn slice(self, range: Range<usize>) -> Self {
        map!(Self, Self, self, values => &values[range])
    }

    /// The bytes, if these are `u8` values.
    pub fn u8(self) -> Option<&'a [u8]> {
        match self {
            Self::U8(values) => Some(values),
            _ => None,
        }
    }

    /// Value `index` as a float, which represents every value of every type exactly. Panics if `index >= len()`.
    pub fn get(self, index: usize) -> f32 {
        match self {
            Self::U8(values) => values[index].into(),
            Self::I8(values) => values[index].into(),
            Self::I16(values) => values[index].into(),
            Self::U16(values) => values[index].into(),
            Self::F32(values) => values[index],
        }
    }

    /// All values as floats.
    pub fn to_f32(self) -> Vec<f32> {
        (0..self.len()).map(|index| self.get(index)).collect()
    }

    /// A copy.
    pub fn to_owned(self) -> Values {
        map!(Self, Values, self, values => values.to_vec())
    }

    /// A copy of the rows `[..][row]` with these indices, in their order. Panics if a row ends past `len()`.
    pub fn rows(self, numbers: &[usize], row: usize) -> Values {
        map!(Self, Values, self, values => {
            numbers.iter().flat_map(|&number| values[number * row..][..row].iter().copied()).collect()
        })
    }

    /// Little-endian bytes of the values, as hashed in a digest and received by a device.
    pub fn to_le_bytes(self) -> Vec<u8> {
        match self {
            Self::U8(values) => values.to_vec(),
            Self::I8(values) => values.iter().map(|value| *value as u8).collect(),
            Self::I16(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::U16(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelled_as_in_files() {
        for kind in InputType::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("double".parse::<InputType>().unwrap_err().contains("u8, i8, i16, u16 or f32"));
    }

    #[test]
    fn rows_come_in_the_order_asked_for() {
        let values = Values::I16(vec![1, -2, 3, -4, 5, -6]);
        assert_eq!(values.view().rows(&[2, 0, 2], 2), Values::I16(vec![5, -6, 1, -2, 5, -6]));
        assert_eq!(values.view().slice(1..3).to_f32(), [-2.0, 3.0]);
        assert_eq!(values.view().slice(1..2).to_le_bytes(), [0xfe, 0xff]);
        assert_eq!((values.view().u8(), values.len()), (None, 6));
    }
}
