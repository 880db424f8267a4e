//! The second operand of a product as panels with the width of a tile: in place if its rows are contiguous and divide
//! into tiles, otherwise packed.

use super::vectors::{TRANSPOSED, Vectors};
use core::ops::Range;
use foldnet_core::matrix::Mat;

/// Number of columns in a tile: two registers.
pub(super) const fn columns<V: Vectors>() -> usize {
    2 * V::LANES
}

/// Number of values in a cache line.
const LINE: usize = 16;

/// `b [K][N]`: the value of row `k` and column `c` of panel `p` is `p * panel + k * row + c`.
#[derive(Clone, Copy)]
pub(super) struct Panels<'a> {
    values: &'a [f32],
    panel: usize,
    row: usize,
}

impl<'a> Panels<'a> {
    /// The panels of `b`, packed into `room` if necessary, which grows as needed.
    #[inline(always)]
    pub(super) fn of<V: Vectors>(b: Mat<'a>, room: &'a mut Vec<f32>) -> Self {
        if b.col_stride() == 1 && b.cols() % columns::<V>() == 0 {
            return Self { values: b.data(), panel: columns::<V>(), row: b.row_stride() };
        }
        Self { values: pack::<V>(b, room), panel: b.rows() * columns::<V>(), row: columns::<V>() }
    }

    /// Distance between two rows.
    #[inline(always)]
    pub(super) fn row(&self) -> usize {
        self.row
    }

    /// Start of the tile of column `col` in row `first`; `depth` rows of a tile's columns can be read from there.
    #[inline(always)]
    pub(super) fn at<V: Vectors>(&self, col: usize, first: usize, depth: usize) -> *const f32 {
        let start = col / columns::<V>() * self.panel + first * self.row;
        if depth > 0 {
            assert!(self.values.len() >= start + (depth - 1) * self.row + columns::<V>());
        }
        self.values.as_ptr().wrapping_add(start)
    }
}

/// `b [K][N]` as consecutive panels `[K][columns]`, aligned to a cache line; the rest of the last one has arbitrary
/// values.
#[inline(always)]
fn pack<'a, V: Vectors>(b: Mat, room: &'a mut Vec<f32>) -> &'a [f32] {
    let width = columns::<V>();
    let size = b.rows() * width;
    let needed = b.cols().div_ceil(width) * size;
    if room.len() < needed + LINE {
        room.resize(needed + LINE, 0.0);
    }
    let skipped = room.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
    let panels = &mut room[skipped..skipped + needed];
    for (index, panel) in panels.chunks_exact_mut(size.max(1)).enumerate() {
        let first = index * width;
        let cols = width.min(b.cols() - first);
        if b.col_stride() == 1 {
            for (k, row) in panel.chunks_exact_mut(width).enumerate() {
                let start = k * b.row_stride() + first;
                row[..cols].copy_from_slice(&b.data()[start..start + cols]);
            }
        } else {
            for block in (0..cols).step_by(TRANSPOSED) {
                pack_columns::<V>(b, first, block..cols.min(block + TRANSPOSED), panel);
            }
        }
    }
    panels
}

/// Packs the `columns` of a panel whose first is column `first` of `b`; at most eight.
#[inline(always)]
fn pack_columns<V: Vectors>(b: Mat, first: usize, columns: Range<usize>, panel: &mut [f32]) {
    let width = self::columns::<V>();
    let mut done = 0;
    if columns.len() == TRANSPOSED && b.row_stride() == 1 {
        let from = &b.data()[(first + columns.start) * b.col_stride()..];
        done = b.rows() / TRANSPOSED * TRANSPOSED;
        if done > 0 {
            assert!(from.len() >= (TRANSPOSED - 1) * b.col_stride() + done && panel.len() >= done * width);
        }
        for k in (0..done).step_by(TRANSPOSED) {
            // SAFETY: the assertion above, and a panel's rows are `width` long; the instruction set is the caller's
            // promise to `Work::run`.
            unsafe {
                let to = panel.as_mut_ptr().add(k * width + columns.start);
                V::transpose(from.as_ptr().add(k), b.col_stride(), to, width);
            }
        }
    }
    for k in done..b.rows() {
        for c in columns.clone() {
            panel[k * width + c] = b.at(k, first + c);
        }
    }
}
