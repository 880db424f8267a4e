//! The training loop: epochs of shuffled mini-batches, with validation after each, like Keras's `fit`.

use crate::absent::{is_nan, nan};
use crate::compute::Aligned;
use crate::network::checkpoint::Checkpoint;
use crate::network::examples::Picked;
use crate::network::pool::Seen;
use crate::train::answers::{Answers, loss, validate};
use crate::train::augment::Augmenter;
use crate::train::method::{AnyOptimizer, Method, Metric};
use crate::train::schedule::{At, Plateau};
use foldnet_core::Compute;
use foldnet_core::train::{BufferError, Buffers, Loss, Metrics, Optimizer, Settings, Trainer, initialize};
use foldnet_data::{View, WrongKind};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Stream of the generator for initial weights.
const WEIGHTS: u64 = 0;
/// Stream of the generator for shuffling.
const SHUFFLE: u64 = 1;

/// Weight of the correct answers in the loss with a teacher.
const ALPHA: f32 = 0.3;

/// Temperature of the teacher's softmax.
const TEMPERATURE: f32 = 3.0;

/// Training configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Number of passes over the training images.
    pub epochs: usize,
    /// Number of images per step; the last step of an epoch may have fewer.
    pub batch_size: usize,
    /// The optimizer's initial rate, which the schedule lowers.
    pub learning_rate: f32,
    /// Seed of initial weights, shuffling, augmentation and dropout.
    pub seed: u64,
    /// Whether every epoch sees the images in a new order.
    pub shuffle: bool,
    /// Optimizer, schedule, regularization.
    #[serde(default, skip_serializing_if = "Method::is_plain")]
    pub method: Method,
}

impl Default for Config {
    /// The notebook's configuration: two epochs of plain SGD.
    fn default() -> Self {
        let method = Method::default();
        Self { epochs: 2, batch_size: 32, learning_rate: 0.01, seed: 42, shuffle: true, method }
    }
}

/// One line of the history. Loss and accuracy in training are running means over the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Epoch {
    /// Mean cross-entropy in training, in nats.
    pub loss: f64,
    /// Fraction of training images classified correctly, each before its own step.
    #[serde(default = "nan", skip_serializing_if = "is_nan")]
    pub accuracy: f64,
    /// Mean cross-entropy on the validation images after the epoch, with moving statistics; NaN, and not written, if
    /// there are none.
    #[serde(default = "nan", skip_serializing_if = "is_nan")]
    pub val_loss: f64,
    /// Fraction of validation images classified correctly.
    #[serde(default = "nan", skip_serializing_if = "is_nan")]
    pub val_accuracy: f64,
    /// Seconds of training, without validation.
    pub seconds: f64,
    /// Learning rate of the last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Mean over the steps of the gradient's Euclidean norm before clipping, if gradients are clipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
}

/// Progress within an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainProgress {
    /// Counts from 0.
    pub epoch: usize,
    /// Number of finished steps.
    pub step: usize,
    /// Number of steps per epoch.
    pub steps: usize,
    /// Running mean of the loss.
    pub loss: f64,
    /// Running mean of the accuracy.
    pub accuracy: f64,
}

/// Receives progress and decides whether training continues.
pub trait Observer {
    /// Called after every step; `false` ends training at once.
    fn step(&mut self, progress: TrainProgress) -> bool;
    /// Called after [`epoch`](Self::epoch) with the network and the state from which training continues. An error ends
    /// training.
    fn state(&mut self, _network: &Checkpoint, _start: &Start) -> anyhow::Result<()> {
        Ok(())
    }
    /// Called after every epoch with the current network. An error ends training.
    fn epoch(&mut self, epoch: usize, record: Epoch, network: &Checkpoint) -> anyhow::Result<()>;
}

/// Ignores everything, and lets training finish.
impl Observer for () {
    fn step(&mut self, _: TrainProgress) -> bool {
        true
    }

    fn epoch(&mut self, _: usize, _: Epoch, _: &Checkpoint) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Reason why training ended early.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The configuration does not match the data or the network.
    #[error("{0}")]
    Buffers(#[from] BufferError),
    /// The set is of a kind that cannot be trained on.
    #[error(transparent)]
    Kind(#[from] WrongKind),
    /// A loss, in training or validation, or a parameter became infinite or not a number.
    #[error(
        "the loss is no longer finite in epoch {epoch}: training diverged; use a smaller --learning-rate or a --clip-norm"
    )]
    Diverged {
        /// Counts from 1.
        epoch: usize,
    },
    /// The observer requested it.
    #[error("stopped in epoch {epoch}")]
    Stopped {
        /// Counts from 1.
        epoch: usize,
    },
    /// The observer failed.
    #[error(transparent)]
    Observer(anyhow::Error),
}

/// Fresh weights for the layers of `network`, from `seed`.
pub fn initial_params(network: &mut Checkpoint, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(WEIGHTS);
    let mut params = vec![0.0; network.network().params()];
    initialize(network.network(), &mut params, &mut rng);
    network.params = params;
}

/// Everything besides the network from which a training continues after an epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// Number of finished epochs.
    pub epochs: usize,
    /// Number of steps so far.
    pub steps: u32,
    /// The optimizer's state of every parameter.
    pub optimizer: Vec<f32>,
    /// The schedule's state.
    pub plateau: Plateau,
    /// The best epoch by the monitored metric, counted from 0, and its value.
    pub best: Option<(usize, f64)>,
}

impl State {
    /// Records an epoch's validation.
    fn finish(&mut self, epoch: usize, record: &Epoch, method: &Method) {
        self.epochs = epoch + 1;
        self.plateau.epoch(method.schedule.decay, record.val_loss);
        let Some(monitor) = method.monitor else { return };
        let value = match monitor.metric {
            Metric::ValLoss => record.val_loss,
            Metric::ValAccuracy => record.val_accuracy,
        };
        if value.is_finite() && self.best.is_none_or(|(_, best)| monitor.metric.is_better(value, best)) {
            self.best = Some((epoch, value));
        }
    }

    /// Whether the best epoch is long enough ago to end training.
    fn is_exhausted(&self, method: &Method) -> bool {
        let patience = method.monitor.and_then(|monitor| monitor.patience);
        self.best.zip(patience).is_some_and(|((best, _), patience)| self.epochs > best + patience)
    }
}

/// The starting point of a training.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Start {
    /// 0 for fresh weights. A training that continues from another network has a number derived from it, so that its
    /// random order differs from the first one's.
    pub origin: u64,
    /// The state after the last finished epoch.
    pub state: State,
}

/// Trains `network` in place, from its first epoch.
///
/// # Errors
/// If training diverges or is stopped, or the observer fails; `network` is then as it was at that moment.
pub fn fit<C: Compute>(
    network: &mut Checkpoint,
    config: &Config,
    train: View,
    valid: View,
    compute: &C,
    observer: &mut dyn Observer,
) -> Result<Vec<Epoch>, TrainError> {
    fit_from(network, config, Start::default(), [train, valid], compute, observer)
}

/// Trains `network` in place, starting at `start`; the result does not include the epochs before it.
///
/// # Errors
/// As [`fit`].
pub fn fit_from<C: Compute>(
    network: &mut Checkpoint,
    config: &Config,
    start: Start,
    sets: [View; 2],
    compute: &C,
    observer: &mut dyn Observer,
) -> Result<Vec<Epoch>, TrainError> {
    // A loop is compiled for each optimizer, which works inside the products.
    match config.method.optimizer() {
        AnyOptimizer::Sgd(rule) => Loop::new(network, config, start, rule, sets, compute)?.run(network, observer),
        AnyOptimizer::Momentum(rule) => Loop::new(network, config, start, rule, sets, compute)?.run(network, observer),
        AnyOptimizer::Adam(rule) => Loop::new(network, config, start, rule, sets, compute)?.run(network, observer),
    }
}

/// The decimal number as written by people: .01, not .009999999776.
pub(super) fn decimal(rate: f32) -> f64 {
    rate.to_string().parse().unwrap_or(f64::from(rate))
}

/// Running means over an epoch, weighted by examples.
#[derive(Default)]
struct Mean {
    examples: usize,
    loss: f64,
    correct: u64,
    gradient_norm: Option<f64>,
}

impl Mean {
    fn add(&mut self, metrics: Metrics, examples: usize) {
        self.examples += examples;
        self.loss += f64::from(metrics.loss) * examples as f64;
        self.correct += u64::from(metrics.correct);
        if let Some(norm) = metrics.gradient_norm {
            *self.gradient_norm.get_or_insert(0.0) += f64::from(norm) * examples as f64;
        }
    }

    fn loss(&self) -> f64 {
        self.loss / self.examples as f64
    }

    fn accuracy(&self) -> f64 {
        self.correct as f64 / self.examples as f64
    }

    fn gradient_norm(&self) -> Option<f64> {
        self.gradient_norm.map(|sum| sum / self.examples as f64).filter(|norm| norm.is_finite())
    }
}

/// Updates a network of integers.
type Settle<'a> = dyn Fn(&mut Checkpoint) -> anyhow::Result<()> + 'a;

/// Data shared by the epochs of a training.
pub(super) struct Loop<'a, C, O> {
    config: &'a Config,
    optimizer: O,
    /// Number of examples per step, at most the number of examples.
    batch: usize,
    /// The examples in the form of the network's inputs; unchanged if they are augmented first.
    inputs: Seen<'a>,
    examples: usize,
    answers: Answers<'a>,
    loss: Loss,
    class_weights: Vec<f32>,
    valid: View<'a>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    augmenter: Option<Augmenter>,
    /// The network's parameters, during an epoch.
    params: Aligned,
    /// The optimizer's state, and gradients if they are clipped.
    memory: Aligned,
    workspace: Aligned,
    start: Start,
    compute: &'a C,
    /// For a network of integers: updates it after the steps of an epoch.
    settle: Option<&'a Settle<'a>>,
}

impl<'a, C: Compute, O: Optimizer + Copy> Loop<'a, C, O> {
    pub(super) fn new(
        network: &Checkpoint,
        config: &'a Config,
        start: Start,
        optimizer: O,
        [train, valid]: [View<'a>; 2],
        compute: &'a C,
    ) -> Result<Self, TrainError> {
        let [scale, shift] = network.standardization();
        let batch = config.batch_size.min(train.len());
        let (examples, answers) = (train.len(), Answers::of(network, train)?);
        let loss = loss(network, config.method.label_smoothing, config.method.loss);
        let of_network = network.network();
        let class_weights = match &answers {
            Answers::Classes(classes) => config.method.class_weights.of(classes, network.classes()),
            Answers::Taught { .. } | Answers::Values { .. } | Answers::Inputs => Vec::new(),
        };
        let settings = settings(config, loss, optimizer, &[], 0);
        let mut memory = Aligned::zeros(settings.state(&of_network));
        if !start.state.optimizer.is_empty() {
            memory[..start.state.optimizer.len()].copy_from_slice(&start.state.optimizer);
        }
        let (augment, seed) = (config.method.augment, config.seed ^ start.origin);
        let augmenter = || Augmenter::new(augment, seed, train.shape, &scale, &shift).pooled(network.groups());
        let augmenter = (!augment.is_none()).then(augmenter);
        let inputs = if augmenter.is_some() { Seen::plainly(train) } else { network.seen(train) };
        let workspace = Aligned::zeros(of_network.train_workspace(batch));
        let params = Aligned::zeros(network.params.len());
        Ok(Self {
            config,
            optimizer,
            batch,
            inputs,
            examples,
            answers,
            loss,
            class_weights,
            valid,
            scale,
            shift,
            augmenter,
            params,
            memory,
            workspace,
            start,
            compute,
            settle: None,
        })
    }

    /// The same for a network of integers: all gradients are stored, so that the optimizer gets whole rows, and the
    /// outputs `[N][O]` of a teacher are used, if there is one. `settle` updates the network after the steps of an
    /// epoch. Such a training cannot be resumed, because its optimizer has state of its own.
    #[must_use]
    pub(super) fn of_integers(mut self, teacher: Option<Vec<f32>>, settle: &'a Settle<'a>) -> Self {
        if let Some(outputs) = teacher {
            self.answers = self.answers.taught(outputs, ALPHA);
            if matches!(self.answers, Answers::Taught { .. }) {
                self.loss = Loss::Distillation { alpha: ALPHA, temperature: TEMPERATURE };
            }
        }
        let mut memory = Aligned::zeros((O::STATE + 1) * self.params.len());
        memory[..self.memory.len()].copy_from_slice(&self.memory);
        (self.memory, self.settle) = (memory, Some(settle));
        self
    }

    /// Runs the remaining epochs.
    pub(super) fn run(
        mut self,
        network: &mut Checkpoint,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Epoch>, TrainError> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.config.seed ^ self.start.origin);
        rng.set_stream(SHUFFLE);
        let mut order: Vec<u32> = (0..self.examples as u32).collect();
        let mut history = Vec::new();
        for epoch in 0..self.config.epochs {
            if self.config.shuffle {
                order.shuffle(&mut rng);
            }
            // Each order depends on the previous one, so those of finished epochs are drawn as well.
            if epoch < self.start.state.epochs {
                continue;
            }
            let record = self.epoch(network, &order, epoch, observer)?;
            let state = &mut self.start.state;
            state.finish(epoch, &record, &self.config.method);
            state.optimizer = self.memory[..O::STATE * network.params.len()].to_vec();
            observer.epoch(epoch, record, network).map_err(TrainError::Observer)?;
            if self.settle.is_none() {
                observer.state(network, &self.start).map_err(TrainError::Observer)?;
            }
            history.push(record);
            if self.start.state.is_exhausted(&self.config.method) {
                break;
            }
        }
        Ok(history)
    }

    /// One pass over the examples in the given order, followed by validation.
    fn epoch(
        &mut self,
        network: &mut Checkpoint,
        order: &[u32],
        epoch: usize,
        observer: &mut dyn Observer,
    ) -> Result<Epoch, TrainError> {
        let start = Instant::now();
        self.params.copy_from_slice(&network.params);
        let steps = self.steps(network, order, epoch, observer);
        network.params.copy_from_slice(&self.params);
        let (mean, rate) = steps?;
        let seconds = start.elapsed().as_secs_f64();
        let diverged = Err(TrainError::Diverged { epoch: epoch + 1 });
        // Damage from the last step first shows here; the observer must not overwrite a good network with it.
        if network.params.iter().chain(self.memory.iter()).any(|value| !value.is_finite()) {
            return diverged;
        }
        if let Some(settle) = self.settle {
            settle(network).map_err(TrainError::Observer)?;
        }
        let (val_loss, val_accuracy) = match self.valid.is_empty() {
            true => (f64::NAN, f64::NAN),
            false => validate(network, self.valid, self.config.method.loss, self.compute)?,
        };
        if !self.valid.is_empty() && !val_loss.is_finite() {
            return diverged;
        }
        let (loss, gradient_norm) = (mean.loss(), mean.gradient_norm());
        let accuracy = if matches!(self.answers, Answers::Classes(_) | Answers::Taught { .. }) {
            mean.accuracy()
        } else {
            f64::NAN
        };
        Ok(Epoch { loss, accuracy, val_loss, val_accuracy, seconds, learning_rate: Some(decimal(rate)), gradient_norm })
    }

    /// The steps of an epoch, on `self.params`; also returns the last learning rate.
    fn steps(
        &mut self,
        network: &Checkpoint,
        order: &[u32],
        epoch: usize,
        observer: &mut dyn Observer,
    ) -> Result<(Mean, f32), TrainError> {
        let (batch, config, state) = (self.batch, self.config, &mut self.start.state);
        let settings = settings(config, self.loss, self.optimizer, &self.class_weights, self.start.origin);
        let settings = Settings { gradient_norm: self.settle.is_some(), ..settings };
        let buffers = Buffers { params: &mut self.params, state: &mut self.memory, workspace: &mut self.workspace };
        let mut trainer = Trainer::with(network.network(), settings, buffers, batch)?;
        trainer.resume(state.steps);
        let (mut mean, steps_per_epoch) = (Mean::default(), order.len().div_ceil(batch));
        let all = self.inputs.view().inputs;
        let (mut classes, mut values, mut rate) = (Vec::new(), Vec::new(), config.learning_rate);
        let whole: Vec<u32> = (0..batch as u32).collect();
        for (step, picked) in order.chunks(batch).enumerate() {
            let targets = self.answers.targets(picked, &mut classes, &mut values);
            let (inputs, picked) = match &mut self.augmenter {
                Some(augmenter) => (augmenter.batch(all, picked, epoch), &whole[..picked.len()]),
                None => (all, picked),
            };
            let examples = Picked { inputs, picked, scale: &self.scale, shift: &self.shift };
            let at = At { step: epoch * steps_per_epoch + step, steps_per_epoch, epochs: config.epochs };
            rate = config.method.schedule.rate(config.learning_rate, at, &state.plateau);
            mean.add(trainer.step(self.compute, &examples, targets, rate)?, picked.len());
            if !mean.loss.is_finite() {
                return Err(TrainError::Diverged { epoch: epoch + 1 });
            }
            let (loss, accuracy, steps) = (mean.loss(), mean.accuracy(), steps_per_epoch);
            if !observer.step(TrainProgress { epoch, step: step + 1, steps, loss, accuracy }) {
                return Err(TrainError::Stopped { epoch: epoch + 1 });
            }
        }
        state.steps = trainer.steps();
        Ok((mean, rate))
    }
}

/// Core's settings for a configuration.
fn settings<'w, O>(config: &Config, loss: Loss, optimizer: O, weights: &'w [f32], origin: u64) -> Settings<'w, O> {
    let (clip_norm, key) = (config.method.clip_norm, config.seed ^ origin);
    let seed = (key ^ (key >> 32)) as u32;
    Settings { loss, class_weights: weights, clip_norm, seed, ..Settings::new(optimizer) }
}
