//! The product of two matrices on one thread, in tiles that are summed in registers.
//!
//! `out [M][N]`, `a [M][K]`, `b [K][N]`. A tile of `out` is the sum over `K` of an outer product: values of a column
//! of `a`, one at a time, times a run of a row of `b`. `a` is read where it is; `b` too where its rows are contiguous
//! and divide into tiles, otherwise it is packed into panels of a tile's width first (the update's `x^T`).
//!
//! Every element is summed in the order of `K`, in blocks of [`DEPTH`], by fused multiply-adds where there are any:
//! its bits depend neither on how the rows are split nor on the width of the vectors.

use super::vectors::{Vectors, Work};
use core::array::from_fn;
use core::ops::Range;
use core::slice::ChunksExact;
use foldnet_core::matrix::{Mat, Write};

/// The most rows a tile has.
const MOST_ROWS: usize = 12;
/// The most columns a tile has.
const MOST_COLUMNS: usize = 32;

/// Where a tile that sticks out of the matrix is written first.
type Aside = [f32; MOST_ROWS * MOST_COLUMNS];

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
    /// Room for the panels of `b`; grows as needed.
    pub(in crate::compute) panels: &'a mut Vec<f32>,
}

impl Work for Product<'_> {
    type Output = ();

    /// # Panics
    /// If the shapes do not fit.
    #[inline(always)]
    fn run<V: Vectors>(self) {
        assert_eq!(self.a.cols(), self.b.rows(), "inner dimensions of a product");
        assert_eq!(self.out.len(), self.a.rows() * self.b.cols(), "the output of a product");
        if V::MANY { self.tiled::<V, MOST_ROWS, 6>() } else { self.tiled::<V, 6, 3>() }
    }
}

/// `b` as panels of a tile's width: the value of row `k` and column `c` of panel `p` is `p * panel + k * row + c`.
#[derive(Clone, Copy)]
struct Panels<'a> {
    values: &'a [f32],
    panel: usize,
    row: usize,
}

/// Where a tile begins, and how far the sum goes.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    col: usize,
    first: usize,
    depth: usize,
}

/// Columns of a tile: two registers.
const fn columns<V: Vectors>() -> usize {
    2 * V::LANES
}

impl Product<'_> {
    #[inline(always)]
    fn tiled<V: Vectors, const ROWS: usize, const HALF: usize>(self) {
        let (rows, cols, inner) = (self.a.rows(), self.b.cols(), self.a.cols());
        let panels = if self.b.col_stride() == 1 && cols % columns::<V>() == 0 {
            Panels { values: self.b.data(), panel: columns::<V>(), row: self.b.row_stride() }
        } else {
            pack::<V>(self.b, self.panels);
            Panels { values: self.panels, panel: inner * columns::<V>(), row: columns::<V>() }
        };
        let (mut write, mut aside) = (self.write, [0.0; MOST_ROWS * MOST_COLUMNS]);
        for first in (0..inner.max(1)).step_by(DEPTH) {
            let depth = DEPTH.min(inner - first);
            let mut row = 0;
            while row < rows {
                let half = rows - row <= HALF;
                for col in (0..cols).step_by(columns::<V>()) {
                    let place = Place { row, col, first, depth };
                    if half {
                        tile::<V, HALF>(self.out, &mut aside, write, self.a, panels, cols, place);
                    } else {
                        tile::<V, ROWS>(self.out, &mut aside, write, self.a, panels, cols, place);
                    }
                }
                row += if half { HALF } else { ROWS };
            }
            if write == Write::Replace {
                write = Write::Add { factor: 1.0 };
            }
        }
    }
}

/// One tile: summed, then written to `out [..][cols]`, by way of `aside` where it sticks out.
#[inline(always)]
fn tile<V: Vectors, const ROWS: usize>(
    out: &mut [f32],
    aside: &mut Aside,
    write: Write,
    a: Mat,
    b: Panels,
    cols: usize,
    place: Place,
) {
    let width = columns::<V>().min(cols - place.col);
    let rows = ROWS.min(a.rows() - place.row);
    let out = &mut out[place.row * cols + place.col..];
    let whole = rows == ROWS && width == columns::<V>();
    if !whole {
        copy_rows(out, cols, aside, MOST_COLUMNS, rows, width);
    }
    let (to, stride) = if whole { (&mut *out, cols) } else { (&mut aside[..], MOST_COLUMNS) };
    // SAFETY: the instruction set is the caller's promise to `Work::run`.
    unsafe { V::apart(Whole::<ROWS> { out: to, stride, write, a, b, place }) };
    if !whole {
        copy_rows(aside, MOST_COLUMNS, out, cols, rows, width);
    }
}

/// A tile none of which sticks out of `out`; rows beyond the last of `a` repeat it.
struct Whole<'a, const ROWS: usize> {
    out: &'a mut [f32],
    /// Distance of two rows in `out`.
    stride: usize,
    write: Write,
    a: Mat<'a>,
    b: Panels<'a>,
    place: Place,
}

impl<const ROWS: usize> Work for Whole<'_, ROWS> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vectors>(self) {
        assert!(self.out.len() >= (ROWS - 1) * self.stride + columns::<V>());
        let sums = sums::<V, ROWS>(self.a, self.b, self.place);
        for (row, sums) in sums.iter().enumerate() {
            // SAFETY: the assertion above; the instruction set is the caller's promise to `Work::run`.
            unsafe { store::<V>(self.out.as_mut_ptr().add(row * self.stride), self.write, sums) };
        }
    }
}

/// The first `width` values of `rows` rows, each a stride from the next.
#[inline(always)]
fn copy_rows(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize, rows: usize, width: usize) {
    for (from, to) in from.chunks(from_stride).zip(to.chunks_mut(to_stride)).take(rows) {
        to[..width].copy_from_slice(&from[..width]);
    }
}

/// The sums of a row into the row at `out`.
///
/// # Safety
/// A tile's columns are readable and writable at `out`; the processor has the instruction set.
#[inline(always)]
unsafe fn store<V: Vectors>(out: *mut f32, write: Write, sums: &[V::Vector; 2]) {
    for (index, sum) in sums.iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe {
            let out = out.add(index * V::LANES);
            let value = match write {
                Write::Replace => *sum,
                Write::Add { factor } => V::multiply_add(V::splat(factor), *sum, V::load(out)),
            };
            V::store(out, value);
        }
    }
}

/// The sums of a tile; rows beyond the last of `a` repeat it.
#[inline(always)]
fn sums<V: Vectors, const ROWS: usize>(a: Mat, b: Panels, place: Place) -> [[V::Vector; 2]; ROWS] {
    let Place { row, col, first, depth } = place;
    let last = a.rows() - 1;
    let start = |r: usize| last.min(row + r) * a.row_stride() + first * a.col_stride();
    let panel = col / columns::<V>() * b.panel + first * b.row;
    if depth > 0 {
        let end = depth - 1;
        assert!(a.data().len() > start(ROWS - 1) + end * a.col_stride());
        assert!(b.values.len() >= panel + end * b.row + columns::<V>());
    }
    // SAFETY: the assertions above, for `k < depth` and every row up to the last; the instruction set is the caller's
    // promise to `Work::run`.
    unsafe {
        let starts: [*const f32; ROWS] = from_fn(|r| a.data().as_ptr().wrapping_add(start(r)));
        let panel = b.values.as_ptr().wrapping_add(panel);
        let mut sums = [[V::splat(0.0); 2]; ROWS];
        for k in 0..depth {
            let b = [V::load(panel.add(k * b.row)), V::load(panel.add(k * b.row + V::LANES))];
            for r in 0..ROWS {
                let a = V::splat(*starts[r].add(k * a.col_stride()));
                sums[r] = [V::multiply_add(a, b[0], sums[r][0]), V::multiply_add(a, b[1], sums[r][1])];
            }
        }
        sums
    }
}

/// `b [K][N]` as panels `[K][columns]`, one after the other, the last filled up with what happens to be there.
#[inline(always)]
fn pack<V: Vectors>(b: Mat, panels: &mut Vec<f32>) {
    let width = columns::<V>();
    let size = b.rows() * width;
    let needed = b.cols().div_ceil(width) * size;
    if panels.len() < needed {
        panels.resize(needed, 0.0);
    }
    for (index, panel) in panels[..needed].chunks_exact_mut(size.max(1)).enumerate() {
        let first = index * width;
        let cols = width.min(b.cols() - first);
        if b.col_stride() == 1 {
            for (k, row) in panel.chunks_exact_mut(width).enumerate() {
                let start = k * b.row_stride() + first;
                row[..cols].copy_from_slice(&b.data()[start..start + cols]);
            }
        } else {
            for block in (0..cols).step_by(8) {
                pack_columns::<V>(b, first, block..cols.min(block + 8), panel);
            }
        }
    }
}

/// The `columns` of a panel whose first is column `first` of `b`; at most eight.
#[inline(always)]
fn pack_columns<V: Vectors>(b: Mat, first: usize, columns: Range<usize>, panel: &mut [f32]) {
    let width = self::columns::<V>();
    let mut done = 0;
    if columns.len() == 8 && b.row_stride() == 1 {
        let column = |c: usize| &b.data()[(first + columns.start + c) * b.col_stride()..][..b.rows()];
        let mut blocks: [ChunksExact<f32>; 8] = from_fn(|c| column(c).chunks_exact(8));
        for block in 0..b.rows() / 8 {
            let rows = from_fn(|c| eight(blocks[c].next()));
            // SAFETY: the instruction set is the caller's promise to `Work::run`.
            let rows = unsafe { V::transpose(rows) };
            for (row, values) in rows.iter().enumerate() {
                panel[(8 * block + row) * width + columns.start..][..8].copy_from_slice(values);
            }
        }
        done = b.rows() / 8 * 8;
    }
    for k in done..b.rows() {
        for c in columns.clone() {
            panel[k * width + c] = b.at(k, first + c);
        }
    }
}

/// A chunk of eight as an array; zeros for none.
#[inline(always)]
fn eight(chunk: Option<&[f32]>) -> &[f32; 8] {
    chunk.and_then(|chunk| chunk.first_chunk()).unwrap_or(&[0.0; 8])
}

#[cfg(test)]
mod tests {
    use super::super::{Available, Isa};
    use super::*;
    use foldnet_core::matrix;

    /// Values of both signs that repeat only after 1,021 of them.
    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 613 + seed * 97) % 1021) as f32 / 512.0 - 1.0).collect()
    }

    fn available() -> Vec<Available> {
        Isa::ALL.into_iter().filter_map(Available::new).collect()
    }

    fn fast(isa: Available, out: &mut [f32], write: Write, a: Mat, b: Mat) {
        // What an earlier product left in the panels must not matter.
        let mut panels = vec![f32::NAN; 50];
        isa.run(Product { out, write, a, b, panels: &mut panels });
    }

    /// All instruction sets against the oracle, and those that fuse against each other, bit for bit.
    fn check(write: Write, a: Mat, b: Mat) {
        let (rows, cols, inner) = (a.rows(), b.cols(), a.cols());
        let mut expected = values(rows * cols, 3);
        matrix::product(&mut expected, write, a, b);
        let mut fused: Option<Vec<f32>> = None;
        for isa in available() {
            let mut out = values(rows * cols, 3);
            fast(isa, &mut out, write, a, b);
            // Sums of `inner` terms below 1, whose rounding errors add up as a random walk does; a term is some 0.3.
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
        let turned_a = Mat::new(&a, inner, rows).transposed();
        let turned_b = Mat::new(&b, cols, inner).transposed();
        for write in [Write::Replace, Write::Add { factor: -0.25 }] {
            for (a, b) in [(plain_a, plain_b), (turned_a, plain_b), (plain_a, turned_b), (turned_a, turned_b)] {
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
