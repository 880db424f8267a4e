//! A plugin for QEMU's TCG that models the cycles of an inference on a Cortex-M0, M0+, M3 or M4.
//!
//! ```text
//! QEMU: a block is translated ──► timing: cycles of each instruction ──► count: cycles of the block, of its taken branch
//!       a block is executed, flash is read ──► count: the sum so far     the firmware's two markers ──► a line per inference
//! ```
//!
//! * [`timing`]: published cycles per class of instruction, with their sources.
//! * [`count`]: the sum, including wait states for lines of flash.
//! * `arch`: QEMU's interface, declared by hand; the only `unsafe`.
//!
//! It is a model; the only comparison with silicon is described in `docs/cycles.md`.
#![deny(unsafe_code)]

mod arch;
pub mod count;
pub mod timing;
