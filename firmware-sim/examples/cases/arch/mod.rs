//! Faults: their reporting, shared with the firmware that runs models, and one made on purpose. The only part of this
//! example where `unsafe` is allowed.
#![allow(unsafe_code)]

#[path = "../../../src/device/arch/mod.rs"]
mod handlers;

use core::arch::asm;

/// An undefined instruction.
#[cfg(target_arch = "arm")]
macro_rules! undefined {
    () => {
        "udf #0"
    };
}

/// An undefined instruction.
#[cfg(target_arch = "riscv32")]
macro_rules! undefined {
    () => {
        "unimp"
    };
}

/// Executes an undefined instruction.
pub(crate) fn fault() {
    // SAFETY: the processor takes the fault's exception, whose handler never returns.
    unsafe { asm!(undefined!()) };
}
