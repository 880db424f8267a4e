//! x86-64, where every processor has SSE2: four words of weights times two inputs each in one `PMADDWD`.
//!
//! The list has one word per word of a block: the two inputs of the pair as halfwords, in that word's order, padded
//! with zeros to a whole number of vectors. A given lane always holds the same word of a pair: at 8 bits three vectors
//! hold four pairs, at 4 bits one holds two, at 2 bits four.
//!
//! For every row `k` of a halfword, the *prefix sum* `A_k = sum x (halfword mod 2^(bits (k + 1)))` accumulates
//! halfwords whose upper rows are masked away; the top row is not masked, so that the halfword's sign counts. With
//! `X = sum x` and `h = 2^(bits - 1)`, `A_k - A_(k-1) = 2^(bits k) (S_k + h X)`, without `h X` in the top row, exact
//! modulo `2^32`: `S_k` follows if it is within the [bound](crate::quantized::bound). Zeros are not skipped: processing a
//! vector is cheaper than testing it.

#![allow(unsafe_code)]

use super::contract::{Kernel, Sums};
use crate::infer::source::Source;
use crate::quantized::{BitWidth, KernelKind};
use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_and_si128, _mm_loadu_si128, _mm_madd_epi16, _mm_set1_epi16, _mm_storeu_si128,
};

/// Kernel for x86-64, 128-bit vectors.
#[derive(Debug)]
pub(crate) struct Sse2;

/// The list of a layer's inputs.
#[derive(Debug)]
pub(crate) struct List<'s> {
    /// A word for each word of a block, and zeros.
    x: &'s [u32],
    /// `X`
    total: i32,
}

/// Words of a vector.
const LANES: usize = 4;

impl Kernel for Sse2 {
    const KIND: KernelKind = KernelKind::Sse2;
    type List<'s> = List<'s>;

    fn list<'s>(width: BitWidth, source: &Source, memory: &'s mut [u32]) -> List<'s> {
        let used = width.block_words(source.inputs()).next_multiple_of(width.words() * LANES);
        let memory = memory.get_mut(..used).unwrap_or_default();
        let mut total = 0;
        memory.fill(0);
        let inputs = source.inputs();
        for (words, first) in memory.chunks_exact_mut(width.words()).zip((0..inputs).step_by(2)) {
            let second = if first + 1 < inputs { source.at(first + 1).into() } else { 0 };
            let x = u32::from(source.at(first)) | second << 16;
            total += i32::from(source.at(first)) + second as i32;
            for (word, to) in words.iter_mut().enumerate() {
                let swapped = width.place(word * width.fields(), 0).shift != 0;
                *to = if swapped { x.rotate_left(16) } else { x };
            }
        }
        List { x: memory, total }
    }

    fn sums(width: BitWidth, list: &List, block: &[u32], sums: &mut Sums) {
        match width {
            BitWidth::Eight => rows(width, list.total, &prefixes::<3, 2>(list.x, block), sums),
            BitWidth::Four => rows(width, list.total, &prefixes::<1, 4>(list.x, block), sums),
            BitWidth::Two => rows(width, list.total, &prefixes::<1, 8>(list.x, block), sums),
        }
    }
}

/// `A_k` of each of the `FIELDS` rows of a halfword, separately for each word of `VECTORS` vectors. The length of `x`
/// is a multiple of that, and at least the block's.
fn prefixes<const VECTORS: usize, const FIELDS: usize>(x: &[u32], block: &[u32]) -> [[[i32; LANES]; VECTORS]; FIELDS] {
    let (mut whole, mut sums) = (x.chunks_exact(VECTORS * LANES), [[zero(); VECTORS]; FIELDS]);
    let mut blocks = block.chunks_exact(VECTORS * LANES);
    for (block, x) in blocks.by_ref().zip(whole.by_ref()) {
        add(block, x, &mut sums);
    }
    if let Some(x) = whole.next() {
        let mut last = [[0; LANES]; VECTORS];
        last.as_flattened_mut().iter_mut().zip(blocks.remainder()).for_each(|(to, &word)| *to = word);
        add(last.as_flattened(), x, &mut sums);
    }
    sums.map(|vectors| vectors.map(lanes))
}

/// Adds `VECTORS` vectors of weights times inputs to the sums of each row.
#[inline(always)]
fn add<const VECTORS: usize, const FIELDS: usize>(block: &[u32], x: &[u32], sums: &mut [[__m128i; VECTORS]; FIELDS]) {
    let (block, x) = (block.chunks_exact(LANES), x.chunks_exact(LANES));
    for (vector, (block, x)) in block.zip(x).enumerate().take(VECTORS) {
        for (field, sums) in sums.iter_mut().enumerate() {
            let bits = 16 / FIELDS * (field + 1);
            let mask = if field + 1 == FIELDS { -1 } else { (1 << bits) - 1 };
            // SAFETY: both chunks have four words; SSE2 is part of x86-64.
            unsafe {
                let x = _mm_loadu_si128(x.as_ptr().cast());
                let words = _mm_and_si128(_mm_loadu_si128(block.as_ptr().cast()), _mm_set1_epi16(mask));
                sums[vector] = _mm_add_epi32(sums[vector], _mm_madd_epi16(words, x));
            }
        }
    }
}

/// A vector of zeros.
fn zero() -> __m128i {
    // SAFETY: four words can be read; SSE2 is part of x86-64.
    unsafe { _mm_loadu_si128([0u32; LANES].as_ptr().cast()) }
}

/// The words of a vector.
fn lanes(vector: __m128i) -> [i32; LANES] {
    let mut lanes = [0; LANES];
    // SAFETY: four words can be written; SSE2 is part of x86-64.
    unsafe { _mm_storeu_si128(lanes.as_mut_ptr().cast(), vector) };
    lanes
}

/// Computes the sums of all rows from the prefix sums `A_k`, each spread over `4 * VECTORS` lanes.
fn rows<const VECTORS: usize, const FIELDS: usize>(
    width: BitWidth,
    total: i32,
    prefixes: &[[[i32; LANES]; VECTORS]; FIELDS],
    sums: &mut Sums,
) {
    let (bits, half) = (usize::from(width.bits()), total << (width.bits() - 1));
    for (word, sums) in sums.chunks_exact_mut(FIELDS).enumerate().take(width.words()) {
        let mut below = 0i32;
        for (field, sum) in sums.iter_mut().enumerate() {
            let parts = prefixes[field].as_flattened().iter().skip(word).step_by(width.words());
            let prefix = parts.fold(0i32, |sum, &part| sum.wrapping_add(part));
            let inverted = if field + 1 == FIELDS { 0 } else { half.wrapping_shl((bits * field) as u32) };
            *sum = prefix.wrapping_sub(below).wrapping_sub(inverted) >> (bits * field);
            below = prefix;
        }
    }
}
