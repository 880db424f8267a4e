//! Plain, safe Rust, for every target without a kernel of its own: a list of non-zero inputs, and one multiplication
//! per row of a halfword.
//!
//! The list holds the first inputs of pairs, then the second ones, because their weights are in different halfwords. An
//! entry is one word: the offset of the pair's halfwords in a block, and `x`.
//!
//! For row `k` of a halfword, the *prefix sum* `A_k = sum x (halfword mod 2^(bits (k + 1)))` covers the rows up to `k`;
//! that of the top row is not masked, so that the halfword's sign counts. With `X = sum x` and `h = 2^(bits - 1)`,
//! `A_k - A_(k-1) = 2^(bits k) (S_k + h X)`, without `h X` in the top row, exact modulo `2^32`: `S_k` follows if it is
//! within the [bound](crate::quantized::bound). An example at 8 bits: an input of 3, weights 5 and -2, the halfword is
//! `0xfe85`. `A_0` is 3 * 0x85 = 399, `A_1` is 3 * -379 = -1137; `S_0 = 399 - 128 * 3 = 15`, and
//! `S_1 = (-1137 - 399) / 256 = -6`.
//!
//! Each row and input takes a mask, a multiplication and an addition. Extracting one field at a time, as the tests'
//! oracle `dot` does, adds a shift and a position lookup each; that took 18.2 million instructions for 784-300-100-10
//! on riscv32imc, compared with 690,235 this way at 8 bits, 634,899 at 4 and 667,725 at 2 (mean of the first 1,000 test
//! images, QEMU's `-icount`).

use super::contract::{Kernel, Sums};
use crate::infer::source::Source;
use crate::quantized::{BitWidth, KernelKind};

/// Plain Rust, for any target.
#[derive(Debug)]
pub(crate) struct Portable;

/// The list of a layer's non-zero inputs.
#[derive(Debug)]
pub(crate) struct List<'s> {
    /// First inputs of pairs, and second ones: `place << 8 | x`, the place in halfwords.
    parts: [&'s [u32]; 2],
    /// `h X`
    offset: i32,
}

impl Kernel for Portable {
    const KIND: KernelKind = KernelKind::Portable;
    type List<'s> = List<'s>;

    fn list<'s>(width: BitWidth, source: &Source, memory: &'s mut [u32]) -> List<'s> {
        let (mut rest, mut parts, mut total) = (memory, [&[][..]; 2], 0);
        for (which, part) in parts.iter_mut().enumerate() {
            let (mut next, mut place) = (0, 0);
            for i in (which..source.inputs()).step_by(2) {
                let x = u32::from(source.at(i));
                if x != 0 {
                    if let Some(entry) = rest.get_mut(next) {
                        *entry = place << 8 | x;
                        next += 1;
                        total += x;
                    }
                }
                place += 2 * width.words() as u32;
            }
            let (found, behind) = rest.split_at_mut(next);
            (*part, rest) = (found, behind);
        }
        List { parts, offset: (total << (width.bits() - 1)) as i32 }
    }

    fn sums(width: BitWidth, list: &List, block: &[u32], sums: &mut Sums) {
        let halves = bytemuck::must_cast_slice(block);
        match width {
            _ if !width.is_built() => {}
            BitWidth::Eight => {
                let mut prefixes = [[0; 2]; 3];
                add_eight::<0>(list.parts[0], halves, &mut prefixes);
                add_eight::<1>(list.parts[1], halves, &mut prefixes);
                take_apart(list.offset, &prefixes, sums);
            }
            BitWidth::Four => {
                let mut prefixes = [[0; 4]; 2];
                add_four::<0>(list.parts[0], halves, &mut prefixes);
                add_four::<1>(list.parts[1], halves, &mut prefixes);
                take_apart(list.offset, &prefixes, sums);
            }
            BitWidth::Two => {
                let mut prefixes = [[0; 8]; 1];
                add_two::<0>(list.parts[0], halves, &mut prefixes);
                add_two::<1>(list.parts[1], halves, &mut prefixes);
                take_apart(list.offset, &prefixes, sums);
            }
        }
    }
}

/// Computes the sums of each word's rows from its prefix sums.
fn take_apart<const FIELDS: usize>(offset: i32, prefixes: &[[i32; FIELDS]], sums: &mut Sums) {
    for (prefixes, sums) in prefixes.iter().zip(sums.chunks_exact_mut(FIELDS)) {
        let mut below = 0i32;
        for (row, (&prefix, sum)) in prefixes.iter().zip(sums).enumerate() {
            let shift = (16 / FIELDS * row) as u32;
            let inverted = if row + 1 == FIELDS { 0 } else { offset.wrapping_shl(shift) };
            *sum = prefix.wrapping_sub(below).wrapping_sub(inverted) >> shift;
            below = prefix;
        }
    }
}

/// `x`, and the halfwords of its pair.
#[inline(always)]
fn entry<const HALVES: usize>(entry: u32, halves: &[u16]) -> Option<(i32, &[u16; HALVES])> {
    Some(((entry & 0xff) as i32, halves.get((entry >> 8) as usize..)?.first_chunk()?))
}

/// Adds the lowest `BITS` bits of a halfword, unsigned, times `x`.
#[inline(always)]
fn low<const BITS: u32>(sum: &mut i32, half: u16, x: i32) {
    *sum = sum.wrapping_add((i32::from(u16::from_le(half)) & ((1 << BITS) - 1)) * x);
}

/// Adds a halfword, signed, times `x`.
#[inline(always)]
fn whole(sum: &mut i32, half: u16, x: i32) {
    *sum = sum.wrapping_add(i32::from(u16::from_le(half) as i16) * x);
}

// Unrolled by hand: with `opt-level = "s"` the compiler keeps a loop with the sums in memory, which took 2.8 million
// instructions at 8 bits.

/// Accumulates the halfwords of first (0) or second (1) inputs at 8 bits; the second word has its halfwords swapped.
fn add_eight<const SECOND: usize>(list: &[u32], halves: &[u16], prefixes: &mut [[i32; 2]; 3]) {
    let [[mut l0, mut w0], [mut l1, mut w1], [mut l2, mut w2]] = *prefixes;
    for (x, pair) in list.iter().map_while(|&next| entry::<6>(next, halves)) {
        let [h0, h1, h2] = [pair[SECOND], pair[3 - SECOND], pair[4 + SECOND]];
        low::<8>(&mut l0, h0, x);
        whole(&mut w0, h0, x);
        low::<8>(&mut l1, h1, x);
        whole(&mut w1, h1, x);
        low::<8>(&mut l2, h2, x);
        whole(&mut w2, h2, x);
    }
    *prefixes = [[l0, w0], [l1, w1], [l2, w2]];
}

/// Like [`add_eight`], at 4 bits.
fn add_four<const SECOND: usize>(list: &[u32], halves: &[u16], prefixes: &mut [[i32; 4]; 2]) {
    let [[mut a0, mut a1, mut a2, mut a3], [mut b0, mut b1, mut b2, mut b3]] = *prefixes;
    for (x, pair) in list.iter().map_while(|&next| entry::<4>(next, halves)) {
        let [a, b] = [pair[SECOND], pair[2 + SECOND]];
        low::<4>(&mut a0, a, x);
        low::<8>(&mut a1, a, x);
        low::<12>(&mut a2, a, x);
        whole(&mut a3, a, x);
        low::<4>(&mut b0, b, x);
        low::<8>(&mut b1, b, x);
        low::<12>(&mut b2, b, x);
        whole(&mut b3, b, x);
    }
    *prefixes = [[a0, a1, a2, a3], [b0, b1, b2, b3]];
}

/// Like [`add_eight`], at 2 bits.
fn add_two<const SECOND: usize>(list: &[u32], halves: &[u16], prefixes: &mut [[i32; 8]; 1]) {
    let [[mut a0, mut a1, mut a2, mut a3, mut a4, mut a5, mut a6, mut a7]] = *prefixes;
    for (x, pair) in list.iter().map_while(|&next| entry::<2>(next, halves)) {
        let half = pair[SECOND];
        low::<2>(&mut a0, half, x);
        low::<4>(&mut a1, half, x);
        low::<6>(&mut a2, half, x);
        low::<8>(&mut a3, half, x);
        low::<10>(&mut a4, half, x);
        low::<12>(&mut a5, half, x);
        low::<14>(&mut a6, half, x);
        whole(&mut a7, half, x);
    }
    *prefixes = [[a0, a1, a2, a3, a4, a5, a6, a7]];
}

/// `sum_i weight[row][i] x[i]`, weight by weight: the oracle for all kernels.
#[cfg(any(test, feature = "cases"))]
pub(crate) fn dot(width: BitWidth, row: usize, x: impl Iterator<Item = u8>, block: &[u32]) -> i32 {
    let term = |(input, x): (usize, u8)| {
        let place = width.place(row, input);
        block.get(place.word).map_or(0, |&word| place.unpack(u32::from_le(word)) * i32::from(x))
    };
    x.enumerate().map(term).fold(0, i32::wrapping_add)
}
