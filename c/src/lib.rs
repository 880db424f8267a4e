//! Foldnet for C: a model in flash is opened in the caller's memory, and runs in the caller's scratch memory. There is
//! no heap and no global state.
//!
//! * [`ffi`]: the functions of `include/foldnet.h`, and the only `unsafe`: each checks its pointers and lengths, and
//!   then calls `foldnet-core`.
//! * [`Status`]: their return values.
//!
//! The header is written by hand; a test compares it with [`ffi`] and [`Status`], name by name and type by type. On
//! bare metal, the archive includes the panic handler. Linking with the feature `prove-no-panic` proves that nothing in
//! it panics.
#![cfg_attr(target_os = "none", no_std)]
#![deny(unsafe_code)]

pub mod ffi;
#[cfg(test)]
mod header;
mod status;

pub use status::Status;
