//! Bit-exact promises of training in core: the same seed gives the same bytes, a split over threads changes none, a
//! refused batch changes nothing, and a short batch is as good as a whole one.

use foldnet_core::train::{BufferError, Metrics, Targets, Trainer, initialize, predict};
use foldnet_core::{Compute, Layer, Network, Portable, Rows, Shape};
use foldnet_tests::compute::Split;
use foldnet_tests::random::{Case, Dice};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

const INPUTS: usize = 19;
const CLASSES: usize = 5;
const BATCH: usize = 16;
const RATE: f32 = 0.1;

/// Both of the notebook's orders in one list, and a Dense directly after a Dense.
const LAYERS: [Layer; 11] = [
    Layer::batch_norm(),
    Layer::dense(17),
    Layer::Relu,
    Layer::batch_norm(),
    Layer::dense_without_bias(9),
    Layer::batch_norm(),
    Layer::Relu,
    Layer::dense(4),
    Layer::dense(5),
    Layer::batch_norm(),
    Layer::Softmax,
];

const NETWORK: Network = Network::of(&LAYERS, Shape::count(INPUTS));
const PARAMS: usize = NETWORK.params();
const WORKSPACE: usize = NETWORK.train_workspace(BATCH);

/// Results of a training: parameters, the metrics of every step, and the final logits, all as bits.
#[derive(Debug, PartialEq)]
struct Trace {
    params: Vec<u32>,
    metrics: Vec<(u32, u32)>,
    logits: Vec<u32>,
}

fn bits(values: &[f32]) -> Vec<u32> {
    assert!(values.iter().all(|value| value.is_finite()), "{values:?}");
    values.iter().map(|value| value.to_bits()).collect()
}

/// Batches of the sizes that occur in an epoch, and a batch of one.
const SIZES: [usize; 8] = [16, 16, 16, 7, 1, 16, 2, 15];

/// Trains from weights and batches drawn from `seed`.
fn train<C: Compute>(compute: &C, seed: u64) -> Trace {
    let (mut params, mut workspace) = ([0.0; PARAMS], [f32::NAN; WORKSPACE]);
    initialize(NETWORK, &mut params, &mut ChaCha8Rng::seed_from_u64(seed));
    let (mut dice, mut metrics) = (Dice::new(seed), Vec::new());
    for n in SIZES {
        let (x, labels) = (dice.examples(n, INPUTS), dice.labels(n, CLASSES));
        let mut trainer = Trainer::new(NETWORK, &mut params, &mut workspace, BATCH).unwrap();
        let Metrics { loss, correct, .. } =
            trainer.step(compute, &Rows::new(&x, INPUTS), Targets::Classes(&labels), RATE).unwrap();
        metrics.push((loss.to_bits(), correct));
    }
    let (x, mut logits) = (dice.examples(23, INPUTS), [f32::NAN; 23 * CLASSES]);
    let mut workspace = vec![f32::NAN; NETWORK.predict_workspace(23)];
    predict(compute, NETWORK, &params, &mut workspace, &Rows::new(&x, INPUTS), &mut logits).unwrap();
    Trace { params: bits(&params), metrics, logits: bits(&logits) }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_others() {
    assert_eq!(train(&Portable, 42), train(&Portable, 42));
    assert_ne!(train(&Portable, 42).params, train(&Portable, 43).params);
}

#[test]
fn a_split_over_threads_changes_no_bit() {
    let whole = train(&Portable, 42);
    // 0 and 100 are clamped to what core supports.
    for parts in [0, 1, 2, 3, 4, 5, 7, 8, 100] {
        assert_eq!(train(&Split(parts), 42), whole, "{parts} parts");
    }
}

#[test]
fn a_split_changes_no_bit_of_random_networks() {
    for seed in 0..100 {
        let mut dice = Dice::new(seed);
        let layers = dice.layers(7);
        let n = dice.within(1, 20);
        let case = Case::new(&mut dice, &layers, 5, n);
        let whole = step(&Portable, &case, n);
        assert_eq!(step(&Split(3), &case, n), whole, "seed {seed}: {layers:?}");
        assert_eq!(step(&Portable, &case, n + 9), whole, "seed {seed}: {layers:?} in a larger workspace");
    }
}

/// The bits of parameters and metrics after a step in a workspace for `most` examples.
fn step<C: Compute>(compute: &C, case: &Case, most: usize) -> (Vec<u32>, u32, u32) {
    let mut params = case.params.clone();
    let mut workspace = vec![f32::NAN; case.network().train_workspace(most)];
    let mut trainer = Trainer::new(case.network(), &mut params, &mut workspace, most).unwrap();
    let metrics =
        trainer.step(compute, &Rows::new(&case.x, case.inputs), Targets::Classes(&case.labels), RATE).unwrap();
    (bits(&params), metrics.loss.to_bits(), metrics.correct)
}

/// A batch of `examples` and `labels` is refused, and changes nothing.
fn refused(examples: usize, labels: &[u16], expected: BufferError) {
    let mut params = Dice::new(1).params(NETWORK);
    let before = bits(&params);
    let x = Dice::new(2).examples(examples, INPUTS);
    let mut workspace = [f32::NAN; WORKSPACE];
    let mut trainer = Trainer::new(NETWORK, &mut params, &mut workspace, BATCH).unwrap();
    let error = trainer.step(&Portable, &Rows::new(&x, INPUTS), Targets::Classes(labels), RATE).unwrap_err();
    assert_eq!((error, bits(trainer.params())), (expected, before), "{examples} examples, labels {labels:?}");
}

#[test]
fn a_bad_batch_is_refused_and_changes_nothing() {
    refused(0, &[], BufferError::Batch { most: BATCH });
    refused(17, &[0; 17], BufferError::Batch { most: BATCH });
    refused(3, &[0, 1], BufferError::Batch { most: BATCH });
    refused(2, &[0, 1, 2], BufferError::Batch { most: BATCH });
    refused(3, &[4, 5, 6], BufferError::Label { label: 5 });
    refused(1, &[255], BufferError::Label { label: 255 });
}

/// The result of `Trainer::new` for buffers of these lengths.
fn refused_buffers(params: usize, workspace: usize, expected: Option<BufferError>) {
    let (mut params, mut workspace) = (vec![0.0; params], vec![0.0; workspace]);
    let error = Trainer::new(NETWORK, &mut params, &mut workspace, BATCH).err();
    assert_eq!(error, expected, "{} parameters, {} of workspace", params.len(), workspace.len());
}

#[test]
fn buffers_of_a_wrong_length_are_refused() {
    let wrong_params = Some(BufferError::Params { needed: PARAMS });
    refused_buffers(PARAMS, WORKSPACE, None);
    refused_buffers(PARAMS, WORKSPACE + 1, None);
    refused_buffers(PARAMS - 1, WORKSPACE, wrong_params);
    refused_buffers(PARAMS + 1, WORKSPACE, wrong_params);
    refused_buffers(PARAMS, WORKSPACE - 1, Some(BufferError::Workspace { needed: WORKSPACE }));
}

/// On a separable set, training reduces the loss and classifies every example correctly; an update with the wrong sign
/// would not.
#[test]
fn training_learns() {
    let (mut params, mut workspace) = ([0.0; PARAMS], [f32::NAN; WORKSPACE]);
    initialize(NETWORK, &mut params, &mut ChaCha8Rng::seed_from_u64(3));
    let (x, labels) = (Dice::new(4).examples(BATCH, INPUTS), Dice::new(5).labels(BATCH, CLASSES));
    let mut trainer = Trainer::new(NETWORK, &mut params, &mut workspace, BATCH).unwrap();
    let mut step = || trainer.step(&Portable, &Rows::new(&x, INPUTS), Targets::Classes(&labels), RATE).unwrap();
    let first = step();
    let last = (0..300).map(|_| step()).last().unwrap();
    assert!(first.loss > 1.0 && last.loss < 0.5 * first.loss, "{first:?} {last:?}");
    assert_eq!(last.correct, BATCH as u32);
}
