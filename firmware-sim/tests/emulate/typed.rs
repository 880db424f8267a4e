//! Every input type with every head on the emulated boards: every output word is the simulation's, and one firmware answers
//! all of them in one boot.

use crate::firmware;
use crate::typed_models::{Typed, examples, typed, windows};
use foldnet_core::Model;
use foldnet_sim::AlignedBytes;
use foldnet_sim::emulate::{Answer, run_all};
use foldnet_sim::job::{Job, score, verdict};
use foldnet_sim::simulate::simulate_each;
use std::time::Duration;

/// Examples for each model.
const EXAMPLES: usize = 12;

/// The simulation's result for every example: the verdict, and all output words.
fn expected(of: Typed, seed: u32) -> Vec<(u32, Vec<u32>)> {
    let bytes = AlignedBytes::from_vec(typed(of, seed));
    let mut found = Vec::new();
    simulate_each(
        &Model::parse(&bytes).unwrap(),
        windows(&examples(of.kind, EXAMPLES, seed)),
        &mut |_, answer, outputs| {
            let words = outputs.words().iter().copied().chain(score(answer).into_iter().flatten());
            found.push((verdict(answer), words.collect()));
        },
    );
    found
}

/// All models in the flash of `board`, one after the other, with a job for each.
fn check(board: &str) {
    let (mut flash, mut jobs, all) = (Vec::new(), Vec::new(), Typed::all().zip(1..).collect::<Vec<_>>());
    for &(of, seed) in &all {
        let bytes = examples(of.kind, EXAMPLES, seed).view().to_le_bytes();
        let example_len = (bytes.len() / EXAMPLES) as u32;
        let (model_offset, scratch_limit, timed_layer) = (flash.len() as u32, u32::MAX, Job::ALL_LAYERS);
        let examples = EXAMPLES as u32;
        jobs.push((Job { examples, example_len, model_offset, scratch_limit, timed_layer, more: false }, bytes));
        flash.extend(typed(of, seed));
        flash.resize(flash.len().next_multiple_of(16), 0xFF);
    }
    let runs = run_all(&firmware(board), &flash, &jobs, Duration::from_secs(60));
    let runs = runs.unwrap_or_else(|error| panic!("{board}: {error}"));
    assert_eq!(runs.len(), all.len(), "{board}");
    for (run, (of, seed)) in runs.iter().zip(all) {
        let found = run.answers.iter().map(|Answer { verdict, words, .. }| (*verdict, words.clone()));
        assert_eq!(found.collect::<Vec<_>>(), expected(of, seed), "{board}: {of:?}");
    }
}

#[test]
fn the_m4f_takes_every_type_and_gives_every_answer() {
    check("netduinoplus2");
}

#[test]
fn the_m0_takes_every_type_and_gives_every_answer() {
    check("microbit");
}

#[test]
fn riscv_takes_every_type_and_gives_every_answer() {
    check("riscv32");
}

#[test]
fn the_m3_takes_every_type_and_gives_every_answer() {
    check("mps2-an385");
}

#[test]
fn the_m33_takes_every_type_and_gives_every_answer() {
    check("mps2-an505");
}
