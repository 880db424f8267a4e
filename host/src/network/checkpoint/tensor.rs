//! A tensor of a file: the position of its bytes, and the checks before its values are read.

use super::error::Fault;

/// A tensor as the file declares it. `data` is little-endian, row-major; for a `transposed` matrix it is
/// column-major, and `shape` is that of the transpose.
#[derive(Debug, Clone)]
pub(super) struct Tensor<'f> {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    pub(super) data: &'f [u8],
    pub(super) transposed: bool,
}

impl Tensor<'_> {
    /// The transpose, with the same bytes.
    pub(super) fn transposed(mut self) -> Self {
        self.shape.reverse();
        self.transposed = !self.transposed;
        self
    }

    /// A shape as the file would declare it.
    fn declared(&self, shape: &[usize]) -> Vec<usize> {
        if self.transposed { shape.iter().rev().copied().collect() } else { shape.to_vec() }
    }

    /// The length of a vector; `None` for other ranks.
    pub(super) fn len(&self) -> Option<usize> {
        match self.shape[..] {
            [len] => Some(len),
            _ => None,
        }
    }

    /// Rows and columns of a matrix; `None` for other ranks.
    pub(super) fn rows_cols(&self) -> Option<(usize, usize)> {
        match self.shape[..] {
            [rows, cols] => Some((rows, cols)),
            _ => None,
        }
    }

    /// # Errors
    /// If the shape differs.
    pub(super) fn check_shape(&self, shape: &[usize]) -> Result<(), Fault> {
        if self.shape == shape {
            return Ok(());
        }
        let [found, expected] = [&self.shape[..], shape].map(|shape| format!("{:?}", self.declared(shape)));
        Err(Fault::Shape { name: self.name.clone(), found, expected })
    }

    /// The values in the order of the bytes; they are finite, and their number is `shape.iter().product()`.
    ///
    /// # Errors
    /// If the type is not F32, the shape differs, or a value is not finite.
    pub(super) fn values(&self, shape: &[usize]) -> Result<Vec<f32>, Fault> {
        self.check_shape(shape)?;
        if self.dtype != "F32" {
            return Err(Fault::Dtype { name: self.name.clone(), found: self.dtype.clone() });
        }
        let bytes = self.data.chunks_exact(4);
        let values: Vec<f32> = bytes.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(self.value_fault(at, values[at], "a finite number")),
            None => Ok(values),
        }
    }

    /// The fault for the value at index `at`, counted row by row.
    pub(super) fn value_fault(&self, at: usize, value: f32, expected: &'static str) -> Fault {
        let (name, index) = (self.name.clone(), format!("{:?}", self.index(at)));
        Fault::Value { name, index, value, expected }
    }

    /// Row and column, or the corresponding indices for other ranks.
    pub(super) fn index(&self, at: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        let mut rest = at;
        for (index, size) in index.iter_mut().zip(self.declared(&self.shape)).rev() {
            (*index, rest) = (rest % size, rest / size);
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_becomes_indices() {
        let check = |shape: &[usize], at, expected: &[usize]| {
            let tensor =
                Tensor { name: String::new(), dtype: "F32".into(), shape: shape.into(), data: &[], transposed: false };
            assert_eq!(tensor.index(at), expected);
        };
        check(&[7], 5, &[5]);
        check(&[3, 7], 0, &[0, 0]);
        check(&[3, 7], 17, &[2, 3]);
        check(&[2, 3, 4], 23, &[1, 2, 3]);
    }
}
