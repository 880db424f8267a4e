//! Quantization-aware training: a network of integers is trained as such, so that what is exported is what was trained.
//!
//! ```text
//! float network ─► fold ─► student (Dense of integers, BatchNormalization, u8 ReLU) ─► steps ─► deploy/quantize/trained.rs
//!                             student.rs                                             optimizer.rs   (the rows of a model file)
//! ```
//!
//! * The float network is folded to raw inputs first, so every placement of BatchNormalization is trained alike.
//! * Between each hidden Dense and its ReLU stands a BatchNormalization again. It absorbs the scale of each row, so the
//!   kernel holds the integers themselves and no step size has to be learned. The last Dense has a scale per row.
//! * A latent `p` in `-1..1` stands behind every weight `q = round(p Q)`, with `Q` the largest level of the width. The
//!   gradient passes straight through the rounding (Bengio, Léonard and Courville 2013).
//! * With a teacher the loss is `.3` cross-entropy and `.7 T^2` Kullback-Leibler divergence to the teacher's softmax at
//!   `T = 3` (Hinton, Vinyals and Dean 2015); of values `.3` squared error and `.7` to the teacher's values.
//! * Inputs of other types than `u8` become bytes first, by windows that are chosen before and kept in the checkpoint.
//!   Values are trained standardized, and what reconstructs has its standardized inputs as targets; the head of the model
//!   makes real values and scores of them.
//!
//! Validation and evaluation run the model file by the device's own code.

mod optimizer;
mod student;

pub use student::{Student, student};

#[cfg(test)]
mod tests;

use super::answers::standardized_outputs;
use super::fit::{Config, Epoch, Loop, Observer, Start, State, TrainError};
use super::method::Method;
use super::schedule::{Decay, Schedule};
use crate::deploy::fold::fold;
use crate::deploy::quantize::raise_steps;
use crate::deploy::trained::integer_model;
use crate::judge::evaluate::run_checkpoint;
use crate::network::checkpoint::Checkpoint;
use crate::network::open::ImageSize;
use anyhow::{Context, bail};
use foldnet_core::{Compute, Layer};
use foldnet_data::{Task, View};
use optimizer::Latents;

/// How to train in integers.
#[derive(Debug, Clone)]
pub struct Quantize {
    /// Bits of the weights: one number for all layers, or one for each.
    pub bits: Vec<u8>,
    /// The network whose outputs are learned, too.
    pub teacher: Option<Checkpoint>,
}

/// The learning rate where the command line gives none: the fewer bits, the more has to move.
pub fn default_learning_rate(bits: &[u8]) -> f32 {
    match bits.iter().min() {
        Some(2) => 0.03,
        _ => 0.01,
    }
}

/// Examples that statistics, scales and steps are started from; more change nothing that can be measured.
const EXAMPLES: usize = 10_000;

/// The student that training starts from, where `network` and its teacher are of a kind that it can have.
///
/// # Errors
/// In one line, with what to do instead, when they are not; and as [`student()`].
pub fn begin<C: Compute>(network: &Checkpoint, how: &Quantize, train: View, compute: &C) -> anyhow::Result<Student> {
    check(network, how)?;
    let some = train.slice(0..train.len().min(EXAMPLES));
    student(network, &how.bits, network.seen(some).view(), compute)
}

/// Whether `network` and its teacher are of a kind that can be trained so.
///
/// # Errors
/// When the network is of integers already, cannot be folded, or has not as many layers as there are widths; and when the
/// teacher is of other examples.
pub fn check(network: &Checkpoint, how: &Quantize) -> anyhow::Result<()> {
    if network.about.quantized.is_some() {
        bail!(
            "--bits: the network of --init was trained in integers already; give the float network that it came from"
        );
    }
    let folded = fold(network).context("this network cannot be trained in integers")?;
    student::bits_per_layer(&how.bits, folded.len())?;
    how.teacher.as_ref().map_or(Ok(()), |teacher| check_teacher(network, teacher))
}

/// # Errors
/// When the outputs of `teacher` are not those of `network` for the same examples.
fn check_teacher(network: &Checkpoint, teacher: &Checkpoint) -> anyhow::Result<()> {
    let kind = |of: &Checkpoint| (of.about.task, ImageSize::of(of).pixels, of.about.input.0, of.classes());
    if kind(network) != kind(teacher) {
        let words = |of: &Checkpoint| {
            let (values, input, outputs) = (ImageSize::of(of).pixels, of.about.input.0, of.classes());
            format!("{values} {} inputs and {outputs} outputs", input.name())
        };
        bail!(
            "--distill: a network of {}, the one of --init has {}; give one that was trained on the same set",
            words(teacher),
            words(network)
        );
    }
    Ok(())
}

/// What `teacher` answers to `train`, `[N][O]`, as `student` is to answer it.
fn lesson<C: Compute>(student: &Checkpoint, teacher: &Checkpoint, train: View, compute: &C) -> Vec<f32> {
    let found = run_checkpoint(teacher, train, compute).logits;
    match student.about.task {
        // Two logits, of which the sigmoid's is the difference.
        Task::Classify if student.layers.last() == Some(&Layer::Sigmoid) => {
            found.chunks_exact(2).map(|two| two[1] - two[0]).collect()
        }
        Task::Classify => found,
        Task::Regress => standardized_outputs(student, found),
        Task::Reconstruct => {
            let (own, its) = (student.pixels.scaling(), teacher.pixels.scaling());
            let again = |(at, &y): (usize, &f32)| {
                let ((scale, shift), (its_scale, its_shift)) =
                    (own.affine(at % student.inputs), its.affine(at % student.inputs));
                ((f64::from(y) - its_shift) / its_scale * scale + shift) as f32
            };
            found.iter().enumerate().map(again).collect()
        }
    }
}

/// Trains `student` in place; `teacher` is a trained network of the same task and examples.
///
/// # Errors
/// When training diverges or is stopped, and where the observer fails; the student is then as it was at that moment.
pub fn fit_quantized<C: Compute>(
    student: &mut Student,
    teacher: Option<&Checkpoint>,
    config: &Config,
    [train, valid]: [View; 2],
    compute: &C,
    observer: &mut dyn Observer,
) -> Result<Vec<Epoch>, TrainError> {
    let teacher = teacher.map(|teacher| lesson(&student.network, teacher, train, compute));
    let schedule = Schedule { decay: Decay::Cosine, warmup: 0.0 };
    let config = Config { method: Method { schedule, ..Method::default() }, ..config.clone() };
    let state = State { optimizer: student.latents.clone(), ..State::default() };
    let rule = Latents::new(student);
    let settle = |network: &mut Checkpoint| {
        if let Some(quantized) = &mut network.about.quantized {
            quantized.scales = rule.scales();
        }
        raise_steps(network)?;
        integer_model(network).map(drop)
    };
    let start = Start { state, ..Start::default() };
    let network = &mut student.network;
    let steps = Loop::new(network, &config, start, &rule, [train, valid], compute)?;
    steps.of_integers(teacher, &settle).run(network, observer)
}
