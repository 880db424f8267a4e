//! Core's own tests on emulated boards: all of them, by name where one fails, and steps of training to the bit.

use crate::KINDS;
use foldnet_core::cases::{CASES, TRAINING_BUFFERS, steps_to_the_bit};
use foldnet_sim::Firmware;
use foldnet_sim::board::by_name;
use foldnet_sim::cases::{CasesJob, Trouble};
use foldnet_sim::emulate::{CasesRun, EmulateError, run_cases};
use foldnet_sim::exit::Exit;

/// Maximum stack of a case in bytes, including the loop around it. A training step takes less than 4 KB with any
/// optimizer: one or two stages are on the stack, whose size does not depend on the network.
fn most_stack(name: &str) -> u32 {
    if name.starts_with("training::") { TRAINING_BUFFERS as u32 + 4 * 1024 } else { 6 * 1024 }
}

/// Walks the table on `board`; the message of an error names the case.
fn walk(board: &str, job: CasesJob) -> Result<CasesRun, (String, EmulateError)> {
    let firmware = Firmware::build_cases(by_name(board).unwrap()).unwrap_or_else(|error| panic!("{board}: {error}"));
    println!("{board}: firmware of the cases {:?}", firmware.sizes());
    run_cases(&firmware, &job).map_err(|error| match error {
        EmulateError::Case { number, .. } => (format!("{board}: {}: {error}", CASES[number].0), error),
        _ => (format!("{board}: {error}"), error),
    })
}

fn check(board: &str) {
    let run = walk(board, CasesJob::default()).unwrap_or_else(|(message, _)| panic!("{message}"));
    assert_eq!((run.passed, run.stack_peaks.len()), (CASES.len(), CASES.len()), "{board}");
    for ((name, _), &peak) in CASES.iter().zip(&run.stack_peaks) {
        println!("{board}: {name}: {peak} bytes of stack");
        assert!((100..most_stack(name)).contains(&peak), "{board}: {name}: {peak} bytes of stack");
    }
    let mut expected = Vec::new();
    steps_to_the_bit(&mut |word| expected.push(word));
    println!("{board}: {} words of training", expected.len());
    let differing = expected.iter().zip(&run.training).position(|(pc, board)| pc != board);
    assert_eq!((differing, run.training.len()), (None, expected.len()), "{board}: the first word that differs");
}

#[test]
fn cases_pass_on_the_m4f() {
    check("netduinoplus2");
}

#[test]
fn cases_pass_on_the_m0() {
    check("microbit");
}

#[test]
fn cases_pass_on_the_m3_and_the_m33() {
    check("lm3s6965evb");
    check("mps2-an505");
}

#[test]
fn cases_pass_on_the_m55() {
    check("mps3-an547");
}

#[test]
fn cases_pass_on_riscv() {
    check("riscv32");
}

/// Replaces the middle case by a fault, which must be reported with that case's name as `expected`.
fn check_trouble(trouble: Trouble, expected: Exit) {
    let place = CASES.len() / 2;
    for board in KINDS {
        match walk(board, CasesJob { trouble: Some((place as u32, trouble)) }) {
            Err((message, EmulateError::Case { number, cause, .. })) => {
                assert!(number == place && message.contains(CASES[place].0), "{message}");
                assert!(matches!(*cause, EmulateError::Device(exit) if exit == expected), "{message}");
            }
            other => panic!("{board}: {trouble:?} is not reported as expected: {other:?}"),
        }
    }
}

#[test]
fn cases_that_panic_are_named() {
    check_trouble(Trouble::Panic, Exit::Panic);
}

#[test]
fn cases_that_fault_are_named() {
    check_trouble(Trouble::Fault, Exit::Fault);
}

#[test]
fn cases_that_outgrow_the_stack_are_named() {
    check_trouble(Trouble::Stack, Exit::Stack);
}
