//! The device side of Foldnet: model bytes in, raw values in, answers out.
//!
//! # Architecture
//!
//! ```text
//!                  ┌─────────────── app (no_std, knows foldnet-core alone) ───────────────┐
//! model in flash ──► boot ──► App::new ──► step, step, ... ◄── Shell: examples in, answers out
//!                  └──────────────────────────────────────────────────────────────────────┘
//!        PC shell: simulate (strict memory), emulate (the firmware under QEMU), the command `foldnet-sim`
//!        bare-metal shell: semihosting, clock, stack paint; the firmware of the same name
//! ```
//!
//! * [`app`]: the program every shell runs. What passes between trainer and device is the model file alone.
//! * [`exit`], [`job`], [`cases`], [`update`]: what the firmware and the PC say to each other.
//! * `arch` (device): memory, the debugger's files and a clock; the only `unsafe`.
//! * `emulate` (PC): builds the firmware, runs it under QEMU, compares every output with the simulation.
//! * `board` (PC): the boards that are known, their memory, and whether a model fits.
//! * `simulate` (PC): runs the app over many examples, stricter than any chip, and digests the outputs.
//! * `conversion` (PC): what it costs a device to make activations of raw values, for the trainer, too.
//! * `metrics` (PC): what answers are worth, in the measures of their task, for the trainer, too.
//! * `write` (PC): files that are written whole or not at all, for the trainer, too.
//! * `record` (PC): what the command prints for programs, to be written and read.
//! * `manual` (PC): completions and man pages, for the trainer's command line, too.
//! * `print` (PC): one line for an error, and what became of standard output, for the trainer's command line, too.
//! * `aligned` (PC): model bytes at an address that the parser accepts.
//!
//! # Who may know whom
//!
//! This crate knows `foldnet-core`, and on the PC `foldnet-data`; never the trainer.
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
pub mod emulate;
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
pub mod write;

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
