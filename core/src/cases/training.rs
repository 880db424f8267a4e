//! Cases of training, and three steps of it whose every bit a device and a PC must agree on.

use crate::layer::Layer;
use crate::network::{Network, Shape};
use crate::train::{
    Adam, BatchNorm, BufferError, Buffers, Metrics, Momentum, Optimizer, Rows, Settings, Targets, Trainer,
};
use crate::{Compute, Portable};

/// BatchNormalization at every place: first, before and after a ReLU.
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

/// Numbers between -1 and 1 that look random and are the same everywhere.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

fn fresh_params() -> [f32; PARAMS] {
    let mut numbers = Numbers(42);
    let mut params = [0.0; PARAMS];
    params.iter_mut().for_each(|p| *p = numbers.next());
    for place in NETWORK.placed().filter(|place| matches!(place.layer, Layer::BatchNorm { .. })) {
        let units = params[place.range()].chunks_exact_mut(BatchNorm::VALUES);
        units.for_each(|unit| unit.copy_from_slice(&BatchNorm::INITIAL.to_array()));
    }
    params
}

/// Trains on the same `steps` batches, the last one short; `each` is told the outcome of every step.
fn train<C: Compute>(compute: &C, steps: usize, each: &mut dyn FnMut(Metrics)) -> [f32; PARAMS] {
    let (mut params, mut workspace, mut numbers) = (fresh_params(), [0.0; WORKSPACE], Numbers(7));
    let mut trainer = Trainer::new(NETWORK, &mut params, &mut workspace, BATCH).unwrap();
    let mut examples = [0.0; INPUTS * BATCH];
    examples.iter_mut().for_each(|x| *x = numbers.next());
    for step in 0..steps {
        let n = if step + 1 == steps { 3 } else { BATCH };
        let labels = [0, 1, 2, 2, 1, 0, 0, 1];
        let (examples, targets) = (Rows::new(&examples[..n * INPUTS], INPUTS), Targets::Classes(&labels[..n]));
        each(trainer.step(compute, &examples, targets, 0.1).unwrap());
    }
    params
}

/// One step with an optimizer; `each` gets the bits of the loss, then of all parameters and of the optimizer's state.
fn one_step<O: Optimizer>(optimizer: O, each: &mut dyn FnMut(u32)) {
    let (mut params, mut state, mut workspace) = (fresh_params(), [0.0; 2 * PARAMS], [0.0; WORKSPACE]);
    let settings = Settings::new(optimizer);
    let state = &mut state[..settings.state(&NETWORK)];
    let buffers = Buffers { params: &mut params, state: &mut *state, workspace: &mut workspace };
    let mut trainer = Trainer::with(NETWORK, settings, buffers, BATCH).unwrap();
    let (mut numbers, mut examples) = (Numbers(7), [0.0; INPUTS * 3]);
    examples.iter_mut().for_each(|x| *x = numbers.next());
    let targets = Targets::Classes(&[2, 0, 1]);
    each(trainer.step(&Portable, &Rows::new(&examples, INPUTS), targets, 0.1).unwrap().loss.to_bits());
    params.iter().chain(&*state).for_each(|p| each(p.to_bits()));
}

/// Three steps of SGD on a small network with [`Portable`]: `each` gets the bits of every loss, then of all parameters.
/// Then one step of Nesterov's momentum and one of AdamW, with their state.
pub fn three_steps(each: &mut dyn FnMut(u32)) {
    let params = train(&Portable, 3, &mut |metrics| each(metrics.loss.to_bits()));
    params.iter().for_each(|p| each(p.to_bits()));
    one_step(Momentum { nesterov: true, ..Momentum::default() }, each);
    one_step(Adam::ADAM_W, each);
}

pub(super) fn training_lowers_the_loss() {
    let (mut first, mut last) = (None, 0.0);
    train(&Portable, 60, &mut |metrics| {
        first = first.or(Some(metrics.loss));
        last = metrics.loss;
    });
    assert!(first.is_some_and(|first| first > 0.8 && last < first / 2.0), "{first:?} to {last}");
}

pub(super) fn what_cannot_be_trained_is_refused() {
    let (mut params, mut workspace) = (fresh_params(), [0.0; WORKSPACE]);
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
