//! One model on one board, compared with the simulation example by example.

use super::cycles::Cycles;
use super::error::EmulateError;
use super::expected::Expected;
use super::firmware::Firmware;
use super::qemu::{Request, Run, STALL_LIMIT, run};
use super::results::Answer;
use crate::aligned::AlignedBytes;
use crate::board::{Board, example_bytes};
use crate::job::{Booted, CALIBRATION, Job};
use crate::metrics::{Metrics, correct};
use crate::simulate::{Simulation, WordsDigest};
use foldnet_core::Model;
use foldnet_core::slot::HEADER_LEN;
use foldnet_data::View;
use serde::{Deserialize, Serialize};

/// The run to make.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The firmware, with the board it was built for.
    pub firmware: &'a Firmware,
    /// Bytes of the model file.
    pub model: &'a [u8],
    /// At least one, of the model's type and number of values.
    pub examples: View<'a>,
    /// Whether to also count the instructions of each layer, each in a separate run over all examples: see [`runs`].
    pub layers: bool,
}

/// Result of a run on an emulated board.
#[derive(Debug, Clone, PartialEq)]
pub struct Emulation {
    /// Number of examples answered.
    pub images: usize,
    /// See [`crate::Simulation`].
    pub correct: usize,
    /// See [`crate::Simulation`].
    pub classes: Vec<u16>,
    /// See [`crate::Simulation`]; computed from the board's words.
    pub logits_sha256: String,
    /// The first example whose class, score or any output differs from the simulation's; `None` if all are equal.
    pub first_difference: Option<usize>,
    /// The simulation with the metrics of the task, if all answers are equal.
    pub simulation: Option<Simulation>,
    /// The model that ran.
    pub booted: Booted,
    /// Name of the kernel that ran.
    pub kernel: String,
    /// The compiler of the firmware, see [`Firmware::compiler`].
    pub compiler: Option<String>,
    /// From raw values to the answer.
    pub instructions: Instructions,
    /// `[layers]`, each layer by itself with the code leading to it, which adds up to slightly more than the whole;
    /// empty if not requested.
    pub layers: Vec<Instructions>,
    /// Cycles from the plugin's model; `None` if not requested.
    pub cycles: Option<Cycles>,
    /// Their mean in milliseconds, if the board's clock is known.
    pub ms: Option<f64>,
    /// Wait states used by the model.
    pub wait_states: Option<u32>,
    /// Flash in use.
    pub flash: FlashUse,
    /// RAM in use.
    pub ram: RamUse,
}

/// Instructions per example.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Instructions {
    /// Mean over the examples.
    pub mean: f64,
    /// The fewest for any example.
    pub min: u64,
    /// The most for any example.
    pub max: u64,
}

/// Flash in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlashUse {
    /// The firmware: vector table, code, constants, with the test harness.
    pub firmware: usize,
    /// The model's slot: its header and the model file.
    pub model: usize,
}

/// RAM in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RamUse {
    /// The firmware's statics.
    pub statics: usize,
    /// One example.
    pub image: usize,
    /// Scratch memory of inference.
    pub scratch: usize,
    /// Measured peak of the stack, including parsing.
    pub stack_peak: usize,
}

impl Emulation {
    /// Whether the classes, scores and all outputs of all examples equal the simulation's.
    pub fn identical(&self) -> bool {
        self.first_difference.is_none()
    }

    /// Fraction of examples whose class is correct, 0 to 1.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.images.max(1) as f64
    }
}

impl Emulation {
    /// The metrics of the task; `None` if the labels are unknown, or an answer differs from the simulation's.
    pub fn metrics(&self) -> Option<&Metrics> {
        self.simulation.as_ref()?.metrics.as_ref()
    }
}

impl FlashUse {
    /// The total.
    pub fn total(&self) -> usize {
        self.firmware + self.model
    }
}

impl RamUse {
    /// The total.
    pub fn total(&self) -> usize {
        self.statics + self.image + self.scratch + self.stack_peak
    }
}

/// Number of runs over all examples: one from raw values to answer, and with `layers` one more for each layer.
pub fn runs(model: &Model, layers: bool) -> usize {
    1 + if layers { model.header().layers.len() } else { 0 }
}

/// Runs `task`; `progress` repeatedly receives the number of finished examples, summed over all [`runs`].
///
/// # Errors
/// See [`EmulateError`]. A difference between board and PC is not an error: see [`Emulation::identical`].
///
/// # Panics
/// If the examples do not have the model's type and number of values: see [`crate::simulate()`].
pub fn emulate(task: &Task, progress: &mut dyn FnMut(usize)) -> Result<Emulation, EmulateError> {
    let bytes = AlignedBytes::from_slice(task.model);
    let model = Model::parse(&bytes)?;
    task.firmware.board().fit(&model)?;
    emulate_expected(task, &model, &Expected::of(&model, task.examples), progress)
}

/// [`emulate`] for a model that fits, with the simulation's results already known.
pub(super) fn emulate_expected(
    task: &Task,
    model: &Model,
    expected: &Expected,
    progress: &mut dyn FnMut(usize),
) -> Result<Emulation, EmulateError> {
    let mut all = run_timed(task, model, expected, Job::ALL_LAYERS, progress)?;
    for run in 1..runs(model, task.layers) {
        let done = run * task.examples.len();
        let one = run_timed(task, model, expected, run as u32 - 1, &mut |more| progress(done + more))?;
        all.first_difference = all.first_difference.or(one.first_difference);
        all.layers.push(one.instructions);
    }
    Ok(all)
}

/// One run over all examples, with the clock on `timed_layer`: see [`Job::timed_layer`].
fn run_timed(
    task: &Task,
    model: &Model,
    expected: &Expected,
    timed_layer: u32,
    progress: &mut dyn FnMut(usize),
) -> Result<Emulation, EmulateError> {
    let bytes = task.examples.inputs.to_le_bytes();
    let (examples, example_len) = (task.examples.len() as u32, example_bytes(model) as u32);
    // The amount that the PC computes for it.
    let scratch_limit = task.firmware.scratch_words(model) as u32;
    let job = Job { examples, example_len, model_offset: 0, scratch_limit, timed_layer, more: false };
    let image = task.firmware.board().slot_image(0, 1, task.model);
    let flash = image.unwrap_or_else(|| unreachable!("it fits, and so has a slot"));
    let request = Request { flash: &flash, job, examples: &bytes, stall_limit: STALL_LIMIT };
    let run = run(task.firmware, &request, progress)?;
    compare(task, model, expected, &run)
}

/// Compares the run with the simulation.
fn compare(task: &Task, model: &Model, expected: &Expected, run: &Run) -> Result<Emulation, EmulateError> {
    let mut digest = WordsDigest::default();
    run.answers.iter().for_each(|answer| digest.add(&answer.words[..model.outputs().min(answer.words.len())]));
    let class = |answer: &Answer| u16::try_from(answer.verdict).unwrap_or(u16::MAX);
    let classes = run.answers.iter().filter(|_| model.classes() > 0).map(class).collect::<Vec<_>>();
    let first_difference = expected.first_difference(&run.answers);
    let sizes = task.firmware.sizes();
    Ok(Emulation {
        images: run.answers.len(),
        correct: correct(&classes, task.examples.targets.classes().unwrap_or_default()),
        classes,
        logits_sha256: digest.finish(),
        first_difference,
        simulation: first_difference.is_none().then(|| expected.simulation.clone()),
        booted: run.start.booted,
        kernel: run.start.kernel().to_owned(),
        compiler: task.firmware.compiler().map(str::to_owned),
        instructions: instructions(task.firmware.board(), run)?,
        layers: Vec::new(),
        cycles: run.cycles,
        ms: run.cycles.and_then(|cycles| cycles.milliseconds(task.firmware.board())),
        wait_states: run.cycles.map(|_| task.firmware.board().wait_states),
        flash: FlashUse { firmware: sizes.flash, model: HEADER_LEN + task.model.len() },
        ram: RamUse {
            statics: sizes.statics,
            image: example_bytes(model),
            scratch: task.firmware.scratch_words(model) * size_of::<u32>(),
            stack_peak: run.end.stack_peak as usize,
        },
    })
}

/// Converts ticks to instructions by the board's clock; the calibration must agree with it.
fn instructions(board: &Board, run: &Run) -> Result<Instructions, EmulateError> {
    let counts_instructions = board.target.starts_with("riscv");
    let clock_hz = board.qemu.map_or(0, |qemu| qemu.clock_hz);
    let per_tick = if counts_instructions { 1.0 } else { 1e9 / f64::from(clock_hz) };
    let calibrated = f64::from(run.start.calibration_ticks) * per_tick;
    if (calibrated / f64::from(CALIBRATION) - 1.0).abs() > 0.01 {
        return Err(EmulateError::Clock { board: board.name, expected: CALIBRATION, found: calibrated });
    }
    let ticks = || run.answers.iter().map(|answer| answer.ticks);
    let count = |ticks: Option<u32>| (f64::from(ticks.unwrap_or_default()) * per_tick).round() as u64;
    let total: u64 = ticks().map(u64::from).sum();
    let mean = total as f64 * per_tick / run.answers.len().max(1) as f64;
    Ok(Instructions { mean, min: count(ticks().min()), max: count(ticks().max()) })
}
