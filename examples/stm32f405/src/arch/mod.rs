//! The flash of the models, as `memory.x` lays it out. The only place of this firmware where `unsafe` is allowed.
#![allow(unsafe_code)]

use core::slice::from_raw_parts;

// Their addresses are what they say.
unsafe extern "C" {
    static _model_start: u8;
    static _model_end: u8;
}

/// All flash that belongs to models.
pub(crate) fn model_flash() -> &'static [u8] {
    let (start, end) = (&raw const _model_start, &raw const _model_end);
    // SAFETY: `memory.x` says that there is flash between the two; this firmware never writes to it.
    unsafe { from_raw_parts(start, end.addr() - start.addr()) }
}
