//! An integer layer: block after block through the kernel, then every row requantized.

use super::kernel::{Current, Kernel, dot};
use super::layout::{MAX_ROWS, Width};
use super::requantize::{Row, requantize};
use super::source::Source;

/// What a layer has in flash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dense<'a> {
    pub(crate) width: Width,
    /// `[O]`, each the bytes of a [`Row`].
    pub(crate) rows: &'a [[u32; 2]],
    /// Blocks of [`Width::block_words`] words.
    pub(crate) weights: &'a [u32],
}

/// `y [O] = clamp(requantize(kernel [O][I] x [I] + bias [O]), 0, 255)`: a layer with ReLU that is not the last.
pub(crate) fn hidden(dense: &Dense, source: &Source, list: &mut [u32], y: &mut [u8]) {
    let mut y = y.iter_mut();
    for_each_output(dense, source, list, |z| {
        if let Some(y) = y.next() {
            *y = z.clamp(0, 255) as u8;
        }
    });
}

/// Logits `z [O]`, each the bits of an `i32`; with `relu` none below 0.
pub(crate) fn last(dense: &Dense, source: &Source, list: &mut [u32], relu: bool, z: &mut [u32]) {
    let mut out = z.iter_mut();
    for_each_output(dense, source, list, |z| {
        if let Some(out) = out.next() {
            *out = if relu { z.max(0) as u32 } else { z as u32 };
        }
    });
}

/// The requantized sums, row by row.
#[inline(always)]
fn for_each_output(dense: &Dense, source: &Source, list: &mut [u32], mut put: impl FnMut(i32)) {
    let Dense { width, rows, weights } = *dense;
    let list = Current::list(width, source, list);
    let block_words = width.block_words(source.inputs()).max(1);
    let groups = weights.chunks(block_words * Current::AT_ONCE);
    for (rows, blocks) in rows.chunks(width.rows() * Current::AT_ONCE).zip(groups) {
        let mut sums = [[0; MAX_ROWS]; Current::AT_ONCE];
        Current::sums_of_blocks(width, &list, blocks, block_words, &mut sums);
        for ((rows, block), sums) in rows.chunks(width.rows()).zip(blocks.chunks(block_words)).zip(sums) {
            for ((index, row), sum) in rows.iter().enumerate().zip(sums) {
                let row = Row::from_words(*row);
                let sum = if row.plain { plain_sum(width, index, source, block) } else { sum };
                put(requantize(row.bias.wrapping_add(sum), row.multiplier, row.shift));
            }
        }
    }
}

/// The sum of a row that is beyond the bound of packed sums.
#[cold]
#[inline(never)]
fn plain_sum(width: Width, row: usize, source: &Source, block: &[u32]) -> i32 {
    dot(width, row, (0..source.inputs()).map(|i| source.at(i)), block)
}
