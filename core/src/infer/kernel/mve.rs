//! Cortex-M with MVE (M55, M85): eight inputs times the rows of a half in one `VMLADAVA`.
//!
//! The list holds a group of eight inputs as bytes if not all of them are zero, in runs of groups whose weights follow each
//! other: bytes to skip, the address of the code for so many groups, the groups; a run of 0 groups ends it. A run enters
//! straight-line code so that it leaves at its end. A last group that a block has no four pairs for is a run of its own, whose
//! code reads no more weights than there are.
//!
//! A vector holds the same word of four pairs. `VMLADAVA.S16` adds up whole halves times inputs that were widened, eight
//! products at once; of the same registers `VMLADAVA.U8` makes the sum of the halves' low bytes, since a widened input is the
//! bytes `x, 0`. So two rows of 8 bits take two instructions, and no mask. A walk goes through all blocks of a layer; what
//! inverted sign bits make sums too large is what they begin with. A block's end requantizes four rows at once: `VRMULH` rounds
//! as `SMMULR` does in the kernel for DSP.
//!
//! # 8 bits
//!
//! Three words a pair, so each word of four pairs is gathered: `VLDRW` by a vector of addresses, which moves on by itself.
//! `VREV32` exchanges the inputs for word 1. 11 instructions for 8 inputs times 6 rows.
//!
//! # 4 and 2 bits
//!
//! `VLD2` takes two words a pair apart; a word a pair is loaded as it lies. Sums of whole halves, of low bytes, and of both
//! where `VAND` has left every other row: from four such sums four rows follow, one from another, within the
//! [bound](crate::infer::bound) of chains: the topmost of 4 bits is known modulo `2^20`, that of 2 bits modulo `2^18`. 13
//! instructions for 8 inputs times 8 rows.
//!
//! What is reached is in `tests/instructions.golden`, layer by layer, and in `docs/boards.md`.

#![allow(unsafe_code)]

use super::{Kernel, KernelKind, Sums};
use crate::infer::layout::{BitWidth, MAX_ROWS};
use crate::infer::source::{Order, Source};
use core::arch::global_asm;

/// Vectors of 128 bits.
#[derive(Debug)]
pub struct Mve;

/// A layer's inputs.
#[derive(Debug)]
pub struct List<'s> {
    width: BitWidth,
    /// The runs, up to one of 0 groups, which skips to the end of a block.
    runs: &'s [u32],
    /// Words of a block that the runs cover and skip.
    block_words: usize,
    /// Pairs behind the last four whole ones.
    pairs: u32,
    /// `X`
    total: i32,
}

/// Inputs of a group.
const GROUP: usize = 8;

/// Maximum number of groups in a run: as many as the straight-line code has.
const MAX_RUN: usize = 8;

/// Where code begins: of runs of 0 to [`MAX_RUN`] groups, and of a group that has fewer than four pairs.
type Entries = [u32; MAX_RUN + 2];

/// What a list is made of; `mve.s` knows the order of the fields.
#[repr(C)]
struct Gather {
    next: *mut u32,
    activations: *const u8,
    /// Numbers of activations, or the activations themselves.
    from: *const u8,
    /// Inputs in groups of four whole pairs.
    whole: usize,
    /// Number of activations, for an order.
    len: usize,
    /// Bytes of a group's weights.
    bytes: usize,
    /// Inputs behind those.
    last: usize,
    /// Bytes of a block behind the groups of `whole`.
    behind: usize,
    entries: &'static Entries,
}

/// What a walk through blocks is given; `mve.s` knows the order of the fields.
#[repr(C)]
struct Walk {
    /// What the sums begin with: what inverted sign bits make them too large is taken off here. The list stands behind the
    /// first, so that one instruction loads all.
    begin: i32,
    runs: *const u32,
    begin_others: [i32; 7],
    /// Rows to requantize with, or null: then one block's sums are written.
    rows: *const [u32; 2],
    /// Where outputs, or eight sums, go.
    out: *mut u8,
    /// The end of the outputs.
    end: *mut u8,
    /// As in [`List`].
    pairs: u32,
}

impl Kernel for Mve {
    const KIND: KernelKind = KernelKind::Mve;
    type List<'s> = List<'s>;

    fn list<'s>(width: BitWidth, source: &Source, memory: &'s mut [u32]) -> List<'s> {
        let block_words = width.block_words(source.inputs());
        let pairs = (source.inputs().div_ceil(2) % 4) as u32;
        let Some(memory) = memory.get_mut(..KernelKind::Mve.list_words(width, source.inputs())) else {
            return List { width, runs: &[], block_words, pairs, total: 0 };
        };
        let total = fill(memory.as_mut_ptr(), source, width);
        List { width, runs: memory, block_words, pairs, total }
    }

    fn sums(width: BitWidth, list: &List, block: &[u32], sums: &mut Sums) {
        if list.is_for(width) && block.len() >= list.block_words {
            let out = sums.as_mut_ptr().cast();
            // SAFETY: the runs skip and cover the words of one block; eight sums are written at most.
            unsafe { list.walk(block, core::ptr::null(), out, out) };
        }
    }

    fn bytes(width: BitWidth, list: &List, weights: &[u32], rows: &[[u32; 2]], y: &mut [u8]) {
        if !list.is_for(width) || list.block_words == 0 {
            return;
        }
        let of_block = width.rows();
        // A block's end reads and writes eight rows, of which the next block, or none, has the last.
        let in_place = |len: usize| len.saturating_sub(MAX_ROWS - of_block) / of_block;
        let blocks = (weights.len() / list.block_words).min(in_place(rows.len())).min(in_place(y.len()));
        // By `blocks` all of them are long enough; checked, since the linker must see that nothing can panic.
        let Some((whole, rest)) = weights.split_at_checked(blocks.wrapping_mul(list.block_words)) else { return };
        let Some((_, last_rows)) = rows.split_at_checked(blocks * of_block) else { return };
        let Some((whole_y, last_y)) = y.split_at_mut_checked(blocks * of_block) else { return };
        if blocks > 0 {
            let out = whole_y.as_mut_ptr_range();
            // SAFETY: so many blocks, and rows and outputs of so many, with those of `in_place` behind them.
            unsafe { list.walk(whole, rows.as_ptr(), out.start, out.end) };
        }
        let blocks = rest.chunks_exact(list.block_words.max(1));
        for (block, (rows, y)) in blocks.zip(last_rows.chunks(of_block).zip(last_y.chunks_mut(of_block))) {
            // One by one, so that no `memcpy` is linked for it.
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
    /// Whether there is a list, and of this width. From the width the compiler learns what to leave out.
    #[inline(always)]
    fn is_for(&self, width: BitWidth) -> bool {
        self.width == width && width.is_built() && !self.runs.is_empty()
    }

    /// Adds up block after block.
    ///
    /// # Safety
    /// Without `rows` one block of `block_words` words is there, and room for eight sums. With them `out` to `end` is room
    /// for the outputs of at least one block, and so many blocks and rows are there; of the last block eight rows and outputs.
    unsafe fn walk(&self, blocks: &[u32], rows: *const [u32; 2], out: *mut u8, end: *mut u8) {
        // The inverted sign bits, row by row, where they stand: a field of 8 bits is 128 too large, and so on.
        let counts: [i32; 8] = match self.width {
            BitWidth::Eight => [0x80; 8],
            BitWidth::Four => [0x888, 0x88, 0x808, 0x8, 0x888, 0x88, 0x808, 0x8],
            BitWidth::Two => [0x2aaa, 0xaa, 0x2222, 0x22, 0xa0a, 0xa, 0x202, 0x2],
        };
        let [begin, begin_others @ ..] = counts.map(|count| self.total.wrapping_mul(count).wrapping_neg());
        let walk = Walk { begin, runs: self.runs.as_ptr(), begin_others, rows, out, end, pairs: self.pairs };
        // SAFETY: the runs end with one of 0 groups, skip and cover the words of one block, and were made for this width.
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

/// The code of a width's runs. Of a width that is not built no list is ever walked.
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

/// Writes the runs to `next`, which has room for [`KernelKind::list_words`]; returns `X`.
fn fill(next: *mut u32, source: &Source, width: BitWidth) -> i32 {
    let (x, inputs) = (source.activations(), source.inputs());
    let in_whole_groups = inputs.div_ceil(2) / 4 * GROUP;
    let bytes = 4 * width.block_words(GROUP);
    // Activations that are missing at the end are skipped as zeros are; those missing in an order are seen one by one.
    let (from, present): (*const u8, _) = match source.order() {
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
    // SAFETY: `whole` and `last` inputs are there to be read, activations are read below `len` alone, and the room is the
    // caller's word: a run takes two words and two a group, and begins with the list, behind zeros, behind `MAX_RUN` groups, or
    // is that of the last group.
    unsafe {
        match source.order() {
            Order::Plain(_) => foldnet_mve_activations(&gather),
            Order::Listed(_) => foldnet_mve_pixels(&gather),
        }
    }
}

unsafe extern "C" {
    /// Writes the runs of activations as they come, and returns `X`.
    fn foldnet_mve_activations(gather: &Gather) -> i32;
    /// The same of pixels in an order.
    fn foldnet_mve_pixels(gather: &Gather) -> i32;
    static foldnet_mve8_entries: Entries;
    static foldnet_mve4_entries: Entries;
    static foldnet_mve2_entries: Entries;
    fn foldnet_mve8(walk: &Walk, blocks: *const u32);
    fn foldnet_mve4(walk: &Walk, blocks: *const u32);
    fn foldnet_mve2(walk: &Walk, blocks: *const u32);
}

// SAFETY: a walk reads the list up to its end, the weights that it points at, and the rows, and writes the outputs or sums; the
// functions of lists read what they are given, and write the list. All keep r4 to r11 and q4 to q7.
global_asm!(concat!(env!("FOLDNET_CPU"), "\n", include_str!("mve.s")), options(raw));
