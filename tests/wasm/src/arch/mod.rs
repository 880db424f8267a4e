//! The module's exports, and its panic handler.

#![allow(unsafe_code)]

use core::panic::PanicInfo;
use foldnet_core::cases::CASES;
use foldnet_core::quantized::KernelKind;

/// How many cases there are.
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
pub extern "C" fn cases() -> u32 {
    CASES.len() as u32
}

/// Runs a case; traps if it fails.
// SAFETY: no other function is called so.
#[unsafe(no_mangle)]
pub extern "C" fn run(case: u32) {
    CASES[case as usize].1();
}

/// Whether this target uses the portable kernel.
// SAFETY: no other function is called so.
#[unsafe(no_mangle)]
pub extern "C" fn is_portable() -> u32 {
    (KernelKind::CURRENT == KernelKind::Portable).into()
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
