//! Quantization-aware training: a network of integers is trained as such, so that the exported weights are the trained
//! ones.
//!
//! ```text
//! float network ─► fold ─► student (Dense of integers, BatchNormalization, u8 ReLU) ─► steps ─► model/integer_layers.rs
//!                             student.rs                                             optimizer.rs   (the rows of a model file)
//! ```
//!
//! * The float network is first folded to raw inputs, so that training is the same for every placement of
//!   BatchNormalization.
//! * A new BatchNormalization is inserted between each hidden Dense and its ReLU. It absorbs the scale of each row, so
//!   the kernel holds the integers themselves and no step size has to be learned. The last Dense has a scale per row.
//! * Every weight `q = round(p Q)` has a latent `p` in `-1..1`, with `Q` the largest level of the width. The gradient
//!   passes straight through the rounding (Bengio, Léonard and Courville 2013).
//! * With a teacher, the loss is `.3` cross-entropy plus `.7 T^2` Kullback-Leibler divergence to the teacher's softmax
//!   at `T = 3` (Hinton, Vinyals and Dean 2015); for values it is `.3` squared error plus `.7` squared error to the
//!   teacher's values.
//! * With `--merge` and `--prune`, the student is the smaller network that they make of the folded one; its inputs are
//!   averages of bytes, as on a device.
//! * Inputs of types other than `u8` are first converted to bytes, by windows that are chosen beforehand and kept in
//!   the checkpoint. Values are trained standardized, and reconstruction has the standardized inputs as targets; the
//!   head of the model converts them to real values and scores.
//!
//! Validation and evaluation run the model file with the device's own code.

mod levels;
mod optimizer;
mod student;

pub use student::{Student, student};

#[cfg(test)]
mod tests;

use super::answers::standardized_outputs;
use super::fit::{Config, Epoch, Loop, Observer, Start, State, TrainError};
use super::method::Method;
use super::schedule::{Decay, Schedule};
use crate::deploy::shrink::{Limits, Wanted};
use crate::files::open::ImageSize;
use crate::model::fold::fold;
use crate::model::integer_layers::raise_steps;
use crate::model::integers::integer_model;
use crate::network::checkpoint::Checkpoint;
use crate::run::run_checkpoint;
use anyhow::{Context, bail};
use foldnet_core::{Compute, Layer};
use foldnet_data::{Task, View};
use optimizer::Latents;

/// Settings for training in integers.
#[derive(Debug, Clone)]
pub struct Quantize {
    /// Bits per weight: one number for all layers, or one for each.
    pub bits: Vec<u8>,
    /// The teacher, whose outputs are also learned.
    pub teacher: Option<Checkpoint>,
    /// How much smaller the network is made before training.
    pub smaller: Option<Limits>,
}

/// The default learning rate: higher for fewer bits, because weights have to move further.
pub fn default_learning_rate(bits: &[u8]) -> f32 {
    match bits.iter().min() {
        Some(2) => 0.03,
        _ => 0.01,
    }
}

/// Number of examples from which statistics, scales and steps are initialized; more make no measurable difference.
const EXAMPLES: usize = 10_000;

/// The initial student, if `network` and its teacher are suitable.
///
/// # Errors
/// In one line with the remedy, if they are not; and as [`student()`].
pub fn begin<C: Compute>(
    network: &Checkpoint,
    how: &Quantize,
    [train, valid]: [View; 2],
    compute: &C,
) -> anyhow::Result<Student> {
    check(network, how)?;
    let some = train.slice(0..train.len().min(EXAMPLES));
    let wanted = how.smaller.map(|limits| Wanted::new(limits, [train, valid]));
    student(network, &how.bits, wanted.as_ref(), network.seen(some).view(), compute)
}

/// Checks that `network` and its teacher are suitable for training in integers.
///
/// # Errors
/// If the network is already one of integers, cannot be folded, or its number of layers differs from the number of
/// widths; also if the teacher is for other examples, or the network has no smaller form that is wanted.
pub fn check(network: &Checkpoint, how: &Quantize) -> anyhow::Result<()> {
    if network.about.quantized.is_some() {
        bail!(
            "--bits: the network of --init was trained in integers already; give the float network that it came from"
        );
    }
    let folded = fold(network).context("this network cannot be trained in integers")?;
    student::bits_per_layer(&how.bits, folded.len())?;
    how.smaller.map_or(Ok(()), |limits| limits.check(network))?;
    how.teacher.as_ref().map_or(Ok(()), |teacher| check_teacher(network, teacher))
}

/// # Errors
/// If the outputs of `teacher` are not those of `network` for the same examples.
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

/// The outputs of `teacher` for `train`, `[N][O]`, in the units of `student`.
fn lesson<C: Compute>(student: &Checkpoint, teacher: &Checkpoint, train: View, compute: &C) -> Vec<f32> {
    let found = run_checkpoint(teacher, train, compute).logits;
    match student.about.task {
        // Two logits, whose difference is the sigmoid's logit.
        Task::Classify if student.layers.last() == Some(&Layer::Sigmoid) => {
            found.chunks_exact(2).map(|two| two[1] - two[0]).collect()
        }
        Task::Classify => found,
        Task::Regress => standardized_outputs(student, found),
        Task::Reconstruct => {
            let (own, its) = (student.pixels.scaling(), teacher.pixels.scaling());
            let again = |(at, &y): (usize, &f32)| {
                let ((scale, shift), (its_scale, its_shift)) =
                    (own.affine(at % student.inputs()), its.affine(at % student.inputs()));
                ((f64::from(y) - its_shift) / its_scale * scale + shift) as f32
            };
            found.iter().enumerate().map(again).collect()
        }
    }
}

/// Trains `student` in place; `teacher` is a trained network for the same task and examples.
///
/// # Errors
/// If training diverges or is stopped, or the observer fails; the student is then as it was at that moment.
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
    let latents = Latents::new(student);
    let settle = |network: &mut Checkpoint| {
        if let Some(quantized) = &mut network.about.quantized {
            quantized.scales = latents.scales();
        }
        raise_steps(network)?;
        integer_model(network).map(drop)
    };
    let start = Start { state, ..Start::default() };
    let network = &mut student.network;
    let steps = Loop::new(network, &config, start, &latents, [train, valid], compute)?;
    steps.of_integers(teacher, &settle).run(network, observer)
}
