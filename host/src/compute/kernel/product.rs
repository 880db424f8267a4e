//! The product of two matrices on one thread, in tiles that are summed in registers.
//!
//! `out [M][N]`, `a [M][K]`, `b [K][N]`. A tile of `out` is the sum over `K` of an outer product: values of a column of
//! `a`, one at a time, times a run of a row of `b`. `a` is read in place, and so is `b` if its rows are contiguous and
//! divide into tiles; otherwise it is first packed into panels with the width of a tile (the update's `x^T`).
//!
//! Every element is summed in the order of `K`, in blocks of [`DEPTH`], with fused multiply-adds if available: its bits
//! depend neither on how the rows are split nor on the width of the vectors.

use super::panels::{Panels, columns};
use super::vectors::{Vectors, Work};
use core::array::from_fn;
use foldnet_core::matrix::{Mat, Write};

/// Maximum number of rows in a tile.
pub(super) const MOST_ROWS: usize = 12;
/// Maximum number of columns in a tile.
pub(super) const MOST_COLUMNS: usize = 32;

/// Length of `K` that is summed before the sums go to `out`.
const DEPTH: usize = 2048;

/// `a b` into `out`; see [`foldnet_core::Compute::product`].
pub(in crate::compute) struct Product<'a> {
    /// `[M][N]`
    pub(in crate::compute) out: &'a mut [f32],
    pub(in crate::compute) write: Write,
    /// `[M][K]`
    pub(in crate::compute) a: Mat<'a>,
    /// `[K][N]`
    pub(in crate::compute) b: Mat<'a>,
    /// Buffer for the panels of `b`; grows as needed.
    pub(in crate::compute) panels: &'a mut Vec<f32>,
}

impl Work for Product<'_> {
    type Output = ();

    /// # Panics
    /// If the shapes do not match.
    #[inline(always)]
    fn run<V: Vectors>(self) {
        check(self.out, self.a, self.b);
        if V::MANY { self.tiled::<V, MOST_ROWS, 6>() } else { self.tiled::<V, 6, 3>() }
    }
}

/// # Panics
/// If the shapes do not match.
pub(super) fn check(out: &[f32], a: Mat, b: Mat) {
    assert_eq!(a.cols(), b.rows(), "inner dimensions of a product");
    assert!(a.rows().checked_mul(b.cols()) == Some(out.len()), "the output of a product");
}

impl Product<'_> {
    #[inline(always)]
    fn tiled<V: Vectors, const ROWS: usize, const HALF: usize>(self) {
        let (rows, cols, inner) = (self.a.rows(), self.b.cols(), self.a.cols());
        let b = Panels::of::<V>(self.b, self.panels);
        let mut write = self.write;
        for first in (0..inner.max(1)).step_by(DEPTH) {
            let depth = DEPTH.min(inner - first);
            for row in (0..rows).step_by(ROWS) {
                let out = &mut self.out[row * cols..];
                // SAFETY: the instruction set is the caller's promise to `Work::run`.
                unsafe {
                    if rows - row <= HALF {
                        V::apart(Strip::<HALF> { out, cols, write, a: self.a, b, row, first, depth });
                    } else {
                        V::apart(Strip::<ROWS> { out, cols, write, a: self.a, b, row, first, depth });
                    }
                }
            }
            if write == Write::Replace {
                write = Write::Add { factor: 1.0 };
            }
        }
    }
}

/// The tiles next to each other in `ROWS` rows, or in the remaining last rows.
pub(super) struct Strip<'a, const ROWS: usize> {
    /// From the first of the rows on.
    pub(super) out: &'a mut [f32],
    pub(super) cols: usize,
    pub(super) write: Write,
    pub(super) a: Mat<'a>,
    pub(super) b: Panels<'a>,
    pub(super) row: usize,
    /// Start and length of the sum over `K`.
    pub(super) first: usize,
    pub(super) depth: usize,
}

impl<const ROWS: usize> Work for Strip<'_, ROWS> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vectors>(mut self) {
        let (out, cols, starts) = (core::mem::take(&mut self.out), self.cols, self.starts());
        let rows = ROWS.min(self.a.rows() - self.row);
        for col in (0..cols).step_by(columns::<V>()) {
            let (width, out) = (columns::<V>().min(cols - col), &mut out[col..]);
            if rows == ROWS && width == columns::<V>() {
                self.tile::<V>(&starts, col, out, cols);
            } else {
                let mut aside = [0.0; MOST_ROWS * MOST_COLUMNS];
                copy_rows(out, cols, &mut aside, MOST_COLUMNS, rows, width);
                self.tile::<V>(&starts, col, &mut aside, MOST_COLUMNS);
                copy_rows(&aside, MOST_COLUMNS, out, cols, rows, width);
            }
        }
    }
}

impl<const ROWS: usize> Strip<'_, ROWS> {
    /// Adds the tile of column `col` to the first rows of `out`, which are `stride` values apart.
    #[inline(always)]
    pub(super) fn tile<V: Vectors>(&self, starts: &[*const f32; ROWS], col: usize, out: &mut [f32], stride: usize) {
        let panel = self.b.at::<V>(col, self.first, self.depth);
        assert!(out.len() >= (ROWS - 1) * stride + columns::<V>());
        let tile = Tile { out: out.as_mut_ptr(), stride, write: self.write };
        // SAFETY: the assertion above, those of `starts` and of `Panels::at`; the instruction set is the caller's promise
        // to `Work::run`.
        unsafe {
            tile.prefetch::<V, ROWS>();
            let sums = sums::<V, ROWS>(starts, self.a.col_stride(), panel, self.b.row(), self.depth);
            tile.store::<V, ROWS>(sums);
        }
    }

    /// Starts of the rows of `a`, each at least `depth` values long; rows beyond the last repeat it.
    #[inline(always)]
    pub(super) fn starts(&self) -> [*const f32; ROWS] {
        let last = self.a.rows() - 1;
        let start = |r: usize| last.min(self.row + r) * self.a.row_stride() + self.first * self.a.col_stride();
        if self.depth > 0 {
            assert!(self.a.data().len() > start(ROWS - 1) + (self.depth - 1) * self.a.col_stride());
        }
        from_fn(|r| self.a.data().as_ptr().wrapping_add(start(r)))
    }
}

/// Copies the first `width` values of `rows` rows.
#[inline(always)]
fn copy_rows(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize, rows: usize, width: usize) {
    for (from, to) in from.chunks(from_stride).zip(to.chunks_mut(to_stride)).take(rows) {
        to[..width].copy_from_slice(&from[..width]);
    }
}

/// Prefetches `rows` rows of a tile, which are `stride` values apart.
///
/// # Safety
/// The processor must have the instruction set.
#[inline(always)]
pub(super) unsafe fn prefetch<V: Vectors>(out: *const f32, stride: usize, rows: usize) {
    for row in 0..rows {
        let at = out.wrapping_add(row * stride);
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe {
            V::prefetch(at);
            V::prefetch(at.wrapping_add(V::LANES));
        }
    }
}

/// Destination of a tile; rows are a stride apart.
struct Tile {
    out: *mut f32,
    stride: usize,
    write: Write,
}

impl Tile {
    /// Prefetches the values that will be added to.
    ///
    /// # Safety
    /// The processor must have the instruction set.
    #[inline(always)]
    unsafe fn prefetch<V: Vectors, const ROWS: usize>(&self) {
        if self.write != Write::Replace {
            // SAFETY: guaranteed by the caller, see `# Safety`.
            unsafe { prefetch::<V>(self.out, self.stride, ROWS) };
        }
    }

    /// Writes the sums to the rows.
    ///
    /// # Safety
    /// A tile must be readable and writable at `out`; the processor must have the instruction set.
    #[inline(always)]
    unsafe fn store<V: Vectors, const ROWS: usize>(&self, sums: [[V::Vector; 2]; ROWS]) {
        for (row, sums) in sums.iter().enumerate() {
            for (index, sum) in sums.iter().enumerate() {
                // SAFETY: guaranteed by the caller, see `# Safety`.
                unsafe {
                    let out = self.out.add(row * self.stride + index * V::LANES);
                    let value = match self.write {
                        Write::Replace => *sum,
                        Write::Add { factor } => V::multiply_add(V::splat(factor), *sum, V::load(out)),
                    };
                    V::store(out, value);
                }
            }
        }
    }
}

/// The sums of a tile: `depth` values from each of `starts`, a stride apart, times as many rows of a panel.
///
/// # Safety
/// All of them must be readable; the processor must have the instruction set.
#[inline(always)]
unsafe fn sums<V: Vectors, const ROWS: usize>(
    starts: &[*const f32; ROWS],
    stride: usize,
    panel: *const f32,
    row: usize,
    depth: usize,
) -> [[V::Vector; 2]; ROWS] {
    // SAFETY: guaranteed by the caller, see `# Safety`.
    unsafe {
        let mut sums = [[V::splat(0.0); 2]; ROWS];
        for k in 0..depth {
            let b = [V::load(panel.add(k * row)), V::load(panel.add(k * row + V::LANES))];
            for r in 0..ROWS {
                let a = V::splat(*starts[r].add(k * stride));
                sums[r] = [V::multiply_add(a, b[0], sums[r][0]), V::multiply_add(a, b[1], sums[r][1])];
            }
        }
        sums
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Available, Isa};
    use super::*;
    use foldnet_core::matrix;

    /// Values of both signs with a period of 1,021.
    pub(in crate::compute::kernel) fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 613 + seed * 97) % 1021) as f32 / 512.0 - 1.0).collect()
    }

    pub(in crate::compute::kernel) fn available() -> Vec<Available> {
        Isa::ALL.into_iter().filter_map(Available::new).collect()
    }

    fn fast(isa: Available, out: &mut [f32], write: Write, a: Mat, b: Mat) {
        // Leftovers of an earlier product in the panels must not matter.
        let mut panels = vec![f32::NAN; 50];
        isa.run(Product { out, write, a, b, panels: &mut panels });
    }

    /// Compares all instruction sets with the oracle, and those with fused multiply-adds with each other, bit for bit.
    fn check(write: Write, a: Mat, b: Mat) {
        let (rows, cols, inner) = (a.rows(), b.cols(), a.cols());
        let mut expected = values(rows * cols, 3);
        matrix::product(&mut expected, write, a, b);
        let mut fused: Option<Vec<f32>> = None;
        for isa in available() {
            let mut out = values(rows * cols, 3);
            fast(isa, &mut out, write, a, b);
            // Sums of `inner` terms below 1 (about 0.3 on average), whose rounding errors accumulate like a random
            // walk.
            let tolerance = (2.0 + inner as f32 * (inner as f32).sqrt()) * f32::EPSILON;
            for (i, (x, y)) in out.iter().zip(&expected).enumerate() {
                assert!((x - y).abs() <= tolerance, "{isa:?} {rows}x{inner}x{cols} at {i}: {x} for {y}");
            }
            if isa.isa() != Isa::Baseline {
                assert_eq!(fused.get_or_insert(out.clone()), &out, "{isa:?} {rows}x{inner}x{cols}");
            }
        }
    }

    fn check_all_layouts(rows: usize, inner: usize, cols: usize) {
        let (a, b) = (values(rows * inner, 1), values(inner * cols, 2));
        let (plain_a, plain_b) = (Mat::new(&a, rows, inner), Mat::new(&b, inner, cols));
        let transposed_a = Mat::new(&a, inner, rows).transposed();
        let transposed_b = Mat::new(&b, cols, inner).transposed();
        for write in [Write::Replace, Write::Add { factor: -0.25 }] {
            for (a, b) in
                [(plain_a, plain_b), (transposed_a, plain_b), (plain_a, transposed_b), (transposed_a, transposed_b)]
            {
                check(write, a, b);
            }
        }
    }

    #[test]
    fn every_shape_around_the_tiles_agrees_with_the_oracle() {
        for rows in [1, 2, 3, 5, 6, 7, 11, 12, 13, 18, 25] {
            for cols in [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65] {
                check_all_layouts(rows, 9, cols);
            }
        }
        for inner in [0, 1, 7, 8, 15, 16, 33] {
            check_all_layouts(13, inner, 32);
        }
        check_all_layouts(0, 4, 5);
        check_all_layouts(5, 4, 0);
    }

    #[test]
    fn sums_longer_than_a_block_agree_with_the_oracle() {
        for inner in [DEPTH - 1, DEPTH, DEPTH + 1, 2 * DEPTH + 3] {
            check_all_layouts(3, inner, 5);
        }
    }

    #[test]
    fn columns_of_a_larger_matrix_agree_with_the_oracle() {
        let (a, b) = (values(40 * 37, 1), values(40 * 32, 2));
        for first in [0, 1, 24] {
            let a = Mat::new(&a, 40, 37).columns(first, 13).transposed();
            check(Write::Replace, a, Mat::new(&b, 40, 32));
        }
    }

    #[test]
    fn a_split_of_the_rows_changes_no_bit() {
        let (a, b) = (values(31 * 40, 1), values(40 * 32, 2));
        let b = Mat::new(&b, 40, 32);
        for isa in available() {
            let (mut whole, mut split) = (vec![0.0; 31 * 32], vec![0.0; 31 * 32]);
            fast(isa, &mut whole, Write::Replace, Mat::new(&a, 31, 40), b);
            for (a, out) in a.chunks(7 * 40).zip(split.chunks_mut(7 * 32)) {
                fast(isa, out, Write::Replace, Mat::new(a, a.len() / 40, 40), b);
            }
            assert_eq!(whole, split, "{isa:?}");
        }
    }
}
