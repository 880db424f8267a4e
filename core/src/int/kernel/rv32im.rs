//! RISC-V with a multiplier: 31 registers hold the sums of two or three blocks at once, so that the list of inputs costs
//! little. Pairs of inputs that are both zero are skipped.
//!
//! # 8 bits
//!
//! Per half `A = sum x half`, the half signed, and `T = sum x (half mod 2^8)`: `T = S_low + 128 X` with `X = sum x`, and
//! `A - T = 256 S_high`, exact modulo `2^32` below `2^23`. Three instructions for an input times a row. Pairs of which one
//! input is zero have a list of their own: its entries hold where the input's halves are.
//!
//! # 4 and 2 bits
//!
//! One multiplication serves both inputs of a pair. With one row of a word masked, `word = a + 2^16 b`, and
//! `inputs = 2^16 x_first + x_second`, `word * inputs = 2^32 b x_first + 2^16 (a x_first + b x_second) + a x_second`: the
//! sum of products is a lane of 16 bits in the upper half of `MUL`; with the row 8 bits further up, and the inputs, too, in
//! the lower half of `MULHU`. What stands in the other half means nothing, and does not carry into the lane. Rows further
//! up in a half are shifted down by 4 bits first; with 2 bits every other lane counts four times its row.
//! The sign bits of the topmost row are inverted, so that all rows are `q + h` with `h = 2^(bits - 1)`, at least 0.
//!
//! A lane has 16 bits, so the list is cut into segments whose inputs' sum times the largest row stays below `2^16`: then
//! the lanes are added to the sums in memory, which began at `-h X`. A row takes 15 / 8 instructions for an input with 4
//! bits, 27 / 16 with 2.
//!
//! # The list
//!
//! An entry has two words. With 8 bits: the bytes from the block's start to the pair, and `x_first << 16 | x_second`; the
//! last is followed by -1. Another list, from the memory's end downwards, has single inputs: the bytes from the block's
//! start to the half in word 0, and `to << 16 | x`, `to` being the bytes from there to the half in word 1; it ends with -1,
//! too. With 4 and 2 bits: the bytes from the last entry's pair, or from the block's start, and `x_first << 16 | x_second`;
//! after each segment stands -1, and after the last another.

#![allow(unsafe_code)]

use super::{Kernel, Kind, Sums};
use crate::int::layout::Width;
use crate::int::source::{Order, Source};
use core::arch::global_asm;

/// The extension M.
#[derive(Debug)]
pub struct Rv32im;

/// A layer's inputs.
#[derive(Debug)]
pub struct List<'s> {
    /// Pairs, and their end.
    pairs: &'s [u32],
    /// Single inputs, and their end.
    singles: &'s [u32],
    /// Words of a block that the entries lead to.
    block_words: usize,
    /// `h X`
    offset: i32,
}

/// Ends a list or a segment.
const END: u32 = u32::MAX;

/// Words of an entry.
const ENTRY: usize = 2;

/// What the inputs of a segment add up to at most: lanes of 4 bits count up to 15 times an input, of 2 bits 4 * 3 times.
const fn segment(width: Width) -> u32 {
    match width {
        Width::Eight => u32::MAX,
        Width::Four => 65_535 / 15,
        Width::Two => 65_535 / 12,
    }
}

impl Kernel for Rv32im {
    const KIND: Kind = Kind::Rv32im;
    /// Twice three, or three times two.
    const AT_ONCE: usize = 6;
    type List<'s> = List<'s>;

    fn list<'s>(width: Width, source: &Source, memory: &'s mut [u32]) -> List<'s> {
        let block_words = width.block_words(source.inputs());
        let Some(memory) = memory.get_mut(..Kind::Rv32im.list_words(source.inputs())) else {
            return List { pairs: &[END; 2], singles: &[END], block_words, offset: 0 };
        };
        let (total, singles) = fill(width, memory, source);
        let singles = memory.get(singles..).unwrap_or(&[END]);
        List { pairs: memory, singles, block_words, offset: (total << (width.bits() - 1)) as i32 }
    }

    fn sums(width: Width, list: &List, block: &[u32], sums: &mut Sums) {
        Self::sums_of_blocks(width, list, block, list.block_words, core::slice::from_mut(sums));
    }

    fn sums_of_blocks(width: Width, list: &List, blocks: &[u32], block_words: usize, sums: &mut [Sums]) {
        if block_words != list.block_words {
            return;
        }
        let (one, several, at_once) = match width {
            Width::Eight => (foldnet_rv32im_8x1 as Function, foldnet_rv32im_8x3 as Function, 3),
            Width::Four => (foldnet_rv32im_4x1 as Function, foldnet_rv32im_4x2 as Function, 2),
            Width::Two => (foldnet_rv32im_2x1 as Function, foldnet_rv32im_2x2 as Function, 2),
        };
        let (blocks, sums) = each(several, at_once, list, blocks, sums);
        each(one, 1, list, blocks, sums);
    }
}

/// Lets `function` add up `at_once` blocks as often as there are so many, and returns what is left.
fn each<'a>(
    function: Function,
    at_once: usize,
    list: &List,
    mut blocks: &'a [u32],
    mut sums: &'a mut [Sums],
) -> (&'a [u32], &'a mut [Sums]) {
    let (pairs, singles, bytes) = (list.pairs.as_ptr(), list.singles.as_ptr(), list.block_words * size_of::<u32>());
    while let Some((group, others)) = blocks.split_at_checked(at_once * list.block_words) {
        let (out, rest) = core::mem::take(&mut sums).split_at_mut_checked(at_once).unwrap_or_default();
        if out.is_empty() {
            break;
        }
        // SAFETY: the function is for `at_once` blocks, and so many there are, of weights and of sums; the lists end, and
        // lead to no more words than a block has.
        unsafe { function(pairs, group.as_ptr(), bytes, out.as_mut_ptr(), list.offset, singles) };
        (blocks, sums) = (others, rest);
    }
    (blocks, sums)
}

/// Writes the list to `memory` of [`Kind::list_words`]. Returns `X`, and where single inputs begin.
fn fill(width: Width, memory: &mut [u32], source: &Source) -> (u32, usize) {
    let (x, inputs) = (source.activations(), source.inputs());
    match source.order() {
        _ if !source.is_whole() => fill_with(width, memory, inputs, |i| source.at(i)),
        // SAFETY: `i` is below `inputs`, and no activation is missing.
        Order::Plain(_) => fill_with(width, memory, inputs, |i| unsafe { *x.get_unchecked(i) }),
        // SAFETY: `i` is below `inputs`, the length of the order.
        Order::Listed(order) => fill_with(width, memory, inputs, |i| {
            x.get(usize::from(u16::from_le(unsafe { *order.get_unchecked(i) }))).copied().unwrap_or(0)
        }),
    }
}

/// The same, with the inputs from `at`.
#[inline(always)]
fn fill_with(width: Width, memory: &mut [u32], inputs: usize, at: impl Fn(usize) -> u8) -> (u32, usize) {
    let pair = |i| (u32::from(at(i)), if i + 1 < inputs { u32::from(at(i + 1)) } else { 0 });
    match width {
        Width::Eight => fill_apart(memory, inputs, pair),
        Width::Four | Width::Two => fill_segments(width, memory, inputs, pair),
    }
}

/// The lists of 8 bits: pairs from the front, single inputs from the back.
#[inline(always)]
fn fill_apart(memory: &mut [u32], inputs: usize, pair: impl Fn(usize) -> (u32, u32)) -> (u32, usize) {
    let (mut total, mut bytes, mut i) = (0, 0, 0);
    let (mut next, end) = (memory.as_mut_ptr(), memory.as_mut_ptr_range().end);
    // SAFETY: of the memory's two words a pair, and two, every pair takes no more than one entry, and there are two ends.
    unsafe {
        let mut single = end.sub(1);
        *single = END;
        while i < inputs {
            let (first, second) = pair(i);
            if first != 0 && second != 0 {
                *next = bytes;
                *next.add(1) = first << 16 | second;
                next = next.add(ENTRY);
            } else if first | second != 0 {
                let (at, to) = if second == 0 { (0, 6 << 16) } else { (2, 2 << 16) };
                single = single.sub(ENTRY);
                *single = bytes + at;
                *single.add(1) = first | second | to;
            }
            total += first + second;
            bytes += 12;
            i += 2;
        }
        *next = END;
        (total, memory.len() - end.offset_from(single) as usize)
    }
}

/// The list of 4 and 2 bits, in segments.
#[inline(always)]
fn fill_segments(width: Width, memory: &mut [u32], inputs: usize, pair: impl Fn(usize) -> (u32, u32)) -> (u32, usize) {
    let (most, pair_bytes) = (segment(width), 4 * width.words() as u32);
    let (mut total, mut before, mut bytes, mut i, mut next) = (0, 0, 0, 0, memory.as_mut_ptr());
    // SAFETY: of the memory's two words a pair, one for eight pairs, and three, every pair takes no more than one entry, a
    // segment that is not the last has eight pairs or more, as their inputs are 255 at most, and the last has two ends.
    unsafe {
        while i < inputs {
            let (first, second) = pair(i);
            if first | second != 0 {
                total += first + second;
                if total - before > most {
                    before = total - first - second;
                    *next = END;
                    next = next.add(1);
                }
                *next = bytes;
                *next.add(1) = first << 16 | second;
                next = next.add(ENTRY);
                bytes = 0;
            }
            bytes += pair_bytes;
            i += 2;
        }
        *next = END;
        *next.add(1) = END;
    }
    (total, memory.len())
}

/// The sums of some blocks, whose number is in the name: pairs, blocks, bytes of a block, sums, `h X`, single inputs.
type Function = unsafe extern "C" fn(*const u32, *const u32, usize, *mut Sums, i32, *const u32);

unsafe extern "C" {
    fn foldnet_rv32im_8x1(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
    fn foldnet_rv32im_8x3(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
    fn foldnet_rv32im_4x1(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
    fn foldnet_rv32im_4x2(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
    fn foldnet_rv32im_2x1(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
    fn foldnet_rv32im_2x2(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
}

global_asm!(include_str!("rv32im.s"));
