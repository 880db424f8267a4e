//! The device side of Foldnet: model bytes and raw values in, answers out.
//!
//! # Architecture
//!
//! ```text
//!                  ┌──────────── app (no_std, depends on foldnet-core alone) ─────────────┐
//! model in flash ──► boot ──► App::new ──► step, step, ... ◄── Shell: examples in, answers out
//!                  └──────────────────────────────────────────────────────────────────────┘
//!        PC shell: simulate (strict memory), emulate (the firmware under QEMU), the command `foldnet-sim`
//!        bare-metal shell: semihosting, clock, stack paint; the firmware of the same name
//! ```
//!
//! * [`app`]: the program that every shell runs. Only the model file passes between trainer and device.
//! * [`exit`], [`job`], [`cases`], [`update`]: the protocols between firmware and PC.
//! * `arch` (device): memory, the debugger's files and a clock; the only `unsafe`.
//! * `emulate` (PC): builds the firmware, runs it under QEMU, compares every output with the simulation.
//! * `board` (PC): the known boards, their memory, and whether a model fits.
//! * `simulate` (PC): runs the app over many examples, more strictly than any chip, and digests the outputs.
//!
//! These are also used by the trainer:
//!
//! * `conversion` (PC): the cost of converting raw values to activations on a device.
//! * `described` (PC): the type and shape of a model's examples, and its task.
//! * `metrics` (PC): metrics of answers for each task.
//! * `record` (PC): the command's JSON output, to be written and read.
//! * `given` (PC): the flags of a command line, and refusing those that play no role.
//! * `manual` (PC): shell completions and man pages.
//! * `print` (PC): error lines, and failures of standard output.
//! * `usage` (PC): parsing of command lines, and wrong usage.
//! * `aligned` (PC): model bytes at an address that the parser accepts.
//!
//! # Dependencies
//!
//! This crate depends on `foldnet-core`, and on the PC on `foldnet-data`; never on the trainer.
#![cfg_attr(target_os = "none", no_std)]
#![deny(unsafe_code)]

pub mod app;
pub mod cases;
pub mod exit;
pub mod job;
pub mod update;

#[cfg(target_os = "none")]
pub mod arch;

#[cfg(not(target_os = "none"))]
pub mod aligned;
#[cfg(not(target_os = "none"))]
pub mod board;
#[cfg(not(target_os = "none"))]
pub mod conversion;
#[cfg(not(target_os = "none"))]
pub mod described;
#[cfg(not(target_os = "none"))]
pub mod emulate;
#[cfg(not(target_os = "none"))]
pub mod given;
#[cfg(not(target_os = "none"))]
pub mod manual;
#[cfg(not(target_os = "none"))]
pub mod metrics;
#[cfg(not(target_os = "none"))]
pub mod print;
#[cfg(not(target_os = "none"))]
pub mod record;
#[cfg(not(target_os = "none"))]
pub mod simulate;
#[cfg(not(target_os = "none"))]
pub mod table;
#[cfg(not(target_os = "none"))]
pub mod usage;

#[cfg(not(target_os = "none"))]
pub use aligned::AlignedBytes;
#[cfg(not(target_os = "none"))]
pub use conversion::ConversionCost;
#[cfg(not(target_os = "none"))]
pub use emulate::{EmulateError, Emulation, Firmware, emulate};
#[cfg(not(target_os = "none"))]
pub use record::Record;
#[cfg(not(target_os = "none"))]
pub use simulate::{Simulation, simulate};
