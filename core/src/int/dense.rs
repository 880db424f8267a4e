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
fn outputs<T>(dense: &Dense, source: &Source, list: &mut [u32], mut out: &mut [T], put: impl Fn(i32) -> T) {
    let Dense { width, mut rows, mut weights } = *dense;
    let list = Current::list(width, source, list);
    let block_words = width.block_words(source.inputs()).max(1);
    let mut sums = [[0; MAX_ROWS]; Current::AT_ONCE];
    while !weights.is_empty() {
        let (group, behind) = split(weights, block_words * Current::AT_ONCE);
        weights = behind;
        Current::sums_of_blocks(width, &list, group, block_words, &mut sums);
        let mut blocks = group;
        for sums in &mut sums {
            let (of_block, behind) = split(rows, width.rows());
            let (block, behind_block) = split(blocks, block_words);
            (rows, blocks) = (behind, behind_block);
            if of_block.first().is_some_and(|&row| Row::from_words(row).plain) {
                add_up_plain(width, source, block, sums);
            }
            let count = of_block.len().min(out.len());
            let (of_out, behind) = core::mem::take(&mut out).split_at_mut(count);
            out = behind;
            for ((&row, &sum), out) in of_block.iter().zip(&*sums).zip(of_out) {
                let row = Row::from_words(row);
                *out = put(requantize(row.bias.wrapping_add(sum), row.multiplier, row.shift));
            }
        }
    }
}

/// The first `len`, or all, and what is behind.
#[inline(always)]
fn split<T>(of: &[T], len: usize) -> (&[T], &[T]) {
    of.split_at(len.min(of.len()))
}

/// The sums of a block with rows that are beyond the bound of packed sums.
#[cold]
#[inline(never)]
fn add_up_plain(width: Width, source: &Source, block: &[u32], sums: &mut Sums) {
    for (row, sum) in sums.iter_mut().take(width.rows()).enumerate() {
        *sum = dot(width, row, (0..source.inputs()).map(|i| source.at(i)), block);
    }
}
