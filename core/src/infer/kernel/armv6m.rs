//! ARMv6-M (Cortex-M0, M0+, M1) and ARMv8-M Baseline (M23): eight low registers, products of 32 bits.
//!
//! Walks the [list of single non-zero inputs](super::singles); one `LDM` takes an input and its place. Sums stay in high
//! registers, to which `ADD` reaches.
//!
//! # 8 bits
//!
//! For each half of two rows the whole half, signed, times `x`, and its low byte times `x`: `A = T + 256 S_high` and
//! `T = S_low + 128 X`, exact modulo `2^32` where `S_high` is below `2^23` in magnitude. `X = sum x` comes with the list.
//! 19 instructions for an input times 6 rows.
//!
//! # 4 bits
//!
//! A byte of two weights `n0 + 16 n1`, times `2^12 + 1`, masked with `0xffff000f`, is `n0 + 2^16 n1`: one multiplication
//! serves two rows. In the half's high byte `n1` is signed; a borrow from it stops at `n0`, which is `q + 8` and at least 1.
//! The sums' 16 bits suffice for the inputs of a chunk, `15 sum x < 2^16`; after it they are added to totals in memory,
//! which begin at `-8 X`. 22 instructions for an input times 8 rows, 36 for the end of a chunk of 17 inputs or more.
//!
//! # 2 bits
//!
//! A table has what each byte of four weights stands for, as two words of two signed weights 16 bits apart; for the byte
//! with the half's topmost weight, whose sign bit is not inverted, it is entered from its middle by a signed byte. A chunk
//! ends before `sum x` reaches `2^15`. 17 instructions for an input times 8 rows.
//!
//! # Reached, and tried and lost
//!
//! What is reached is in `tests/instructions.golden`, layer by layer, and in `docs/boards.md`.
//!
//! - Rounds of 16 inputs instead of 8 with 4 and 2 bits: 3,046 and 3,169 instructions per image fewer, 624 bytes more.
//! - 4 bits by suffix sums, one multiplication a row and no chunks: counted on paper 26 instructions an input and block
//!   instead of 23.7 with the ends of chunks.
//! - 2 bits with multiplication by `2^14 + 1` and masks instead of the table: on paper 20 instead of 17, and 2 KB less.
//! - 8 bits, four rows by three sums as in the kernel for DSP: building the third factor takes what it saves, on paper
//!   12 and 12.
//! - 8 bits, four rows by three sums, the third of two halves put together and turned by `REV16`: 11 instead of 12, but the
//!   halves are signed, the lower one borrows from its neighbour, and undoing that takes what it saves.
//! - 8 bits, both inputs of a pair at once, one `LDM` for its three words and a lane for their low bytes: on paper 37 for a
//!   pair instead of 38, a second list for single inputs, and three registers more than there are.
//! - The distance from the input before instead of the place in the block: on paper 1 an input and block more.
//! - Each block taken from a slice by `chunks`, which divides in software, and its rows requantized by compiled code: 473,113,
//!   446,931 and 340,509 (8, 4, 2 bits, with a list that took one input a round).
//! - The list, and the end of a block, in compiled Rust: 517,125, 492,079 and 378,265 instead of 472,753, 444,360 and
//!   338,224, all in rounds of 16.
#![allow(unsafe_code)]

use super::singles::{Form, OFFSETS, Singles, adds};
use super::{Kernel, KernelKind, Sums};
use crate::infer::layout::{BitWidth, MAX_ROWS};
use crate::infer::source::Source;
use core::arch::global_asm;

/// The kernel of these cores.
#[derive(Debug)]
pub struct Armv6m;

/// A pass of 8 bits is one chunk: its sums have words of their own.
const EIGHT: Form = Form { round: 15, code: 38, limit: u32::MAX, gather: OFFSETS };

/// Two sums share a word: 4369 * 15 < 2^16.
const FOUR: Form = Form { round: 7, code: 44, limit: 4369, gather: OFFSETS };

/// Two signed sums share a word.
const TWO: Form = Form { round: 7, code: 34, limit: 32_767, gather: OFFSETS };

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

    /// Not inlined, so that its variables take no stack while a list is made.
    #[cfg(feature = "low-ram")]
    #[inline(never)]
    fn add(width: BitWidth, list: &Singles, blocks: &[u32], stride: usize, sums: &mut [i32]) {
        let (Some(slots), Some(more)) = (list.for_block(width, blocks), sums.len().checked_sub(width.rows())) else {
            return;
        };
        // A block has six sums and a stride of weights. No product wraps around.
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
            // SAFETY: so many rows, sums and bytes are there.
            unsafe { foldnet_armv6m_bytes(rows.as_ptr(), sums.as_ptr(), y.as_mut_ptr().add(count), -(count as isize)) };
        }
    }

    /// Not inlined, so that its sums take no stack in the layers that another path computes.
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
            // SAFETY: as above; a block is left, and so many rows and bytes are.
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

/// The sums of a block; with the feature `low-ram` they are added to `sums`.
///
/// # Safety
/// The list must be of this width, and the block as long as its offsets lead.
#[inline(always)]
unsafe fn walk(width: BitWidth, list: &Singles, slots: *const [u32; 2], block: *const u32, sums: *mut i32) {
    let x = list.x();
    // SAFETY: the list ends, and no walk writes more than the words of `sums`; else the caller's word.
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

/// What a byte of weights of 2 bits stands for, the last one's sign bit inverted: two words of two sums.
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

// All walks: r0 the list, r1 the block, r2 the sums; in a loop r0 the list, r1 x, r2 the offset, sums in high registers.
global_asm!(
    adds!(),
    r#"
    .syntax unified
    .thumb

    .macro FN_SAVE
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    .endm

    .macro FN_RETURN
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .endm

    /* Two rows of 8 bits: the whole half, and its low byte. */
    .macro FN_EIGHT base, whole, low
    ldrsh r3, [\base, r2]
    uxtb r4, r3
    muls r3, r1, r3
    add \whole, r3
    muls r4, r1, r4
    add \low, r4
    .endm

    /* Two rows to r0, from the sums of whole halves and of their low bytes; r1 is what the latter are too large. */
    .macro FN_EIGHT_ROWS whole, low
    mov r2, \low
    mov r3, \whole
    subs r3, r3, r2
    asrs r3, r3, #8
    .if FN_ADDS
    ldr r4, [r0]
    adds r2, r2, r4
    ldr r4, [r0, #4]
    adds r3, r3, r4
    .else
    subs r2, r2, r1
    .endif
    stm r0!, {r2, r3}
    .endm

    .section .text.foldnet_armv6m_8, "ax", %progbits
    .global foldnet_armv6m_8
    .type foldnet_armv6m_8, %function
    .thumb_func
    .balign 4
foldnet_armv6m_8:
    FN_SAVE
    .if FN_ADDS
    push {r0}
    .endif
    sub sp, #16
    str r2, [sp, #8]
    str r3, [sp, #12]
    .if FN_ADDS
6:
    .endif
    mov r5, r1
    adds r6, r5, #6
    adds r7, r5, #7
    adds r7, #1
    movs r3, #0
    str r3, [sp, #4]        /* which pass */
    .if FN_ADDS
    ldr r3, [sp, #12]
    .endif
    mov r8, r3
    mov r9, r3
    mov r10, r3
    mov r11, r3
    mov r12, r3
    mov lr, r3
0:  ldm r0!, {r2, r3}
    cmp r2, #0
    bne 1f
    b 4f
1:  adds r2, r2, r0
    str r2, [sp]            /* end of the chunk */
    add pc, r3
    nop
2:  .rept 16
    ldm r0!, {r1, r2}
    FN_EIGHT r5, r8, r9
    FN_EIGHT r6, r10, r11
    FN_EIGHT r7, r12, lr
    .endr
    ldr r3, [sp]
    cmp r0, r3
    beq 3f
    b 2b
3:  adds r0, #8             /* a pass is one chunk: past the slot that ends it */
4:  ldr r3, [sp, #4]
    cmp r3, #0
    bne 5f
    .if FN_ADDS             /* a list that is a strip often has no second pass */
    ldr r3, [r0]
    cmp r3, #0
    beq 5f
    .endif
    movs r3, #1
    str r3, [sp, #4]
    adds r5, #2
    subs r6, #2
    adds r7, #2
    b 0b
5:  ldr r0, [sp, #8]
    .if FN_ADDS == 0
    ldr r1, [sp, #12]
    .endif
    FN_EIGHT_ROWS r8, r9
    FN_EIGHT_ROWS r10, r11
    FN_EIGHT_ROWS r12, lr
    .if FN_ADDS             /* to the next block, with the same list */
    ldr r1, [sp, #60]
    cmp r0, r1
    bhi 7f
    str r0, [sp, #8]
    ldr r0, [sp, #16]
    ldr r2, [sp, #4]
    lsls r2, r2, #1
    subs r5, r5, r2         /* the second pass begins two bytes on */
    ldr r1, [sp, #56]
    adds r1, r1, r5
    b 6b
7:  add sp, #4
    .endif
    add sp, #16
    FN_RETURN

    /* Two rows of 4 bits, whose byte is in r3, to 16 bits apart. */
    .macro FN_FOUR sums
    muls r3, r5, r3
    ands r3, r4
    muls r3, r1, r3
    add \sums, r3
    .endm

    /* Adds two sums of a chunk to the totals at r2; the higher one is shifted by \shift. */
    .macro FN_FOUR_FLUSH sums, shift
    ldr r4, [r2]
    ldr r5, [r2, #4]
    mov r1, \sums
    uxth r3, r1
    adds r4, r4, r3
    \shift r1, r1, #16
    adds r5, r5, r1
    stm r2!, {r4, r5}
    .endm

    .section .text.foldnet_armv6m_4, "ax", %progbits
    .global foldnet_armv6m_4
    .type foldnet_armv6m_4, %function
    .thumb_func
    .balign 4
foldnet_armv6m_4:
    FN_SAVE
    sub sp, #8
    str r2, [sp]
    mov r6, r1
    negs r1, r3
    movs r5, #0
    mov lr, r5              /* which pass */
    .if FN_ADDS
    .irp at, 0, 4, 8, 16, 20, 24
    ldr r3, [r2, #\at]
    adds r3, r3, r1
    str r3, [r2, #\at]
    .endr
    .else
    mov r3, r1
    mov r4, r1
    stm r2!, {r1, r3, r4, r5}
    stm r2!, {r1, r3, r4, r5}
    .endif
    adds r7, r6, #1
0:  movs r3, #0
    mov r8, r3
    mov r9, r3
    mov r10, r3
    mov r11, r3
    ldr r4, 6f
    ldr r5, 7f
    ldm r0!, {r2, r3}
    cmp r2, #0
    bne 1f
    b 4f
1:  adds r2, r2, r0
    mov r12, r2             /* end of the chunk */
    add pc, r3
    nop
2:  .rept 8
    ldm r0!, {r1, r2}
    ldrb r3, [r6, r2]
    FN_FOUR r8
    ldrsb r3, [r7, r2]
    FN_FOUR r9
    adds r2, #4
    ldrb r3, [r6, r2]
    FN_FOUR r10
    ldrsb r3, [r7, r2]
    FN_FOUR r11
    .endr
    cmp r0, r12
    beq 3f
    b 2b
3:  ldr r2, [sp]
    FN_FOUR_FLUSH r8, lsrs
    FN_FOUR_FLUSH r9, asrs
    FN_FOUR_FLUSH r10, lsrs
    FN_FOUR_FLUSH r11, asrs
    b 0b
4:  mov r3, lr
    cmp r3, #0
    bne 5f
    movs r3, #1
    mov lr, r3
    adds r6, #2
    adds r7, #2
    b 0b
5:  add sp, #8
    FN_RETURN
    .balign 4
6:  .word 0xffff000f
7:  .word 0x00001001

    /* Four rows of 2 bits, the table's index in r3. */
    .macro FN_TWO table, low, high
    lsls r3, r3, #3
    add r3, \table
    ldm r3, {r3, r4}
    muls r3, r1, r3
    muls r4, r1, r4
    add \low, r3
    add \high, r4
    .endm

    /* Adds two signed sums of a chunk to the totals at r2. */
    .macro FN_TWO_FLUSH sums
    ldr r4, [r2]
    ldr r5, [r2, #4]
    mov r1, \sums
    sxth r3, r1
    adds r4, r4, r3
    subs r1, r1, r3
    asrs r1, r1, #16
    adds r5, r5, r1
    stm r2!, {r4, r5}
    .endm

    .section .text.foldnet_armv6m_2, "ax", %progbits
    .global foldnet_armv6m_2
    .type foldnet_armv6m_2, %function
    .thumb_func
    .balign 4
foldnet_armv6m_2:
    FN_SAVE
    sub sp, #8
    str r2, [sp]
    mov lr, r3              /* the table, and its middle */
    movs r4, #4
    lsls r4, r4, #8
    adds r4, r4, r3
    mov r12, r4
    mov r6, r1
    adds r7, r6, #1
    movs r3, #0
    str r3, [sp, #4]        /* which pass */
    .if FN_ADDS == 0
    movs r4, #0
    movs r5, #0
    movs r1, #0
    stm r2!, {r1, r3, r4, r5}
    stm r2!, {r1, r3, r4, r5}
    .endif
0:  movs r3, #0
    mov r8, r3
    mov r9, r3
    mov r10, r3
    mov r11, r3
    ldm r0!, {r2, r3}
    cmp r2, #0
    bne 1f
    b 4f
1:  adds r5, r2, r0         /* end of the chunk */
    add pc, r3
    nop
2:  .rept 8
    ldm r0!, {r1, r2}
    ldrb r3, [r6, r2]
    FN_TWO lr, r8, r9
    ldrsb r3, [r7, r2]
    FN_TWO r12, r10, r11
    .endr
    cmp r0, r5
    beq 3f
    b 2b
3:  ldr r2, [sp]
    FN_TWO_FLUSH r8
    FN_TWO_FLUSH r9
    FN_TWO_FLUSH r10
    FN_TWO_FLUSH r11
    b 0b
4:  ldr r3, [sp, #4]
    cmp r3, #0
    bne 5f
    movs r3, #1
    str r3, [sp, #4]
    adds r6, #2
    adds r7, #2
    b 0b
5:  add sp, #8
    FN_RETURN

    /* r0 rows, r1 sums, r2 the end of the bytes, r3 how many less; r4 the sum, r5 shift, r6 multiplier, r7 lost. */
    .section .text.foldnet_armv6m_bytes, "ax", %progbits
    .global foldnet_armv6m_bytes
    .type foldnet_armv6m_bytes, %function
    .thumb_func
    .balign 4
foldnet_armv6m_bytes:
    push {r4-r7, lr}
1:  ldm r0!, {r4, r5}
    ldm r1!, {r6}
    adds r4, r4, r6
    bmi 3f
    uxth r6, r5
    lsrs r5, r5, #16        /* the worst sum is left above it: a shift is by the lowest byte */
    lsrs r7, r4, #15        /* sum = 2^15 r7 + r4 */
    muls r7, r6, r7
    lsls r4, r4, #17
    lsrs r4, r4, #17
    muls r4, r6, r4
    lsrs r4, r4, #15
    adds r4, r4, r7         /* below 2^31: no carry, and none is left by a shift of 0 */
    movs r7, #0
    lsrs r4, r5
    adcs r4, r7             /* the last bit shifted out rounds */
    cmp r4, #255
    bls 2f
    movs r4, #255
2:  strb r4, [r2, r3]
    adds r3, #1
    bne 1b
    pop {r4-r7, pc}
3:  movs r4, #0
    strb r4, [r2, r3]
    adds r3, #1
    bne 1b
    pop {r4-r7, pc}
"#,
    options(raw)
);
