//! Processor-specific parts of the bare-metal shells: memory from the linker's symbols, the debugger's files, a clock.
//! The only part of the library where `unsafe` is allowed.
//!
//! `memory` and `semihosting` are the same on every processor. The semihosting call, the stack pointer and the source
//! of `clock` are specific.
#![allow(unsafe_code)]

#[cfg(target_arch = "arm")]
#[path = "cortex_m.rs"]
mod processor;
#[cfg(target_arch = "riscv32")]
#[path = "riscv32.rs"]
mod processor;

pub mod clock;
pub mod memory;
pub mod semihosting;

/// Declares the function, `fn() -> !`, with which the firmware begins once its memory is set up; the same on every
/// processor.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        // SAFETY: the one `main` of the program, which the code after reset calls once.
        #[unsafe(export_name = "main")]
        extern "C" fn after_reset() -> ! {
            $main()
        }
    };
}
