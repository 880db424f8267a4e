//! RISC-V with a multiplier: two blocks at once, so that the list of inputs costs little. Pairs of inputs that are both
//! zero are skipped.
//!
//! # Lanes
//!
//! One multiplication serves both inputs of a pair. With one row of a word masked, `word = a + 2^16 b`, and
//! `inputs = 2^16 x_low + x_high`, `word * inputs = 2^32 b x_low + 2^16 (a x_low + b x_high) + a x_high`: the sum of products
//! is a lane of 16 bits in the upper half of `MUL`; with the row 8 bits further up, and the inputs, too, in the lower half
//! of `MULHU`. What stands in the other half means nothing, and does not carry into the lane as long as it is small. The
//! sign bits of the topmost row are inverted first, so that all rows are `q + h` with `h = 2^(bits - 1)`, at least 0.
//!
//! # 4 and 2 bits
//!
//! Every row has a lane; the rows 4 bits up in a half are shifted down first, and with 2 bits every other lane counts four
//! times its row. The list is cut into segments whose inputs' sum times the largest row stays below `2^16`: then the lanes
//! are added to the sums in memory, which began at `-h X`, with `X = sum x`. Exact for every sum of 32 bits. 15
//! instructions for 2 inputs times 4 rows of 4 bits, 27 for 8 rows of 2.
//!
//! # 8 bits
//!
//! Of each word `A = sum x half`, the halves signed, is `S_low + 128 X + 256 S_high` modulo `2^32`, and a lane, which may
//! overflow, is `L = S_high + 128 X` modulo `2^16`. `A - 256 L` gives `S_low` modulo `2^24`, then `A - S_low` gives
//! `S_high`: exact below `2^23`. 11 instructions for 2 inputs times 2 rows. Pairs of which one input is zero have a list of
//! their own, 6 instructions for 2 rows; they have no sign bits inverted, so `128 X` of `L` counts the other pairs only.
//!
//! # The list
//!
//! With 4 and 2 bits an entry is the bytes from the last entry's pair, or from the block's start, and
//! `x_first << 16 | x_second`; after each segment stands -1, and after the last another. With 8 bits the list begins with
//! `-128 X` modulo `2^16` of the pairs without a zero, and in the sign bit whether entries are an even number; an entry is
//! the bytes from the block's start, `x_first << 24 | x_second << 8`, and the same with the inputs exchanged; -1 ends them.
//! The single inputs are at the memory's end: the bytes from the block's start to the pair, and the first input, or minus
//! the second; then -1.
//!
//! # Counts
//!
//! What is reached is in `tests/instructions.golden`, layer by layer, and in `docs/boards.md`. What lost, instructions per
//! image of 784-300-100-10 (`after`, 8 bits), in the order in which it was beaten:
//!
//! - three blocks at once, each row's sum by a load, a multiplication and an addition an input, no lanes: 472,391;
//! - lanes, but the lists by compiled Rust: 461,802;
//! - single inputs of both kinds by one loop with another address for word 1, a test for the end after every entry, `128 X`
//!   taken off behind the loop: 452,988;
//! - each two blocks taken from slices, rows requantized by compiled code: 447,009;
//! - an entry of zeros where entries are an odd number, every block's rows requantized by a call of its own: 442,762.

#![allow(unsafe_code)]

use super::{Kernel, KernelKind, Sums};
use crate::infer::layout::BitWidth;
use crate::infer::source::{Order, Source};
use core::arch::global_asm;
use core::mem::MaybeUninit;

/// The extension M.
#[derive(Debug)]
pub struct Rv32im;

/// A layer's inputs.
#[derive(Debug)]
pub struct List<'s> {
    width: BitWidth,
    /// Pairs, and their end.
    pairs: &'s [u32],
    /// Single inputs, and their end, behind the pairs.
    singles: *const u32,
    /// Words of a block that the entries lead to.
    block_words: usize,
    /// `h X`
    offset: i32,
}

impl List<'_> {
    /// Whether it is of this width, and leads to no more than so many words of a block.
    #[inline(always)]
    fn reaches(&self, width: BitWidth, words: usize) -> bool {
        width == self.width && words >= self.block_words
    }

    /// Lets `function` add up blocks that are `stride` words apart.
    #[inline(always)]
    unsafe fn walk(&self, function: Function, blocks: *const u32, stride: usize, sums: *mut Sums) {
        // SAFETY: the caller's word.
        unsafe { function(self.pairs.as_ptr(), blocks, 4 * stride, sums, self.offset, self.singles) }
    }
}

/// A filled list.
#[repr(C)]
struct Filled {
    /// `X`
    total: u32,
    /// Where single inputs begin, with 8 bits.
    singles: *const u32,
}

/// Ends a list or a segment.
const END: u32 = u32::MAX;

/// What ends at once, where the memory is too short: callers see that it is not.
const NO_PAIRS: [u32; 3] = [END; 3];

/// What the inputs of a segment add up to at most: lanes of 4 bits count up to 15 times an input, of 2 bits 4 * 3 times.
const fn segment(width: BitWidth) -> u32 {
    match width {
        BitWidth::Eight => u32::MAX,
        BitWidth::Four => 65_535 / 15,
        BitWidth::Two => 65_535 / 12,
    }
}

impl Kernel for Rv32im {
    const KIND: KernelKind = KernelKind::Rv32im;
    const AT_ONCE: usize = 2;
    type List<'s> = List<'s>;

    fn list<'s>(width: BitWidth, source: &Source, memory: &'s mut [u32]) -> List<'s> {
        let block_words = width.block_words(source.inputs());
        let Some(memory) = memory.get_mut(..KernelKind::Rv32im.list_words(width, source.inputs())) else {
            return List { width, pairs: &NO_PAIRS, singles: &END, block_words, offset: 0 };
        };
        let Filled { total, singles } = fill(width, memory, source);
        List { width, pairs: memory, singles, block_words, offset: (total << (width.bits() - 1)) as i32 }
    }

    /// Not inlined, so that its sums take no stack where two blocks are added up at once.
    #[inline(never)]
    fn sums(width: BitWidth, list: &List, block: &[u32], sums: &mut Sums) {
        let mut twice = [*sums; 2];
        if list.reaches(width, block.len()) {
            // SAFETY: one block, room for two sums; the lists end, and lead to no more words than a block has.
            unsafe { list.walk(of_one(width), block.as_ptr(), 0, twice.as_mut_ptr()) };
        }
        *sums = twice[0];
    }

    fn sums_of_blocks(width: BitWidth, list: &List, blocks: &[u32], stride: usize, sums: &mut [Sums]) {
        match sums {
            [_, _] if blocks.len().checked_sub(stride).is_some_and(|behind| list.reaches(width, behind)) => {
                // SAFETY: two blocks, two sums; the lists end, and lead to no more words than a block has.
                unsafe { list.walk(of_two(width), blocks.as_ptr(), stride, sums.as_mut_ptr()) };
                if let ([first, second], BitWidth::Eight) = (sums, width) {
                    // The rows of the second follow those of the first at once.
                    let ([.., a, b], [c, d, e, f, ..]) = (*first, *second);
                    *second = [a, b, c, d, e, f, 0, 0];
                }
            }
            [_, _] if list.reaches(width, blocks.len()) => {
                // SAFETY: one block, room for two sums; the rest as above.
                unsafe { list.walk(of_one(width), blocks.as_ptr(), 0, sums.as_mut_ptr()) };
            }
            [first] => Self::sums(width, list, blocks, first),
            _ => {}
        }
    }

    /// Not inlined, so that its sums take no stack in the layers that another path computes.
    #[inline(never)]
    fn bytes(width: BitWidth, list: &List, weights: &[u32], rows: &[[u32; 2]], y: &mut [u8]) {
        let (of_block, stride) = (width.rows(), list.block_words);
        let mut left = rows.len().min(y.len());
        if width != list.width || left.div_ceil(of_block).saturating_mul(stride) > weights.len() {
            return;
        }
        let mut sums = MaybeUninit::<[Sums; 2]>::uninit();
        let sums = sums.as_mut_ptr().cast::<Sums>();
        let (mut block, mut row, mut y) = (weights.as_ptr(), rows.as_ptr(), y.as_mut_ptr());
        while left > 0 {
            let (function, stride, count) = if left > of_block {
                (of_two(width), stride, left.min(2 * of_block))
            } else {
                (of_one(width), 0, left)
            };
            // SAFETY: so many blocks are left, and rows and bytes for `count` of their sums; the lists end, and lead to no more
            // words than a block has.
            unsafe {
                list.walk(function, block, stride, sums);
                let end = y.add(count);
                foldnet_rv32im_bytes(row, sums.cast(), y, end);
                (block, row, y) = (block.add(2 * stride), row.add(count), end);
            }
            left -= count;
        }
    }
}

/// What adds up one block; one of 4 or 2 bits goes as both of two, 0 bytes apart.
const fn of_one(width: BitWidth) -> Function {
    match width {
        BitWidth::Eight => foldnet_rv32im_8x1,
        BitWidth::Four => foldnet_rv32im_4x2,
        BitWidth::Two => foldnet_rv32im_2x2,
    }
}

/// What adds up two blocks.
const fn of_two(width: BitWidth) -> Function {
    match width {
        BitWidth::Eight => foldnet_rv32im_8x2,
        BitWidth::Four => foldnet_rv32im_4x2,
        BitWidth::Two => foldnet_rv32im_2x2,
    }
}

/// Writes the list to `memory` of [`KernelKind::list_words`].
fn fill(width: BitWidth, memory: &mut [u32], source: &Source) -> Filled {
    let inputs = source.inputs();
    if !source.is_whole() || inputs % 2 == 1 || inputs == 0 {
        let at = |i| if i < inputs { source.at(i).into() } else { 0 };
        let pair = |i| (at(i), at(i + 1));
        return match width {
            BitWidth::Eight => fill_apart(memory, inputs, pair),
            BitWidth::Four | BitWidth::Two => fill_segments(width, memory, inputs, pair),
        };
    }
    let (x, order) = match source.order() {
        Order::Plain(_) => (source.activations().as_ptr(), None),
        Order::Listed(order) => (source.activations().as_ptr(), Some(order.numbers().as_ptr())),
    };
    let (memory, end) = (memory.as_mut_ptr(), memory.as_mut_ptr_range().end);
    let (bytes, most) = (4 * width.words(), segment(width));
    // SAFETY: whole pairs, all of them there; an order lists inputs only; the room is what the list needs at most.
    unsafe {
        match (width, order) {
            (BitWidth::Eight, None) => foldnet_rv32im_list8_plain(x, core::ptr::null(), inputs / 2, memory, end),
            (BitWidth::Eight, Some(order)) => foldnet_rv32im_list8_listed(x, order, inputs / 2, memory, end),
            (_, None) => foldnet_rv32im_segments_plain(x, core::ptr::null(), inputs / 2, memory, bytes, most),
            (_, Some(order)) => foldnet_rv32im_segments_listed(x, order, inputs / 2, memory, bytes, most),
        }
    }
}

/// The lists of 8 bits: pairs from the front, single inputs from the back.
#[inline(always)]
fn fill_apart(memory: &mut [u32], inputs: usize, pair: impl Fn(usize) -> (u32, u32)) -> Filled {
    let (mut total, mut paired, mut bytes, mut i) = (0, 0, 0, 0);
    let (start, end) = (memory.as_mut_ptr(), memory.as_mut_ptr_range().end);
    // SAFETY: of the memory's three words a pair, and three, a pair takes three or two; and there are one at the start, and two
    // ends.
    unsafe {
        let (mut next, mut single) = (start.add(1), end.sub(1));
        *single = END;
        while i < inputs {
            let (first, second) = pair(i);
            if first != 0 && second != 0 {
                next = put_pair(next, [bytes, first << 24 | second << 8, second << 24 | first << 8]);
                paired += first + second;
            } else if first | second != 0 {
                single = single.sub(2);
                *single = bytes;
                *single.add(1) = first.wrapping_sub(second);
            }
            total += first + second;
            bytes += 12;
            i += 2;
        }
        *next = END;
        let even = next.offset_from(start) % 2 != 0;
        *start = u32::from(even) << 31 | (paired.wrapping_neg() << 7) & 0xffff;
        Filled { total, singles: single }
    }
}

/// Writes an entry, returns what is behind.
unsafe fn put_pair(next: *mut u32, entry: [u32; 3]) -> *mut u32 {
    // SAFETY: the caller's word.
    unsafe {
        next.cast::<[u32; 3]>().write(entry);
        next.add(3)
    }
}

/// The list of 4 and 2 bits, in segments.
#[inline(always)]
fn fill_segments(width: BitWidth, memory: &mut [u32], inputs: usize, pair: impl Fn(usize) -> (u32, u32)) -> Filled {
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
                next = next.add(2);
                bytes = 0;
            }
            bytes += pair_bytes;
            i += 2;
        }
        *next = END;
        *next.add(1) = END;
    }
    Filled { total, singles: next }
}

unsafe extern "C" {
    // Activations, their order, pairs, memory, its end.
    fn foldnet_rv32im_list8_plain(_: *const u8, _: *const u16, _: usize, _: *mut u32, _: *mut u32) -> Filled;
    fn foldnet_rv32im_list8_listed(_: *const u8, _: *const u16, _: usize, _: *mut u32, _: *mut u32) -> Filled;
    // The same, but bytes of a pair and the most of a segment.
    fn foldnet_rv32im_segments_plain(_: *const u8, _: *const u16, _: usize, _: *mut u32, _: usize, _: u32) -> Filled;
    fn foldnet_rv32im_segments_listed(_: *const u8, _: *const u16, _: usize, _: *mut u32, _: usize, _: u32) -> Filled;
}

unsafe extern "C" {
    /// Requantizes sums to the bytes up to `end`, at least one.
    fn foldnet_rv32im_bytes(rows: *const [u32; 2], sums: *const i32, bytes: *mut u8, end: *mut u8);
}

/// The sums of one or two blocks.
type Function = unsafe extern "C" fn(*const u32, *const u32, usize, *mut Sums, i32, *const u32);

// The sums of one or two blocks: pairs, blocks, bytes of a block, sums, `h X`, single inputs.
unsafe extern "C" {
    fn foldnet_rv32im_8x1(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
    fn foldnet_rv32im_8x2(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
    fn foldnet_rv32im_4x2(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
    fn foldnet_rv32im_2x2(_: *const u32, _: *const u32, _: usize, _: *mut Sums, _: i32, _: *const u32);
}

global_asm!(include_str!("rv32im.s"));
