//! A plugin for QEMU's TCG that models how many cycles an inference takes on a Cortex-M0, M0+, M3 or M4.
//!
//! ```text
//! QEMU: a block is translated ──► timing: cycles of each instruction ──► count: cycles of the block, of its taken branch
//!       a block is executed, flash is read ──► count: the sum so far     the firmware's two markers ──► a line per inference
//! ```
//!
//! * [`timing`]: published cycles per class of instruction, and where they were published.
//! * [`count`]: the sum, and the flash lines that are waited for.
//! * `arch`: QEMU's interface, declared by hand; the only `unsafe`.
//!
//! It is a model: nothing here was compared with silicon except as `docs/cycles.md` says.
#![deny(unsafe_code)]

mod arch;
pub mod count;
pub mod timing;
