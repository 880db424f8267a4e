//! A product of two matrices that is not stored: each tile is handed over while it is in the nearest cache.
//!
//! The tiles are the same as in [`product`](super::product), and so are the bits for sums of up to
//! [`DEPTH`](super::product) terms; longer ones are summed in registers completely. `out` is not written here: its part
//! that corresponds to a tile is prefetched while the tile is summed, and `work` gets both.

use super::panels::{Panels, columns};
use super::product::{MOST_COLUMNS, MOST_ROWS, Strip, check, prefetch};
use super::vectors::{Vectors, Work};
use foldnet_core::matrix::{Mat, Tile, Write};

/// `a b`, handed to `work`; see [`foldnet_core::Compute::product_in_tiles`].
pub(in crate::compute) struct InTiles<'a, F> {
    /// `[M][N]`
    pub(in crate::compute) out: &'a mut [f32],
    /// `[M][K]`
    pub(in crate::compute) a: Mat<'a>,
    /// `[K][N]`
    pub(in crate::compute) b: Mat<'a>,
    /// Buffer for the panels of `b`; grows as needed.
    pub(in crate::compute) panels: &'a mut Vec<f32>,
    /// `#[inline(always)]`.
    pub(in crate::compute) work: F,
}

impl<F: FnMut(Tile)> Work for InTiles<'_, F> {
    type Output = ();

    /// # Panics
    /// If the shapes do not match.
    #[inline(always)]
    fn run<V: Vectors>(self) {
        check(self.out, self.a, self.b);
        if V::MANY { self.tiled::<V, MOST_ROWS, 6>() } else { self.tiled::<V, 6, 3>() }
    }
}

impl<F: FnMut(Tile)> InTiles<'_, F> {
    #[inline(always)]
    fn tiled<V: Vectors, const ROWS: usize, const HALF: usize>(self) {
        let Self { out, a, b, panels, mut work } = self;
        let (rows, cols, depth, write) = (a.rows(), b.cols(), a.cols(), Write::Replace);
        let b = Panels::of::<V>(b, panels);
        for row in (0..rows).step_by(ROWS) {
            let (out, work) = (&mut out[row * cols..], &mut work);
            // SAFETY: the instruction set is the caller's promise to `Work::run`.
            unsafe {
                if rows - row <= HALF {
                    V::apart(Handed { strip: Strip::<HALF> { out, cols, write, a, b, row, first: 0, depth }, work });
                } else {
                    V::apart(Handed { strip: Strip::<ROWS> { out, cols, write, a, b, row, first: 0, depth }, work });
                }
            }
        }
    }
}

/// A strip whose tiles are handed to `work`.
struct Handed<'a, F, const ROWS: usize> {
    strip: Strip<'a, ROWS>,
    work: &'a mut F,
}

impl<F: FnMut(Tile), const ROWS: usize> Work for Handed<'_, F, ROWS> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vectors>(self) {
        let Self { mut strip, work } = self;
        let (out, row, cols) = (core::mem::take(&mut strip.out), strip.row, strip.cols);
        let (starts, rows) = (strip.starts(), ROWS.min(strip.a.rows() - row));
        let mut aside = [0.0; MOST_ROWS * MOST_COLUMNS];
        for col in (0..cols).step_by(columns::<V>()) {
            let (width, out) = (columns::<V>().min(cols - col), &mut out[col..]);
            // SAFETY: the instruction set is the caller's promise to `Work::run`.
            unsafe { prefetch::<V>(out.as_ptr(), cols, rows) };
            strip.tile::<V>(&starts, col, &mut aside, MOST_COLUMNS);
            work(Tile { row, col, rows, width, product: &aside, stride: MOST_COLUMNS, out });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::product::tests::{available, values};
    use super::super::{Isa, Product};
    use super::*;

    /// Writes every tile to its position, which must give the product's bits; the rows must come in order, each element
    /// once.
    fn check(rows: usize, inner: usize, cols: usize) {
        let (a, b) = (values(rows * inner, 1), values(inner * cols, 2));
        let (a, b) = (Mat::new(&a, rows, inner), Mat::new(&b, cols, inner).transposed());
        for isa in available() {
            let (mut panels, mut expected) = (vec![f32::NAN; 50], vec![0.0; rows * cols]);
            let (mut out, mut next) = (values(rows * cols, 3), vec![0; cols]);
            isa.run(Product { out: &mut expected, write: Write::Add { factor: 1.0 }, a, b, panels: &mut panels });
            let work = |tile: Tile| {
                for row in 0..tile.rows {
                    for col in 0..tile.width {
                        tile.out[row * cols + col] = tile.product[row * tile.stride + col];
                        assert_eq!(next[tile.col + col], tile.row + row, "{rows}x{inner}x{cols}");
                        next[tile.col + col] += 1;
                    }
                }
            };
            isa.run(InTiles { out: &mut out, a, b, panels: &mut panels, work });
            assert_eq!(out, expected, "{:?} {rows}x{inner}x{cols}", isa.isa());
            assert_eq!(next, vec![rows; cols]);
        }
        assert!(!available().is_empty() && Isa::Baseline.is_available());
    }

    #[test]
    fn every_tile_is_handed_over_once_with_the_product_s_bits() {
        for rows in [1, 2, 3, 5, 6, 7, 11, 12, 13, 18, 25] {
            for cols in [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65] {
                check(rows, 9, cols);
            }
        }
        check(13, 0, 20);
        check(0, 4, 5);
        check(5, 4, 0);
    }
}
