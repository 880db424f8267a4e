//! MLPerf Tiny's anomaly detector, 640-128x4-8-128x4-640, from its Keras file to emulated boards with the `i8` inputs
//! that the benchmark gives: sizes, scores compared with the float network, and every output equal to the simulation's.
//!
//! Runs where `FOLDNET_MLPERF` names a folder with `ad01.h5`, `ad01_inputs.npy` `[N][640]` and `ad01_outputs.npy`, the
//! network's outputs for them in f64.

use crate::firmware;
use foldnet::compute::Fast;
use foldnet::deploy::export::{ExportPlan, export};
use foldnet::judge::metrics::scores;
use foldnet::network::checkpoint::{Checkpoint, Hints, InputScale};
use foldnet::run::run_checkpoint;
use foldnet_core::Model;
use foldnet_data::{Cut, InputType, Shape, TargetsRef, ValuesRef, View, Wanted, read_inputs};
use foldnet_sim::emulate::{Task, bare_sizes};
use foldnet_sim::{AlignedBytes, emulate, simulate};
use std::path::{Path, PathBuf};

/// Values of a window.
const INPUTS: usize = 640;

/// Bytes of the model at 8 bits, at most; its weights are 270,624.
const MODEL_BYTES: usize = 295_000;

/// The same with firmware on a Cortex-M4F, without the test harness.
const FLASH_BYTES: usize = 310_000;

/// RAM at most, in bytes: the window, scratch memory, stack and statics.
const RAM_BYTES: usize = 7_500;

/// Tolerance of the imported network's f32 outputs against f64, relative to the largest output: it computes in f32, as
/// Keras does, and numpy's f32 is 8e-5 off. (The importer's own test, in f64, has 3e-8.)
const IMPORTED: f32 = 3e-4;

/// The benchmark's folder; without it the tests are skipped with a message.
fn folder() -> Option<PathBuf> {
    let found = std::env::var_os("FOLDNET_MLPERF").map(PathBuf::from);
    if found.is_none() {
        eprintln!("skipped: FOLDNET_MLPERF names no folder with ad01.h5, ad01_inputs.npy and ad01_outputs.npy");
    }
    found
}

/// An array `[N][640]` of floats.
fn array(path: &Path) -> Vec<f32> {
    let wanted = Wanted {
        input: InputType::F32,
        shape: Shape::features(INPUTS),
        channels: &[],
        cut: Cut::default(),
        usual: Cut::default(),
    };
    read_inputs(path, &wanted).unwrap_or_else(|error| panic!("{error}")).inputs.view().to_f32()
}

fn view(inputs: ValuesRef<'_>) -> View<'_> {
    View { inputs, targets: TargetsRef::None, shape: Shape::features(INPUTS) }
}

/// Every other window, from this one on.
fn picked<T: Copy>(values: &[T], first: usize) -> Vec<T> {
    values.chunks_exact(INPUTS).skip(first).step_by(2).flatten().copied().collect()
}

/// The network, its windows as `i8`, and its float outputs for them.
struct Benchmark {
    checkpoint: Checkpoint,
    /// `[N][640]`
    inputs: Vec<i8>,
    /// `[N]`
    scores: Vec<f32>,
}

/// One scale for all values, as in the benchmark, derived from the range of the even windows.
fn scale(floats: &[f32]) -> InputScale {
    let even = picked(floats, 0);
    let (low, high) = even.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    let step = (high - low) / 255.0;
    InputScale { step, zero: (-128.0 - low / step).round() }
}

impl Benchmark {
    fn read(folder: &Path) -> Self {
        let (floats, outputs) = (array(&folder.join("ad01_inputs.npy")), array(&folder.join("ad01_outputs.npy")));
        let read = |hints| Checkpoint::read(&folder.join("ad01.h5"), &hints).unwrap_or_else(|error| panic!("{error}"));
        let run = run_checkpoint(&read(Hints::default()), view(ValuesRef::F32(&floats)), &Fast::new(1));
        let largest = outputs.iter().fold(0.0, |most: f32, y| most.max(y.abs()));
        let apart = run.logits.iter().zip(&outputs).map(|(a, b)| (a - b).abs() / largest).fold(0.0, f32::max);
        println!("imported, an output is {apart:e} of the largest from the network's own at most");
        assert!(apart < IMPORTED, "{apart}");
        let (scale, scores) = (scale(&floats), scores(&outputs, &floats, INPUTS));
        let inputs = floats.iter().map(|x| (x / scale.step + scale.zero).round() as i8).collect();
        let checkpoint = read(Hints { input: Some(InputType::I8), scale: Some(scale), ..Hints::default() });
        Self { checkpoint, inputs, scores }
    }

    /// Exports at `bits`, calibrated on the even windows; all outputs for the odd ones are the same on the `boards`, and their
    /// scores are no further from those of the float network than these shares, in the mean and at most.
    fn check(&self, bits: u8, [mean_apart, most_apart]: [f32; 2], boards: &[(&str, usize)]) -> AlignedBytes {
        let (even, odd) = (picked(&self.inputs, 0), picked(&self.inputs, 1));
        let (calibration, test) = (view(ValuesRef::I8(&even)), view(ValuesRef::I8(&odd)));
        let plan = ExportPlan { bits: &[bits], calibration, test, labels: &[] };
        let exported = export(&self.checkpoint, &plan, &Fast::new(1), &mut |_| ());
        let (bytes, _) = exported.unwrap_or_else(|error| panic!("{error:#}"));
        let found = simulate(&Model::parse(&bytes).unwrap(), test, &mut |_| ()).scores;
        let expected = self.scores.iter().skip(1).step_by(2);
        let apart: Vec<f32> = found.iter().zip(expected).map(|(found, score)| (found / score - 1.0).abs()).collect();
        let (worst, mean) = (apart.iter().copied().fold(0.0, f32::max), apart.iter().sum::<f32>() / apart.len() as f32);
        println!(
            "{bits} bits: {} bytes, {} scores {mean:.5} off in the mean, {worst:.5} at most",
            bytes.len(),
            apart.len()
        );
        assert!(apart.len() > 50 && mean <= mean_apart && worst <= most_apart, "{bits} bits: {mean} {worst}");
        boards.iter().for_each(|&(board, ram)| run(board, ram, &bytes, test));
        bytes
    }
}

/// All outputs and scores of `board` are the simulation's, in so much RAM.
fn run(board: &str, most_ram: usize, model: &[u8], examples: View) {
    let task = Task { firmware: firmware::of(board), model, examples, layers: false };
    let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{board}: {error}"));
    let (mean, flash, ram) = (run.instructions.mean, run.flash.total(), run.ram);
    println!("{board}: {mean:.0} instructions, flash {flash}, RAM {} ({ram:?}), kernel {}", ram.total(), run.kernel);
    assert_eq!(run.first_difference, None, "{board}");
    assert!(ram.total() <= most_ram, "{board}: RAM {}", ram.total());
}

#[test]
fn mlperf_s_anomaly_detector_scores_as_its_float_network() {
    let Some(folder) = folder() else { return };
    let benchmark = Benchmark::read(&folder);
    let boards = [("netduinoplus2", RAM_BYTES), ("mps2-an385-m0", 10_500), ("riscv32", 8_700)];
    let model = benchmark.check(8, [0.004, 0.01], &boards);
    let bare = bare_sizes(firmware::of(boards[0].0).board()).unwrap_or_else(|error| panic!("{error}"));
    println!("{} bytes, with firmware {}", model.len(), model.len() + bare.flash);
    assert!(model.len() <= MODEL_BYTES && model.len() + bare.flash <= FLASH_BYTES, "{} bytes", model.len());
    // The goal is at most 3 %; docs/mlperf-tiny.md explains why it is missed.
    benchmark.check(4, [0.0115, 0.06], &boards);
}
