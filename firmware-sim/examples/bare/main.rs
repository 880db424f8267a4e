//! Firmware without the test harness: runs the model from flash, reads an image from memory and writes the class to
//! memory. Its flash and RAM are what Foldnet takes on a device. It only links if it contains no panic.
//!
//! It leaves out the harness: files and exit codes over semihosting, the clock, the painted stack.
//!
//! `FOLDNET_BOARD=microbit cargo build --profile firmware -p foldnet-sim --example bare --no-default-features --features bare-metal,float,bits8,bits4,bits2 --target thumbv6m-none-eabi`
#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod arch;

use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering};
use foldnet_core::infer::{Answer, Outputs};
use foldnet_core::slot::boot;
use foldnet_sim::app::{App, Examples, Shell};
use foldnet_sim::arch::memory;
use foldnet_sim::exit::Exit;

/// The most recent class, or an exit code from [`FAILED`] on; for a debugger, or anything else that shares the memory.
static ANSWER: AtomicUsize = AtomicUsize::new(0);

/// Answers from here on are exit codes.
const FAILED: usize = 0x1_0000;

/// Whether a panic is inserted, to check that the proof would fail.
const PANICKING: bool = option_env!("FOLDNET_PANICKING").is_some();

foldnet_sim::entry!(main);

fn main() -> ! {
    let exit = run().err().unwrap_or(Exit::Done);
    loop {
        ANSWER.store(FAILED + usize::from(exit.code()), Ordering::Relaxed);
    }
}

fn run() -> Result<(), Exit> {
    let model = boot(memory::model_flash(), &memory::room())?.model;
    let memory = memory::split(memory::take_free().ok_or(Exit::Panic)?, model.inputs());
    App::new(&model, memory.scratch, memory.example)?.run(&mut Camera)?;
    Ok(())
}

/// An image sensor that writes into memory on its own.
struct Camera;

impl Examples<u8> for Camera {
    fn next_example(&mut self, image: &mut [u8]) -> Result<bool, Exit> {
        // As far as the compiler knows, others may write to it.
        let image = black_box(image);
        if PANICKING {
            // A deliberate panic, for the test of the proof.
            image[ANSWER.load(Ordering::Relaxed)] = 0;
        }
        Ok(true)
    }
}

impl Shell for Camera {
    type Error = Exit;

    fn answer(&mut self, answer: Answer, outputs: Outputs) -> Result<(), Exit> {
        black_box(outputs.words());
        ANSWER.store(answer.class().unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }
}
