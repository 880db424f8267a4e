//! RISC-V with the M extension. Two blocks are processed per pass over the list, which halves its cost. Pairs of inputs
//! that are both zero are skipped.
//!
//! # Lanes
//!
//! One multiplication serves both inputs of a pair. With one row of a word masked, `word = a + 2^16 b`, and
//! `inputs = 2^16 x_low + x_high`, `word * inputs = 2^32 b x_low + 2^16 (a x_low + b x_high) + a x_high`: the sum of
//! both products is a 16-bit lane in the upper half of the `MUL` result. With the row and the inputs both shifted up by
//! 8 bits, it is in the lower half of the `MULHU` result. The other half holds garbage, which is small enough not to
//! carry into the lane. The sign bits of the top row are inverted first, so that all rows are `q + h` with
//! `h = 2^(bits - 1)`, at least 0.
//!
//! # 4 and 2 bits
//!
//! Every row has its own lane. Rows 4 bits up in a halfword are shifted down first; at 2 bits, every other lane holds
//! four times its row's sum. The list is cut into segments in which the sum of the inputs times the largest row stays
//! below `2^16`; at the end of each, the lanes are added to the sums in memory, which start at `-h X`, with
//! `X = sum x`. Exact for every 32-bit sum. 15 instructions for 2 inputs times 4 rows of 4 bits, 27 for 8 rows of 2.
//!
//! # 8 bits
//!
//! For each word, `A`, the sum of `x` times signed halfwords, is `S_low + 128 X + 256 S_high` modulo `2^32`, and a
//! lane, which may overflow, is `L = S_high + 128 X` modulo `2^16`. `A - 256 L` gives `S_low` modulo `2^24`, then
//! `A - S_low` gives `S_high`: exact below `2^23`. 11 instructions for 2 inputs times 2 rows. Pairs with one zero input
//! are in a separate list, at 6 instructions for 2 rows. Their top sign bits are not inverted, so the `128 X` in `L`
//! covers only the other pairs.
//!
//! # The lists
//!
//! One row per word. At 4 and 2 bits, segments of pairs:
//!
//! ```text
//! | bytes of weights since the last entry's pair      |   an entry; for the first, since the block's start
//! | x_first << 16 | x_second                          |
//! | ...                                               |   more entries
//! | -1                                                |   end of a segment
//! | ...                                               |   more segments
//! | -1                                                |   a second -1 after the last segment
//! ```
//!
//! At 8 bits, pairs from the start of the memory, single inputs from its end:
//!
//! ```text
//! | even << 31 | (-128 X modulo 2^16)                 |   X of the pairs; even: 1 if the number of pairs is
//! | bytes of weights since the block's start          |   a pair without a zero
//! | x_first << 24 | x_second << 8                     |
//! | x_second << 24 | x_first << 8                     |
//! | ...                                               |   more pairs
//! | -1                                                |   end of the pairs
//! | (unused)                                          |
//! | bytes of weights since the block's start          |   a single input
//! | x_first, or -x_second                             |
//! | ...                                               |   more single inputs
//! | -1                                                |   end of the memory
//! ```
//!
//! # Results and rejected variants
//!
//! Instruction counts are in `tests/instructions.golden`, layer by layer, and in `docs/boards.md`. Superseded variants,
//! oldest first, in instructions per image of 784-300-100-10 (`after`, 8 bits):
//!
//! - three blocks at once without lanes: a load, a multiplication and an addition per row and input: 472,391;
//! - lanes, but the lists built in compiled Rust: 461,802;
//! - single inputs of both kinds in one loop with another address for word 1, a test for the end after every entry,
//!   `128 X` subtracted after the loop: 452,988;
//! - every two blocks taken from slices, rows requantized in compiled Rust: 447,009;
//! - padding an odd number of entries with zeros, and one requantization call per block: 442,762.

#![allow(unsafe_code)]

use super::contract::{Kernel, Sums};
use crate::infer::source::{Order, Source};
use crate::quantized::{BitWidth, KernelKind};
use core::arch::global_asm;
use core::mem::MaybeUninit;

/// Kernel for RISC-V with the M extension.
#[derive(Debug)]
pub(crate) struct Rv32im;

/// The list of a layer's non-zero inputs; the module's documentation draws it.
#[derive(Debug)]
pub(crate) struct List<'s> {
    width: BitWidth,
    /// List of pairs, terminated.
    pairs: &'s [u32],
    /// List of single inputs, terminated, after the pairs (8 bits).
    singles: *const u32,
    /// Words of a block that the entries advance over.
    block_words: usize,
    /// `h X`
    offset: i32,
}

impl List<'_> {
    /// Whether the list is for this width and stays within a block of `words` words.
    #[inline(always)]
    fn reaches(&self, width: BitWidth, words: usize) -> bool {
        width == self.width && words >= self.block_words
    }

    /// Calls `function` on blocks that are `stride` words apart.
    ///
    /// # Safety
    /// `function` must be of the list's width. `blocks` must hold the one or two blocks that it reads, each as long as
    /// the list advances, and `sums` must have room for two.
    #[inline(always)]
    unsafe fn walk(&self, function: Function, blocks: *const u32, stride: usize, sums: *mut Sums) {
        // SAFETY: the lists are terminated; the caller guarantees the rest.
        unsafe { function(self.pairs.as_ptr(), blocks, 4 * stride, sums, self.offset, self.singles) }
    }
}

/// A filled list.
#[repr(C)]
struct Filled {
    /// `X`
    total: u32,
    /// Start of the list of single inputs (8 bits).
    singles: *const u32,
}

/// Terminator of a list or a segment.
const END: u32 = u32::MAX;

/// An empty list, used if the memory is too short, which callers rule out.
const NO_PAIRS: [u32; 3] = [END; 3];

/// Maximum sum of the inputs of a segment: a lane holds up to 15 times an input at 4 bits, up to 4 * 3 times at 2 bits.
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

    /// Not inlined, so that its sums use no stack when two blocks are processed at once.
    #[inline(never)]
    fn sums(width: BitWidth, list: &List, block: &[u32], sums: &mut Sums) {
        let mut twice = [*sums; 2];
        if list.reaches(width, block.len()) {
            // SAFETY: one block, room for the sums of two; the lists are terminated and stay within a block.
            unsafe { list.walk(of_one(width), block.as_ptr(), 0, twice.as_mut_ptr()) };
        }
        *sums = twice[0];
    }

    fn sums_of_blocks(width: BitWidth, list: &List, blocks: &[u32], stride: usize, sums: &mut [Sums]) {
        match sums {
            [_, _] if blocks.len().checked_sub(stride).is_some_and(|behind| list.reaches(width, behind)) => {
                // SAFETY: two blocks and the sums of two; the lists are terminated and stay within a block.
                unsafe { list.walk(of_two(width), blocks.as_ptr(), stride, sums.as_mut_ptr()) };
                if let ([first, second], BitWidth::Eight) = (sums, width) {
                    // The second block's sums directly follow the six of the first.
                    let ([.., a, b], [c, d, e, f, ..]) = (*first, *second);
                    *second = [a, b, c, d, e, f, 0, 0];
                }
            }
            [_, _] if list.reaches(width, blocks.len()) => {
                // SAFETY: one block, room for the sums of two; the rest as above.
                unsafe { list.walk(of_one(width), blocks.as_ptr(), 0, sums.as_mut_ptr()) };
            }
            [first] => Self::sums(width, list, blocks, first),
            _ => {}
        }
    }

    /// Not inlined, so that its sums use no stack in layers computed on another path.
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
            // SAFETY: the one or two blocks are left, with rows and bytes for `count` sums; the lists are terminated
            // and stay within a block.
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

/// Function for one block. At 4 and 2 bits, it is the function for two blocks, called with stride 0.
const fn of_one(width: BitWidth) -> Function {
    match width {
        BitWidth::Eight => foldnet_rv32im_8x1,
        BitWidth::Four => foldnet_rv32im_4x2,
        BitWidth::Two => foldnet_rv32im_2x2,
    }
}

/// Function for two blocks.
const fn of_two(width: BitWidth) -> Function {
    match width {
        BitWidth::Eight => foldnet_rv32im_8x2,
        BitWidth::Four => foldnet_rv32im_4x2,
        BitWidth::Two => foldnet_rv32im_2x2,
    }
}

/// Writes the list to `memory`, which has [`KernelKind::list_words`] words.
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
    let (x, order) = match source.order {
        Order::Plain(_) => (source.activations.as_ptr(), None),
        Order::Listed(order) => (source.activations.as_ptr(), Some(order.numbers().as_ptr())),
    };
    let (memory, end) = (memory.as_mut_ptr(), memory.as_mut_ptr_range().end);
    let (bytes, most) = (4 * width.words(), segment(width));
    // SAFETY: the number of inputs is even and all are present; an order only contains valid indices; `memory` has the
    // maximum size of the list.
    unsafe {
        match (width, order) {
            (BitWidth::Eight, None) => foldnet_rv32im_list8_plain(x, core::ptr::null(), inputs / 2, memory, end),
            (BitWidth::Eight, Some(order)) => foldnet_rv32im_list8_listed(x, order, inputs / 2, memory, end),
            (_, None) => foldnet_rv32im_segments_plain(x, core::ptr::null(), inputs / 2, memory, bytes, most),
            (_, Some(order)) => foldnet_rv32im_segments_listed(x, order, inputs / 2, memory, bytes, most),
        }
    }
}

/// Writes the lists of 8 bits: pairs from the front, single inputs from the back.
#[inline(always)]
fn fill_apart(memory: &mut [u32], inputs: usize, pair: impl Fn(usize) -> (u32, u32)) -> Filled {
    let (mut total, mut paired, mut bytes, mut i) = (0, 0, 0, 0);
    let (start, end) = (memory.as_mut_ptr(), memory.as_mut_ptr_range().end);
    // SAFETY: the memory has three words per pair plus three. A pair takes three or two; one word is the header and two
    // are the terminators.
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

/// Writes an entry; returns the address after it.
///
/// # Safety
/// `next` must be aligned and valid for writing three words.
unsafe fn put_pair(next: *mut u32, entry: [u32; 3]) -> *mut u32 {
    // SAFETY: the caller guarantees the room.
    unsafe {
        next.cast::<[u32; 3]>().write(entry);
        next.add(3)
    }
}

/// Writes the list of 4 and 2 bits, in segments.
#[inline(always)]
fn fill_segments(width: BitWidth, memory: &mut [u32], inputs: usize, pair: impl Fn(usize) -> (u32, u32)) -> Filled {
    let (most, pair_bytes) = (segment(width), 4 * width.words() as u32);
    let (mut total, mut before, mut bytes, mut i, mut next) = (0, 0, 0, 0, memory.as_mut_ptr());
    // SAFETY: the memory has three words per pair plus three. A pair takes at most one two-word entry; the terminators
    // take one word per segment, and one more. Every segment but the last has at least eight pairs, because an input is
    // at most 255, so that terminators take no more than one word per eight pairs, plus two.
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
    fn foldnet_rv32im_list8_plain(
        x: *const u8,
        order: *const u16,
        pairs: usize,
        memory: *mut u32,
        end: *mut u32,
    ) -> Filled;
    fn foldnet_rv32im_list8_listed(
        x: *const u8,
        order: *const u16,
        pairs: usize,
        memory: *mut u32,
        end: *mut u32,
    ) -> Filled;
    fn foldnet_rv32im_segments_plain(
        x: *const u8,
        order: *const u16,
        pairs: usize,
        memory: *mut u32,
        pair_bytes: usize,
        max_sum: u32,
    ) -> Filled;
    fn foldnet_rv32im_segments_listed(
        x: *const u8,
        order: *const u16,
        pairs: usize,
        memory: *mut u32,
        pair_bytes: usize,
        max_sum: u32,
    ) -> Filled;
}

unsafe extern "C" {
    /// Requantizes sums to the bytes up to `end`, at least one.
    fn foldnet_rv32im_bytes(rows: *const [u32; 2], sums: *const i32, bytes: *mut u8, end: *mut u8);
}

/// Computes the sums of one or two blocks, `stride` bytes apart.
type Function = unsafe extern "C" fn(
    pairs: *const u32,
    blocks: *const u32,
    stride: usize,
    sums: *mut Sums,
    h_x: i32,
    singles: *const u32,
);

// Each is a `Function`.
unsafe extern "C" {
    fn foldnet_rv32im_8x1(
        pairs: *const u32,
        blocks: *const u32,
        stride: usize,
        sums: *mut Sums,
        h_x: i32,
        singles: *const u32,
    );
    fn foldnet_rv32im_8x2(
        pairs: *const u32,
        blocks: *const u32,
        stride: usize,
        sums: *mut Sums,
        h_x: i32,
        singles: *const u32,
    );
    fn foldnet_rv32im_4x2(
        pairs: *const u32,
        blocks: *const u32,
        stride: usize,
        sums: *mut Sums,
        h_x: i32,
        singles: *const u32,
    );
    fn foldnet_rv32im_2x2(
        pairs: *const u32,
        blocks: *const u32,
        stride: usize,
        sums: *mut Sums,
        h_x: i32,
        singles: *const u32,
    );
}

global_asm!(include_str!("rv32im.s"));
