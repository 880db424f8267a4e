//! Opens the newest model in flash, classifies one image, and reports the class and the number of cycles
//! that it took. With a probe on an STM32F405: `cargo run --release`. See docs/on-a-board.md of Foldnet.
#![no_std]
#![no_main]

mod arch;

use cortex_m::Peripherals;
use cortex_m::peripheral::DWT;
use foldnet_core::Model;
use foldnet_core::infer::{Answer, Inference};
use foldnet_core::slot::{Room, boot};
#[cfg(feature = "semihosting")]
use {cortex_m_semihosting::hprintln as println, panic_semihosting as _};
#[cfg(feature = "rtt")]
use {defmt::println, defmt_rtt as _, panic_probe as _};

/// The largest erase block in the models' flash.
const ERASE_BLOCK: u32 = 128 * 1024;

/// Scratch memory in words; the notebook's network takes 691 of them on this processor.
const SCRATCH_WORDS: usize = 1024;

/// An image as from a camera, one byte per pixel: the first test image of Fashion-MNIST, an ankle boot.
static IMAGE: &[u8] = include_bytes!("../image.raw");

#[cortex_m_rt::entry]
fn main() -> ! {
    let flash = arch::model_flash();
    let room = Room::halves(flash.as_ptr() as u32, flash.len() as u32, ERASE_BLOCK);
    match boot(flash, &room) {
        Ok(boot) => classify(boot.model),
        Err(error) => println!("no model: {}", error),
    }
    #[cfg(feature = "semihosting")]
    cortex_m_semihosting::debug::exit(cortex_m_semihosting::debug::EXIT_SUCCESS);
    loop {
        cortex_m::asm::wfi();
    }
}

fn classify(model: Model) {
    let mut scratch = [0; SCRATCH_WORDS];
    let mut inference = match Inference::<u8>::new(model, &mut scratch) {
        Ok(inference) => inference,
        Err(error) => return println!("{}", error),
    };
    start_cycle_counter();
    let start = DWT::cycle_count();
    let answer = inference.run(IMAGE);
    let cycles = DWT::cycle_count().wrapping_sub(start);
    match answer {
        Ok(Answer::Class(class)) => {
            let name = inference.model().labels().nth(class).unwrap_or("no name");
            println!("class {} ({}), {} cycles", class, name, cycles);
        }
        Ok(_) => println!("the model is not a classifier"),
        Err(error) => println!("{}", error),
    }
}

/// QEMU does not emulate the counter, which stays 0 there.
fn start_cycle_counter() {
    if let Some(mut core) = Peripherals::take() {
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();
    }
}
