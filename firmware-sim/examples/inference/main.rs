//! The smallest firmware: one model at a fixed address in flash, with weights of one width. It reads an image from
//! memory and writes the class to memory. Its size is that of Foldnet's inference, plus a vector table and a reset
//! handler. Like `bare`, it cannot contain a panic.
//!
//! `FOLDNET_BOARD=netduinoplus2 cargo build --profile firmware -p foldnet-sim --example inference --no-default-features --features bare-metal,bits4 --target thumbv7em-none-eabihf`
#![no_std]
#![no_main]
#![deny(unsafe_code)]

#[path = "../bare/arch/mod.rs"]
mod arch;

use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering};
use foldnet_core::Inference;
use foldnet_core::slot::bare;
use foldnet_sim::arch::memory;

/// The most recent class, or [`NONE`]; for a debugger, or anything else that shares the memory.
static ANSWER: AtomicUsize = AtomicUsize::new(NONE);

/// Nothing was classified: there is no model, or no memory for it.
const NONE: usize = usize::MAX;

foldnet_sim::entry!(main);

fn main() -> ! {
    loop {
        ANSWER.store(classify().unwrap_or(NONE), Ordering::Relaxed);
    }
}

/// Classifies the image; the compiler must assume that something else wrote it into memory.
fn classify() -> Option<usize> {
    let model = bare(memory::model_flash()).ok()?;
    let memory = memory::split(memory::take_free()?, model.inputs());
    let image = black_box(memory.example);
    Inference::<u8>::new(model, memory.scratch).ok()?.run(image).ok()?.class()
}
