//! MLPerf Tiny's anomaly detector, 640-128x4-8-128x4-640, from its Keras file to emulated boards with the `i8` inputs that the
//! benchmark gives: sizes, scores beside those of the float network, and every output equal to the simulation's.
//!
//! Runs where `FOLDNET_MLPERF` names a folder with `ad01.h5`, `ad01_inputs.npy` `[N][640]` and `ad01_outputs.npy`, what the
//! network says of them.

use foldnet::compute::Fast;
use foldnet::deploy::export::{ExportPlan, export};
use foldnet::judge::evaluate::run_checkpoint;
use foldnet::judge::metrics::scores;
use foldnet::network::checkpoint::{Checkpoint, Hints, Input, PixelStatistics};
use foldnet_core::Model;
use foldnet_data::{InputType, Shape, TargetsRef, ValuesRef, View, Wanted, read_inputs};
use foldnet_sim::board::by_name;
use foldnet_sim::emulate::{Task, bare_sizes};
use foldnet_sim::{AlignedBytes, Firmware, emulate, simulate};
use std::path::{Path, PathBuf};

/// Values of a window.
const INPUTS: usize = 640;

/// Bytes of the model at 8 bits, at most; its weights are 270,624.
const MODEL_BYTES: usize = 295_000;

/// The same with firmware on a Cortex-M4F, without the test harness.
const FLASH_BYTES: usize = 310_000;

/// RAM at most, in bytes: the window, scratch memory, stack and statics.
const RAM_BYTES: usize = 7_500;

/// Where the benchmark is; without it nothing is tested, which is said.
fn folder() -> Option<PathBuf> {
    let found = std::env::var_os("FOLDNET_MLPERF").map(PathBuf::from);
    if found.is_none() {
        println!("skipped: FOLDNET_MLPERF names no folder with ad01.h5, ad01_inputs.npy and ad01_outputs.npy");
    }
    found
}

/// An array `[N][640]` of floats.
fn array(path: &Path) -> Vec<f32> {
    let wanted = Wanted { input: InputType::F32, shape: Shape::features(INPUTS), channels: &[], step: None };
    read_inputs(path, &wanted).unwrap_or_else(|error| panic!("{error}")).inputs.view().to_f32()
}

fn view<'a>(inputs: ValuesRef<'a>) -> View<'a> {
    View { inputs, targets: TargetsRef::None, shape: Shape::features(INPUTS) }
}

/// The windows with these numbers.
fn picked<T: Copy>(values: &[T], first: usize) -> Vec<T> {
    values.chunks_exact(INPUTS).skip(first).step_by(2).flatten().copied().collect()
}

/// The network, its windows as `i8`, and what it says of them as floats.
struct Benchmark {
    checkpoint: Checkpoint,
    /// `[N][640]`
    inputs: Vec<i8>,
    /// `[N]`
    scores: Vec<f32>,
}

impl Benchmark {
    fn read(folder: &Path) -> Self {
        let checkpoint = Checkpoint::read(&folder.join("ad01.h5"), &Hints::default());
        let mut checkpoint = checkpoint.unwrap_or_else(|error| panic!("{error}"));
        let (floats, outputs) = (array(&folder.join("ad01_inputs.npy")), array(&folder.join("ad01_outputs.npy")));
        let run = run_checkpoint(&checkpoint, view(ValuesRef::F32(&floats)), &Fast::new(1));
        let apart = run.logits.iter().zip(&outputs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-3, "imported, an output is {apart} from the network's own");
        let scores = scores(&outputs, &floats, INPUTS);
        // As the benchmark feeds them: one scale, here from the range of the even windows.
        let even = picked(&floats, 0);
        let (low, high) = even.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
        let scale = (high - low) / 255.0;
        let zero = (-128.0 - low / scale).round();
        let inputs = floats.iter().map(|x| (x / scale + zero).round() as i8).collect();
        checkpoint.pixels = PixelStatistics::Values { mean: vec![zero; INPUTS], std: vec![1.0 / scale; INPUTS] };
        checkpoint.about.input = Input(InputType::I8);
        Self { checkpoint, inputs, scores }
    }

    /// Exports at `bits`, calibrated on the even windows, and compares the scores of the odd ones.
    fn check(&self, bits: u8, most_apart: f32, boards: &[&str]) -> AlignedBytes {
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
            "{bits} bits: {} bytes, scores of {} windows {mean:.5} from float's in the mean, {worst:.5} at most",
            bytes.len(),
            apart.len()
        );
        boards.iter().for_each(|board| run(board, &bytes, test));
        assert!(
            apart.len() > 50 && worst <= most_apart,
            "{bits} bits: a score is {worst} from that of the float network"
        );
        bytes
    }
}

/// All outputs and scores of `board` are the simulation's, in as much memory as a small part has.
fn run(board: &str, model: &[u8], examples: View) {
    let firmware = Firmware::build(by_name(board).unwrap()).unwrap_or_else(|error| panic!("{board}: {error}"));
    let task = Task { firmware: &firmware, model, examples, layers: false };
    let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{board}: {error}"));
    let (mean, flash, ram) = (run.instructions.mean, run.flash.total(), run.ram);
    println!("{board}: {mean:.0} instructions, flash {flash}, RAM {} ({ram:?}), kernel {}", ram.total(), run.kernel);
    assert_eq!(run.first_difference, None, "{board}");
    assert!(ram.total() <= RAM_BYTES, "{board}: RAM {}", ram.total());
}

#[test]
fn the_anomaly_detector_scores_as_its_float_network() {
    let Some(folder) = folder() else { return };
    let benchmark = Benchmark::read(&folder);
    let boards = ["netduinoplus2", "mps2-an385-m0", "riscv32"];
    let model = benchmark.check(8, 0.01, &boards);
    let firmware = bare_sizes(by_name(boards[0]).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    println!("{} bytes, with firmware {}", model.len(), model.len() + firmware.flash);
    assert!(model.len() <= MODEL_BYTES && model.len() + firmware.flash <= FLASH_BYTES, "{} bytes", model.len());
    benchmark.check(4, 0.03, &boards);
}
