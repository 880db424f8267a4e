//! Cortex-M with the DSP extension (M4, M7, M33): two inputs times the rows of half a word in one `SMLAD`.
//!
//! The list holds a word for each pair of inputs that is not zero, first input low, in runs of pairs whose weights follow
//! each other: bytes to skip, number of pairs, the pairs; a run of 0 pairs ends it. A run enters straight-line code so
//! that it leaves at its end: no pair costs a comparison.
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
//! Two chains again, of one word: `a + 256 b` are the weights of rows 0 and 2, 4 and 6, `4 (c + 256 d)` those of rows 1 and
//! 3, 5 and 7, where they stand. The latter need no mask: they are the sum `F` of whole halves without the former. The
//! factor 4 leaves 22 bits of `c` and `d`, which are below `2^21` in magnitude. 13 instructions for 2 inputs times 8
//! rows, instead of 15 with a sum for every row.
//!
//! Tried: the list written in Rust instead of assembly takes 6,149 instructions more of then 153,539 an image.

#![allow(unsafe_code)]

use super::{Kernel, Kind, Sums};
use crate::infer::layout::Width;
use crate::infer::source::{Order, Source};
use core::arch::global_asm;

/// Dual 16-bit multiplications.
#[derive(Debug)]
pub struct Dsp;

/// A layer's inputs.
#[derive(Debug)]
pub struct List<'s> {
    width: Width,
    /// The runs, up to one of 0 pairs.
    runs: &'s [u32],
    /// Words of a block that the runs cover and skip.
    block_words: usize,
    /// `X`
    total: i32,
}

/// Pairs of a run at most: there is straight-line code for so many.
const MAX_RUN: u32 = 12;

/// Words of a run before its pairs.
const RUN_WORDS: usize = 2;

impl Kernel for Dsp {
    const KIND: Kind = Kind::Dsp;
    type List<'s> = List<'s>;

    fn list<'s>(width: Width, source: &Source, memory: &'s mut [u32]) -> List<'s> {
        let block_words = width.block_words(source.inputs());
        let Some(memory) = memory.get_mut(..Kind::Dsp.list_words(width, source.inputs())) else {
            return List { width, runs: &[0; RUN_WORDS], block_words, total: 0 };
        };
        let total = fill(memory.as_mut_ptr(), source, 4 * width.words() as u32);
        List { width, runs: memory, block_words, total }
    }

    fn sums(_: Width, list: &List, block: &[u32], a: &mut Sums) {
        // The first condition is never true; from it the compiler learns what to leave out.
        if !list.width.is_built() || block.len() < list.block_words {
            return;
        }
        let (runs, block, sums) = (list.runs.as_ptr(), block.as_ptr(), a.as_mut_ptr());
        // SAFETY: the runs end with one of 0 pairs, and skip and cover no more words than the block has; each function
        // writes at most eight words.
        unsafe {
            match list.width {
                Width::Eight => foldnet_dsp8(runs, block, sums),
                Width::Four => foldnet_dsp4(runs, block, sums),
                Width::Two => foldnet_dsp2(runs, block, sums),
            }
        }
        match list.width {
            Width::Eight => take_apart_8(a, list.total),
            Width::Four => take_apart_4(a, list.total),
            Width::Two => take_apart_2(a, list.total),
        }
    }
}

/// Writes the runs to `next`, which has room for [`Kind::list_words`]; a pair has so many bytes of weights. Returns `X`.
fn fill(next: *mut u32, source: &Source, bytes: u32) -> i32 {
    let (x, inputs) = (source.activations(), source.inputs());
    if !source.is_whole() || inputs % 2 == 1 || inputs == 0 {
        return fill_any(next, source, bytes);
    }
    // SAFETY: whole pairs, all of them there; an order lists inputs only; the room is the caller's word.
    unsafe {
        match source.order() {
            Order::Plain(_) => foldnet_dsp_activations(next, x.as_ptr(), bytes, x.as_ptr().add(inputs)),
            Order::Listed(order) => {
                let order = order.numbers();
                foldnet_dsp_pixels(next, x.as_ptr(), order.as_ptr(), order.as_ptr_range().end, bytes)
            }
        }
    }
}

/// The same where inputs are missing, or their number is odd.
#[cold]
#[inline(never)]
fn fill_any(mut next: *mut u32, source: &Source, bytes: u32) -> i32 {
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
            if skipped != 0 || run == MAX_RUN {
                *next = skipped;
                header = next.add(1);
                next = next.add(RUN_WORDS);
                (skipped, run) = (0, 0);
            }
            run += 1;
            *header = run;
            *next = u32::from(first) | u32::from(second) << 16;
            next = next.add(1);
        }
    }
    // SAFETY: as above.
    unsafe { next.write_bytes(0, RUN_WORDS) };
    total
}

/// `a, b, c, d` from `M1, M3, M2`, where `c` and `d` count `2^SHIFT`.
#[inline(always)]
fn follow<const SHIFT: u32>([m1, m3, m2]: [i32; 3]) -> [i32; 4] {
    let chain = m3.wrapping_sub(m2 << 8).wrapping_add(m1 << 16);
    let c = chain << 8 >> (8 + SHIFT);
    let d = m3.wrapping_sub(c << SHIFT) >> (8 + SHIFT);
    let a = m2.wrapping_sub(d << SHIFT) >> 8;
    let b = m1.wrapping_sub(a) >> 8;
    [a, b, c, d]
}

/// From `M1, M3, M2` and `A_1, A_0` of rows 4 and 5 to the sums of 8 bits.
#[inline(always)]
fn take_apart_8(sums: &mut Sums, x: i32) {
    let [m1, m3, m2, a1, a0, ..] = *sums;
    let [s0, s1, s2, s3] = follow::<0>([m1, m3, m2].map(|m| m.wrapping_sub(x << 7)));
    *sums = [s0, s1, s2, s3, a0.wrapping_sub(x << 7), a1.wrapping_sub(a0) >> 8, 0, 0];
}

/// From the sums of both chains to the sums of 4 bits. In a half of bytes all weights but the topmost count 8 too much, in
/// one of low halves both.
#[inline(always)]
fn take_apart_4(sums: &mut Sums, x: i32) {
    let [bytes @ .., l1, l3, l2, _, _] = *sums;
    let [low, bytes] = [([l1, l3, l2], x.wrapping_mul(8 * 0x101)), (bytes, x.wrapping_mul(8 * 0x111))]
        .map(|(chain, offset)| follow::<0>(chain.map(|m| m.wrapping_sub(offset))));
    for (sums, (low, byte)) in sums.chunks_exact_mut(2).zip(low.into_iter().zip(bytes)) {
        sums.copy_from_slice(&[low, (byte - low) >> 4]);
    }
}

/// From `F` and the sums of both chains to the sums of 2 bits; all weights but row 7's in `F` count 2 too much.
#[inline(always)]
fn take_apart_2(sums: &mut Sums, x: i32) {
    let [whole, m1, m2, l1, l3, l2, ..] = *sums;
    let less = |sum: i32, count: i32| sum.wrapping_sub(x.wrapping_mul(2 * count));
    let bytes = [less(m1, 0x1111), less(whole.wrapping_sub(m1), 0x444), less(m2, 0x1144)];
    let low = [less(l1, 0x101), less(l3, 0x404), less(l2, 0x104)];
    let ([s0, s4, s1, s5], [a, b, c, d]) = (follow::<2>(low), follow::<2>(bytes));
    let above = |byte: i32, low: i32| (byte - low) >> 4;
    *sums = [s0, s1, above(a, s0), above(c, s1), s4, s5, above(b, s4), above(d, s5)];
}

unsafe extern "C" {
    /// Writes the runs of activations up to `end`, at least one pair, and returns `X`.
    fn foldnet_dsp_activations(next: *mut u32, x: *const u8, bytes: u32, end: *const u8) -> i32;
    /// The same of pixels in an order.
    fn foldnet_dsp_pixels(next: *mut u32, x: *const u8, order: *const u16, end: *const u16, bytes: u32) -> i32;
    /// `M1, M3, M2, A_1, A_0`
    fn foldnet_dsp8(runs: *const u32, block: *const u32, sums: *mut i32);
    /// `M1, M3, M2` of bytes, then of their low halves.
    fn foldnet_dsp4(runs: *const u32, block: *const u32, sums: *mut i32);
    /// `F`, `M1` and `M2` of bytes, then `M1, M3, M2` of their low halves.
    fn foldnet_dsp2(runs: *const u32, block: *const u32, sums: *mut i32);
}

// ARMv8-M must name a core that has the extension, ARMv7E-M always has it.
#[cfg(foldnet_armv8m)]
macro_rules! cpu {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(foldnet_armv8m))]
macro_rules! cpu {
    () => {
        ""
    };
}

// SAFETY: each of the last three functions reads the list up to its end, the weights that it points at, and writes the sums through the third
// argument; the first two read what they are given, and write the list. All keep r4 to r11; the flags GE, which `SEL` reads,
// are the caller's to lose.
global_asm!(concat!(cpu!(), "\n", include_str!("dsp.s")), options(raw));
