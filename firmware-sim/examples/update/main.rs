//! Firmware that replaces its own model in the field: it boots the newest model in flash and classifies an image,
//! writes another model into the slot that is not running, boots again and classifies the same image. If power fails in
//! between, the old model answers.
//!
//! Image and new model arrive over semihosting, as described in [`foldnet_sim::update`]; in a product they would arrive
//! over radio or a cable. The flash driver is in `arch/`: for an nRF51 (microbit), or RAM of an FPGA board that behaves
//! like flash. Like [`bare`](../bare/main.rs), it is linked so that it cannot contain a panic, including the slot
//! writer. `foldnet_sim::emulate::run_update` builds and runs it; by hand:
//!
//! `FOLDNET_BOARD=microbit cargo build --profile firmware -p foldnet-sim --example update --features update --target thumbv6m-none-eabi`
#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod arch;

use arch::Flash;
use embedded_storage::nor_flash::NorFlashErrorKind;
use foldnet_core::slot::{self, Running, WriteError, Writer};
use foldnet_core::{Inference, Refusal};
use foldnet_sim::arch::memory::{self, Parts};
use foldnet_sim::arch::semihosting::{File, exit};
use foldnet_sim::exit::Exit;
use foldnet_sim::job::Booted;
use foldnet_sim::update::{Outcome, UpdateJob};

/// Number of bytes received at once.
const PIECE: usize = 100;

foldnet_sim::entry!(main);

fn main() -> ! {
    memory::paint_stack();
    exit(run().err().unwrap_or(Exit::Done).code())
}

fn run() -> Result<(), Exit> {
    let mut received = File::open(c"job").map_err(|_| Exit::Job)?;
    let mut results = File::create(c"results").map_err(|_| Exit::Results)?;
    let mut words = [0; UpdateJob::WORDS];
    received.read_words(&mut words).map_err(|_| Exit::Job)?;
    let job = UpdateJob::from_words(words).ok_or(Exit::Job)?;
    let free = memory::take_free().ok_or(Exit::Panic)?;
    let mut free = memory::split(free, job.image_len as usize);
    received.read(free.example).map_err(|_| Exit::Job)?;
    let mut flash = Flash::take(job.power_fails_at).ok_or(Exit::Fault)?;
    let running = boot(flash.bytes(), &mut free, &mut results)?;
    let outcome = match replace(&mut flash, running, &mut received, job.model_len) {
        Ok(_) => Outcome::Written,
        Err(error) => outcome(&error),
    };
    results.write_words(&[outcome as u32, flash.operations()]).map_err(|_| Exit::Results)?;
    // Like after a reset: nothing from the first boot is reused.
    boot(flash.bytes(), &mut free, &mut results)?;
    memory::stack_peak().map(drop).ok_or(Exit::Stack)
}

/// Opens the newest complete model, and classifies the image.
fn boot(flash: &[u8], free: &mut Parts<u8>, results: &mut File) -> Result<Running, Exit> {
    let found = slot::boot(flash, &memory::room())?;
    let booted = Booted::of(&found);
    let mut inference = Inference::<u8>::new(found.model, free.scratch).map_err(|_| Exit::Refused(Refusal::Scratch))?;
    inference.run(free.example).map_err(|_| Exit::Job)?;
    let logits = inference.outputs().words();
    results
        .write_words(&booted.words())
        .and_then(|()| results.write_words(&[logits.len() as u32]))
        .and_then(|()| results.write_words(logits))
        .map_err(|_| Exit::Results)?;
    Ok(found.running)
}

/// Receives a model of `len` bytes, a piece at a time, into the slot that is not running.
fn replace(
    flash: &mut Flash,
    running: Running,
    received: &mut File,
    len: u32,
) -> Result<Running, WriteError<NorFlashErrorKind>> {
    let mut writer = Writer::new(flash, 0, &memory::room(), Some(running), len)?;
    let (mut left, mut piece) = (len as usize, [0; PIECE]);
    while left > 0 {
        let bytes = piece.get_mut(..left.min(PIECE)).unwrap_or_default();
        if received.read(bytes).is_err() {
            break;
        }
        writer.write(bytes)?;
        left -= bytes.len();
    }
    writer.finish()
}

fn outcome<E>(error: &WriteError<E>) -> Outcome {
    match error {
        WriteError::TooLarge { .. } => Outcome::TooLarge,
        WriteError::NoFreeSlot => Outcome::NoFreeSlot,
        WriteError::Borders => Outcome::Borders,
        WriteError::TooMany => Outcome::TooMany,
        WriteError::TooFew { .. } => Outcome::TooFew,
        WriteError::Damaged => Outcome::Damaged,
        WriteError::Header => Outcome::Header,
        WriteError::Flash(_) => Outcome::Flash,
        WriteError::Unconfirmed => Outcome::Unconfirmed,
    }
}
