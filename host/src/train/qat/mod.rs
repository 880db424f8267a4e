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
//!   `T = 3` (Hinton, Vinyals and Dean 2015).
//!
//! Validation runs the integers, in exactly the device's arithmetic.

mod optimizer;
mod student;

pub use student::{EXAMPLES, Student, student};

use super::fit::{Config, Epoch, Mean, Observer, SHUFFLE, TrainError, TrainProgress};
use crate::compute::Aligned;
use crate::judge::evaluate::run_checkpoint;
use crate::network::checkpoint::Checkpoint;
use crate::train::answers::validate;
use foldnet_core::Compute;
use foldnet_core::standardize::Standardized;
use foldnet_core::train::{Buffers, Loss, Settings, Targets, Trainer};
use foldnet_data::View;
use optimizer::Latents;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

/// Share of the cross-entropy in the loss with a teacher.
const ALPHA: f32 = 0.3;

/// Temperature of the teacher's softmax.
const TEMPERATURE: f32 = 3.0;

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

/// Trains `student` in place on labelled `u8` inputs; `teacher` is a trained network of the same inputs and classes.
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
    let teacher = teacher.map(|teacher| run_checkpoint(teacher, train, compute).logits);
    let mut run = Run::new(student, config, train, teacher.as_deref())?;
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    rng.set_stream(SHUFFLE);
    let mut order: Vec<u32> = (0..train.len() as u32).collect();
    let mut history = Vec::new();
    for epoch in 0..config.epochs {
        if config.shuffle {
            order.shuffle(&mut rng);
        }
        let start = Instant::now();
        let mean = run.epoch(student, &order, epoch, compute, observer)?;
        let seconds = start.elapsed().as_secs_f64();
        let network = &student.network;
        let (val_loss, val_accuracy) = match valid.is_empty() {
            true => (f64::NAN, f64::NAN),
            false => validate(network, valid, config.method.loss, compute)?,
        };
        let lost = !valid.is_empty() && !val_loss.is_finite();
        if lost || network.params.iter().any(|value| !value.is_finite()) {
            return Err(TrainError::Diverged { epoch: epoch + 1 });
        }
        let record = Epoch {
            loss: mean.loss(),
            accuracy: mean.accuracy(),
            val_loss,
            val_accuracy,
            seconds,
            learning_rate: None,
            gradient_norm: mean.gradient_norm(),
        };
        observer.epoch(epoch, record, network).map_err(TrainError::Observer)?;
        history.push(record);
    }
    Ok(history)
}

/// What the epochs share.
struct Run<'a> {
    config: &'a Config,
    batch: usize,
    pixels: &'a [u8],
    classes: &'a [u16],
    /// `[N][C]`
    teacher: Option<&'a [f32]>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    params: Aligned,
    state: Aligned,
    workspace: Aligned,
    optimizer: Latents,
    steps: u32,
}

impl<'a> Run<'a> {
    fn new(
        student: &Student,
        config: &'a Config,
        train: View<'a>,
        teacher: Option<&'a [f32]>,
    ) -> Result<Self, TrainError> {
        let network = student.network.network();
        let (mut scale, mut shift) = (vec![0.0; network.inputs()], vec![0.0; network.inputs()]);
        student.network.pixels.scaling().tables(&mut scale, &mut shift);
        let batch = config.batch_size.min(train.len());
        let optimizer = Latents::new(student);
        let mut params = Aligned::zeros(network.params());
        params.copy_from_slice(&student.network.params);
        let mut state = Aligned::zeros(settings(&optimizer, teacher.is_some()).state(&network));
        state[..student.latents.len()].copy_from_slice(&student.latents);
        let workspace = Aligned::zeros(network.train_workspace(batch));
        let (pixels, classes) = (train.bytes()?, train.classes()?);
        Ok(Self {
            config,
            batch,
            pixels,
            classes,
            teacher,
            scale,
            shift,
            params,
            state,
            workspace,
            optimizer,
            steps: 0,
        })
    }

    /// One pass over the examples in the given order; the student is brought up to date at its end.
    fn epoch<C: Compute>(
        &mut self,
        student: &mut Student,
        order: &[u32],
        epoch: usize,
        compute: &C,
        observer: &mut dyn Observer,
    ) -> Result<Mean, TrainError> {
        let mean = self.steps(student, order, epoch, compute, observer);
        student.network.params.copy_from_slice(&self.params);
        student.set_scales(self.optimizer.scales());
        mean
    }

    fn steps<C: Compute>(
        &mut self,
        student: &Student,
        order: &[u32],
        epoch: usize,
        compute: &C,
        observer: &mut dyn Observer,
    ) -> Result<Mean, TrainError> {
        let network = student.network.network();
        let outputs = network.outputs();
        let settings = settings(&self.optimizer, self.teacher.is_some());
        let (params, state, workspace) = (&mut self.params[..], &mut self.state[..], &mut self.workspace[..]);
        let mut trainer = Trainer::with(network, settings, Buffers { params, state, workspace }, self.batch)?;
        trainer.resume(self.steps);
        let (mut mean, steps) = (Mean::default(), order.len().div_ceil(self.batch));
        let (mut classes, mut taught) = (Vec::new(), Vec::new());
        for (step, picked) in order.chunks(self.batch).enumerate() {
            classes.clear();
            classes.extend(picked.iter().map(|&example| self.classes[example as usize]));
            let targets = match self.teacher {
                None => Targets::Classes(&classes),
                Some(logits) => {
                    taught.clear();
                    taught.extend(picked.iter().flat_map(|&n| &logits[n as usize * outputs..][..outputs]));
                    Targets::Taught { classes: &classes, teacher: &taught }
                }
            };
            let examples = Standardized { values: self.pixels, picked, scale: &self.scale, shift: &self.shift };
            let rate = cosine(self.config.learning_rate, epoch * steps + step, self.config.epochs * steps);
            mean.add(trainer.step(compute, &examples, targets, rate)?, picked.len());
            if !mean.loss().is_finite() {
                return Err(TrainError::Diverged { epoch: epoch + 1 });
            }
            let (loss, accuracy) = (mean.loss(), mean.accuracy());
            if !observer.step(TrainProgress { epoch, step: step + 1, steps, loss, accuracy }) {
                return Err(TrainError::Stopped { epoch: epoch + 1 });
            }
        }
        self.steps = trainer.steps();
        Ok(mean)
    }
}

/// Gradients are stored, so that the optimizer sees whole rows: a scale of a row learns from all of its weights.
fn settings(optimizer: &Latents, taught: bool) -> Settings<'static, &Latents> {
    let loss = if taught { Loss::Distillation { alpha: ALPHA, temperature: TEMPERATURE } } else { Loss::CROSS_ENTROPY };
    Settings { loss, gradient_norm: true, ..Settings::new(optimizer) }
}

/// From `rate` down to 0 along half a cosine (Loshchilov and Hutter 2017).
fn cosine(rate: f32, step: usize, steps: usize) -> f32 {
    let part = step as f64 / steps as f64;
    (f64::from(rate) * 0.5 * (1.0 + (std::f64::consts::PI * part).cos())) as f32
}
