//! An array from a file: any rank, numbers or text, in C order; and its conversion to inputs and targets.

use crate::error::{Problem, ValueProblem};
use crate::shape::Shape;
use crate::values::{InputType, Values};

/// `shape.product()` elements, with the last index running fastest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    /// The first dimension is the number of examples.
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Data,
}

/// Elements of an array.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// Values of a type that inputs can have.
    Values(Values),
    /// 32-bit integers, 64-bit integers and 64-bit floats.
    Wide(Vec<f64>),
    /// Text, for labels.
    Text(Vec<String>),
}

/// Element types in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
    /// Text, with its length in bytes.
    Bytes(usize),
    /// Text, with its length in characters of four bytes each.
    Chars(usize),
}

impl Element {
    /// Size of one element in bytes.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
            Self::Bytes(count) => count,
            Self::Chars(count) => count.saturating_mul(4),
        }
    }

    /// Decodes `bytes`, which contain a whole number of elements.
    pub(crate) fn decode(self, bytes: Vec<u8>, big_endian: bool) -> Data {
        let wide = |convert: fn([u8; 8]) -> f64, size: usize, signed: bool| {
            Data::Wide(bytes.chunks_exact(size).map(|item| convert(widened(item, big_endian, signed))).collect())
        };
        match self {
            Self::Bool | Self::U8 => Data::Values(Values::U8(bytes)),
            Self::I8 => Data::Values(Values::I8(bytes.into_iter().map(|byte| byte as i8).collect())),
            Self::U16 => Data::Values(Values::U16(items(&bytes, big_endian, u16::from_le_bytes))),
            Self::I16 => Data::Values(Values::I16(items(&bytes, big_endian, i16::from_le_bytes))),
            Self::F32 => Data::Values(Values::F32(items(&bytes, big_endian, f32::from_le_bytes))),
            Self::U32 => wide(|item| u64::from_le_bytes(item) as f64, 4, false),
            Self::I32 => wide(|item| i64::from_le_bytes(item) as f64, 4, true),
            Self::U64 => wide(|item| u64::from_le_bytes(item) as f64, 8, false),
            Self::I64 => wide(|item| i64::from_le_bytes(item) as f64, 8, true),
            Self::F64 => wide(f64::from_le_bytes, 8, false),
            Self::Bytes(0) | Self::Chars(0) => Data::Text(Vec::new()),
            Self::Bytes(size) => Data::Text(bytes.chunks_exact(size).map(text_of_bytes).collect()),
            Self::Chars(count) => {
                let text = |item| text_of_chars(&items(item, big_endian, u32::from_le_bytes));
                Data::Text(bytes.chunks_exact(4 * count).map(text).collect())
            }
        }
    }
}

/// Decodes elements of `S` bytes.
fn items<T, const S: usize>(bytes: &[u8], big_endian: bool, convert: fn([u8; S]) -> T) -> Vec<T> {
    let items = bytes.chunks_exact(S).filter_map(|item| item.first_chunk::<S>());
    let little = |item: &[u8; S]| {
        let mut item = *item;
        if big_endian {
            item.reverse();
        }
        item
    };
    items.map(|item| convert(little(item))).collect()
}

/// An integer as eight bytes, little-endian.
fn widened(item: &[u8], big_endian: bool, signed: bool) -> [u8; 8] {
    let mut wide = [0; 8];
    wide[..item.len()].copy_from_slice(item);
    if big_endian {
        wide[..item.len()].reverse();
    }
    if signed && wide[item.len() - 1] >= 0x80 {
        wide[item.len()..].fill(0xff);
    }
    wide
}

fn text_of_bytes(item: &[u8]) -> String {
    let end = item.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    String::from_utf8_lossy(&item[..end]).into_owned()
}

fn text_of_chars(item: &[u32]) -> String {
    let text: String = item.iter().map(|&c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.trim_end_matches('\0').to_owned()
}

impl Array {
    /// Number of elements of a shape; `None` on overflow.
    pub(crate) fn count(shape: &[usize]) -> Option<usize> {
        shape.iter().try_fold(1_usize, |count, &size| count.checked_mul(size))
    }

    /// Converts from first index fastest (Fortran order) to last index fastest.
    pub(crate) fn from_fortran(shape: Vec<usize>, data: Data) -> Self {
        let reversed: Vec<usize> = shape.iter().rev().copied().collect();
        let order = transposed(&reversed);
        let data = match data {
            Data::Values(values) => Data::Values(values.view().rows(&order, 1)),
            Data::Wide(values) => Data::Wide(order.iter().map(|&at| values[at]).collect()),
            Data::Text(values) => Data::Text(order.iter().map(|&at| values[at].clone()).collect()),
        };
        Self { shape, data }
    }

    /// Number of examples.
    pub(crate) fn len(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// The shape of one example.
    pub(crate) fn example_shape(&self) -> Shape {
        example_shape(&self.shape)
    }

    /// Converts to inputs; also returns how many values lose significant information as 32-bit floats.
    ///
    /// # Errors
    /// If they are text, or not all finite.
    pub(crate) fn into_inputs(self) -> Result<(Values, usize), Problem> {
        let row = Self::count(&self.shape[1.min(self.shape.len())..]).unwrap_or(1).max(1);
        let (values, lost) = match self.data {
            Data::Text(_) => return Err(ValueProblem::TextInputs.into()),
            Data::Values(values) => (values, 0),
            Data::Wide(values) => {
                let beyond = |value: &f64| value.is_finite() && !(*value as f32).is_finite();
                if let Some(at) = values.iter().position(beyond) {
                    return Err(ValueProblem::BeyondFloat {
                        example: at / row,
                        input: at % row,
                        value: format!("{:e}", values[at]),
                    }
                    .into());
                }
                let lost = values.iter().filter(|&&value| loses(value)).count();
                (Values::F32(values.into_iter().map(|value| value as f32).collect()), lost)
            }
        };
        if let Values::F32(values) = &values {
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                return Err(ValueProblem::NotFinite {
                    example: at / row,
                    input: at % row,
                    value: values[at].to_string(),
                }
                .into());
            }
        }
        Ok((values, lost))
    }

    /// The numbers, if the array has numbers.
    pub(crate) fn numbers(&self) -> Option<Vec<f64>> {
        match &self.data {
            Data::Values(values) => Some((0..values.len()).map(|at| values.view().get(at).into()).collect()),
            Data::Wide(values) => Some(values.clone()),
            Data::Text(_) => None,
        }
    }
}

/// The shape of one example of an array that may hold images: `[N][I]` has `I` channels at one position, `[N][H][W]` has one channel
/// at each of `H x W` positions.
pub(crate) fn example_shape(array: &[usize]) -> Shape {
    match array[1.min(array.len())..] {
        [] => Shape::features(1),
        [inputs] => Shape::features(inputs),
        [height, width] => Shape::image(height, width),
        [height, width, ref rest @ ..] => Shape { height, width, channels: rest.iter().product() },
    }
}

/// The shape of one example of an array of `inputs`. Three axes are grey images if the values are bytes, and otherwise
/// windows of a sensor, `[N][samples][channels]`.
pub(crate) fn shape_of_examples(array: &[usize], inputs: &Values) -> Shape {
    match (array, inputs) {
        (_, Values::U8(_)) => example_shape(array),
        (&[_, samples, channels], _) => Shape::window(samples, channels),
        _ => example_shape(array),
    }
}

/// Whether a value loses significant information as a 32-bit float: a whole number changes, or a nonzero value becomes
/// 0. Rounding by at most one part in 2^24 does not count.
pub(crate) fn loses(value: f64) -> bool {
    let float = value as f32;
    value != 0.0 && float == 0.0 || value.fract() == 0.0 && f64::from(float) != value
}

/// The position of each element of a C-order array in the array of shape `reversed`.
fn transposed(reversed: &[usize]) -> Vec<usize> {
    let count = Array::count(reversed).unwrap_or(0);
    let shape: Vec<usize> = reversed.iter().rev().copied().collect();
    let mut order = Vec::with_capacity(count);
    for at in 0..count {
        // Indices of the element in C order, the last first; their strides in Fortran order grow from the first on.
        let (mut rest, mut index) = (at, vec![0; shape.len()]);
        for axis in (0..shape.len()).rev() {
            index[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        order.push(shape.iter().zip(&index).rev().fold(0, |place, (&size, &index)| place * size + index));
    }
    order
}

/// Converts the numbers to one type.
///
/// # Errors
/// The first number that the type cannot represent, with its position.
pub(crate) fn narrowed(values: &[f32], to: InputType) -> Result<Values, (usize, f32)> {
    let (low, high) = match to {
        InputType::U8 => (0.0, 255.0),
        InputType::I8 => (-128.0, 127.0),
        InputType::I16 => (-32_768.0, 32_767.0),
        InputType::U16 => (0.0, 65_535.0),
        InputType::F32 => return Ok(Values::F32(values.to_vec())),
    };
    if let Some(at) = values.iter().position(|v| v.fract() != 0.0 || !(low..=high).contains(v)) {
        return Err((at, values[at]));
    }
    Ok(Values::cast(to, values.iter().copied().map(f64::from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_either_byte_order() {
        let check = |element: Element, little: &[u8], expected: Data| {
            let mut big = little.to_vec();
            big.chunks_exact_mut(element.size()).for_each(<[u8]>::reverse);
            assert_eq!(element.decode(little.to_vec(), false), expected, "{element:?}");
            assert_eq!(element.decode(big, true), expected, "{element:?}, big-endian");
        };
        check(Element::I16, &[0xfe, 0xff, 3, 0], Data::Values(Values::I16(vec![-2, 3])));
        check(Element::I32, &[0xfe, 0xff, 0xff, 0xff], Data::Wide(vec![-2.0]));
        check(Element::U32, &[0xff, 0xff, 0xff, 0xff], Data::Wide(vec![4_294_967_295.0]));
        check(Element::F64, &1.5f64.to_le_bytes(), Data::Wide(vec![1.5]));
        check(Element::F32, &1.5f32.to_le_bytes(), Data::Values(Values::F32(vec![1.5])));
    }

    #[test]
    fn fortran_order_is_transposed() {
        // [[0, 1, 2], [3, 4, 5]] with the first index running fastest.
        let data = Data::Wide(vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(Array::from_fortran(vec![2, 3], data).data, Data::Wide(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
    }

    #[test]
    fn text_ends_where_zeros_begin() {
        let letters: Vec<u8> = "ab\0".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
        assert_eq!(Element::Chars(3).decode(letters, false), Data::Text(vec!["ab".into()]));
        assert_eq!(Element::Bytes(3).decode(b"ab\0c\0\0".to_vec(), false), Data::Text(vec!["ab".into(), "c".into()]));
    }
}
