//! Golden: `foldnet-core` trains as Keras does, variable by variable, step by step.
//!
//! The runs are every `*.json` in `tests/golden`, or in `$FOLDNET_GOLDEN` when that is set.

use foldnet::compute::Fast;
use foldnet_core::{Compute, Portable};
use foldnet_tests::compute::Split;
use foldnet_tests::golden::file::{Run, list, parse, read};
use foldnet_tests::golden::{Worst, repeat};
use foldnet_tests::tolerance::{GOLDEN_PROBABILITY, GOLDEN_VARIABLE};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    match std::env::var_os("FOLDNET_GOLDEN") {
        Some(folder) => folder.into(),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")),
    }
}

fn check<C: Compute>(name: &str, compute: &C) {
    let mut worst = Worst::default();
    for path in list(&folder()).unwrap() {
        let run = read(&path).unwrap();
        let of_run = repeat(&run, compute).unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name}: {}: {} steps, worst {of_run}", run.file, run.steps.len());
        worst = worst.max(of_run);
    }
    println!("{name}: worst of all: {worst}");
}

#[test]
fn golden_runs_with_portable_arithmetic() {
    check("portable", &Portable);
}

#[test]
fn golden_runs_split_over_threads() {
    check("3 parts", &Split(3));
}

#[test]
fn golden_runs_with_the_fast_arithmetic_of_the_pc() {
    for threads in [1, 2, 4] {
        let fast = Fast::new(threads);
        check(&fast.description(), &fast);
    }
}

const EXAMPLE: &str = include_str!("../../golden/bn_after_activation.json");

/// A tampered run does not pass, and the message says where.
fn refused(tamper: impl Fn(&mut Run), expected: &str) {
    let mut run = parse("example.json", EXAMPLE).unwrap();
    repeat(&run, &Portable).unwrap();
    tamper(&mut run);
    let error = repeat(&run, &Portable).unwrap_err();
    assert!(error.contains(expected), "{error}\ndoes not say\n{expected}");
}

/// Adds three times the tolerance, of the variable's largest magnitude, to element `index` of variable `name` after
/// the second step.
fn nudge(run: &mut Run, name: &str, index: usize) {
    let variable = run.variables.iter().find(|variable| variable.element(index).contains(name)).unwrap();
    let params = &mut run.steps[1].params;
    let largest = variable.places.iter().map(|&place| params[place].abs()).fold(0.0, f32::max);
    params[variable.places[index]] += 3.0 * GOLDEN_VARIABLE.value as f32 * largest;
}

#[test]
fn golden_a_value_just_beyond_the_tolerance_is_named() {
    refused(|run| nudge(run, "kernel", 7), "example.json: step 2, layer 1 (Dense), kernel[1][2]: ");
    refused(|run| nudge(run, "bias", 4), "example.json: step 2, layer 1 (Dense), bias[4]: ");
    for name in ["gamma", "beta", "moving_mean", "moving_variance"] {
        let place = format!("example.json: step 2, layer 0 (BatchNormalization), {name}[5]: ");
        refused(|run| nudge(run, name, 5), &place);
    }
    refused(|run| run.steps[0].params[0] = f32::NAN, "example.json: step 1, layer 0 (BatchNormalization), gamma[0]: ");
    refused(|run| run.steps[2].loss *= 1.0001, "example.json: step 3, loss: ");
    refused(|run| run.steps[2].accuracy += 0.5, "example.json: step 3, accuracy: ");
    refused(|run| run.steps[0].y[0] ^= 1, "example.json: step 1, ");
    let probability = |run: &mut Run| run.probabilities[9] += 2.0 * GOLDEN_PROBABILITY.value as f32;
    refused(probability, "example.json: inference, example 2, class 1: ");
}

/// A file that is not, or only nearly, a golden run is refused by name.
fn unread(from: &str, to: &str, expected: &str) {
    assert!(EXAMPLE.contains(from), "{from}");
    let error = parse("example.json", &EXAMPLE.replacen(from, to, 1)).unwrap_err();
    assert!(error.starts_with("example.json: ") && error.contains(expected), "{error}\ndoes not say\n{expected}");
}

#[test]
fn golden_files_that_are_not_whole_are_refused() {
    unread("{", "[", "not a golden run");
    unread("\"steps\"", "\"stepz\"", "missing field `steps`");
    unread("\"BatchNormalization\"", "\"LayerNormalization\"", "LayerNormalization");
    unread("\"gamma\"", "\"gemma\"", "initial: layer 0 (BatchNormalization), gamma is missing");
    unread("\"gamma\": [", "\"gamma\": [1.0, ", "gamma has 7 values instead of 6");
    unread("\"units\": 5", "\"units\": 4", "kernel has 30 values instead of 24");
    unread("\"x\": [[", "\"x\": [[1.0, ", "step 1: the values must be");
}

#[test]
fn golden_no_file_is_a_failure() {
    let missing = list(Path::new("no such folder")).unwrap_err();
    assert!(missing.contains("no such folder: cannot be listed"), "{missing}");
    let empty = list(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))).unwrap_err();
    assert!(empty.contains("no golden run"), "{empty}");
}
