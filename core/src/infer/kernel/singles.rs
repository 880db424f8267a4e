//! The list of single non-zero inputs, which the kernels of Cortex-M cores without DSP instructions walk.
//!
//! It is made of slots of two words. Inputs that are first of their pair come before those that are second, since their
//! halves lie at other places; each of the two *passes* is a sequence of *chunks* that ends with a slot of zeros. A chunk
//! begins with a slot `{bytes of its inputs, bytes of code to skip}` and has a slot `{x, offset}` for each input: where
//! the pair's words are in a block, in bytes. Loops are unrolled: the code to skip is what the first round does not need.
//!
//! A chunk ends where the sum of its `x` would pass the kernel's limit, since its sums share words of 32 bits.
//!
//! The inputs are gathered by assembler that all of these cores know, two in a round: 6.5 instructions for a zero and 9.5
//! for another input where there is an order, 5.5 and 8.5 where there is none. One by one, with a test of each place in the
//! order, it took 10, 14, 7 and 11; compiled Rust took 14 and 45, in all some 30,000 an image of the notebook's model. Places
//! in the order that no activation has count as 0: only where there are such, each place is tested.

#![allow(unsafe_code)]

#[cfg(not(feature = "low-ram"))]
use super::{Current, Kernel};
use crate::infer::layout::BitWidth;
use crate::infer::source::{Order, Source};
use core::arch::global_asm;
use core::ops::Range;

/// The assembler's symbol that says whether walks add to the sums that are there.
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

/// What a kernel wants of its list.
pub(super) struct Form {
    /// Inputs that one round of the loop takes, less one: a power of two, less one.
    pub(super) round: u32,
    /// Bytes of code for one input.
    pub(super) code: u32,
    /// What the sum of a chunk's `x` does not pass; at least 4369, so that full chunks have at least 17 inputs.
    pub(super) limit: u32,
    /// What an offset is.
    pub(super) gather: Gather,
}

/// What gathers a chunk of inputs and returns the sum of `x`.
pub(super) struct Gather {
    /// Where there is no order.
    plain: unsafe extern "C" fn(&mut Cursor) -> u32,
    /// In an order, where all activations are there.
    whole: unsafe extern "C" fn(&mut Cursor) -> u32,
    /// In an order, where some are missing.
    part: unsafe extern "C" fn(&mut Cursor) -> u32,
}

/// An offset is the distance from the block's begin.
pub(super) const OFFSETS: Gather =
    Gather { plain: foldnet_gather_plain, whole: foldnet_gather_whole, part: foldnet_gather_part };

/// An offset is the distance from the input before, in each pass from the block's begin.
#[cfg(foldnet_kernel = "armv7m")]
pub(super) const DISTANCES: Gather = Gather {
    plain: foldnet_gather_plain_distances,
    whole: foldnet_gather_whole_distances,
    part: foldnet_gather_part_distances,
};

/// The list, and what the recovery of sums needs.
#[derive(Debug)]
pub struct Singles<'s> {
    slots: &'s [[u32; 2]],
    /// The sum of all `x` of the first pass, and of the second.
    pub(super) totals: [u32; 2],
    width: BitWidth,
    /// Words of a block that the offsets lead to.
    pub(super) block_words: usize,
}

impl<'s> Singles<'s> {
    /// Lists all inputs that are not zero, for which there is room.
    #[cfg(feature = "low-ram")]
    pub(super) fn new(form: &Form, width: BitWidth, source: &Source, memory: &'s mut [u32]) -> Self {
        Self::from(form, width, source, &mut 0, memory)
    }

    /// Lists inputs that are not zero until `memory` is full, from number `from` on in the order of the passes, and advances
    /// `from` past them.
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

    /// Lists what is not zero; an empty list where `memory` has fewer than [`list_words`](super::KernelKind::list_words).
    #[cfg(not(feature = "low-ram"))]
    pub(super) fn new(form: &Form, width: BitWidth, source: &Source, memory: &'s mut [u32]) -> Self {
        let block_words = width.block_words(source.inputs());
        let memory = memory.get_mut(..Current::KIND.list_words(width, source.inputs())).unwrap_or_default();
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

    /// Where the list begins, if it was made for this width and for blocks of this length: its offsets then all lie
    /// within the block.
    pub(super) fn for_block(&self, width: BitWidth, block: &[u32]) -> Option<*const [u32; 2]> {
        (self.width == width && self.block_words <= block.len()).then_some(self.slots.as_ptr())
    }
}

/// Where the gathering of inputs is.
#[repr(C)]
pub(super) struct Cursor {
    /// The slot to write.
    next: *mut [u32; 2],
    /// The next input or its place in the order, and the end of these.
    from: *const u8,
    end: *const u8,
    /// The offset of the next input, and how it grows.
    offset: u32,
    step: u32,
    limit: u32,
    /// All activations.
    x: *const u8,
    len: usize,
    /// The slot at which the memory is full.
    #[cfg(feature = "low-ram")]
    last: *mut [u32; 2],
}

/// Inputs or their places in the order, the logarithm of the bytes of a pair of them, and what gathers them.
#[inline(always)]
fn inputs_of(form: &Form, source: &Source) -> (Range<*const u8>, usize, unsafe extern "C" fn(&mut Cursor) -> u32) {
    let x = source.activations();
    match source.order() {
        Order::Plain(inputs) => (x.get(..inputs).unwrap_or(x).as_ptr_range(), 1, form.gather.plain),
        Order::Listed(order) => {
            let gather = if source.is_whole() { form.gather.whole } else { form.gather.part };
            (bytemuck::must_cast_slice(order.numbers()).as_ptr_range(), 2, gather)
        }
    }
}

/// Writes the pass of the inputs that are first of their pair (0) or second (1) to `next`, where there is room for
/// the rest of the list; returns the sum of `x`.
#[cfg(not(feature = "low-ram"))]
fn pass(form: &Form, step: u32, source: &Source, which: usize, next: &mut *mut [u32; 2]) -> u32 {
    let (inputs, log, gather) = inputs_of(form, source);
    let first = inputs.start.wrapping_add(which << (log - 1));
    let (limit, x) = (form.limit, source.activations());
    let mut cursor =
        Cursor { next: *next, from: first, end: inputs.end, offset: 0, step, limit, x: x.as_ptr(), len: x.len() };
    let total = chunks(form, gather, &mut cursor);
    *next = cursor.next;
    total
}

/// The same from number `from` on, until the slots before `end` are full; advances `from`.
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
    // The second pass waits for a list that has room for the end of the first.
    let done = from.checked_sub(begin).map_or(count, |done| done.min(count));
    if done == count {
        // SAFETY: there is room for the end of each pass.
        unsafe { **next = [0; 2] };
        *next = next.wrapping_add(1);
        return 0;
    }
    let (inputs, log, gather) = inputs_of(form, source);
    let (first, x) = (inputs.start.wrapping_add(which << (log - 1)), source.activations());
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

/// Writes chunk after chunk, and the slot that ends the pass.
#[inline(always)]
fn chunks(form: &Form, gather: unsafe extern "C" fn(&mut Cursor) -> u32, cursor: &mut Cursor) -> u32 {
    let mut total = 0;
    loop {
        let header = cursor.next;
        cursor.next = header.wrapping_add(1);
        // SAFETY: the room suffices for a slot of each input, of each chunk of 17 inputs or more, and two for each pass
        // beside, or is known to the cursor; the cursor reads what lies between `from` and `end`, and activations that
        // are there: an order lists inputs only.
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

// r0 next, r1 from, r2 x, r3 an input, r4 offset, r5 step, r6 len, r7 what the sum may still grow by; lr end, r12 where
// the memory is full.
global_asm!(
    adds!(),
    r#"
    .syntax unified
    .thumb

    /* The input \at bytes on from r1 to r3; to \skip where no activation has it. */
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

    /* Writes the slot of the input in r3, and takes the next offset; to \full where the chunk has no room for it. */
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

    /* Two inputs a round, \size bytes each, 2^\log; where their number is odd, the first round begins at its second.
       \distance 1: an offset begins at the input before. */
    .macro FN_GATHER name, form, size, log, distance
    .section .text.\name, "ax", %progbits
    .global \name
    .type \name, %function
    .thumb_func
    .balign 4
\name:
    push {r0, r4-r7, lr}
    ldr r1, [r0, #8]
    mov lr, r1
    .if FN_ADDS
    ldr r1, [r0, #32]
    mov r12, r1
    .endif
    ldr r4, [r0, #12]
    ldr r5, [r0, #16]
    ldr r7, [r0, #20]
    ldr r2, [r0, #24]
    ldr r6, [r0, #28]
    ldr r1, [r0, #4]
    ldr r0, [r0]
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
    stm r3!, {r0, r1}
    str r4, [r3, #4]
    ldr r0, [r3, #12]
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
