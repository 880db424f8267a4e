//! Cortex-M with the DSP extension (M4, M7, M33): two inputs times the rows of half a word in one `SMLAD`.
//!
//! The list holds a word for each pair of inputs that is not zero, first input low, in runs of pairs whose weights follow
//! each other: bytes to skip, the address of the code for so many pairs, the pairs; a run of 0 pairs ends it. A run enters
//! straight-line code so that it leaves at its end: no pair costs a comparison, and `LDM {skip, pc}` is all of a jump. A run
//! that follows a full one has nothing to skip, and enters behind the addition.
//!
//! A walk goes through all blocks of a layer. What inverted sign bits make sums too large is what they begin with; a block's
//! end takes sums apart by operands that are shifted, and `SMMULR` requantizes a row at once, rounding included.
//!
//! # A chain of sums
//!
//! Two numbers 256 apart in a half cost one sum. Four of them, `a + 256 b` in word 0 and `c + 256 d` in word 1, take three
//! sums instead of four:
//!
//! ```text
//! word 0:                           M1 = a + 256 b
//! word 1:                           M3 = c + 256 d
//! d of word 1 low, a of word 0 high: M2 = d + 256 a
//! ```
//!
//! `M3 - 256 M2 + 65536 M1 = c + 2^24 b` modulo `2^32`: its low 24 bits are `c`, and the others follow one from another,
//! if all are below `2^23` in magnitude. `SEL` takes `a` from word 0 and `d` from word 1, a rotation changes their places,
//! and `EOR` turns both signs' notations around. Weights whose sign bit is inverted count `2^(bits - 1)` too much, which is
//! `X = sum x` times a constant in each sum.
//!
//! # 8 bits
//!
//! Rows 0 to 3 are such a chain, `a` being row 0 and so on; rows 4 and 5 are `A_1`, the sum of whole halves, and `A_0`,
//! that of low bytes. `EOR` rotates by a byte at once. That leaves the two inputs exchanged, which `SMLADX` undoes; it is
//! why word 1 has its halves swapped. With its load 9 instructions for 2 inputs times 6 rows, instead of 10 with a sum for
//! every row.
//!
//! # 4 bits
//!
//! Two chains: of whole bytes, `a = S0 + 16 S1` and so on, and of their low halves, `a = S0`. 13 instructions for 2 inputs
//! times 8 rows, instead of 15 with a sum for every row.
//!
//! # 2 bits
//!
//! Six sums of one word. Two of them are of halves whose bytes are exchanged, without the topmost row of a byte: so no sign's
//! notation has to be turned around.
//!
//! ```text
//! bytes exchanged: S4 + 4 S5 + 256 S0 + 1024 S1, and of these M1 = 4 S5 + 1024 S1
//! as they stand:   M2 = 4 S1 + 16 S2, M3 = 16 S2 + 4096 S6, 4 S1 + 64 S3, and F, of whole halves
//! ```
//!
//! `M1 - 256 M2 + 256 M3 = 4 S5 + 2^20 S6` leaves 18 bits of `S5`, which is below `2^17` in magnitude; rows 1, 2, 6 and 3
//! follow one from another. Rows 0, 4 and 7 remain, of which `N = S4 + 256 S0` and `R = S0 + 256 S4 + 2^14 S7` are known:
//! `R - 256 N` is `S0` modulo `2^14`, and `floor(N / 256)` is less than `2^9` away from `S0`. 12 instructions for 2 inputs times
//! 8 rows, instead of 15 with a sum for every row. No mask takes a register, so inputs are loaded for three pairs at once.
//!
//! # Reached, and tried and lost
//!
//! What is reached is in `tests/instructions.golden`, layer by layer, and in `docs/boards.md`. Lost, instructions per image of
//! 784-300-100-10 (`after`, 8 bits):
//!
//! - The list written in Rust instead of assembly: 6,149 more, of then 153,539.
//! - A call for each block, sums taken apart and requantized in Rust, runs entered by a table of branches: 148,723, 161,015
//!   and 161,531.
//! - The order of pixels read as words and taken apart, a row of 8 bits loaded by itself: 605 more.
//! - Lists pair by pair, every run adding what it skips, the last block's rows and the outputs' end copied: 131,551.
//! - 2 bits by two chains as with 4 bits, `EOR` for the sign bit of row 7: 13 instructions for a pair, 146,034.
//! - Not built, by a search through masks that `AND` takes: five sums at 2 bits, or six in 11 instructions. Whatever `REV16`
//!   exchanges, some sums below `2^17` are not told apart.
//! - Not built, by a count of runs: runs of up to 15 pairs, 120 fewer (350 where no input is zero) for 136 bytes more.

#![allow(unsafe_code)]

use super::{Kernel, KernelKind, Sums};
use crate::infer::layout::{BitWidth, MAX_ROWS};
use crate::infer::requantize::{Row, requantize_to_byte};
use crate::infer::source::{Order, Source};
use core::arch::global_asm;

/// Dual 16-bit multiplications.
#[derive(Debug)]
pub struct Dsp;

/// A layer's inputs.
#[derive(Debug)]
pub struct List<'s> {
    width: BitWidth,
    /// The runs, up to one of 0 pairs, which skips to the end of a block.
    runs: &'s [u32],
    /// Words of a block that the runs cover and skip.
    block_words: usize,
    /// `X`
    total: i32,
}

/// Maximum number of pairs in a run: as many as the straight-line code has.
const MAX_RUN: usize = 12;

/// Addresses of the code for runs of 0 to [`MAX_RUN`] pairs, then of that for runs of 1 to [`MAX_RUN`] that skip nothing.
type Entries = [u32; ENTRIES];

/// Length of [`Entries`].
const ENTRIES: usize = 2 * MAX_RUN + 1;

/// Words of a run before its pairs.
const RUN_WORDS: usize = 2;

impl Kernel for Dsp {
    const KIND: KernelKind = KernelKind::Dsp;
    type List<'s> = List<'s>;

    fn list<'s>(width: BitWidth, source: &Source, memory: &'s mut [u32]) -> List<'s> {
        let block_words = width.block_words(source.inputs());
        let Some(memory) = memory.get_mut(..KernelKind::Dsp.list_words(width, source.inputs())) else {
            return List { width, runs: &[], block_words, total: 0 };
        };
        let total = fill(memory.as_mut_ptr(), source, width);
        List { width, runs: memory, block_words, total }
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
        let blocks = y.len() / of_block;
        // All of them are long enough; checked, since the linker must see that nothing can panic.
        let Some((whole, rest)) = weights.split_at_checked(blocks.wrapping_mul(list.block_words)) else { return };
        let Some((whole_rows, rows)) = rows.split_at_checked(blocks * of_block) else { return };
        let Some((whole_y, y)) = y.split_at_mut_checked(blocks * of_block) else { return };
        if blocks > 0 {
            let out = whole_y.as_mut_ptr_range();
            // SAFETY: so many blocks, and rows and outputs of so many.
            unsafe { list.walk(whole, whole_rows.as_ptr(), out.start, out.end) };
        }
        // The last block has fewer rows.
        let mut sums = [0; MAX_ROWS];
        Self::sums(width, list, rest, &mut sums);
        for ((&row, sum), y) in rows.iter().zip(sums).zip(y) {
            let row = Row::from_words(row);
            *y = requantize_to_byte(row.bias.wrapping_add(sum), row);
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
    /// If `out` is `end`, one block of `block_words` words is there, and room for eight sums. Otherwise `out` to `end` is room
    /// for the outputs of at least one block, and so many blocks and rows are there.
    unsafe fn walk(&self, blocks: &[u32], rows: *const [u32; 2], out: *mut u8, end: *mut u8) {
        let (runs, blocks, total) = (self.runs.as_ptr(), blocks.as_ptr(), self.total);
        // SAFETY: the runs end with one of 0 pairs, skip and cover the words of one block, and were made for this width.
        unsafe {
            match self.width {
                BitWidth::Eight if BitWidth::Eight.is_built() => foldnet_dsp8(runs, blocks, rows, out, end, total),
                BitWidth::Four if BitWidth::Four.is_built() => foldnet_dsp4(runs, blocks, rows, out, end, total),
                BitWidth::Two if BitWidth::Two.is_built() => foldnet_dsp2(runs, blocks, rows, out, end, total),
                _ => {}
            }
        }
    }
}

/// The entries for a width; zeros for a width that is not built, since its lists are never walked.
#[inline(always)]
fn entries(width: BitWidth) -> &'static Entries {
    // SAFETY: tables in flash.
    unsafe {
        match width {
            BitWidth::Eight if BitWidth::Eight.is_built() => &foldnet_dsp8_entries,
            BitWidth::Four if BitWidth::Four.is_built() => &foldnet_dsp4_entries,
            BitWidth::Two if BitWidth::Two.is_built() => &foldnet_dsp2_entries,
            _ => &[0; ENTRIES],
        }
    }
}

/// Writes the runs to `next`, which has room for [`KernelKind::list_words`]; returns `X`.
fn fill(next: *mut u32, source: &Source, width: BitWidth) -> i32 {
    let (x, inputs, entries) = (source.activations(), source.inputs(), entries(width));
    // Halves of words are read of activations without an order, and an example may lie anywhere.
    let halves = matches!(source.order(), Order::Listed(_)) || x.as_ptr() as usize % 2 == 0;
    if !source.is_whole() || inputs % 2 == 1 || inputs == 0 || !halves {
        return fill_any(next, source, width);
    }
    let bytes = 4 * width.words() as u32;
    // SAFETY: whole pairs, all of them there; an order lists inputs only; the room is the caller's word.
    unsafe {
        match source.order() {
            Order::Plain(_) => {
                let start = x.as_ptr();
                foldnet_dsp_activations(next, start, core::ptr::null(), start.add(inputs).cast(), bytes / 2, entries)
            }
            Order::Listed(order) => {
                let order = order.numbers().as_ptr_range();
                foldnet_dsp_pixels(next, x.as_ptr(), order.start, order.end, bytes / 4, entries)
            }
        }
    }
}

/// The same where inputs are missing, their number is odd, or they do not lie at halves of words.
#[cold]
#[inline(never)]
fn fill_any(mut next: *mut u32, source: &Source, width: BitWidth) -> i32 {
    let (entries, bytes) = (entries(width), 4 * width.words() as u32);
    let (mut total, mut skipped, mut run) = (0, 0, MAX_RUN);
    let mut header = next;
    for i in (0..source.inputs()).step_by(2) {
        let (first, second) = (source.at(i), if i + 1 < source.inputs() { source.at(i + 1) } else { 0 });
        total += i32::from(first) + i32::from(second);
        if first | second == 0 {
            skipped += bytes;
            continue;
        }
        // SAFETY: `next` and `header` stay within the room: a run of `n` pairs takes `n + 2` words and, unless it has
        // `MAX_RUN`, one pair before it; the last run takes two words.
        unsafe {
            if skipped != 0 || run >= MAX_RUN {
                *next = skipped;
                header = next.add(1);
                next = next.add(RUN_WORDS);
                (skipped, run) = (0, 0);
            }
            run += 1;
            *header = entries.get(run).copied().unwrap_or(entries[0]);
            *next = u32::from(first) | u32::from(second) << 16;
            next = next.add(1);
        }
    }
    // SAFETY: as above.
    unsafe {
        *next = skipped;
        *next.add(1) = entries[0];
    }
    total
}

unsafe extern "C" {
    /// Writes the runs of activations up to `end`, at least one pair, and returns `X`; `bytes` of weights belong to one
    /// that is read.
    fn foldnet_dsp_activations(
        next: *mut u32,
        x: *const u8,
        _: *const u16,
        end: *const u16,
        bytes: u32,
        entries: &Entries,
    ) -> i32;
    /// The same of pixels in an order, of which `end` is the end.
    fn foldnet_dsp_pixels(
        next: *mut u32,
        x: *const u8,
        order: *const u16,
        end: *const u16,
        bytes: u32,
        entries: &Entries,
    ) -> i32;
    static foldnet_dsp8_entries: Entries;
    static foldnet_dsp4_entries: Entries;
    static foldnet_dsp2_entries: Entries;
    // The runs, the blocks, rows to requantize with, where their outputs go, the end of those, `X`. Without outputs one block's
    // sums are written there, and rows mean nothing.
    fn foldnet_dsp8(_: *const u32, _: *const u32, _: *const [u32; 2], _: *mut u8, _: *mut u8, _: i32);
    fn foldnet_dsp4(_: *const u32, _: *const u32, _: *const [u32; 2], _: *mut u8, _: *mut u8, _: i32);
    fn foldnet_dsp2(_: *const u32, _: *const u32, _: *const [u32; 2], _: *mut u8, _: *mut u8, _: i32);
}

// SAFETY: a walk reads the list up to its end, the weights that it points at, and the rows, and writes the outputs or sums; the
// functions of lists read what they are given, and write the list. All keep r4 to r11; the flags GE, which `SEL` reads, are
// the caller's to lose.
global_asm!(concat!(env!("FOLDNET_CPU"), "\n", include_str!("dsp.s")), options(raw));
