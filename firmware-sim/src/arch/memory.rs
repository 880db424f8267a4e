//! Memory as the linker scripts lay it out (`build.rs`, cortex-m-rt or `riscv32.x`): the flash of the model, free RAM,
//! the stack.
//!
//! ```text
//! RAM:  statics | sheap ... scratch, example ... free_end | stack, painted ... stack_start
//! ```

use super::processor::stack_pointer;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use core::slice::{from_raw_parts, from_raw_parts_mut};
use core::sync::atomic::{AtomicBool, Ordering};
use foldnet_core::infer::Input;
use foldnet_core::slot::Room;

// Only the addresses of these symbols are meaningful; nothing is ever read through them.
unsafe extern "C" {
    static _model_start: u8;
    static _model_end: u8;
    static _erase_block: u8;
    static __sheap: u8;
    static _free_end: u8;
    static _stack_start: u8;
}

/// Value of unused stack words.
const PAINT: u32 = 0xC0DE_5EED;

/// Bytes below the stack pointer that are not painted: the painting function's own frame.
const SPARED: usize = 64;

/// The address of a linker symbol.
macro_rules! address {
    ($symbol:ident) => {
        (&raw const $symbol).addr()
    };
}

/// Flash reserved for models, and its division into slots.
pub fn room() -> Room {
    let (start, end) = (address!(_model_start), address!(_model_end));
    Room::halves(start as u32, (end - start) as u32, address!(_erase_block) as u32)
}

/// Contents of the flash reserved for models, see [`room`].
pub fn model_flash() -> &'static [u8] {
    let (start, end) = (address!(_model_start), address!(_model_end));
    // SAFETY: according to the linker script, there is flash between the two addresses; the firmware never writes to
    // it.
    unsafe { from_raw_parts(with_exposed_provenance(start), end - start) }
}

/// All free RAM; `None` if called again.
pub fn take_free() -> Option<&'static mut [u32]> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    // Not a swap, which an M0 lacks. Nothing interrupts this firmware, so nothing comes between the two.
    if TAKEN.load(Ordering::Relaxed) {
        return None;
    }
    TAKEN.store(true, Ordering::Relaxed);
    let (start, end) = (address!(__sheap), address!(_free_end));
    // SAFETY: RAM between statics and stack that belongs to nothing else, handed out once; every bit pattern is a valid
    // word.
    Some(unsafe { from_raw_parts_mut(with_exposed_provenance_mut(start), (end - start) / 4) })
}

/// Memory for an example and for inference.
#[derive(Debug)]
pub struct Parts<'a, I> {
    /// The example's values, at the end of the free memory.
    pub example: &'a mut [I],
    /// Scratch memory: everything else.
    pub scratch: &'a mut [u32],
}

/// Splits `free` in two, with an example of at most `values` values at its end, or fewer if there is not enough memory.
pub fn split<I: Input>(free: &mut [u32], values: usize) -> Parts<'_, I> {
    // Whole words, so that values of every type are aligned.
    let words = (values * size_of::<I>()).div_ceil(4).min(free.len());
    let (scratch, example) = free.split_at_mut(free.len() - words);
    let values = values.min(words * 4 / size_of::<I>());
    // SAFETY: exclusively borrowed words, large enough for the values and 4-byte aligned; every bit pattern is a valid
    // number, and `Input` is only implemented for numbers of up to four bytes.
    let example = unsafe { from_raw_parts_mut(example.as_mut_ptr().cast(), values) };
    Parts { example, scratch }
}

/// Paints the unused stack, so that its peak can be measured. Must be called first.
#[inline(never)]
pub fn paint_stack() {
    let mut address = address!(_free_end);
    while address < stack_pointer() - SPARED {
        // SAFETY: RAM between the free memory and the part of the stack in use, which only the stack will use.
        unsafe { with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) };
        address += 4;
    }
}

/// Remaining stack in bytes; 0 beyond its end.
pub fn stack_left() -> usize {
    stack_pointer().saturating_sub(address!(_free_end))
}

/// Peak use of the stack in bytes since it was painted; `None` if it grew beyond its reserved memory.
pub fn stack_peak() -> Option<usize> {
    let (mut address, top) = (address!(_free_end), address!(_stack_start));
    // SAFETY: the address is in the painted region or the stack.
    while address < top && unsafe { with_exposed_provenance::<u32>(address).read_volatile() } == PAINT {
        address += 4;
    }
    if address == address!(_free_end) { None } else { Some(top - address) }
}
