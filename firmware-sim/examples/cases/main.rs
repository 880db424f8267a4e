//! Firmware that runs core's own tests on a board: `foldnet_core::cases::CASES`, the table that the PC's test also
//! runs, and training steps whose results must be bit-identical to the PC's.
//!
//! Files and exit codes go over semihosting, as described in [`foldnet_sim::cases`]. All flash belongs to the program,
//! and all RAM except the statics to its stack. `foldnet_sim::emulate::run_cases` builds and runs it; by hand:
//!
//! `FOLDNET_BOARD=microbit cargo build --profile firmware -p foldnet-sim --example cases --features cases --target thumbv6m-none-eabi`
//!
//! # The same for your own firmware
//!
//! 1. Write tests as plain functions that panic on failure, in a `no_std` module of your library behind a feature, and
//!    list them in a table: `pub const CASES: &[(&str, fn())] = &[("my_case", my_case)];`
//! 2. On the PC, one `#[test]` runs the table: `for (name, case) in CASES { println!("{name}"); case(); }`
//! 3. On the board, a test firmware like this one runs it. It tells the debugger the number of each case before the
//!    case begins, and the number of passed cases at the end; its panic handler exits with a code of its own.
//! 4. On the PC, another test runs that firmware under QEMU. The exit code must be 0, and the count the table's length:
//!    firmware that stops early without a message does not pass. The last reported number is the case that failed.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod arch;

use core::hint::black_box;
use core::panic::PanicInfo;
use foldnet_core::cases::{CASES, steps_to_the_bit};
use foldnet_sim::arch::memory;
use foldnet_sim::arch::semihosting::{File, exit};
use foldnet_sim::cases::{CasesJob, Trouble};
use foldnet_sim::exit::Exit;

foldnet_sim::entry!(main);

fn main() -> ! {
    exit(run().err().unwrap_or(Exit::Done).code())
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    exit(Exit::Panic.code())
}

fn run() -> Result<(), Exit> {
    let job = read_job()?;
    let mut results = File::create(c"results").map_err(|_| Exit::Results)?;
    let mut tell = |word| results.write_words(&[word]).map_err(|_| Exit::Results);
    tell(CASES.len() as u32)?;
    let mut passed = 0;
    for (number, (_, case)) in (0..).zip(CASES) {
        tell(number)?;
        memory::paint_stack();
        match job.trouble {
            Some((place, trouble)) if place == number => make(trouble),
            _ => case(),
        }
        tell(memory::stack_peak().ok_or(Exit::Stack)? as u32)?;
        passed += 1;
    }
    tell(passed)?;
    let mut told = Ok(());
    steps_to_the_bit(&mut |word| told = told.and_then(|()| tell(word)));
    memory::stack_peak().ok_or(Exit::Stack).and(told)
}

fn read_job() -> Result<CasesJob, Exit> {
    let mut words = [0; CasesJob::WORDS];
    File::open(c"job").and_then(|mut file| file.read_words(&mut words)).map_err(|_| Exit::Job)?;
    CasesJob::from_words(words).ok_or(Exit::Job)
}

/// Provokes a fault.
fn make(trouble: Trouble) {
    match trouble {
        Trouble::Panic => panic!("requested by the job"),
        Trouble::Fault => arch::fault(),
        Trouble::Stack => fill_stack(),
    }
}

/// Calls itself until little of the stack is left, and then writes beyond its end, but not beyond the bytes reserved
/// for statics below it.
#[inline(never)]
fn fill_stack() {
    let frame = black_box([0u32; 8]);
    if memory::stack_left() > 128 {
        fill_stack()
    } else {
        write_beyond()
    }
    black_box(frame);
}

/// Writes 160 contiguous bytes.
#[inline(never)]
fn write_beyond() {
    black_box([0u32; 40]);
}
