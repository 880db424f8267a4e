//! The training loop: epochs of shuffled mini-batches, validation after each, as Keras's `fit` does it.

use crate::compute::Aligned;
use crate::judge::evaluate::run_checkpoint;
use crate::network::checkpoint::Checkpoint;
use crate::train::examples::Picked;
use foldnet_core::Compute;
use foldnet_core::train::{BufferError, Metrics, Targets, Trainer, initialize};
use foldnet_data::{ValuesRef, View, WrongKind};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Stream of the generator that initial weights come from.
const WEIGHTS: u64 = 0;
/// Stream of the generator that shuffles.
const SHUFFLE: u64 = 1;

/// How to train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in a step; the last step of an epoch may have fewer.
    pub batch_size: usize,
    /// Of SGD.
    pub learning_rate: f32,
    /// Of the ChaCha8 generator for initial weights and shuffling.
    pub seed: u64,
    /// Whether every epoch sees the images in a new order.
    pub shuffle: bool,
}

/// One line of the history. Loss and accuracy in training are running means over the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Mean cross-entropy in training, in nats.
    pub loss: f64,
    /// Share of training images recognized, each before its own step.
    pub accuracy: f64,
    /// The same on the validation images after the epoch, with moving statistics.
    pub val_loss: f64,
    /// Share of validation images recognized.
    pub val_accuracy: f64,
    /// Of training, validation not counted.
    pub seconds: f64,
}

/// Where an epoch stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Counts from 0.
    pub epoch: usize,
    /// Steps done.
    pub step: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Running mean of the loss.
    pub loss: f64,
    /// Running mean of the accuracy.
    pub accuracy: f64,
}

/// What the caller wants to see and decide on the way.
pub trait Observer {
    /// After every step; `false` ends training at once.
    fn step(&mut self, progress: Progress) -> bool;
    /// After every epoch, with the network as it stands. An error ends training.
    fn epoch(&mut self, epoch: usize, record: Epoch, network: &Checkpoint) -> anyhow::Result<()>;
}

/// Why training ended early.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The configuration does not fit the data or the network.
    #[error("{0}")]
    Buffers(#[from] BufferError),
    /// The set is not of a kind that training works on.
    #[error(transparent)]
    Kind(#[from] WrongKind),
    /// A loss, in training or validation, or a parameter became infinite or not a number.
    #[error("the loss is no longer finite in epoch {epoch}: training diverged; use a smaller --learning-rate")]
    Diverged {
        /// Counts from 1.
        epoch: usize,
    },
    /// The observer asked for it.
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

/// Trains `network` in place.
///
/// # Errors
/// When training diverges or is stopped, and where the observer fails; `network` is then as it was at that moment.
pub fn fit<C: Compute>(
    network: &mut Checkpoint,
    config: &Config,
    train: View,
    valid: View,
    compute: &C,
    observer: &mut dyn Observer,
) -> Result<Vec<Epoch>, TrainError> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    rng.set_stream(SHUFFLE);
    let mut order: Vec<u32> = (0..train.len() as u32).collect();
    let mut run = Loop::new(network, config, train, compute)?;
    let val_classes = valid.classes()?;
    let mut history = Vec::new();
    for epoch in 0..config.epochs {
        if config.shuffle {
            order.shuffle(&mut rng);
        }
        let start = Instant::now();
        let mean = run.epoch(network, &order, epoch, observer)?;
        let seconds = start.elapsed().as_secs_f64();
        let outputs = run_checkpoint(network, valid, compute);
        let (val_loss, val_accuracy) = (outputs.loss(val_classes), outputs.accuracy(val_classes));
        // What the last step did shows here first; the observer must not write such a network over a good one.
        if !val_loss.is_finite() || network.params.iter().any(|value| !value.is_finite()) {
            return Err(TrainError::Diverged { epoch: epoch + 1 });
        }
        let record = Epoch { loss: mean.loss(), accuracy: mean.accuracy(), val_loss, val_accuracy, seconds };
        observer.epoch(epoch, record, network).map_err(TrainError::Observer)?;
        history.push(record);
    }
    Ok(history)
}

/// Running means over an epoch, weighted by images.
#[derive(Default)]
struct Mean {
    images: usize,
    loss: f64,
    correct: u64,
}

impl Mean {
    fn add(&mut self, metrics: Metrics, images: usize) {
        self.images += images;
        self.loss += f64::from(metrics.loss) * images as f64;
        self.correct += u64::from(metrics.correct);
    }

    fn loss(&self) -> f64 {
        self.loss / self.images as f64
    }

    fn accuracy(&self) -> f64 {
        self.correct as f64 / self.images as f64
    }
}

/// What the epochs of a training share.
struct Loop<'a, C> {
    config: &'a Config,
    /// Images in a step: never more than there are.
    batch: usize,
    inputs: ValuesRef<'a>,
    classes: &'a [u16],
    scale: Vec<f32>,
    shift: Vec<f32>,
    /// The network's parameters, during an epoch.
    params: Aligned,
    workspace: Aligned,
    compute: &'a C,
}

impl<'a, C: Compute> Loop<'a, C> {
    fn new(network: &Checkpoint, config: &'a Config, train: View<'a>, compute: &'a C) -> Result<Self, WrongKind> {
        let (mut scale, mut shift) = (vec![0.0; network.inputs], vec![0.0; network.inputs]);
        network.pixels.scaling().tables(&mut scale, &mut shift);
        let batch = config.batch_size.min(train.len());
        let workspace = Aligned::zeros(network.network().train_workspace(batch));
        let params = Aligned::zeros(network.params.len());
        let (inputs, classes) = (train.inputs, train.classes()?);
        Ok(Self { config, batch, inputs, classes, scale, shift, params, workspace, compute })
    }

    /// One pass over the images in the given order.
    fn epoch(
        &mut self,
        network: &mut Checkpoint,
        order: &[u32],
        epoch: usize,
        observer: &mut dyn Observer,
    ) -> Result<Mean, TrainError> {
        self.params.copy_from_slice(&network.params);
        let mean = self.steps(network, order, epoch, observer);
        network.params.copy_from_slice(&self.params);
        mean
    }

    /// The steps of an epoch, on `self.params`.
    fn steps(
        &mut self,
        network: &Checkpoint,
        order: &[u32],
        epoch: usize,
        observer: &mut dyn Observer,
    ) -> Result<Mean, TrainError> {
        let (batch, rate) = (self.batch, self.config.learning_rate);
        let mut trainer = Trainer::new(network.network(), &mut self.params, &mut self.workspace, batch)?;
        let (mut mean, steps) = (Mean::default(), order.len().div_ceil(batch));
        let mut labels = Vec::with_capacity(batch);
        for (step, picked) in order.chunks(batch).enumerate() {
            labels.clear();
            labels.extend(picked.iter().map(|&image| self.classes[image as usize]));
            let pixels = Picked { inputs: self.inputs, picked, scale: &self.scale, shift: &self.shift };
            mean.add(trainer.step(self.compute, &pixels, Targets::Classes(&labels), rate)?, picked.len());
            if !mean.loss.is_finite() {
                return Err(TrainError::Diverged { epoch: epoch + 1 });
            }
            let (loss, accuracy) = (mean.loss(), mean.accuracy());
            if !observer.step(Progress { epoch, step: step + 1, steps, loss, accuracy }) {
                return Err(TrainError::Stopped { epoch: epoch + 1 });
            }
        }
        Ok(mean)
    }
}
