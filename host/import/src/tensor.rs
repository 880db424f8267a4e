//! Constants of a graph: numbers with a shape.

use crate::error::Fault;

/// Numbers in row-major order; `shape` is empty for a single number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Data,
}

/// Numbers of one type; integers (shapes, axes) stay exact.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    F32(Vec<f32>),
    I64(Vec<i64>),
    Text(Vec<String>),
}

impl Tensor {
    /// # Errors
    /// If the number of values does not match the shape.
    pub(crate) fn new(shape: Vec<usize>, values: Vec<f32>) -> Result<Self, Fault> {
        Self::of(shape, Data::F32(values))
    }

    /// As [`new`](Self::new), for any type.
    pub(crate) fn of(shape: Vec<usize>, data: Data) -> Result<Self, Fault> {
        let tensor = Self { shape, data };
        let declared = elements(&tensor.shape);
        if declared != Some(tensor.len()) {
            return Err(Fault::broken("model", format!("{} values for the shape {:?}", tensor.len(), tensor.shape)));
        }
        Ok(tensor)
    }

    pub(crate) fn vector(values: Vec<f32>) -> Self {
        Self { shape: vec![values.len()], data: Data::F32(values) }
    }

    pub(crate) fn scalar(value: f32) -> Self {
        Self { shape: Vec::new(), data: Data::F32(vec![value]) }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.data {
            Data::F32(values) => values.len(),
            Data::I64(values) => values.len(),
            Data::Text(values) => values.len(),
        }
    }

    /// The values as floats.
    pub(crate) fn floats(&self) -> Vec<f32> {
        match &self.data {
            Data::F32(values) => values.clone(),
            Data::I64(values) => values.iter().map(|&value| value as f32).collect(),
            Data::Text(_) => Vec::new(),
        }
    }

    /// The values as integers; `None` if they are floats.
    pub(crate) fn ints(&self) -> Option<&[i64]> {
        match &self.data {
            Data::I64(values) => Some(values),
            _ => None,
        }
    }

    /// The value, if there is only one.
    pub(crate) fn single(&self) -> Option<f32> {
        (self.len() == 1).then(|| self.floats().first().copied()).flatten()
    }

    /// Rows and columns of a matrix.
    pub(crate) fn matrix(&self) -> Option<(usize, usize)> {
        match self.shape[..] {
            [rows, cols] => Some((rows, cols)),
            _ => None,
        }
    }

    /// The same numbers with permuted axes; `None` if `perm` is not a permutation of them.
    pub(crate) fn transposed(&self, perm: &[usize]) -> Option<Self> {
        let order = permutation(&self.shape, perm)?;
        let shape = perm.iter().map(|&axis| self.shape[axis]).collect();
        let data = match &self.data {
            Data::F32(values) => Data::F32(order.iter().map(|&at| values[at]).collect()),
            Data::I64(values) => Data::I64(order.iter().map(|&at| values[at]).collect()),
            Data::Text(values) => Data::Text(order.iter().map(|&at| values[at].clone()).collect()),
        };
        Some(Self { shape, data })
    }
}

/// Number of elements of a shape; `None` on overflow.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size))
}

/// The original position of each number of the transposed tensor: `out[i] = in[order[i]]`.
pub(crate) fn permutation(shape: &[usize], perm: &[usize]) -> Option<Vec<usize>> {
    let mut axes = perm.to_vec();
    axes.sort_unstable();
    if !axes.iter().copied().eq(0..shape.len()) {
        return None;
    }
    let mut strides = vec![1_usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].checked_mul(shape[axis])?;
    }
    let mut order = vec![0_usize];
    for &axis in perm {
        let (steps, stride) = (shape[axis], strides[axis]);
        order = order.iter().flat_map(|&at| (0..steps).map(move |step| at + step * stride)).collect();
    }
    Some(order)
}

/// Converts a half-precision number, exactly.
pub(crate) fn from_half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    match exponent {
        0 => sign * fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1024.0 + fraction) * 2.0_f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposes_move_every_number() {
        let tensor = Tensor::new(vec![2, 3], (0..6).map(|value| value as f32).collect()).unwrap();
        let transposed = tensor.transposed(&[1, 0]).unwrap();
        assert_eq!((transposed.shape.clone(), transposed.floats()), (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        assert_eq!(transposed.transposed(&[1, 0]), Some(tensor.clone()));
        assert_eq!(tensor.transposed(&[0, 0]), None);
        let cube = permutation(&[2, 2, 2], &[2, 0, 1]).unwrap();
        assert_eq!(cube, [0, 2, 4, 6, 1, 3, 5, 7]);
    }

    #[test]
    fn halves_are_exact() {
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (1, 5.960_464_5e-8), (0x7bff, 65504.0)]
        {
            assert_eq!(from_half(bits), value);
        }
    }
}
