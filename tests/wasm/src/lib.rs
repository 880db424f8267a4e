//! Core's own tests on WebAssembly: `foldnet_core::cases::CASES`, the table that the tests on the PC and on the boards
//! also run. `run.mjs` walks it; a case that panics traps.
#![no_std]
#![deny(unsafe_code)]

mod arch;
