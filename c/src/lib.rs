//! Foldnet for C: a model in flash is opened in memory of the caller, and runs in scratch memory of the caller. No heap,
//! no state of its own.
//!
//! * [`ffi`]: the functions of `include/foldnet.h`, and the only `unsafe`: each checks its pointers and lengths, and then
//!   calls `foldnet-core`.
//! * [`Status`]: what they return.
//!
//! The header is written by hand; a test compares it with [`ffi`] and [`Status`], name by name and type by type.
//! On bare metal the archive has the panic handler of its program; that nothing in it panics is proven by linking (the
//! feature `prove-no-panic`).
#![cfg_attr(target_os = "none", no_std)]
#![deny(unsafe_code)]

pub mod ffi;
#[cfg(test)]
mod header;
mod status;

pub use status::Status;
