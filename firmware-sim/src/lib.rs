//! The device side of Foldnet: model bytes in, images in, classes and logits out.
//!
//! # Architecture
//!
//! ```text
//!                  ┌─────────────── app (no_std, knows foldnet-core alone) ───────────────┐
//! model in flash ──► open ──► App::new ──► step, step, ... ◄── Shell: images in, answers out
//!                  └──────────────────────────────────────────────────────────────────────┘
//!        PC shell: simulate (strict memory), board (what fits where), the command `foldnet-sim`
//! ```
//!
//! * [`app`]: the program every shell runs. What passes between trainer and device is the model file alone.
//! * `board` (PC): the boards that are known, their memory, and whether a model fits.
//! * `simulate` (PC): runs the app over many images, stricter than any chip, and digests the logits.
//! * `aligned` (PC): model bytes at an address that the parser accepts.
//!
//! # Who may know whom
//!
//! This crate knows `foldnet-core`, and on the PC `foldnet-data`; never the trainer.
#![cfg_attr(target_os = "none", no_std)]
#![deny(unsafe_code)]

pub mod app;

#[cfg(not(target_os = "none"))]
pub mod aligned;
#[cfg(not(target_os = "none"))]
pub mod board;
#[cfg(not(target_os = "none"))]
pub mod simulate;

#[cfg(not(target_os = "none"))]
pub use aligned::AlignedBytes;
#[cfg(not(target_os = "none"))]
pub use simulate::{Simulation, simulate};
