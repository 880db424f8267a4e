//! ARMv7-M and ARMv8-M Mainline without the DSP extension (Cortex-M3, some M33): 64-bit multiply-accumulate.
//!
//! Walks the [list of single non-zero inputs](super::singles). `SMLAL` and `UMLAL` add a 64-bit product to two
//! registers: with the weights of two rows in one word, far enough apart, one multiplication serves both, exact for any
//! number of inputs. With `h = 2^(bits - 1)` and `X = sum x`, sums of weights whose sign bit is inverted are too large
//! by `h X`.
//!
//! # 8 bits
//!
//! Two of an input's three halfwords are adjacent, though not word-aligned, so one `LDR` loads four rows, `a` to `d`.
//! Masked with `0xff0000ff` it is `a + 2^24 d`; rotated by a halfword and masked, `c + 2^24 b`. The low sum is known
//! modulo `2^24`, which suffices if it is below `2^23` in magnitude. The third halfword takes two `MLA`, as in
//! `armv6m`. The rows are in different places for the first and the second inputs of pairs, so each pass has its own
//! sums. 10 instructions for an input times 6 rows.
//!
//! # 4 and 2 bits
//!
//! Duplicate a halfword into both halves of a word, rotate by multiples of two rows and mask: this leaves two rows
//! `32 - bits` apart, first the halfword's lowest and highest (the signed one), then the third and second, and so on. The
//! low sum is below `2^28`, since `15 * 255 * 65,535` is. 14 and 11 instructions for an input times 8 rows. At 4 bits
//! the list holds distances, which need one register fewer than offsets.
//!
//! # Results and rejected variants
//!
//! Instruction counts are in `tests/instructions.golden`, layer by layer, and in `docs/boards.md`. Rejected, by
//! counting instructions by hand:
//!
//! - 8 bits with `LDRSH`, `MLA`, `UXTB`, `MLA` for each halfword: 13 instructions per input and block instead of 10.
//!   Instructions are not cycles: on an M3 an `SMLAL` takes 4 to 7 cycles, an `MLA` 2, and an unaligned word one or two
//!   more, so both should take about as long; on an M33 with its single-cycle multiplier, the shorter one should win.
//! - 4 bits with sums 16 bits apart, chunks and `MLA`: 13, and about 1.2 for the ends of chunks, instead of 14.
#![allow(unsafe_code)]

use super::contract::{Kernel, Sums};
use super::singles::{DISTANCES, Form, OFFSETS, Singles, assembly};
use crate::infer::source::Source;
#[cfg(feature = "low-ram")]
use crate::quantized::layout::MAX_ROWS;
use crate::quantized::{BitWidth, KernelKind};

/// Kernel for ARMv7-M and ARMv8-M Mainline without DSP instructions.
#[derive(Debug)]
pub(crate) struct Armv7m;

/// Bytes of unrolled code for one input at a number of bits; `armv7m.s` checks them.
macro_rules! code {
    (8) => {
        32
    };
    (4) => {
        48
    };
    (2) => {
        40
    };
}

// A pass is a single chunk at every width: 64-bit sums do not overflow.
const EIGHT: Form = Form { round: 15, code: code!(8), limit: u32::MAX, gather: OFFSETS };
const FOUR: Form = Form { round: 15, code: code!(4), limit: u32::MAX, gather: DISTANCES };
const TWO: Form = Form { round: 15, code: code!(2), limit: u32::MAX, gather: OFFSETS };

impl Kernel for Armv7m {
    const KIND: KernelKind = KernelKind::Armv7m;
    type List<'s> = Singles<'s>;

    fn list<'s>(width: BitWidth, source: &Source, memory: &'s mut [u32]) -> Singles<'s> {
        Singles::new(form(width), width, source, memory)
    }

    #[cfg(feature = "low-ram")]
    fn list_from<'s>(width: BitWidth, source: &Source, from: &mut usize, memory: &'s mut [u32]) -> Singles<'s> {
        Singles::from(form(width), width, source, from, memory)
    }

    /// Not inlined, so that its variables use no stack while the list is built.
    #[cfg(feature = "low-ram")]
    #[inline(never)]
    fn add(width: BitWidth, list: &Singles, blocks: &[u32], stride: usize, sums: &mut [i32]) {
        list.add(width, blocks, stride, sums, |slots, block, sums| match width {
            // SAFETY: the list is terminated, its offsets lie within the block, and there are six sums.
            BitWidth::Eight => unsafe { foldnet_armv7m_8(slots, block.as_ptr(), sums.as_mut_ptr(), &list.totals) },
            _ => {
                let mut of_block = [0; MAX_ROWS];
                Self::sums(width, list, block, &mut of_block);
                sums.iter_mut().zip(of_block).for_each(|(sum, of_block)| *sum = sum.wrapping_add(of_block));
            }
        });
    }

    fn sums(width: BitWidth, list: &Singles, block: &[u32], sums: &mut Sums) {
        let Some(slots) = list.for_block(width, block) else { return };
        let (block, [first, second]) = (block.as_ptr(), list.totals);
        let x = (first + second) as i32;
        #[cfg(feature = "low-ram")]
        if width == BitWidth::Eight {
            *sums = [0; MAX_ROWS];
            // SAFETY: the list is terminated, its offsets lie within the block, and there are six sums.
            return unsafe { foldnet_armv7m_8(slots, block, sums.as_mut_ptr(), &list.totals) };
        }
        let mut raw = [0; 12];
        // SAFETY: the list is terminated, its offsets lie within the block, and no walk writes beyond `raw`.
        unsafe {
            match width {
                #[cfg(not(feature = "low-ram"))]
                BitWidth::Eight => foldnet_armv7m_8(slots, block, &mut raw),
                #[cfg(feature = "low-ram")]
                BitWidth::Eight => {}
                BitWidth::Four => foldnet_armv7m_4(slots, block, &mut raw),
                BitWidth::Two => foldnet_armv7m_2(slots, block, &mut raw),
            }
        }
        let [p0, p1, q0, q1, r0, r1, s0, s1, ..] = raw;
        match width {
            #[cfg(not(feature = "low-ram"))]
            BitWidth::Eight => *sums = eight(&raw, [first << 7, second << 7]),
            #[cfg(feature = "low-ram")]
            BitWidth::Eight => {}
            BitWidth::Four => {
                let offset = x << 3;
                let [[w0, w3], [w2, w1]] = [lanes::<28>([p0, p1]), lanes::<28>([q0, q1])];
                let [[w4, w7], [w6, w5]] = [lanes::<28>([r0, r1]), lanes::<28>([s0, s1])];
                let [w0, w1, w2, w4, w5, w6] = [w0, w1, w2, w4, w5, w6].map(|sum| sum.wrapping_sub(offset));
                *sums = [w0, w1, w2, w3, w4, w5, w6, w7];
            }
            BitWidth::Two => {
                let offset = x << 1;
                let [[w0, w7], [w2, w1]] = [lanes::<30>([p0, p1]), lanes::<30>([q0, q1])];
                let [[w4, w3], [w6, w5]] = [lanes::<30>([r0, r1]), lanes::<30>([s0, s1])];
                let [w0, w1, w2, w3, w4, w5, w6] = [w0, w1, w2, w3, w4, w5, w6].map(|sum| sum.wrapping_sub(offset));
                *sums = [w0, w1, w2, w3, w4, w5, w6, w7];
            }
        }
    }
}

const fn form(width: BitWidth) -> &'static Form {
    match width {
        BitWidth::Eight => &EIGHT,
        BitWidth::Four => &FOUR,
        BitWidth::Two => &TWO,
    }
}

/// Sums at 8 bits from the raw results of both passes. Every weight except the top one of a halfword is 128 too large,
/// so the sums of each pass are too large by its entry of `offsets`.
#[cfg(not(feature = "low-ram"))]
fn eight(raw: &[u32; 12], offsets: [u32; 2]) -> Sums {
    let [p0, p1, q0, q1, whole, low, rest @ ..] = *raw;
    let [[f2, f5], [f4, f3]] = [near([p0, p1], offsets[0]), near([q0, q1], offsets[0])];
    let [f0, f1] = half(whole, low, offsets[0]);
    let [p0, p1, q0, q1, whole, low] = rest;
    let [[s0, s3], [s2, s1]] = [near([p0, p1], offsets[1]), near([q0, q1], offsets[1])];
    let [s4, s5] = half(whole, low, offsets[1]);
    let rows = [(f0, s0), (f1, s1), (f2, s2), (f3, s3), (f4, s4), (f5, s5), (0, 0), (0, 0)];
    rows.map(|(first, second)| first.wrapping_add(second))
}

/// `[low, high]` of `low + offset + 2^24 high`, where `low` is below `2^23` in magnitude.
#[cfg(not(feature = "low-ram"))]
#[inline(always)]
fn near([p0, p1]: [u32; 2], offset: u32) -> [i32; 2] {
    let low = (p0.wrapping_sub(offset) << 8) as i32 >> 8;
    let sum = u64::from(p1) << 32 | u64::from(p0);
    [low, (sum.wrapping_sub(low as u64).wrapping_sub(offset.into()) >> 24) as i32]
}

/// The sums of a halfword's two rows, from the sum of whole halfwords and that of low bytes.
#[cfg(not(feature = "low-ram"))]
#[inline(always)]
fn half(whole: u32, low: u32, offset: u32) -> [i32; 2] {
    [low.wrapping_sub(offset) as i32, whole.wrapping_sub(low) as i32 >> 8]
}

/// `[low, high]` of `low + 2^BITS high`, where `low` is not negative and below `2^BITS`.
#[inline(always)]
fn lanes<const BITS: u32>([p0, p1]: [u32; 2]) -> [i32; 2] {
    [(p0 << (32 - BITS) >> (32 - BITS)) as i32, (p0 >> BITS | p1 << (32 - BITS)) as i32]
}

unsafe extern "C" {
    #[cfg(not(feature = "low-ram"))]
    fn foldnet_armv7m_8(list: *const [u32; 2], block: *const u32, raw: &mut [u32; 12]);
    /// Adds to the sums; `totals` are the sums of `x` of both passes.
    #[cfg(feature = "low-ram")]
    fn foldnet_armv7m_8(list: *const [u32; 2], block: *const u32, sums: *mut i32, totals: &[u32; 2]);
    fn foldnet_armv7m_4(list: *const [u32; 2], block: *const u32, raw: &mut [u32; 12]);
    fn foldnet_armv7m_2(list: *const [u32; 2], block: *const u32, raw: &mut [u32; 12]);
}

assembly!("armv7m.s", code);
