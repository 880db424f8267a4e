//! Views of matrices in slices, with strides, and their plain product: the oracle for every faster one.

/// A matrix in a borrowed slice: element `(r, c)` is `data[r * row_stride + c * col_stride]`.
#[derive(Debug, Clone, Copy)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Mat<'a> {
    /// `data` as `[rows][cols]`, one row after the other.
    ///
    /// Every element is in `data`, and no index overflows `usize`; the fast kernels rely on that.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        assert!(rows.checked_mul(cols) == Some(data.len()), "a matrix of {rows} x {cols}");
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The matrix of the columns `first..first + cols`.
    ///
    /// # Panics
    /// If there are fewer columns than that.
    pub fn columns(self, first: usize, cols: usize) -> Self {
        let end = first.checked_add(cols);
        assert!(end.is_some_and(|end| end <= self.cols), "columns {first}+{cols} of {}", self.cols);
        let start = (first * self.col_stride).min(self.data.len());
        Self { data: &self.data[start..], cols, ..self }
    }

    /// The transposed view; no data is moved.
    pub fn transposed(self) -> Self {
        Self {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The slice that begins with element `(0, 0)`.
    pub fn data(&self) -> &'a [f32] {
        self.data
    }

    /// Distance of two rows in [`data`](Self::data).
    pub fn row_stride(&self) -> usize {
        self.row_stride
    }

    /// Distance of two columns in [`data`](Self::data).
    pub fn col_stride(&self) -> usize {
        self.col_stride
    }

    /// Element `(row, col)`.
    #[inline(always)]
    pub fn at(&self, row: usize, col: usize) -> f32 {
        self.data[row * self.row_stride + col * self.col_stride]
    }
}

/// How a product is combined with the matrix it is written to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Write {
    /// `out = a b`
    Replace,
    /// `out = out + factor * a b`
    Add {
        /// Factor of the product.
        factor: f32,
    },
}

/// A tile of a product, and the corresponding part of the target matrix.
#[derive(Debug)]
pub struct Tile<'a> {
    /// Row of the tile's first element in the whole product.
    pub row: usize,
    /// Column of the tile's first element in the whole product.
    pub col: usize,
    /// Rows of the tile, at least 1.
    pub rows: usize,
    /// Columns of the tile, at least 1.
    pub width: usize,
    /// The product, row by row, each [`stride`](Self::stride) values from the next.
    pub product: &'a [f32],
    /// Distance between two rows of `product`.
    pub stride: usize,
    /// The target matrix from the tile's first element on. The distance between its rows is its number of columns.
    pub out: &'a mut [f32],
}

/// Writes `a b` to `out [a.rows][b.cols]`; every element is one sum in the order of the inner dimension.
///
/// # Panics
/// If the shapes do not match.
pub fn product(out: &mut [f32], write: Write, a: Mat, b: Mat) {
    check(out, a, b);
    for row in 0..a.rows() {
        for col in 0..b.cols() {
            let sum = element(a, b, row, col);
            let out = &mut out[row * b.cols() + col];
            *out = match write {
                Write::Replace => sum,
                Write::Add { factor } => *out + factor * sum,
            };
        }
    }
}

/// Computes the same product, but hands it to `work`, some columns of a row at a time, instead of writing it.
///
/// # Panics
/// If the shapes do not match.
#[inline(always)]
pub(crate) fn product_in_tiles(out: &mut [f32], a: Mat, b: Mat, mut work: impl FnMut(Tile)) {
    const WIDTH: usize = 16;
    check(out, a, b);
    for row in 0..a.rows() {
        for col in (0..b.cols()).step_by(WIDTH) {
            let width = WIDTH.min(b.cols() - col);
            let mut sums = [0.0; WIDTH];
            for (index, sum) in sums[..width].iter_mut().enumerate() {
                *sum = element(a, b, row, col + index);
            }
            let out = &mut out[row * b.cols() + col..];
            work(Tile { row, col, rows: 1, width, product: &sums, stride: WIDTH, out });
        }
    }
}

fn check(out: &[f32], a: Mat, b: Mat) {
    assert_eq!(a.cols(), b.rows(), "inner dimensions of a product");
    assert!(a.rows().checked_mul(b.cols()) == Some(out.len()), "the output of a product");
}

/// Element `(row, col)` of `a b`.
#[inline(always)]
fn element(a: Mat, b: Mat, row: usize, col: usize) -> f32 {
    let mut sum = 0.0;
    for k in 0..a.cols() {
        sum += a.at(row, k) * b.at(k, col);
    }
    sum
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::{Mat, Write, product};

    const A: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

    fn check(write: Write, a: Mat, b: Mat, expected: &[f32]) {
        let mut out = [100.0; 16];
        let out = &mut out[..expected.len()];
        product(out, write, a, b);
        assert_eq!(out, expected);
    }

    pub(crate) fn plain_transposed_and_partial_operands() {
        let (a, b) = (Mat::new(&A, 2, 3), Mat::new(&A, 3, 2));
        check(Write::Replace, a, b, &[22.0, 28.0, 49.0, 64.0]);
        check(Write::Replace, a, a.transposed(), &[14.0, 32.0, 32.0, 77.0]);
        check(Write::Replace, a.columns(1, 2).transposed(), a, &[22.0, 29.0, 36.0, 27.0, 36.0, 45.0]);
        check(Write::Add { factor: -2.0 }, a, b, &[56.0, 44.0, 2.0, -28.0]);
        check(Write::Replace, a.columns(3, 0), b.transposed().columns(0, 0).transposed(), &[0.0; 4]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Mat, Write, product};

    /// Sizes whose product wraps around to the length: in a release build nothing else detects this.
    #[test]
    #[should_panic(expected = "a matrix of")]
    fn a_size_that_wraps_around_is_no_matrix() {
        Mat::new(&[1.0; 2], 2, usize::MAX / 2 + 2);
    }

    #[test]
    #[should_panic(expected = "columns 1+")]
    fn columns_that_wrap_around_are_refused() {
        Mat::new(&[1.0; 2], 1, 2).columns(1, usize::MAX);
    }

    #[test]
    #[should_panic(expected = "the output of a product")]
    fn an_output_that_wraps_around_is_refused() {
        let half = usize::MAX / 2 + 1;
        product(&mut [], Write::Replace, Mat::new(&[], half, 0), Mat::new(&[], 0, 2));
    }
}
