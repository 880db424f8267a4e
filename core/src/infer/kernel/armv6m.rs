//! ARMv6-M (Cortex-M0, M0+, M1) and ARMv8-M Baseline (M23): eight low registers, 32-bit multiply results.
//!
//! Walks the [list of single non-zero inputs](super::singles); one `LDM` loads an input and its offset. Sums stay in
//! the high registers, which `ADD` can access.
//!
//! # 8 bits
//!
//! For each halfword (two rows), it accumulates the signed halfword times `x` (`A`) and its low byte times `x` (`T`):
//! `A = T + 256 S_high` and `T = S_low + 128 X`, exact modulo `2^32` where `S_high` is below `2^23` in magnitude.
//! `X = sum x` comes with the list. 19 instructions for an input times 6 rows.
//!
//! # 4 bits
//!
//! A byte of two weights `n0 + 16 n1`, times `2^12 + 1`, masked with `0xffff000f`, is `n0 + 2^16 n1`: one
//! multiplication serves two rows. In the high byte of a halfword, `n1` is signed; its borrow does not pass `n0`, which
//! is `q + 8` and so at least 1. 16 bits per sum suffice for the inputs of a chunk (`15 sum x < 2^16`); at its end the
//! sums are added to totals in memory, which start at `-8 X`. 22 instructions for an input times 8 rows, 36 for the end
//! of a chunk of 17 inputs or more.
//!
//! # 2 bits
//!
//! A table maps each byte of four weights to two words of two signed weights, 16 bits apart. For the byte with the top
//! weight of a halfword, whose sign bit is not inverted, a signed byte indexes from the middle of the table. A chunk
//! ends before `sum x` reaches `2^15`. 17 instructions for an input times 8 rows.
//!
//! # Results and rejected variants
//!
//! Instruction counts are in `tests/instructions.golden`, layer by layer, and in `docs/boards.md`. Rejected, in part by
//! counting instructions by hand:
//!
//! - Unrolling by 16 instead of 8 inputs at 4 and 2 bits: 3,046 and 3,169 fewer instructions per image, 624 bytes more.
//! - 4 bits by suffix sums, one multiplication per row and no chunks: by hand count 26 instructions per input and
//!   block, compared with 23.7 including the ends of chunks.
//! - 2 bits with multiplication by `2^14 + 1` and masks instead of the table: by hand count 20 instead of 17, and 2 KB
//!   less.
//! - 8 bits, four rows by three sums as in the kernel for DSP: building the third factor costs what it saves (12
//!   instructions either way, by hand count).
//! - 8 bits, four rows by three sums, with the third built from two halfwords and `REV16`: 11 instead of 12, but the
//!   halfwords are signed, the lower borrows from the upper, and undoing that costs the saving.
//! - 8 bits, both inputs of a pair at once, one `LDM` for its three words and a lane for their low bytes: by hand count
//!   37 per pair instead of 38, but it needs a second list for single inputs and three more registers than exist.
//! - Distance from the previous input instead of the offset in the block: one more instruction per input and block, by
//!   hand count.
//! - Iterating over blocks with `chunks`, which divides in software, and requantizing rows in compiled Rust: 473,113,
//!   446,931 and 340,509 (8, 4, 2 bits, with a list that took one input per round).
//! - The list, and the end of a block, in compiled Rust: 517,125, 492,079 and 378,265 instead of 472,753, 444,360 and
//!   338,224, all unrolled by 16.
#![allow(unsafe_code)]

use super::contract::{Kernel, Sums};
use super::singles::{Form, OFFSETS, Singles, assembly};
use crate::infer::source::Source;
use crate::quantized::layout::MAX_ROWS;
use crate::quantized::{BitWidth, KernelKind};

/// Kernel for ARMv6-M and ARMv8-M Baseline.
#[derive(Debug)]
pub(crate) struct Armv6m;

/// Bytes of unrolled code for one input at a number of bits; `armv6m.s` checks them. All instructions have two bytes.
macro_rules! code {
    (8) => {
        38
    };
    (4) => {
        44
    };
    (2) => {
        34
    };
}

/// At 8 bits a pass is a single chunk, because every sum has its own word.
const EIGHT: Form = Form { round: 15, code: code!(8), limit: u32::MAX, gather: OFFSETS };

/// Two sums share a word: 4369 * 15 < 2^16.
const FOUR: Form = Form { round: 7, code: code!(4), limit: 4369, gather: OFFSETS };

/// Two signed sums share a word.
const TWO: Form = Form { round: 7, code: code!(2), limit: 32_767, gather: OFFSETS };

impl Kernel for Armv6m {
    const KIND: KernelKind = KernelKind::Armv6m;
    type List<'s> = Singles<'s>;

    fn list<'s>(width: BitWidth, source: &Source, memory: &'s mut [u32]) -> Singles<'s> {
        Singles::new(form(width), width, source, memory)
    }

    fn sums(width: BitWidth, list: &Singles, block: &[u32], sums: &mut Sums) {
        let Some(slots) = list.for_block(width, block) else { return };
        if cfg!(feature = "low-ram") {
            *sums = [0; MAX_ROWS];
        }
        // SAFETY: the list was made for this width, and its offsets lie within the block.
        unsafe { walk(width, list, slots, block.as_ptr(), sums.as_mut_ptr()) };
    }

    #[cfg(feature = "low-ram")]
    fn list_from<'s>(width: BitWidth, source: &Source, from: &mut usize, memory: &'s mut [u32]) -> Singles<'s> {
        Singles::from(form(width), width, source, from, memory)
    }

    /// Not inlined, so that its variables use no stack while the list is built.
    #[cfg(feature = "low-ram")]
    #[inline(never)]
    fn add(width: BitWidth, list: &Singles, blocks: &[u32], stride: usize, sums: &mut [i32]) {
        let (Some(slots), Some(more)) = (list.for_block(width, blocks), sums.len().checked_sub(width.rows())) else {
            return;
        };
        // Each block needs six sums and `stride` words of weights. No product can overflow.
        let room = 6 * (blocks.len() - list.block_words).min(1 << 28);
        if width == BitWidth::Eight && (more | stride) < 1 << 16 && more * stride <= room {
            let last = sums.as_mut_ptr().wrapping_add(more);
            // SAFETY: the list was made for this width, its offsets lie within each block, and the last one is there.
            return unsafe {
                foldnet_armv6m_8(slots, blocks.as_ptr(), sums.as_mut_ptr(), -(list.x() << 7), stride * 4, last)
            };
        }
        list.add(width, blocks, stride, sums, |slots, block, sums| {
            // SAFETY: the list was made for this width, and its offsets lie within the block.
            unsafe { walk(width, list, slots, block.as_ptr(), sums.as_mut_ptr()) };
        });
    }

    #[cfg(feature = "low-ram")]
    fn requantize(rows: &[[u32; 2]], sums: &[i32], y: &mut [u8]) {
        let count = rows.len().min(sums.len()).min(y.len());
        if count > 0 {
            // SAFETY: there are `count` rows, sums and bytes.
            unsafe { foldnet_armv6m_bytes(rows.as_ptr(), sums.as_ptr(), y.as_mut_ptr().add(count), -(count as isize)) };
        }
    }

    /// Not inlined, so that its sums use no stack in layers computed on another path.
    #[inline(never)]
    fn bytes(width: BitWidth, list: &Singles, weights: &[u32], rows: &[[u32; 2]], y: &mut [u8]) {
        let Some(slots) = list.for_block(width, weights) else { return };
        let (mut left, mut words, mut sums) = (rows.len().min(y.len()), weights.len(), [0; MAX_ROWS]);
        let (mut block, mut row, mut end) = (weights.as_ptr(), rows.as_ptr(), y.as_mut_ptr());
        while left > 0 && words >= list.block_words {
            let count = left.min(width.rows());
            if cfg!(feature = "low-ram") {
                sums = [0; MAX_ROWS];
            }
            // SAFETY: as above; at least one block and `count` rows and bytes are left.
            unsafe {
                walk(width, list, slots, block, sums.as_mut_ptr());
                end = end.add(count);
                foldnet_armv6m_bytes(row, sums.as_ptr(), end, -(count as isize));
                (block, row) = (block.add(list.block_words), row.add(count));
            }
            (left, words) = (left - count, words - list.block_words);
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

/// Computes the sums of a block; with the feature `low-ram`, adds them to `sums`.
///
/// # Safety
/// `slots` must be those of `list`, made for this width. `block` must contain every offset in the list, and `sums` must
/// have room for the sums of a block: six at 8 bits, else eight.
#[inline(always)]
unsafe fn walk(width: BitWidth, list: &Singles, slots: *const [u32; 2], block: *const u32, sums: *mut i32) {
    let x = list.x();
    // SAFETY: the list is terminated, and no walk writes beyond the sums of a block; the caller guarantees the rest.
    unsafe {
        match width {
            #[cfg(not(feature = "low-ram"))]
            BitWidth::Eight => foldnet_armv6m_8(slots, block, sums, x << 7),
            #[cfg(feature = "low-ram")]
            BitWidth::Eight => foldnet_armv6m_8(slots, block, sums, -(x << 7), 0, sums),
            BitWidth::Four => foldnet_armv6m_4(slots, block, sums, x << 3),
            BitWidth::Two => foldnet_armv6m_2(slots, block, sums, &SPREAD),
        }
    }
}

unsafe extern "C" {
    /// Requantizes `-count` sums, at least one, to the bytes before `end`.
    fn foldnet_armv6m_bytes(rows: *const [u32; 2], sums: *const i32, end: *mut u8, count: isize);
    #[cfg(not(feature = "low-ram"))]
    fn foldnet_armv6m_8(list: *const [u32; 2], block: *const u32, sums: *mut i32, offset: i32);
    /// Adds to the sums of blocks that begin `stride` bytes apart, up to the `last`.
    #[cfg(feature = "low-ram")]
    fn foldnet_armv6m_8(
        list: *const [u32; 2],
        block: *const u32,
        sums: *mut i32,
        offset: i32,
        stride: usize,
        last: *mut i32,
    );
    fn foldnet_armv6m_4(list: *const [u32; 2], block: *const u32, sums: *mut i32, offset: i32);
    fn foldnet_armv6m_2(list: *const [u32; 2], block: *const u32, sums: *mut i32, spread: &[[u32; 2]; 256]);
}

/// The four weights in each byte of 2-bit weights (top sign bit inverted as well), as two words of two 16-bit values.
static SPREAD: [[u32; 2]; 256] = spread();

const fn spread() -> [[u32; 2]; 256] {
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = [pair(byte as u32), pair(byte as u32 >> 4)];
        byte += 1;
    }
    table
}

/// The lowest two weights of 2 bits, 16 bits apart.
const fn pair(bits: u32) -> u32 {
    let (low, high) = (bits % 4, bits / 4 % 4);
    low.wrapping_sub(2).wrapping_add(high.wrapping_sub(2) << 16)
}

assembly!("armv6m.s", code);
