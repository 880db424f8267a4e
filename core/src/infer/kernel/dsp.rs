//! Cortex-M with the DSP extension (M4, M7, M33): one `SMLAD` multiplies two inputs by the packed weights of two
//! halfwords and accumulates both products.
//!
//! # The list
//!
//! Pairs of inputs that are not both zero, in *runs* of pairs with consecutive weights. One row per word:
//!
//! ```text
//! | bytes of weights to skip          |   a run of n pairs, 1 to 12
//! | address of the code for n pairs   |
//! | x_second << 16 | x_first          |   n pairs
//! | ...                               |
//! | ...                               |   more runs
//! | bytes of weights to skip          |   terminator: a run of 0 pairs, which skips to the end of the block
//! | address of the code for 0 pairs   |
//! ```
//!
//! Each run jumps into unrolled straight-line code at the point from which exactly its pairs remain, so there is no
//! loop counter or comparison per pair; the whole dispatch is one `LDM {skip, pc}`. The code of every run starts with
//! an `ADD` that skips weights; a run directly after a full one skips nothing and is entered after the `ADD`.
//!
//! # A walk
//!
//! A walk goes through all blocks of a layer. Sums start at minus the offset that the inverted sign bits add: a weight
//! in offset binary is `2^(bits - 1)` too large, so each sum is too large by a constant times `X = sum x`. At the end
//! of a block, shifted operands separate the sums, and one `SMMULR` requantizes a row, including rounding.
//!
//! # A chain of sums
//!
//! Two weights packed in a halfword, one scaled by 256, need only one accumulator. Four of them, `a + 256 b` in word 0
//! and `c + 256 d` in word 1, need three accumulators instead of four:
//!
//! ```text
//! word 0:                           M1 = a + 256 b
//! word 1:                           M3 = c + 256 d
//! d of word 1 low, a of word 0 high: M2 = d + 256 a
//! ```
//!
//! `M3 - 256 M2 + 65536 M1 = c + 2^24 b` modulo `2^32`: its low 24 bits are `c`, from which the others follow in turn,
//! provided all are below `2^23` in magnitude. `SEL` takes `a` from word 0 and `d` from word 1, a rotation swaps them,
//! and `EOR` converts `d` from two's complement, which it has as the upper field, to offset binary, and `a` the other
//! way.
//!
//! # 8 bits
//!
//! Rows 0 to 3 are such a chain, `a` being row 0 and so on; rows 4 and 5 are `A_1`, the sum of whole halfwords, and
//! `A_0`, that of low bytes. The same `EOR` rotates its operand by a byte. That swaps the two inputs, which `SMLADX`
//! undoes; this is why word 1 stores its halfwords swapped. Including the load, this takes 9 instructions for 2 inputs
//! x 6 rows, compared with 10 if every row has its own accumulator.
//!
//! # 4 bits
//!
//! Two chains: of whole bytes, `a = S0 + 16 S1` and so on, and of their low nibbles, `a = S0`. 13 instructions for 2
//! inputs times 8 rows, instead of 15 with a sum for every row.
//!
//! # 2 bits
//!
//! Six accumulators for one word. Two of them use the word with the bytes of each halfword swapped and the top two rows
//! of each byte masked away, so no sign bit needs converting.
//!
//! ```text
//! bytes swapped: N + M1 with N = S4 + 256 S0, and M1 = 4 S5 + 1024 S1
//! unswapped:     M2 = 4 S1 + 16 S2, M3 = 16 S2 + 4096 S6, 4 S1 + 64 S3, and F, the sum of whole halfwords
//! ```
//!
//! `M1 - 256 M2 + 256 M3 = 4 S5 + 2^20 S6` yields `S5` modulo `2^18`, which is below `2^17` in magnitude; rows 1, 2, 6
//! and 3 then follow in turn. For the remaining rows 0, 4 and 7, two combinations are known: `N = S4 + 256 S0` and
//! `R = S0 + 256 S4 + 2^14 S7`. `R - 256 N` is `S0` modulo `2^14`, and `floor(N / 256)` is less than `2^9` away from
//! `S0`. 12 instructions for 2 inputs times 8 rows, instead of 15 with a sum for every row. All masks are immediates,
//! which leaves registers to load the inputs of three pairs at once.
//!
//! # Results and rejected variants
//!
//! Instruction counts are in `tests/instructions.golden`, layer by layer, and in `docs/boards.md`. Rejected, in
//! instructions per image of 784-300-100-10 (`after`, 8 bits):
//!
//! - The list written in Rust instead of assembly: 6,149 more (153,539 at the time).
//! - One call per block, with sums separated and requantized in Rust and runs entered through a branch table: 148,723,
//!   161,015 and 161,531 at 8, 4 and 2 bits.
//! - Reading the pixel order as words and splitting them, and loading each 8-bit row separately: 605 more.
//! - Lists built one pair at a time, every run adding its skip, and the last block's rows and outputs copied: 131,551.
//! - 2 bits by two chains as at 4 bits, with `EOR` for the sign bit of row 7: 13 instructions per pair, 146,034.
//! - Ruled out by searching all masks that `AND` can encode: five accumulators at 2 bits, or six in 11 instructions.
//!   With every choice of bytes swapped by `REV16`, some sums below `2^17` stay ambiguous.
//! - Ruled out by counting runs: runs of up to 15 pairs, 120 fewer (350 if no input is zero) for 136 bytes more.

#![allow(unsafe_code)]

use super::contract::{Kernel, Sums};
use crate::infer::requantize::requantize_to_byte;
use crate::infer::source::{Order, Source};
use crate::quantized::Row;
use crate::quantized::layout::MAX_ROWS;
use crate::quantized::{BitWidth, KernelKind};
use core::arch::global_asm;

/// Kernel for the DSP extension: dual 16-bit multiply-accumulate.
#[derive(Debug)]
pub(crate) struct Dsp;

/// The list of a layer's non-zero inputs; the module's documentation draws it.
#[derive(Debug)]
pub(crate) struct List<'s> {
    width: BitWidth,
    /// The runs; the last has 0 pairs and skips to the end of the block.
    runs: &'s [u32],
    /// Words of a block that the runs advance over in total.
    block_words: usize,
    /// `X`
    total: i32,
}

/// Maximum number of pairs in a run: the length of the unrolled code.
const MAX_RUN: usize = 12;

/// Addresses of the code for runs of 0 to [`MAX_RUN`] pairs, then for runs of 1 to [`MAX_RUN`] pairs that skip nothing.
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
        // SAFETY: `memory` has `list_words` words.
        let total = unsafe { fill(memory.as_mut_ptr(), source, width) };
        List { width, runs: memory, block_words, total }
    }

    fn sums(width: BitWidth, list: &List, block: &[u32], sums: &mut Sums) {
        if list.is_for(width) && block.len() >= list.block_words {
            let out = sums.as_mut_ptr().cast();
            // SAFETY: one block as long as the runs advance; at most eight sums are written.
            unsafe { list.walk(block, core::ptr::null(), out, out) };
        }
    }

    fn bytes(width: BitWidth, list: &List, weights: &[u32], rows: &[[u32; 2]], y: &mut [u8]) {
        if !list.is_for(width) || list.block_words == 0 {
            return;
        }
        let of_block = width.rows();
        let blocks = y.len() / of_block;
        // The lengths are known to suffice; they are checked so that the linker can prove that nothing panics.
        let Some((whole, rest)) = weights.split_at_checked(blocks.wrapping_mul(list.block_words)) else { return };
        let Some((whole_rows, rows)) = rows.split_at_checked(blocks * of_block) else { return };
        let Some((whole_y, y)) = y.split_at_mut_checked(blocks * of_block) else { return };
        if blocks > 0 {
            let out = whole_y.as_mut_ptr_range();
            // SAFETY: `whole` holds `blocks` blocks, and there are rows and outputs for all of them.
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
    /// Whether there is a list of this width. Testing the width lets the compiler drop unused code.
    #[inline(always)]
    fn is_for(&self, width: BitWidth) -> bool {
        self.width == width && width.is_built() && !self.runs.is_empty()
    }

    /// Computes the sums of consecutive blocks.
    ///
    /// # Safety
    /// If `out == end`, `blocks` must hold one block of `block_words` words, and `out` must have room for eight `i32`
    /// sums. Otherwise `out..end` must cover the outputs of one or more whole blocks, and `blocks` and `rows` must hold
    /// that many blocks and rows.
    unsafe fn walk(&self, blocks: &[u32], rows: *const [u32; 2], out: *mut u8, end: *mut u8) {
        let (runs, blocks, total) = (self.runs.as_ptr(), blocks.as_ptr(), self.total);
        // SAFETY: the runs are terminated, advance over the words of one block, and were made for this width.
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

/// Entry table of a width; zeros for a width that is not built, because no list of it is ever walked.
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

/// Writes the runs to `next`; returns `X`.
///
/// # Safety
/// `next` must have room for [`KernelKind::list_words`] words.
unsafe fn fill(next: *mut u32, source: &Source, width: BitWidth) -> i32 {
    let (x, inputs, entries) = (source.activations, source.inputs(), entries(width));
    // Without an order, activations are read as halfwords, but an example may start at any address.
    let halves = matches!(source.order, Order::Listed(_)) || x.as_ptr() as usize % 2 == 0;
    if !source.is_whole() || inputs % 2 == 1 || inputs == 0 || !halves {
        // SAFETY: as promised to this function.
        return unsafe { fill_any(next, source, width) };
    }
    let bytes = 4 * width.words() as u32;
    // SAFETY: the number of inputs is even and all are present; an order only contains valid indices; the caller
    // guarantees the room at `next`.
    unsafe {
        match source.order {
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

/// Like [`fill`], for missing inputs, an odd number of inputs, or activations that are not halfword-aligned.
///
/// # Safety
/// As for [`fill`].
#[cold]
#[inline(never)]
unsafe fn fill_any(mut next: *mut u32, source: &Source, width: BitWidth) -> i32 {
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
        // SAFETY: `next` and `header` stay within the buffer: a run of `n` pairs takes `n + 2` words, and is preceded
        // by a zero pair or a full run unless it is the first; the terminator takes two words.
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
    /// Writes the runs for the activations up to `end` (at least one pair); returns `X`. `bytes` is the number of
    /// weight bytes per byte of activations read. The order is ignored.
    fn foldnet_dsp_activations(
        next: *mut u32,
        x: *const u8,
        order: *const u16,
        end: *const u16,
        bytes: u32,
        entries: &Entries,
    ) -> i32;
    /// Like the above, for pixels in the order from `order` to `end`; `bytes` is per byte of the order.
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
    // A walk through blocks, requantized with `rows` to the outputs from `out` to `end`. If `out == end`, the sums of
    // one block are written to `out` and `rows` is ignored. `x` is `X`.
    fn foldnet_dsp8(runs: *const u32, blocks: *const u32, rows: *const [u32; 2], out: *mut u8, end: *mut u8, x: i32);
    fn foldnet_dsp4(runs: *const u32, blocks: *const u32, rows: *const [u32; 2], out: *mut u8, end: *mut u8, x: i32);
    fn foldnet_dsp2(runs: *const u32, blocks: *const u32, rows: *const [u32; 2], out: *mut u8, end: *mut u8, x: i32);
}

// SAFETY: a walk reads the list up to its terminator, the weights that it leads to, and the rows, and writes the
// outputs or sums; the functions that build lists read their inputs and write the list. All preserve r4 to r11. The GE
// flags, which `SEL` reads, are caller-saved under the AAPCS.
global_asm!(concat!(env!("FOLDNET_CPU"), "\n", include_str!("dsp.s")), options(raw));
