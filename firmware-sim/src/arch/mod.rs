//! What only a processor can do, for the bare-metal shells: memory by the linker's symbols, the debugger's files, a
//! clock. The only place of the library where `unsafe` is allowed.
//!
//! `memory` and `semihosting` are the same on every processor; `semihosting`'s call and `clock` are the processor's.
#![allow(unsafe_code)]

#[cfg(target_arch = "arm")]
#[path = "cortex_m.rs"]
mod processor;

pub mod clock;
pub mod memory;
pub mod semihosting;
