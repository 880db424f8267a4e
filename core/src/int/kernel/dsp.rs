//! Cortex-M with the DSP extension (M4, M7, M33): two inputs times the rows of half a word in one `SMLAD`.
//!
//! The list holds a word for each pair of inputs that is not zero, first input low, in runs of pairs whose weights follow
//! each other: bytes to skip, number of pairs, the pairs; a run of 0 pairs ends it. A run enters straight-line code so
//! that it leaves at its end: no pair costs a comparison.
//!
//! # 4 and 2 bits
//!
//! `A_k = sum x (half mod 2^(bits (k + 1)))` for every row `k` of a half: whole halves first, then with the topmost weight
//! masked away, again and again. With `X = sum x` and `h = 2^(bits - 1)`, `A_k - A_(k-1) = 2^(bits k) (S_k + h X)`, without
//! `h X` in the topmost row, exact modulo `2^32`; so `S_k` follows where it is below `2^(31 - bits k)` in magnitude.
//! 15 instructions for 2 inputs times 8 rows.
//!
//! # 8 bits
//!
//! Rows 4 and 5 are as above. Rows 0 to 3 take three sums instead of four, each of two rows 256 apart, in a chain:
//!
//! ```text
//! word 0:                          M1 = S0 + 256 S1     (+ 128 X each)
//! word 1, halves swapped:          M3 = S2 + 256 S3
//! row 3 of word 1, row 0 of word 0: M2 = S3 + 256 S0
//! ```
//!
//! `M3 - 256 M2 + 65536 M1 = S2 + 2^24 S1` modulo `2^32`: its low 24 bits are `S2`, and the others follow one from another,
//! if all are below `2^23` in magnitude. `SEL` takes row 0 from word 0 and row 3 from word 1; `EOR` with a rotation by a
//! byte puts row 3 low and row 0 high and turns both signs' notations around. The rotation leaves the two inputs exchanged,
//! which `SMLADX` undoes; it is why word 1 has its halves swapped. 9 instructions for 2 inputs times 6 rows, where four
//! sums and two masks take 9 for every 3 words, too, but with 12 rows' worth of registers: here inputs come three at a time.

#![allow(unsafe_code)]

use super::{Kernel, Kind, Sums};
use crate::int::layout::Width;
use crate::int::source::{Order, Source};
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
const MAX_RUN: u32 = 14;

/// Words of a run before its pairs.
const RUN_WORDS: usize = 2;

impl Kernel for Dsp {
    const KIND: Kind = Kind::Dsp;
    type List<'s> = List<'s>;

    fn list<'s>(width: Width, source: &Source, memory: &'s mut [u32]) -> List<'s> {
        let block_words = width.block_words(source.inputs());
        let Some(memory) = memory.get_mut(..Kind::Dsp.list_words(source.inputs())) else {
            return List { width, runs: &[0; RUN_WORDS], block_words, total: 0 };
        };
        let total = fill(memory.as_mut_ptr(), source, 4 * width.words() as u32);
        List { width, runs: memory, block_words, total }
    }

    fn sums(_: Width, list: &List, block: &[u32], a: &mut Sums) {
        if block.len() < list.block_words {
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
            Width::Eight => take_chain_apart(a, list.total << 7),
            Width::Four => take_apart::<4>(a, list.total << 3),
            Width::Two => take_apart::<2>(a, list.total << 1),
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

/// From `M1, M3, M2` and `A_1, A_0` of rows 4 and 5 to the sums of 8 bits; `offset` is `128 X`.
#[inline(always)]
fn take_chain_apart(sums: &mut Sums, offset: i32) {
    let [m1, m3, m2, a1, a0, ..] = *sums;
    let [m1, m3, m2] = [m1, m3, m2].map(|m| m.wrapping_sub(offset));
    let chain = m3.wrapping_sub(m2 << 8).wrapping_add(m1 << 16);
    let s2 = chain << 8 >> 8;
    let s3 = m3.wrapping_sub(s2) >> 8;
    let s0 = m2.wrapping_sub(s3) >> 8;
    let s1 = m1.wrapping_sub(s0) >> 8;
    *sums = [s0, s1, s2, s3, a0.wrapping_sub(offset), a1.wrapping_sub(a0) >> 8, 0, 0];
}

/// From `A_0`, `A_1`, ... of every half to the sums of 4 or 2 bits; `offset` is `h X`.
#[inline(always)]
fn take_apart<const BITS: usize>(sums: &mut Sums, offset: i32) {
    for half in sums.chunks_exact_mut(16 / BITS) {
        let mut below = 0;
        let mut offset = offset;
        for (k, a) in half.iter_mut().enumerate() {
            let all = *a;
            let own = if k + 1 < 16 / BITS { offset } else { 0 };
            *a = all.wrapping_sub(below).wrapping_sub(own) >> (BITS * k);
            (below, offset) = (all, offset << BITS);
        }
    }
}

unsafe extern "C" {
    /// Writes the runs of activations up to `end`, at least one pair, and returns `X`.
    fn foldnet_dsp_activations(next: *mut u32, x: *const u8, bytes: u32, end: *const u8) -> i32;
    /// The same of pixels in an order.
    fn foldnet_dsp_pixels(next: *mut u32, x: *const u8, order: *const u16, end: *const u16, bytes: u32) -> i32;
    /// `M1, M3, M2, A_1, A_0`
    fn foldnet_dsp8(runs: *const u32, block: *const u32, sums: *mut i32);
    /// `A_0` to `A_3` of word 0, then of word 1.
    fn foldnet_dsp4(runs: *const u32, block: *const u32, sums: *mut i32);
    /// `A_0` to `A_7`
    fn foldnet_dsp2(runs: *const u32, block: *const u32, sums: *mut i32);
}

/// ARMv8-M must name a core that has the extension, ARMv7E-M always has it.
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
global_asm!(
    cpu!(),
    ".syntax unified",
    ".macro foldnet_function name",
    ".section .text.foldnet_\\name, \"ax\", %progbits",
    ".balign 4",
    ".global foldnet_\\name",
    ".thumb_func",
    "foldnet_\\name:",
    ".endm",
    // The list: r0 next word, r4 X, r6 bytes to skip, r7 bytes of a pair, r8 header of the run, r9 where it ends.
    ".macro foldnet_begin",
    "   mov r4, #0",
    "   mov r5, #0x00010001",
    "   mov r6, #0",
    "   mov r8, r0",
    "   adds r0, #8",
    "   mov r9, r0",
    ".endm",
    // Puts the pair x, which is not zero; label 3 is for one that is. `at` goes up to r3, where the list ends. A run is
    // closed when the next begins.
    ".macro foldnet_put x at",
    "   smlad r4, \\x, r5, r4",
    "   cmp r0, r9",
    "   beq 4f",
    "2: str \\x, [r0], #4",
    "   cmp \\at, r3",
    "   bne 1b",
    "   b 6f",
    "3: add r6, r7",
    "   mov r9, r0",
    "   cmp \\at, r3",
    "   bne 1b",
    "6: sub r11, r0, r8",
    "   subs r11, #8",
    "   lsr r11, r11, #2",
    "   str r11, [r8, #4]",
    "   mov r11, #0",
    "   str r11, [r0], #4",
    "   str r11, [r0]",
    "   it eq",
    "   streq r11, [r8]",
    "   mov r0, r4",
    "   pop {{r4-r11, pc}}",
    "4: sub r11, r0, r8",
    "   subs r11, #8",
    "   ittt ne",
    "   lsrne r11, r11, #2",
    "   strne r11, [r8, #4]",
    "   movne r8, r0",
    "   it ne",
    "   addne r0, #8",
    "   str r6, [r8]",
    "   mov r6, #0",
    "   add r9, r0, #4 * 14",
    "   b 2b",
    ".endm",
    "   foldnet_function dsp_activations",
    "   push {{r4-r11, lr}}",
    "   foldnet_begin",
    "   mov r7, r2",
    "1: ldrh r2, [r1], #2",
    "   cbz r2, 3f",
    "   orr r2, r2, r2, lsl #8",
    "   uxtb16 r2, r2",
    "   foldnet_put r2 r1",
    "   foldnet_function dsp_pixels",
    "   push {{r4-r11, lr}}",
    "   foldnet_begin",
    "   ldr r7, [sp, #36]",
    "1: ldr r10, [r2], #4",
    "   uxth r11, r10",
    "   lsr r10, r10, #16",
    "   ldrb r11, [r1, r11]",
    "   ldrb r10, [r1, r10]",
    "   orrs r10, r11, r10, lsl #16",
    "   beq 3f",
    "   foldnet_put r10 r2",
    // The sums: r0 the list, r1 the weights; the third argument lies on top of the stack.
    ".macro foldnet_enter name",
    "   foldnet_function \\name",
    "   push {{r2, r4-r11, lr}}",
    ".irp r, 4, 5, 6, 7, 8, 9, 10, 11",
    "   mov r\\r, #0",
    ".endr",
    ".endm",
    // Skips weights, then goes to where a run of so many pairs begins, by the table behind, which reaches forward only.
    ".macro foldnet_run name skip pairs",
    "   ldmia r0!, {{\\skip, \\pairs}}",
    "   add r1, r1, \\skip",
    "   tbh [pc, \\pairs, lsl #1]",
    ".Lruns_\\name:",
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14",
    "   .short (.L\\name\\()_\\n - .Lruns_\\name) / 2",
    ".endr",
    ".endm",
    // 8 bits: M1, M3, M2, A_1, A_0 in r5 to r9.
    ".macro foldnet_pair8 x",
    "   ldmia r1!, {{r10, r11, r12}}",
    "   smlad r5, r10, \\x, r5",
    "   smladx r6, r11, \\x, r6",
    "   sel r10, r10, r11",
    "   eor r10, lr, r10, ror #8",
    "   smladx r7, r10, \\x, r7",
    "   smlad r8, r12, \\x, r8",
    "   uxtb16 r12, r12",
    "   smlad r9, r12, \\x, r9",
    ".endm",
    ".macro foldnet_three8 n m l",
    "   ldmia r0!, {{r2, r3, r4}}",
    ".Lin8_\\n:",
    "   foldnet_pair8 r2",
    ".Lin8_\\m:",
    "   foldnet_pair8 r3",
    ".Lin8_\\l:",
    "   foldnet_pair8 r4",
    ".endm",
    "   foldnet_enter dsp8",
    "   mov lr, #0x00050000",
    "   msr apsr_g, lr",
    "   mov lr, #0x80808080",
    "   b .Lnext8",
    ".Lin8_14:",
    "   foldnet_pair8 r3",
    ".Lin8_13:",
    "   foldnet_pair8 r4",
    "   foldnet_three8 12 11 10",
    "   foldnet_three8 9 8 7",
    "   foldnet_three8 6 5 4",
    "   foldnet_three8 3 2 1",
    ".Lnext8:",
    "   foldnet_run dsp8 r10 r11",
    ".irp n, 12, 9, 6, 3",
    ".Ldsp8_\\n:",
    "   ldmia r0!, {{r2, r3, r4}}",
    "   b .Lin8_\\n",
    ".endr",
    ".irp n, 14, 11, 8, 5, 2",
    ".Ldsp8_\\n:",
    "   ldmia r0!, {{r3, r4}}",
    "   b .Lin8_\\n",
    ".endr",
    ".irp n, 13, 10, 7, 4, 1",
    ".Ldsp8_\\n:",
    "   ldr r4, [r0], #4",
    "   b .Lin8_\\n",
    ".endr",
    ".Ldsp8_0:",
    "   pop {{r2}}",
    "   stmia r2, {{r5-r9}}",
    "   pop {{r4-r11, pc}}",
    // 4 bits: A_0 to A_3 of word 0 in r4 to r7, of word 1 in r8 to r11.
    ".macro foldnet_word4 w x a b c d",
    "   smlad \\a, \\w, \\x, \\a",
    "   bic \\w, \\w, #0xf000f000",
    "   smlad \\b, \\w, \\x, \\b",
    "   uxtb16 \\w, \\w",
    "   smlad \\c, \\w, \\x, \\c",
    "   bic \\w, \\w, #0x00f000f0",
    "   smlad \\d, \\w, \\x, \\d",
    ".endm",
    ".macro foldnet_pair4 x",
    "   ldmia r1!, {{r12, lr}}",
    "   foldnet_word4 r12 \\x r7 r6 r5 r4",
    "   foldnet_word4 lr \\x r11 r10 r9 r8",
    ".endm",
    ".macro foldnet_two4 n m",
    "   ldmia r0!, {{r2, r3}}",
    ".Lin4_\\n:",
    "   foldnet_pair4 r2",
    ".Lin4_\\m:",
    "   foldnet_pair4 r3",
    ".endm",
    "   foldnet_enter dsp4",
    "   b .Lnext4",
    "   foldnet_two4 14 13",
    "   foldnet_two4 12 11",
    "   foldnet_two4 10 9",
    "   foldnet_two4 8 7",
    "   foldnet_two4 6 5",
    "   foldnet_two4 4 3",
    "   foldnet_two4 2 1",
    ".Lnext4:",
    "   foldnet_run dsp4 r12 lr",
    ".irp n, 14, 12, 10, 8, 6, 4, 2",
    ".Ldsp4_\\n:",
    "   ldmia r0!, {{r2, r3}}",
    "   b .Lin4_\\n",
    ".endr",
    ".irp n, 13, 11, 9, 7, 5, 3, 1",
    ".Ldsp4_\\n:",
    "   ldr r3, [r0], #4",
    "   b .Lin4_\\n",
    ".endr",
    ".Ldsp4_0:",
    "   pop {{r2}}",
    "   stmia r2, {{r4-r11}}",
    "   pop {{r4-r11, pc}}",
    // 2 bits: A_0 to A_7 in r4 to r11.
    ".macro foldnet_pair2 w x",
    "   smlad r11, \\w, \\x, r11",
    "   bic \\w, \\w, #0xc000c000",
    "   smlad r10, \\w, \\x, r10",
    "   bic \\w, \\w, #0x30003000",
    "   smlad r9, \\w, \\x, r9",
    "   bic \\w, \\w, #0x0c000c00",
    "   smlad r8, \\w, \\x, r8",
    "   uxtb16 \\w, \\w",
    "   smlad r7, \\w, \\x, r7",
    "   bic \\w, \\w, #0x00c000c0",
    "   smlad r6, \\w, \\x, r6",
    "   bic \\w, \\w, #0x00300030",
    "   smlad r5, \\w, \\x, r5",
    "   bic \\w, \\w, #0x000c000c",
    "   smlad r4, \\w, \\x, r4",
    ".endm",
    ".macro foldnet_two2 n m",
    "   ldmia r0!, {{r2, r3}}",
    "   ldmia r1!, {{r12, lr}}",
    ".Lin2_\\n:",
    "   foldnet_pair2 r12 r2",
    ".Lin2_\\m:",
    "   foldnet_pair2 lr r3",
    ".endm",
    "   foldnet_enter dsp2",
    "   b .Lnext2",
    "   foldnet_two2 14 13",
    "   foldnet_two2 12 11",
    "   foldnet_two2 10 9",
    "   foldnet_two2 8 7",
    "   foldnet_two2 6 5",
    "   foldnet_two2 4 3",
    "   foldnet_two2 2 1",
    ".Lnext2:",
    "   foldnet_run dsp2 r12 lr",
    ".irp n, 14, 12, 10, 8, 6, 4, 2",
    ".Ldsp2_\\n:",
    "   ldmia r0!, {{r2, r3}}",
    "   ldmia r1!, {{r12, lr}}",
    "   b .Lin2_\\n",
    ".endr",
    ".irp n, 13, 11, 9, 7, 5, 3, 1",
    ".Ldsp2_\\n:",
    "   ldr r3, [r0], #4",
    "   ldr lr, [r1], #4",
    "   b .Lin2_\\n",
    ".endr",
    ".Ldsp2_0:",
    "   pop {{r2}}",
    "   stmia r2, {{r4-r11}}",
    "   pop {{r4-r11, pc}}",
    ".text",
);
