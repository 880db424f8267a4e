//! Plain, safe Rust, for every target without a kernel of its own: a list of inputs that are not zero, and a product for
//! each row of a half.
//!
//! The list has first inputs of pairs, then second ones, since their halves lie at other places: a word each, where the
//! pair's halves begin in a block and `x`.
//!
//! For row `k` of a half, `A_k = sum x (half mod 2^(bits (k + 1)))`; the topmost row's is not masked, so that the half's
//! sign counts. With `X = sum x` and `h = 2^(bits - 1)`, `A_k - A_(k-1) = 2^(bits k) (S_k + h X)`, without `h X` in the
//! topmost row, exact modulo `2^32`: `S_k` follows where it is within the [bound](crate::infer::bound). A mask, a product and
//! an addition a row and input; the fields shifted down one by one, as the tests' oracle `dot` does it, cost one more and
//! a look-up of the place each: 18.2 million instructions on riscv32imc.

use super::{Kernel, Kind, Sums};
use crate::infer::layout::Width;
use crate::infer::source::Source;

/// Plain Rust, for any target.
#[derive(Debug)]
pub struct Portable;

/// A layer's inputs.
#[derive(Debug)]
pub struct List<'s> {
    /// First inputs of pairs, and second ones: `place << 8 | x`.
    parts: [&'s [u32]; 2],
    /// `h X`
    offset: i32,
}

impl Kernel for Portable {
    const KIND: Kind = Kind::Portable;
    type List<'s> = List<'s>;

    fn list<'s>(width: Width, source: &Source, memory: &'s mut [u32]) -> List<'s> {
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

    fn sums(width: Width, list: &List, block: &[u32], sums: &mut Sums) {
        let halves = bytemuck::must_cast_slice(block);
        match width {
            _ if !width.is_built() => {}
            Width::Eight => add_up::<2, 3, 6>(list, halves, sums),
            Width::Four => add_up::<4, 2, 4>(list, halves, sums),
            Width::Two => add_up::<8, 1, 2>(list, halves, sums),
        }
    }
}

/// The sums of `WORDS` words of `FIELDS` rows each; a pair has `HALVES` halves.
#[inline(always)]
fn add_up<const FIELDS: usize, const WORDS: usize, const HALVES: usize>(list: &List, halves: &[u16], sums: &mut Sums) {
    let mut prefixes = [[0; FIELDS]; WORDS];
    add_part::<FIELDS, WORDS, HALVES, 0>(list.parts[0], halves, &mut prefixes);
    add_part::<FIELDS, WORDS, HALVES, 1>(list.parts[1], halves, &mut prefixes);
    for (prefixes, sums) in prefixes.iter().zip(sums.chunks_exact_mut(FIELDS)) {
        let mut below = 0i32;
        for (row, (&prefix, sum)) in prefixes.iter().zip(sums).enumerate() {
            let shift = (16 / FIELDS * row) as u32;
            let inverted = if row + 1 == FIELDS { 0 } else { list.offset.wrapping_shl(shift) };
            *sum = prefix.wrapping_sub(below).wrapping_sub(inverted) >> shift;
            below = prefix;
        }
    }
}

/// Adds the halves of first (0) or second (1) inputs, times these.
#[inline(always)]
fn add_part<const FIELDS: usize, const WORDS: usize, const HALVES: usize, const SECOND: usize>(
    list: &[u32],
    halves: &[u16],
    prefixes: &mut [[i32; FIELDS]; WORDS],
) {
    let mut sums = *prefixes;
    for &entry in list {
        let x = (entry & 0xff) as i32;
        let Some(pair) = halves.get((entry >> 8) as usize..).and_then(<[u16]>::first_chunk::<HALVES>) else { break };
        for (word, sums) in sums.iter_mut().enumerate() {
            // At 8 bits the second word has its halves exchanged.
            let exchanged = usize::from(FIELDS == 2 && word == 1);
            let half = u16::from_le(pair[2 * word + (SECOND ^ exchanged)]);
            for (row, sum) in sums.iter_mut().enumerate() {
                let bits = 16 / FIELDS * (row + 1);
                let field = if row + 1 == FIELDS { (half as i16).into() } else { i32::from(half) & ((1 << bits) - 1) };
                *sum = sum.wrapping_add(field * x);
            }
        }
    }
    *prefixes = sums;
}

/// `sum_i weight[row][i] x[i]`, every weight on its own: the oracle of all kernels.
#[cfg(any(test, feature = "cases"))]
pub(crate) fn dot(width: Width, row: usize, x: impl Iterator<Item = u8>, block: &[u32]) -> i32 {
    let term = |(input, x): (usize, u8)| {
        let place = width.place(row, input);
        block.get(place.word).map_or(0, |&word| place.unpack(u32::from_le(word)) * i32::from(x))
    };
    x.enumerate().map(term).fold(0, i32::wrapping_add)
}
