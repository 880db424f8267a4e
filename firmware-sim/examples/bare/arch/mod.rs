//! The proof that nothing panics: the panic handler calls a function that does not exist, so that the program links
//! only if the compiler found the handler unreachable.
#![allow(unsafe_code)]

use core::panic::PanicInfo;

unsafe extern "C" {
    /// Does not exist. The linker's message names it.
    fn this_firmware_can_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    // SAFETY: never called, because a program that calls it cannot be linked.
    unsafe { this_firmware_can_panic() }
}
