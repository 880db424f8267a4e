//! The list of single non-zero inputs, which the kernels of Cortex-M cores without DSP instructions walk.
//!
//! It consists of two-word slots. All first inputs of pairs come before all second inputs, because their weights are in
//! different halfwords; each of these two *passes* is a sequence of *chunks*, terminated by a slot of zeros:
//!
//! ```text
//!              word 0               word 1
//! pass 0     | 8 n                | code to skip       |   a chunk of n inputs: bytes of their slots, bytes of code
//!            | x                  | offset             |   n slots, one per input
//!            | ...                | ...                |   more chunks, if any
//!            | 0                  | 0                  |   end of the pass
//! pass 1     | ...                                     |   the same for second inputs
//!            | 0                  | 0                  |   end of the list
//! ```
//!
//! The *offset* leads to the pair's words, in bytes: from the block's start or, if the kernel asks for distances, from
//! the previous input of the pass. Loops are unrolled, and *code to skip* is the part that the first, incomplete round
//! does not execute.
//!
//! An example: the inputs 0, 7, 5, 0, 9, 1 at 8 bits, where a pair has three words, so 12 bytes. On ARMv6-M a round
//! takes 16 inputs of 38 bytes of code, so that a chunk of two skips 14 times 38 = 532 bytes:
//!
//! ```text
//! pass 0     {16, 532}  {5, 12}  {9, 24}  {0, 0}        with distances {5, 12}  {9, 12}
//! pass 1     {16, 532}  {7, 0}   {1, 24}  {0, 0}        with distances {7, 0}   {1, 24}
//! ```
//!
//! A chunk ends before the sum of its `x` exceeds the kernel's limit, because sums share 32-bit words.
//!
//! The inputs are gathered by assembly that runs on all of these cores, two per round: 6.5 instructions for a zero and
//! 9.5 for another input with an order, 5.5 and 8.5 without. One by one, with a test of each index in the order, it
//! took 10, 14, 7 and 11; compiled Rust took 14 and 45, some 30,000 in total per image of the notebook's model. Indices
//! without an activation count as 0; they are only tested for if there are any.

#![allow(unsafe_code)]

use crate::infer::source::{Order, Source};
use crate::quantized::BitWidth;
#[cfg(not(feature = "low-ram"))]
use crate::quantized::KernelKind;
use core::arch::global_asm;
use core::mem::offset_of;
use core::ops::Range;

/// Defines the assembler's symbol `FN_ADDS`: 1 if walks add to existing sums, else 0.
#[cfg(feature = "low-ram")]
macro_rules! adds {
    () => {
        ".set FN_ADDS, 1"
    };
}
#[cfg(not(feature = "low-ram"))]
macro_rules! adds {
    () => {
        ".set FN_ADDS, 0"
    };
}
pub(super) use adds;

/// Assembles a kernel's file, for which `FN_ADDS` and `FN_CODE_8`, `FN_CODE_4` and `FN_CODE_2` are defined: the bytes of
/// unrolled code for one input, as the macro `$code` states them.
macro_rules! assembly {
    ($file:literal, $code:ident) => {
        core::arch::global_asm!(
            concat!(
                $crate::infer::kernel::singles::adds!(),
                "\n.set FN_CODE_8, ",
                $code!(8),
                "\n.set FN_CODE_4, ",
                $code!(4),
                "\n.set FN_CODE_2, ",
                $code!(2),
                "\n",
                include_str!($file)
            ),
            options(raw)
        );
    };
}
pub(super) use assembly;

/// Parameters of a kernel's list.
pub(super) struct Form {
    /// Inputs per round of the unrolled loop, minus 1; used as a mask, so the number of inputs must be a power of two.
    pub(super) round: u32,
    /// Bytes of unrolled code for one input.
    pub(super) code: u32,
    /// Upper limit of the sum of a chunk's `x`; at least 4369, so that full chunks have at least 17 inputs.
    pub(super) limit: u32,
    /// How offsets are expressed: [`OFFSETS`] or `DISTANCES`.
    pub(super) gather: Gather,
}

/// Functions that gather a chunk of inputs and return the sum of `x`.
pub(super) struct Gather {
    /// Without an order.
    plain: unsafe extern "C" fn(&mut Cursor) -> u32,
    /// With an order, if no activation is missing.
    whole: unsafe extern "C" fn(&mut Cursor) -> u32,
    /// With an order, if some are missing.
    part: unsafe extern "C" fn(&mut Cursor) -> u32,
}

/// Offsets are relative to the start of the block.
pub(super) const OFFSETS: Gather =
    Gather { plain: foldnet_gather_plain, whole: foldnet_gather_whole, part: foldnet_gather_part };

/// Offsets are relative to the previous input; for the first of each pass, to the start of the block.
#[cfg(foldnet_kernel = "armv7m")]
pub(super) const DISTANCES: Gather = Gather {
    plain: foldnet_gather_plain_distances,
    whole: foldnet_gather_whole_distances,
    part: foldnet_gather_part_distances,
};

/// The list, and the data needed to recover the sums.
#[derive(Debug)]
pub(crate) struct Singles<'s> {
    slots: &'s [[u32; 2]],
    /// The sum of all `x` of the first pass, and of the second.
    pub(super) totals: [u32; 2],
    width: BitWidth,
    /// Words of a block that the offsets span.
    pub(super) block_words: usize,
}

impl<'s> Singles<'s> {
    /// Lists all non-zero inputs; `memory` must have room for them.
    #[cfg(feature = "low-ram")]
    pub(super) fn new(form: &Form, width: BitWidth, source: &Source, memory: &'s mut [u32]) -> Self {
        Self::from(form, width, source, &mut 0, memory)
    }

    /// Lists non-zero inputs until `memory` is full, from number `from` on in the order of the passes; advances `from`
    /// past them.
    #[cfg(feature = "low-ram")]
    #[inline(never)]
    pub(super) fn from(form: &Form, width: BitWidth, source: &Source, from: &mut usize, memory: &'s mut [u32]) -> Self {
        let block_words = width.block_words(source.inputs());
        let len = memory.len() / 2 * 2;
        let slots: &mut [[u32; 2]] =
            bytemuck::try_cast_slice_mut(memory.get_mut(..len).unwrap_or_default()).unwrap_or_default();
        if slots.len() < 4 {
            return Self { slots: &[[0; 2]; 2], totals: [0; 2], width, block_words };
        }
        let Range { start, end } = slots.as_mut_ptr_range();
        let (mut next, mut totals, step) = (start, [0; 2], 4 * width.words() as u32);
        for (which, total) in totals.iter_mut().enumerate() {
            *total = pass(form, step, source, which, from, &mut next, end);
        }
        Self { slots, totals, width, block_words }
    }

    /// Lists all non-zero inputs; the list is empty if `memory` has fewer than
    /// [`list_words`](crate::quantized::KernelKind::list_words) words.
    #[cfg(not(feature = "low-ram"))]
    pub(super) fn new(form: &Form, width: BitWidth, source: &Source, memory: &'s mut [u32]) -> Self {
        let block_words = width.block_words(source.inputs());
        let memory = memory.get_mut(..KernelKind::CURRENT.list_words(width, source.inputs())).unwrap_or_default();
        let slots: &mut [[u32; 2]] = bytemuck::try_cast_slice_mut(memory).unwrap_or_default();
        if slots.is_empty() {
            return Self { slots: &[[0; 2]; 2], totals: [0; 2], width, block_words };
        }
        let mut next = slots.as_mut_ptr();
        let step = 4 * width.words() as u32;
        let totals = [0, 1].map(|which| pass(form, step, source, which, &mut next));
        Self { slots, totals, width, block_words }
    }

    /// Calls `walk` with the list, each block and its sums.
    #[cfg(feature = "low-ram")]
    #[inline(always)]
    pub(super) fn add(
        &self,
        width: BitWidth,
        blocks: &[u32],
        stride: usize,
        sums: &mut [i32],
        walk: impl Fn(*const [u32; 2], &[u32], &mut [i32]),
    ) {
        let (mut blocks, mut sums) = (blocks, sums);
        while let Some((of_block, behind)) = core::mem::take(&mut sums).split_at_mut_checked(width.rows()) {
            let Some(slots) = self.for_block(width, blocks) else { return };
            walk(slots, blocks, of_block);
            let Some(next) = blocks.get(stride..) else { return };
            (blocks, sums) = (next, behind);
        }
    }

    /// The sum of all `x`.
    #[cfg(foldnet_kernel = "armv6m")]
    pub(super) fn x(&self) -> i32 {
        (self.totals[0] + self.totals[1]) as i32
    }

    /// Start of the list if it was made for this width and all its offsets lie within `block`; otherwise `None`.
    pub(super) fn for_block(&self, width: BitWidth, block: &[u32]) -> Option<*const [u32; 2]> {
        (self.width == width && self.block_words <= block.len()).then_some(self.slots.as_ptr())
    }
}

/// State of gathering. The assembly below reads the fields and writes back `next`, `from` and `offset`.
#[repr(C)]
pub(super) struct Cursor {
    /// The slot to write.
    next: *mut [u32; 2],
    /// Next input, or next index in the order; and their end.
    from: *const u8,
    end: *const u8,
    /// Offset of the next input, and its increment.
    offset: u32,
    step: u32,
    /// Upper limit of the sum of a chunk's `x`.
    limit: u32,
    /// All activations.
    x: *const u8,
    len: usize,
    /// First slot that must not be written.
    #[cfg(feature = "low-ram")]
    last: *mut [u32; 2],
}

/// The offsets of `Cursor`'s fields that the assembly below states.
const _: () = {
    assert!(offset_of!(Cursor, next) == 0 && offset_of!(Cursor, from) == 4 && offset_of!(Cursor, end) == 8);
    assert!(offset_of!(Cursor, offset) == 12 && offset_of!(Cursor, step) == 16 && offset_of!(Cursor, limit) == 20);
    assert!(offset_of!(Cursor, x) == 24 && offset_of!(Cursor, len) == 28);
    #[cfg(feature = "low-ram")]
    assert!(offset_of!(Cursor, last) == 32);
};

/// Range of inputs or of indices in the order, log2 of the bytes per pair, and the gathering function.
#[inline(always)]
fn inputs_of(form: &Form, source: &Source) -> (Range<*const u8>, usize, unsafe extern "C" fn(&mut Cursor) -> u32) {
    let x = source.activations;
    match source.order {
        Order::Plain(inputs) => (x.get(..inputs).unwrap_or(x).as_ptr_range(), 1, form.gather.plain),
        Order::Listed(order) => {
            let gather = if source.is_whole() { form.gather.whole } else { form.gather.part };
            (bytemuck::must_cast_slice(order.numbers()).as_ptr_range(), 2, gather)
        }
    }
}

/// Writes the pass over first (`which` 0) or second (1) inputs of pairs to `next`, which has room for the rest of the
/// list; returns the sum of `x`.
#[cfg(not(feature = "low-ram"))]
fn pass(form: &Form, step: u32, source: &Source, which: usize, next: &mut *mut [u32; 2]) -> u32 {
    let (inputs, log, gather) = inputs_of(form, source);
    let first = inputs.start.wrapping_add(which << (log - 1));
    let (limit, x) = (form.limit, source.activations);
    let mut cursor =
        Cursor { next: *next, from: first, end: inputs.end, offset: 0, step, limit, x: x.as_ptr(), len: x.len() };
    let total = chunks(form, gather, &mut cursor);
    *next = cursor.next;
    total
}

/// Like the above, from input number `from` on, until the slots before `end` are full; advances `from`.
#[cfg(feature = "low-ram")]
#[inline(always)]
fn pass(
    form: &Form,
    step: u32,
    source: &Source,
    which: usize,
    from: &mut usize,
    next: &mut *mut [u32; 2],
    end: *mut [u32; 2],
) -> u32 {
    let firsts = source.inputs().div_ceil(2);
    let (begin, count) = if which == 0 { (0, firsts) } else { (firsts, source.inputs() - firsts) };
    // The second pass only starts in a list with room for the terminator of the first.
    let done = from.checked_sub(begin).map_or(count, |done| done.min(count));
    if done == count {
        // SAFETY: there is room for the end of each pass.
        unsafe { **next = [0; 2] };
        *next = next.wrapping_add(1);
        return 0;
    }
    let (inputs, log, gather) = inputs_of(form, source);
    let (first, x) = (inputs.start.wrapping_add(which << (log - 1)), source.activations);
    let mut cursor = Cursor {
        next: *next,
        from: first.wrapping_add(done << log),
        end: inputs.end,
        offset: step * done as u32,
        step,
        limit: form.limit,
        x: x.as_ptr(),
        len: x.len(),
        last: end.wrapping_sub(2 - which),
    };
    let total = chunks(form, gather, &mut cursor);
    *next = cursor.next;
    let all = cursor.from >= inputs.end;
    *from = begin + if all { count } else { (cursor.from as usize - first as usize) >> log };
    total
}

/// Writes all chunks of a pass and its terminating slot.
#[inline(always)]
fn chunks(form: &Form, gather: unsafe extern "C" fn(&mut Cursor) -> u32, cursor: &mut Cursor) -> u32 {
    let mut total = 0;
    loop {
        let header = cursor.next;
        cursor.next = header.wrapping_add(1);
        // SAFETY: there is room for one slot per input, one per chunk (of at least 17 inputs) and two more per pass, or
        // the cursor holds the limit. It reads only from `from` to `end`, and activations that exist, because an order
        // only contains valid indices.
        let bytes = unsafe {
            total += gather(cursor);
            let bytes = cursor.next.byte_offset_from(header) as u32 - 8;
            *header = [bytes, ((bytes / 8).wrapping_neg() & form.round) * form.code];
            bytes
        };
        if bytes == 0 {
            return total;
        }
    }
}

unsafe extern "C" {
    fn foldnet_gather_plain(cursor: &mut Cursor) -> u32;
    fn foldnet_gather_whole(cursor: &mut Cursor) -> u32;
    fn foldnet_gather_part(cursor: &mut Cursor) -> u32;
}

#[cfg(foldnet_kernel = "armv7m")]
unsafe extern "C" {
    fn foldnet_gather_plain_distances(cursor: &mut Cursor) -> u32;
    fn foldnet_gather_whole_distances(cursor: &mut Cursor) -> u32;
    fn foldnet_gather_part_distances(cursor: &mut Cursor) -> u32;
}

global_asm!(
    adds!(),
    r#"
    .syntax unified
    .thumb

    /* In: r0 the cursor. Out: r0 the sum of x.

         r0  next slot                         r5   step
         r1  next input, or next index         r6   number of activations
         r2  activations                       r7   limit minus the sum so far
         r3  input                             r12  first slot that must not be written (FN_ADDS)
         r4  offset                            lr   end of the inputs or indices
    */

    /* Fields of `Cursor`. */
    .equ FN_NEXT, 0
    .equ FN_FROM, 4
    .equ FN_CURSOR_END, 8
    .equ FN_OFFSET, 12
    .equ FN_STEP, 16
    .equ FN_LIMIT, 20
    .equ FN_X, 24
    .equ FN_LEN, 28
    .equ FN_LAST, 32

    /* Loads the input at r1 + \at into r3; branches to \skip if its activation is missing. */
    .macro FN_GATHER_TAKE form, at, skip
    .ifc \form, plain
    ldrb r3, [r1, #\at]
    .else
    ldrh r3, [r1, #\at]
    .ifc \form, part
    cmp r3, r6
    bhs \skip
    .endif
    ldrb r3, [r2, r3]
    .endif
    .endm

    /* Writes the slot for the input in r3, unless it is 0; branches to \full if it no longer fits into the chunk. */
    .macro FN_GATHER_PUT distance, skip, full
    cmp r3, #0
    beq \skip
    subs r7, r7, r3
    blo \full
    .if FN_ADDS
    cmp r0, r12
    bhs \full
    .endif
    stm r0!, {r3, r4}
    .if \distance
    movs r4, #0
    .endif
    .endm

    /* Two inputs per round, one from each of two pairs: \size = 2^\log bytes per pair of inputs or indices. With an odd
       number, the loop is entered at the second. \distance 1: an offset starts at the previous input. */
    .macro FN_GATHER name, form, size, log, distance
    .section .text.\name, "ax", %progbits
    .global \name
    .type \name, %function
    .thumb_func
    .balign 4
\name:
    push {r0, r4-r7, lr}
    ldr r1, [r0, #FN_CURSOR_END]
    mov lr, r1
    .if FN_ADDS
    ldr r1, [r0, #FN_LAST]
    mov r12, r1
    .endif
    ldr r4, [r0, #FN_OFFSET]
    ldr r5, [r0, #FN_STEP]
    ldr r7, [r0, #FN_LIMIT]
    ldr r2, [r0, #FN_X]
    ldr r6, [r0, #FN_LEN]
    ldr r1, [r0, #FN_FROM]
    ldr r0, [r0, #FN_NEXT]
    mov r3, lr
    subs r3, r3, r1
    bls .Lend_\name
    adds r3, #\size - 1
    lsls r3, r3, #31 - \log
    bpl .Lround_\name
    subs r1, #\size
    b .Lsecond_\name
.Lround_\name:
    FN_GATHER_TAKE \form, 0, .Lfirst_done_\name
    FN_GATHER_PUT \distance, .Lfirst_done_\name, .Lfull_\name
.Lfirst_done_\name:
    adds r4, r4, r5
.Lsecond_\name:
    FN_GATHER_TAKE \form, \size, .Lsecond_done_\name
    FN_GATHER_PUT \distance, .Lsecond_done_\name, .Lfull_at_second_\name
.Lsecond_done_\name:
    adds r4, r4, r5
    adds r1, #2 * \size
    cmp r1, lr
    blo .Lround_\name
    b .Lend_\name
.Lfull_at_second_\name:
    adds r1, #\size
.Lfull_\name:
    adds r7, r7, r3
.Lend_\name:
    ldr r3, [sp]
    stm r3!, {r0, r1}              /* next and from, which are the first fields; r3 moves past them */
    str r4, [r3, #FN_OFFSET - 8]
    ldr r0, [r3, #FN_LIMIT - 8]
    subs r0, r0, r7
    pop {r1, r4-r7, pc}
    .endm

    FN_GATHER foldnet_gather_plain, plain, 2, 1, 0
    FN_GATHER foldnet_gather_whole, whole, 4, 2, 0
    FN_GATHER foldnet_gather_part, part, 4, 2, 0
    FN_GATHER foldnet_gather_plain_distances, plain, 2, 1, 1
    FN_GATHER foldnet_gather_whole_distances, whole, 4, 2, 1
    FN_GATHER foldnet_gather_part_distances, part, 4, 2, 1
"#,
    options(raw)
);
