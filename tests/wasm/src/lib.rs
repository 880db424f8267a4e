//! Core's own tests on WebAssembly: `foldnet_core::cases::CASES`, the table that the PC's test and the boards' walk. `run.mjs`
//! walks it; a case that panics traps.
#![no_std]
#![deny(unsafe_code)]

mod arch;
