//! Accelerometer samples arrive one at a time; every sixteenth completes a window, and the model classifies the kind of
//! motion it is. See README.md.
#![no_std]
#![no_main]

mod arch;

use arch::Accelerometer;
use core::fmt::Display;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS, exit};
use cortex_m_semihosting::hprintln as println;
use foldnet_core::Model;
use foldnet_core::infer::{Answer, Inference, Window};
use foldnet_core::model::Aligned;
use panic_semihosting as _;

/// Values per sample: x, y, z.
const CHANNELS: usize = 3;

/// Samples of a window and between two windows: `--window` and `--step` of the training.
const WINDOW: usize = 64;
const STEP: usize = 16;

/// As printed by `foldnet export`.
const SCRATCH_WORDS: usize = 512;

/// The model, in flash.
static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("MODEL")));

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut scratch = [0; SCRATCH_WORDS];
    match open(&mut scratch) {
        Some(inference) => watch(inference),
        None => exit(EXIT_FAILURE),
    }
    exit(EXIT_SUCCESS);
    loop {
        cortex_m::asm::wfi();
    }
}

/// The model, ready to run; if it cannot run, prints the reason and returns `None`.
fn open(scratch: &mut [u32]) -> Option<Inference<'_, i16>> {
    let model = Model::parse(&MODEL.0).map_err(say).ok()?;
    if model.inputs() != WINDOW * CHANNELS {
        println!("the model takes {} values, and a window has {}", model.inputs(), WINDOW * CHANNELS);
        return None;
    }
    Inference::new(model, scratch).map_err(say).ok()
}

/// Answers every window of the stream, until it ends.
fn watch(mut inference: Inference<i16>) {
    let mut buffer = [0; WINDOW * CHANNELS];
    let mut window = Window::new(&mut buffer, CHANNELS, STEP);
    let mut sensor = Accelerometer::new();
    while let Some(sample) = sensor.sample() {
        if let Some(example) = window.push(&sample) {
            match inference.run(example) {
                Ok(answer) => say_answer(answer, inference.model()),
                Err(error) => say(error),
            }
        }
    }
}

fn say_answer(answer: Answer, model: &Model) {
    match answer {
        Answer::Class(class) => println!("{}", model.labels().nth(class).unwrap_or("no name")),
        Answer::Score { score, above } => println!("{} {}", score.value(), if above { "abnormal" } else { "normal" }),
        Answer::Values => println!("the model estimates values, which this firmware does not print"),
    }
}

fn say(error: impl Display) {
    println!("{}", error);
}
