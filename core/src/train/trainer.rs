//! The trainer: a network, its training settings, and the caller's buffers. They are checked once; training then
//! proceeds step by step.

use super::buffers::BufferError;
use super::dropout;
use super::loss::{Loss, Metrics, Targets};
use super::memory::Memory;
use super::optimizer::{MAX_STATE, Optimizer, Sgd, Step, Tensor, TensorKind};
use super::params::{Params, cut};
use super::stages::Stages;
use super::step::{self, Task};
use crate::compute::Compute;
use crate::examples::Examples;
use crate::layer::Layer;
use crate::math::{self, BatchNorm};
use crate::network::{Network, Placed};

/// Training settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings<'a, O = Sgd> {
    /// The optimizer.
    pub optimizer: O,
    /// The loss to minimize.
    pub loss: Loss,
    /// Weight of an example by its class, `[C]` (for [`Loss::BinaryCrossEntropy`] `[2]`); if empty, all weights are 1.
    /// The mean is still over the number of examples, as in Keras.
    pub class_weights: &'a [f32],
    /// Gradients are scaled down to this Euclidean norm over all parameters, like Keras's `global_clipnorm`.
    pub clip_norm: Option<f32>,
    /// Whether to compute [`Metrics::gradient_norm`] even without clipping.
    pub gradient_norm: bool,
    /// Seed of the dropout masks.
    pub seed: u32,
}

impl<O> Settings<'_, O> {
    /// Cross-entropy without weights or clipping, seed 0.
    pub const fn new(optimizer: O) -> Self {
        let (loss, class_weights) = (Loss::CROSS_ENTROPY, &[]);
        Self { optimizer, loss, class_weights, clip_norm: None, gradient_norm: false, seed: 0 }
    }

    /// Whether a step computes all gradients before the first parameter changes.
    pub const fn stores_gradients(&self) -> bool {
        self.gradient_norm || self.clip_norm.is_some()
    }
}

impl<O: Optimizer> Settings<'_, O> {
    /// Length of [`Buffers::state`]: the optimizer's state, [`Optimizer::STATE`] times as long as the parameters,
    /// followed by the gradients, if they are stored.
    pub const fn state(&self, network: &Network) -> usize {
        network.state(O::STATE + self.stores_gradients() as usize)
    }
}

/// The memory for training. Lengths are in `f32`.
#[derive(Debug)]
pub struct Buffers<'a> {
    /// [`Network::params`]
    pub params: &'a mut [f32],
    /// [`Settings::state`]; 0 before the first step. To continue later, keep the first `O::STATE * params` values. If
    /// the settings store gradients, those of the last step follow in the order of the parameters, clipped if the
    /// settings say so; 0 for moving statistics.
    pub state: &'a mut [f32],
    /// At least [`Network::train_workspace`]; needs no initialization.
    pub workspace: &'a mut [f32],
}

/// Trains a network in buffers of the caller.
///
/// ```
/// use foldnet_core::train::{Adam, Buffers, Settings, Targets, Trainer, initialize};
/// use foldnet_core::{Layer, Network, Portable, Rows, Shape};
/// # use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
/// const LAYERS: [Layer; 4] = [Layer::dense(8), Layer::batch_norm(), Layer::Relu, Layer::dense(2)];
/// const NETWORK: Network = Network::of(&LAYERS, Shape::count(2));
/// const SETTINGS: Settings<Adam> = Settings { clip_norm: Some(1.0), ..Settings::new(Adam::ADAM) };
///
/// let mut params = [0.0; NETWORK.params()];
/// let mut state = [0.0; SETTINGS.state(&NETWORK)];
/// let mut workspace = [0.0; NETWORK.train_workspace(4)];
/// initialize(NETWORK, &mut params, &mut ChaCha8Rng::seed_from_u64(42));
/// let buffers = Buffers { params: &mut params, state: &mut state, workspace: &mut workspace };
/// let mut trainer = Trainer::with(NETWORK, SETTINGS, buffers, 4)?;
///
/// let (xor, classes) = (Rows::new(&[0., 0., 0., 1., 1., 0., 1., 1.], 2), Targets::Classes(&[0, 1, 1, 0]));
/// let mut metrics = trainer.step(&Portable, &xor, classes, 0.1)?;
/// for _ in 0..100 {
///     metrics = trainer.step(&Portable, &xor, classes, 0.1)?;
/// }
/// assert!(metrics.correct == 4 && metrics.gradient_norm < Some(0.1));
/// # Ok::<(), foldnet_core::train::BufferError>(())
/// ```
#[derive(Debug)]
pub struct Trainer<'a, O = Sgd> {
    network: Network<'a>,
    settings: Settings<'a, O>,
    buffers: Buffers<'a>,
    batch: usize,
    steps: u32,
}

impl<'a> Trainer<'a> {
    /// A trainer with plain SGD and cross-entropy for batches of at most `batch` examples.
    ///
    /// # Errors
    /// If the length of `params` is not [`Network::params`], or `workspace` is shorter than
    /// [`Network::train_workspace`].
    pub fn new(
        network: Network<'a>,
        params: &'a mut [f32],
        workspace: &'a mut [f32],
        batch: usize,
    ) -> Result<Self, BufferError> {
        let settings = Settings::new(Sgd { weight_decay: 0.0 });
        Self::with(network, settings, Buffers { params, state: &mut [], workspace }, batch)
    }
}

impl<'a, O: Optimizer> Trainer<'a, O> {
    /// A trainer with these settings for batches of at most `batch` examples.
    ///
    /// # Errors
    /// If a buffer or the class weights do not have the length that the network and the settings require.
    pub fn with(
        network: Network<'a>,
        settings: Settings<'a, O>,
        buffers: Buffers<'a>,
        batch: usize,
    ) -> Result<Self, BufferError> {
        let (needed, workspace, state) = (network.params(), network.train_workspace(batch), settings.state(&network));
        let classes = if settings.loss == Loss::BinaryCrossEntropy { 2 } else { network.outputs() };
        if buffers.params.len() != needed {
            return Err(BufferError::Params { needed });
        }
        if buffers.workspace.len() < workspace {
            return Err(BufferError::Workspace { needed: workspace });
        }
        if buffers.state.len() != state {
            return Err(BufferError::State { needed: state });
        }
        if !settings.class_weights.is_empty() && settings.class_weights.len() != classes {
            return Err(BufferError::ClassWeights { needed: classes });
        }
        Ok(Self { network, settings, buffers, batch, steps: 0 })
    }

    /// Continues after `steps` steps: Adam's correction of its means and the masks of Dropout depend on it.
    pub fn resume(&mut self, steps: u32) {
        self.steps = steps;
    }

    /// Number of steps so far.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// The current parameters.
    pub fn params(&self) -> &[f32] {
        self.buffers.params
    }

    /// Performs one step on the examples, `1..=batch` of them.
    ///
    /// Moving statistics are updated first. Then the optimizer updates every parameter from the gradient of the mean
    /// loss of the network's outputs (whether or not the list of layers has a Softmax or Sigmoid).
    ///
    /// # Errors
    /// If there are too few or too many examples, their number differs from that of the targets, or a label is not a
    /// class; nothing is changed then.
    pub fn step<C: Compute>(
        &mut self,
        compute: &C,
        examples: &impl Examples,
        targets: Targets,
        learning_rate: f32,
    ) -> Result<Metrics, BufferError> {
        let n = examples.len();
        self.check(n, targets)?;
        self.steps = self.steps.wrapping_add(1);
        let Self { network, settings, buffers, steps, .. } = self;
        let step = settings.optimizer.begin_step(learning_rate, *steps);
        let key = dropout::step_key(settings.seed, *steps);
        let (of_optimizer, gradients) = buffers.state.split_at_mut(network.state(O::STATE));
        let (loss, weights) = (settings.loss, settings.class_weights);
        let workspace = &mut *buffers.workspace;
        if gradients.is_empty() {
            let params = with_state(buffers.params, of_optimizer);
            let mut stages = Stages::new(*network, Memory { params, workspace }, n, key);
            return Ok(step::run(compute, &mut stages, examples, &Task { loss, targets, weights, step: &step }));
        }
        let params = with_state(buffers.params, gradients);
        let mut stages = Stages::new(*network, Memory { params, workspace }, n, key);
        let metrics = step::run(compute, &mut stages, examples, &Task { loss, targets, weights, step: &Collect });
        let norm = compute.vectorize(
            #[inline(always)]
            || norm(gradients),
        );
        if let Some(factor) = settings.clip_norm.map(|most| most / norm).filter(|factor| *factor < 1.0) {
            compute.vectorize(
                #[inline(always)]
                || gradients.iter_mut().for_each(|g| *g *= factor),
            );
        }
        apply(compute, *network, with_state(buffers.params, of_optimizer), gradients, &step);
        Ok(Metrics { gradient_norm: Some(norm), ..metrics })
    }

    fn check(&self, n: usize, targets: Targets) -> Result<(), BufferError> {
        if n == 0 || n > self.batch {
            return Err(BufferError::Batch { most: self.batch });
        }
        let outputs = self.network.outputs();
        if matches!(targets, Targets::Inputs) && outputs != self.network.inputs() {
            return Err(BufferError::Targets);
        }
        self.settings.loss.check(targets, outputs, n, self.batch)
    }
}

/// Parameters together with the optimizer state that belongs to them, one slice for each state value it keeps.
fn with_state<'a>(values: &'a mut [f32], mut state: &'a mut [f32]) -> Params<'a> {
    let mut slices: [&mut [f32]; MAX_STATE] = Default::default();
    for slice in &mut slices {
        let len = values.len().min(state.len());
        *slice = cut(&mut state, len);
    }
    Params { values, state: slices }
}

/// The Euclidean norm: sums of squares in f32 over a few thousand values each, which are added in f64.
#[inline(always)]
fn norm(values: &[f32]) -> f32 {
    let squares = values.chunks(4096).map(|part| f64::from(math::squared_distance(part, 0.0)));
    math::sqrt_f64(squares.sum()) as f32
}

/// Hands all stored gradients to `step`, tensor by tensor.
fn apply<C: Compute, S: Step>(compute: &C, network: Network, mut params: Params, gradients: &[f32], step: &S) {
    for place in network.placed() {
        let (mut params, gradients) = (params.take(place.range().len()), &gradients[place.range()]);
        compute.vectorize(
            #[inline(always)]
            || apply_layer(place, &mut params, gradients, step),
        );
    }
}

#[inline(always)]
fn apply_layer<S: Step>(place: Placed, params: &mut Params, gradients: &[f32], step: &S) {
    let layer = place.index;
    match place.layer {
        Layer::Dense { .. } => {
            let (kernel, bias) = gradients.split_at(place.inputs * place.outputs);
            let tensor = Tensor { layer, kind: TensorKind::Kernel, first: 0, columns: place.inputs };
            params.apply(step, tensor, 0, kernel);
            params.apply(step, Tensor { kind: TensorKind::Bias, columns: 1, ..tensor }, kernel.len(), bias);
        }
        Layer::BatchNorm { .. } => {
            for (unit, gradients) in gradients.chunks_exact(BatchNorm::VALUES).enumerate() {
                super::batch_norm::learn(params, layer, [unit, unit], [gradients[0], gradients[1]], step);
            }
        }
        _ => {}
    }
}

/// Stores gradients in the first state slice and changes nothing else.
#[derive(Debug, Clone, Copy)]
struct Collect;

impl Step for Collect {
    #[inline(always)]
    fn apply(&self, _: Tensor, _: &mut [f32], [stored, _]: [&mut [f32]; MAX_STATE], gradient: &[f32]) {
        stored.copy_from_slice(gradient);
    }
}
