//! Faults: how the firmware reports one, shared with the firmware that runs models, and one made on purpose. The only
//! place of this example where `unsafe` is allowed.
#![allow(unsafe_code)]

#[path = "../../../src/device/arch/mod.rs"]
mod handlers;

use core::arch::asm;

/// Executes an instruction that no processor has.
pub(crate) fn fault() {
    // SAFETY: the processor takes the fault's exception, whose handler never returns.
    unsafe { asm!("udf #0") };
}
