//! Cortex-M with MVE (M55, M85): one `VMLADAVA` multiplies eight inputs by eight packed halfwords and accumulates.
//!
//! # The list
//!
//! Groups of eight inputs that are not all zero, in *runs* of groups with consecutive weights. One row per word:
//!
//! ```text
//! | bytes of weights to skip          |   a run of n groups, 1 to 8
//! | address of the code for n groups  |
//! | x3 | x2 | x1 | x0                 |   n groups of eight bytes
//! | x7 | x6 | x5 | x4                 |
//! | ...                               |
//! | ...                               |   more runs
//! | bytes of weights to skip          |   terminator: a run of 0 groups, which skips to the end of the block
//! | address of the code for 0 groups  |
//! ```
//!
//! Each run jumps into unrolled straight-line code at the point from which exactly its groups remain, so there is no
//! loop counter or comparison per group. A last group of fewer than four pairs is a run of its own, whose predicated
//! loads read no weights beyond the block.
//!
//! # A walk
//!
//! A vector holds the same word of four pairs. `VMLADAVA.S16` accumulates whole halfwords times widened inputs, eight
//! products at once; on the same registers, `VMLADAVA.U8` accumulates the low bytes alone, because a widened input is
//! the bytes `x, 0`. So two rows of 8 bits take two instructions and no mask.
//!
//! A walk goes through all blocks of a layer. Sums start at minus the offset that inverted sign bits add (offset
//! binary); the end of a block requantizes four rows at once: `VRMULH` rounds as `SMMULR` does in the kernel for DSP.
//!
//! # 8 bits
//!
//! A pair takes three words, so each word of four pairs is gathered by `VLDRW` with a vector of addresses and
//! write-back. `VREV32` swaps the inputs for word 1. 11 instructions for 8 inputs times 6 rows.
//!
//! # 4 and 2 bits
//!
//! `VLD2` de-interleaves the two words of a pair at 4 bits; at 2 bits a pair is one word, and a plain load suffices.
//! Four accumulators determine four rows in turn. At 4 bits they are the sums of whole halfwords and of low bytes, each
//! with and without a `VAND` that keeps every other row; at 2 bits those of low bytes, whole and masked with `0x33`,
//! `0x0f` and `0x03`, and likewise those of whole halfwords. This holds within the [bound](crate::quantized::bound) of
//! chains: the top row is known modulo `2^20` at 4 bits and modulo `2^18` at 2 bits. 13 instructions for 8 inputs times
//! 8 rows.
//!
//! Instruction counts are in `tests/instructions.golden`, layer by layer, and in `docs/boards.md`.

#![allow(unsafe_code)]

use super::contract::{Kernel, Sums};
use crate::infer::source::{Order, Source};
use crate::quantized::layout::MAX_ROWS;
use crate::quantized::{BitWidth, KernelKind};
use core::arch::global_asm;
use core::mem::offset_of;

/// Kernel for MVE (Helium), 128-bit vectors.
#[derive(Debug)]
pub(crate) struct Mve;

/// The list of a layer's non-zero inputs; the module's documentation draws it.
#[derive(Debug)]
pub(crate) struct List<'s> {
    width: BitWidth,
    /// The runs; the last has 0 groups and skips to the end of the block.
    runs: &'s [u32],
    /// Words of a block that the runs advance over in total.
    block_words: usize,
    /// Number of pairs in the incomplete last group, 0 to 3.
    pairs: u32,
    /// `X`
    total: i32,
}

/// Inputs of a group.
const GROUP: usize = 8;

/// Maximum number of groups in a run: the length of the unrolled code.
const MAX_RUN: usize = 8;

/// Entry points of the code for runs of 0 to [`MAX_RUN`] groups, and for a group of fewer than four pairs.
type Entries = [u32; MAX_RUN + 2];

/// Arguments for building a list. `mve.s` depends on the field order.
#[repr(C)]
struct Gather {
    next: *mut u32,
    activations: *const u8,
    /// Indices of activations, or the activations themselves.
    from: *const u8,
    /// Inputs in groups of four whole pairs of weights.
    whole: usize,
    /// Number of activations, for an order.
    len: usize,
    /// Bytes of weights per group.
    bytes: usize,
    /// Inputs after the whole groups.
    last: usize,
    /// Bytes of a block after the weights of those groups.
    behind: usize,
    entries: &'static Entries,
}

/// Arguments of a walk through blocks. `mve.s` depends on the field order.
#[repr(C)]
struct Walk {
    /// Initial values of the sums: minus the offset that inverted sign bits add. `runs` is placed after the first, so
    /// that one `LDM` loads them all.
    begin: i32,
    runs: *const u32,
    begin_others: [i32; 7],
    /// Rows to requantize with, or null to write the sums of one block.
    rows: *const [u32; 2],
    /// Destination of the outputs, or of eight sums.
    out: *mut u8,
    /// The end of the outputs.
    end: *mut u8,
    /// As in [`List`].
    pairs: u32,
}

/// The offsets of fields that `mve.s` states.
const _: () = {
    assert!(offset_of!(Walk, rows) == 36 && offset_of!(Walk, out) == 40);
    assert!(offset_of!(Walk, end) == 44 && offset_of!(Walk, pairs) == 48);
};

impl Kernel for Mve {
    const KIND: KernelKind = KernelKind::Mve;
    type List<'s> = List<'s>;

    fn list<'s>(width: BitWidth, source: &Source, memory: &'s mut [u32]) -> List<'s> {
        let block_words = width.block_words(source.inputs());
        let pairs = (source.inputs().div_ceil(2) % 4) as u32;
        let Some(memory) = memory.get_mut(..KernelKind::Mve.list_words(width, source.inputs())) else {
            return List { width, runs: &[], block_words, pairs, total: 0 };
        };
        // SAFETY: `memory` has `list_words` words.
        let total = unsafe { fill(memory.as_mut_ptr(), source, width) };
        List { width, runs: memory, block_words, pairs, total }
    }

    fn sums(width: BitWidth, list: &List, block: &[u32], sums: &mut Sums) {
        if list.is_for(width) && block.len() >= list.block_words {
            let out = sums.as_mut_ptr().cast();
            // SAFETY: one block as long as the runs advance; eight sums are written.
            unsafe { list.walk(block, core::ptr::null(), out, out) };
        }
    }

    fn bytes(width: BitWidth, list: &List, weights: &[u32], rows: &[[u32; 2]], y: &mut [u8]) {
        if !list.is_for(width) || list.block_words == 0 {
            return;
        }
        let of_block = width.rows();
        // The end of an 8-bit block reads and writes eight rows, of which the last two belong to the next block or lie
        // beyond the layer.
        let in_place = |len: usize| len.saturating_sub(MAX_ROWS - of_block) / of_block;
        let blocks = (weights.len() / list.block_words).min(in_place(rows.len())).min(in_place(y.len()));
        // `blocks` is chosen so that all are long enough; they are checked so that the linker can prove that nothing
        // panics.
        let Some((whole, rest)) = weights.split_at_checked(blocks.wrapping_mul(list.block_words)) else { return };
        let Some((_, last_rows)) = rows.split_at_checked(blocks * of_block) else { return };
        let Some((whole_y, last_y)) = y.split_at_mut_checked(blocks * of_block) else { return };
        if blocks > 0 {
            let out = whole_y.as_mut_ptr_range();
            // SAFETY: `whole` holds `blocks` blocks; rows and outputs exist for all of them and, by `in_place`, for the
            // extra rows of the last.
            unsafe { list.walk(whole, rows.as_ptr(), out.start, out.end) };
        }
        let blocks = rest.chunks_exact(list.block_words.max(1));
        for (block, (rows, y)) in blocks.zip(last_rows.chunks(of_block).zip(last_y.chunks_mut(of_block))) {
            // Element by element, so that `memcpy` is not linked.
            let rows: [_; MAX_ROWS] = core::array::from_fn(|row| rows.get(row).copied().unwrap_or_default());
            let mut found = [0; MAX_ROWS];
            let out = found.as_mut_ptr();
            // SAFETY: one block, and eight rows and outputs.
            unsafe { list.walk(block, rows.as_ptr(), out, out.add(of_block)) };
            y.iter_mut().zip(found).for_each(|(to, y)| *to = y);
        }
    }
}

impl List<'_> {
    /// Whether there is a list of this width. Testing the width lets the compiler drop unused code.
    #[inline(always)]
    fn is_for(&self, width: BitWidth) -> bool {
        self.width == width && width.is_built() && !self.runs.is_empty()
    }

    /// Computes the sums of consecutive blocks.
    ///
    /// # Safety
    /// If `rows` is null, `blocks` must hold one block of `block_words` words, and `out` must have room for eight `i32`
    /// sums. Otherwise `out..end` must cover the outputs of one or more whole blocks, and `blocks` and `rows` must hold
    /// that many blocks and rows; for the last block, eight rows must exist and room for eight outputs.
    unsafe fn walk(&self, blocks: &[u32], rows: *const [u32; 2], out: *mut u8, end: *mut u8) {
        // Offset per unit of `X` of each accumulator: the sum of its inverted sign bits at their positions.
        let counts: [i32; 8] = match self.width {
            BitWidth::Eight => [0x80; 8],
            BitWidth::Four => [0x888, 0x88, 0x808, 0x8, 0x888, 0x88, 0x808, 0x8],
            BitWidth::Two => [0x2aaa, 0xaa, 0x2222, 0x22, 0xa0a, 0xa, 0x202, 0x2],
        };
        let [begin, begin_others @ ..] = counts.map(|count| self.total.wrapping_mul(count).wrapping_neg());
        let walk = Walk { begin, runs: self.runs.as_ptr(), begin_others, rows, out, end, pairs: self.pairs };
        // SAFETY: the runs are terminated, advance over the words of one block, and were made for this width.
        unsafe {
            match self.width {
                BitWidth::Eight if BitWidth::Eight.is_built() => foldnet_mve8(&walk, blocks.as_ptr()),
                BitWidth::Four if BitWidth::Four.is_built() => foldnet_mve4(&walk, blocks.as_ptr()),
                BitWidth::Two if BitWidth::Two.is_built() => foldnet_mve2(&walk, blocks.as_ptr()),
                _ => {}
            }
        }
    }
}

/// Entry table of a width; zeros for a width that is not built, because no list of it is ever walked.
#[inline(always)]
fn entries(width: BitWidth) -> &'static Entries {
    // SAFETY: tables in flash.
    unsafe {
        match width {
            BitWidth::Eight if BitWidth::Eight.is_built() => &foldnet_mve8_entries,
            BitWidth::Four if BitWidth::Four.is_built() => &foldnet_mve4_entries,
            BitWidth::Two if BitWidth::Two.is_built() => &foldnet_mve2_entries,
            _ => &[0; MAX_RUN + 2],
        }
    }
}

/// Writes the runs to `next`; returns `X`.
///
/// # Safety
/// `next` must have room for [`KernelKind::list_words`] words.
unsafe fn fill(next: *mut u32, source: &Source, width: BitWidth) -> i32 {
    let (x, inputs) = (source.activations, source.inputs());
    let in_whole_groups = inputs.div_ceil(2) / 4 * GROUP;
    let bytes = 4 * width.block_words(GROUP);
    // Activations missing at the end are treated as zeros; with an order, each index is checked.
    let (from, present): (*const u8, _) = match source.order {
        Order::Plain(_) => (x.as_ptr(), inputs.min(x.len())),
        Order::Listed(order) => (order.numbers().as_ptr().cast(), inputs),
    };
    let whole = present.min(in_whole_groups);
    let gather = Gather {
        next,
        activations: x.as_ptr(),
        from,
        whole,
        len: x.len().min(usize::from(u16::MAX)),
        bytes,
        last: present - whole,
        behind: 4 * width.block_words(inputs) - whole.div_ceil(GROUP) * bytes,
        entries: entries(width),
    };
    // SAFETY: `whole` and `last` inputs exist, activations are only read below `len`, and the caller guarantees the
    // room: a run takes two words plus two per group; a run starts at the beginning of the list, after a group of
    // zeros, after `MAX_RUN` groups, or for the last group.
    unsafe {
        match source.order {
            Order::Plain(_) => foldnet_mve_activations(&gather),
            Order::Listed(_) => foldnet_mve_pixels(&gather),
        }
    }
}

unsafe extern "C" {
    /// Writes the runs of activations in their original order; returns `X`.
    fn foldnet_mve_activations(gather: &Gather) -> i32;
    /// Like the above, for pixels in a given order.
    fn foldnet_mve_pixels(gather: &Gather) -> i32;
    static foldnet_mve8_entries: Entries;
    static foldnet_mve4_entries: Entries;
    static foldnet_mve2_entries: Entries;
    fn foldnet_mve8(walk: &Walk, blocks: *const u32);
    fn foldnet_mve4(walk: &Walk, blocks: *const u32);
    fn foldnet_mve2(walk: &Walk, blocks: *const u32);
}

// SAFETY: a walk reads the list up to its terminator, the weights that it leads to, and the rows, and writes the
// outputs or sums; the functions that build lists read their inputs and write the list. All preserve r4 to r11 and q4
// to q7.
global_asm!(concat!(env!("FOLDNET_CPU"), "\n", include_str!("mve.s")), options(raw));
