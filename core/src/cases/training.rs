//! Test cases of training, and steps of every optimizer that must be bit-identical on a device and a PC.

use crate::dice::Dice;
use crate::layer::Layer;
use crate::network::{Network, Shape};
use crate::train::{Adam, BufferError, Buffers, Metrics, Momentum, Optimizer, Settings, Sgd, Targets, Trainer};
use crate::{BatchNorm, Portable, Rows};

/// BatchNormalization in every position: first, before and after a ReLU.
const LAYERS: [Layer; 8] = [
    Layer::batch_norm(),
    Layer::dense(5),
    Layer::Relu,
    Layer::batch_norm(),
    Layer::dense_without_bias(4),
    Layer::batch_norm(),
    Layer::Relu,
    Layer::dense(3),
];
const INPUTS: usize = 6;
const BATCH: usize = 8;
const NETWORK: Network = Network::of(&LAYERS, Shape::count(INPUTS));
const PARAMS: usize = NETWORK.params();
const WORKSPACE: usize = NETWORK.train_workspace(BATCH);

/// Everything that a training case keeps on the stack besides the steps themselves.
struct Memory {
    params: [f32; PARAMS],
    /// Two values and a gradient per parameter: what Adam needs with clipping.
    state: [f32; 3 * PARAMS],
    workspace: [f32; WORKSPACE],
    examples: [f32; INPUTS * BATCH],
}

/// Bytes of stack that every case of training takes for its own buffers.
pub const TRAINING_BUFFERS: usize = size_of::<Memory>();

impl Memory {
    const ZERO: Self = Self {
        params: [0.0; PARAMS],
        state: [0.0; 3 * PARAMS],
        workspace: [0.0; WORKSPACE],
        examples: [0.0; INPUTS * BATCH],
    };

    /// Replaces the zeros with random parameters and examples.
    fn draw(&mut self) {
        let (mut of_params, mut of_examples) = (Dice(42), Dice(7));
        self.params.iter_mut().for_each(|p| *p = of_params.signed());
        for place in NETWORK.placed().filter(|place| matches!(place.layer, Layer::BatchNorm { .. })) {
            let units = self.params[place.range()].chunks_exact_mut(BatchNorm::VALUES);
            units.for_each(|unit| unit.copy_from_slice(&BatchNorm::INITIAL.to_array()));
        }
        self.examples.iter_mut().for_each(|x| *x = of_examples.signed());
    }

    /// Trains on the same `steps` batches, the last one short; passes the outcome of every step to `each`. Returns the
    /// length of the state.
    fn train<O: Optimizer>(
        &mut self,
        settings: Settings<O>,
        rate: f32,
        steps: usize,
        each: &mut dyn FnMut(Metrics),
    ) -> Result<usize, BufferError> {
        let len = settings.state(&NETWORK);
        let (params, state) = (&mut self.params[..], &mut self.state[..len]);
        let buffers = Buffers { params, state, workspace: &mut self.workspace };
        let mut trainer = Trainer::with(NETWORK, settings, buffers, BATCH)?;
        for step in 0..steps {
            let n = if step + 1 == steps { 3 } else { BATCH };
            let examples = Rows::new(&self.examples[..n * INPUTS], INPUTS);
            let targets = Targets::Classes(&[0, 1, 2, 2, 1, 0, 0, 1][..n]);
            each(trainer.step(&Portable, &examples, targets, rate)?);
        }
        Ok(len)
    }
}

/// Plain SGD.
const SGD: Settings<Sgd> = Settings::new(Sgd { weight_decay: 0.0 });
/// Nesterov's momentum.
const NESTEROV: Settings<Momentum> = Settings::new(Momentum { momentum: 0.9, nesterov: true, weight_decay: 0.0 });
/// AdamW with clipped gradients.
const ADAM_W: Settings<Adam> = Settings { clip_norm: Some(0.5), ..Settings::new(Adam::ADAM_W) };

/// Runs three steps each of plain SGD, Nesterov momentum and AdamW with clipped gradients on a small network with
/// [`Portable`]. Passes the bits of every loss to `each`, then those of all parameters and of the optimizer's state.
pub fn steps_to_the_bit(each: &mut dyn FnMut(u32)) {
    to_the_bit(SGD, each);
    to_the_bit(NESTEROV, each);
    to_the_bit(ADAM_W, each);
}

#[inline(never)]
fn to_the_bit<O: Optimizer>(settings: Settings<O>, each: &mut dyn FnMut(u32)) {
    let mut memory = Memory::ZERO;
    memory.draw();
    let state = memory.train(settings, 0.1, 3, &mut |metrics| each(metrics.loss.to_bits())).unwrap();
    memory.params.iter().chain(&memory.state[..state]).for_each(|p| each(p.to_bits()));
}

/// Sixty steps at this learning rate more than halve the loss.
fn check<O: Optimizer>(settings: Settings<O>, rate: f32) {
    let (mut memory, mut first, mut last) = (Memory::ZERO, None, 0.0);
    memory.draw();
    let each = &mut |metrics: Metrics| {
        first = first.or(Some(metrics.loss));
        last = metrics.loss;
    };
    memory.train(settings, rate, 60, each).unwrap();
    assert!(first.is_some_and(|first| first > 0.8 && last < first / 2.0), "{first:?} to {last}");
}

pub(super) fn sgd_lowers_the_loss() {
    check(SGD, 0.1);
}

pub(super) fn momentum_lowers_the_loss() {
    check(NESTEROV, 0.1);
}

pub(super) fn adam_with_clipped_gradients_lowers_the_loss() {
    check(ADAM_W, 0.01);
}

pub(super) fn what_cannot_be_trained_is_refused() {
    let Memory { mut params, mut workspace, .. } = Memory::ZERO;
    let short = Trainer::new(NETWORK, &mut params, &mut workspace[1..], BATCH);
    assert_eq!(short.err(), Some(BufferError::Workspace { needed: WORKSPACE }));
    let mut trainer = Trainer::new(NETWORK, &mut params, &mut workspace, BATCH).unwrap();
    let mut step = |values: &[f32], labels: &[u16]| {
        trainer.step(&Portable, &Rows::new(values, INPUTS), Targets::Classes(labels), 0.1).err()
    };
    assert_eq!(step(&[], &[]), Some(BufferError::Batch { most: BATCH }));
    assert_eq!(step(&[0.0; INPUTS], &[0, 1]), Some(BufferError::Batch { most: BATCH }));
    assert_eq!(step(&[0.0; INPUTS], &[3]), Some(BufferError::Label { label: 3 }));
}
