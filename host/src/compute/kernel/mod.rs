//! The code where `unsafe` is allowed: vector code chosen at run time, the product of two matrices, and the team of
//! threads.
#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod isa;
mod panels;
mod product;
mod team;
mod tiles;
mod vectors;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub(super) use isa::Available;
pub use isa::Isa;
pub(super) use product::Product;
pub(super) use team::Team;
pub(super) use tiles::InTiles;
pub(super) use vectors::Closure;
