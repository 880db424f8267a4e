//! The flash of the models, as `memory.x` lays it out. The only place of this firmware where `unsafe` is allowed.
#![allow(unsafe_code)]

use core::slice::from_raw_parts;

// Only the addresses of these symbols matter; they have no contents.
unsafe extern "C" {
    static _model_start: u8;
    static _model_end: u8;
}

/// The flash region reserved for models.
pub(crate) fn model_flash() -> &'static [u8] {
    let (start, end) = (&raw const _model_start, &raw const _model_end);
    // SAFETY: according to `memory.x`, the range between the two symbols is flash; this firmware never writes to it.
    unsafe { from_raw_parts(start, end.addr() - start.addr()) }
}
