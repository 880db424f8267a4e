//! An integer layer: block after block through the kernel, then every row requantized.

use super::kernel::{Current, Kernel, Sums, dot};
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
    outputs(dense, source, list, y, |z| z.clamp(0, 255) as u8);
}

/// Logits `z [O]`, each the bits of an `i32`; with `relu` none below 0.
pub(crate) fn last(dense: &Dense, source: &Source, list: &mut [u32], relu: bool, z: &mut [u32]) {
    outputs(dense, source, list, z, |z| if relu { z.max(0) as u32 } else { z as u32 });
}

/// Group after group of blocks, then row after row.
#[inline(always)]
fn outputs<T>(dense: &Dense, source: &Source, list: &mut [u32], out: &mut [T], put: impl Fn(i32) -> T) {
    let Dense { width, rows, weights } = *dense;
    let list = Current::list(width, source, list);
    let (block_rows, block_words) = (width.rows(), width.block_words(source.inputs()).max(1));
    let mut groups = weights.chunks(block_words * Current::AT_ONCE);
    let mut out = out.chunks_mut(block_rows);
    let mut rows = rows.chunks(block_rows);
    let mut sums = [[0; MAX_ROWS]; Current::AT_ONCE];
    while let Some(group) = groups.next() {
        Current::sums_of_blocks(width, &list, group, block_words, &mut sums);
        let mut blocks = group.chunks(block_words);
        for sums in &mut sums {
            let (Some(block), Some(rows), Some(out)) = (blocks.next(), rows.next(), out.next()) else { break };
            if rows.iter().any(|row| is_plain(row)) {
                add_up_plain(width, rows, source, block, sums);
            }
            for ((row, sum), out) in rows.iter().zip(sums).zip(out) {
                let row = Row::from_words(*row);
                *out = put(requantize(row.bias.wrapping_add(*sum), row.multiplier, row.shift));
            }
        }
    }
}

/// [`Row::plain`]
#[inline(always)]
fn is_plain(row: &[u32; 2]) -> bool {
    Row::from_words(*row).plain
}

/// The sums of rows that are beyond the bound of packed sums.
#[cold]
#[inline(never)]
fn add_up_plain(width: Width, rows: &[[u32; 2]], source: &Source, block: &[u32], sums: &mut Sums) {
    let plain = rows.iter().zip(sums).enumerate().filter(|(_, (row, _))| is_plain(row));
    for (row, (_, sum)) in plain {
        *sum = dot(width, row, (0..source.inputs()).map(|i| source.at(i)), block);
    }
}
