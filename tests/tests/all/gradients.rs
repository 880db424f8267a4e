//! Gradients of `foldnet-core` against central differences on an oracle in f64; loss, moving statistics and inference
//! against the same oracle.

use foldnet::compute::Fast;
use foldnet_core::train::{Metrics, Targets, Trainer, predict};
use foldnet_core::{Compute, Layer, Portable, Rows};
use foldnet_tests::oracle::{self, Gradient};
use foldnet_tests::random::{Case, Dice};
use foldnet_tests::tolerance::{GRADIENT, MOVING, ORACLE_LOGIT, ORACLE_LOSS, Tolerance, largest};

/// A power of two, so that dividing by it is exact; large, so that subtracting the update from the parameter costs the
/// gradient few bits.
const RATE: f32 = 4096.0;

/// Cases with ReLU inputs closer to the kink than this, which may be on its other side in f32, are not used.
const MARGIN: f64 = 1e-5;

/// Parameters and metrics after one step, in a workspace for `spare` more examples than there are.
fn step(case: &Case, rate: f32, spare: usize) -> (Vec<f32>, Metrics) {
    step_with(&Portable, case, rate, spare)
}

fn step_with<C: Compute>(compute: &C, case: &Case, rate: f32, spare: usize) -> (Vec<f32>, Metrics) {
    let most = case.labels.len() + spare;
    let mut params = case.params.clone();
    // Not a number, so that a value read before it is written shows.
    let mut workspace = vec![f32::NAN; case.network().train_workspace(most)];
    let mut trainer = Trainer::new(case.network(), &mut params, &mut workspace, most).unwrap();
    let metrics =
        trainer.step(compute, &Rows::new(&case.x, case.inputs), Targets::Classes(&case.labels), rate).unwrap();
    (params, metrics)
}

/// The indices of the moving statistics, or of everything else.
fn places(case: &Case, moving: bool) -> Vec<usize> {
    let all = case.network().placed().flat_map(|place| {
        let is_norm = matches!(place.layer, Layer::BatchNorm { .. });
        place.range().enumerate().map(move |(index, at)| (is_norm && index % 4 >= 2, at))
    });
    all.filter(|(is_moving, _)| *is_moving == moving).map(|(_, at)| at).collect()
}

/// Core's gradient of every trainable parameter: `(before - after) / RATE`.
fn core_gradient(case: &Case, spare: usize) -> Vec<f64> {
    gradient_with(&Portable, case, spare)
}

fn gradient_with<C: Compute>(compute: &C, case: &Case, spare: usize) -> Vec<f64> {
    let (after, _) = step_with(compute, case, RATE, spare);
    let difference = |(before, after): (&f32, &f32)| (f64::from(*before) - f64::from(*after)) / f64::from(RATE);
    case.params.iter().zip(&after).map(difference).collect()
}

/// Counts of compared values.
#[derive(Default)]
struct Tally {
    worst: f64,
    compared: usize,
    skipped: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.worst = self.worst.max(other.worst);
        self.compared += other.compared;
        self.skipped += other.skipped;
    }
}

fn compare(case: &Case, expected: &Gradient, core: &[f64]) -> Tally {
    let scale = largest(expected.values.iter().flatten().copied());
    let mut tally = Tally { skipped: expected.skipped(), ..Tally::default() };
    for place in case.network().placed() {
        for at in place.range() {
            let moving = matches!(place.layer, Layer::BatchNorm { .. }) && (at - place.offset) % 4 >= 2;
            let Some(expected) = expected.values[at].filter(|_| !moving) else { continue };
            let deviation = GRADIENT.check(core[at], expected, scale).unwrap_or_else(|error| {
                let n = case.labels.len();
                panic!("{:?}, batch of {n}: layer {}, value {}: {error}", case.layers, place.index, at - place.offset)
            });
            tally.worst = tally.worst.max(deviation);
            tally.compared += 1;
        }
    }
    tally
}

/// A BatchNormalization with a smaller variance amplifies f32's rounding of its inputs, a thousandfold if several
/// follow each other: such a case would measure f32, not the gradient. (Units that are 0 everywhere, and a batch of
/// one, have an exact variance of 0 and are compared.)
const LEAST_VARIANCE: f64 = 1e-2;

/// A case suitable for f32, drawn again until it is: ReLU inputs away from the kink, variances not too small.
fn draw(dice: &mut Dice, layers: &[Layer], inputs: usize, n: usize) -> Case {
    for _ in 0..1000 {
        let case = Case::new(dice, layers, inputs, n);
        let pass = oracle::train(layers, &case.params_f64(), &case.batch());
        let clear = pass.relu_inputs.iter().all(|&x| x == 0.0 || x.abs() > MARGIN);
        if clear && (n == 1 || pass.variances.iter().all(|&variance| variance > LEAST_VARIANCE)) {
            return case;
        }
    }
    panic!("{layers:?}, batch of {n}: a thousand draws in a row were ill-conditioned");
}

fn check_gradient(dice: &mut Dice, layers: &[Layer], inputs: usize, n: usize, spare: usize) -> Tally {
    let case = draw(dice, layers, inputs, n);
    let expected = oracle::gradient(layers, &case.params_f64(), &case.batch());
    compare(&case, &expected, &core_gradient(&case, spare))
}

/// Maximum fraction of the parameters that may be skipped because of a kink.
fn assert_few_skipped(tally: &Tally) {
    let Tally { worst, compared, skipped } = tally;
    println!("{compared} gradients compared, {skipped} skipped, worst deviation {worst:.1e}");
    assert!(skipped * 100 <= *compared, "{skipped} of {compared} skipped: too many");
}

#[test]
fn gradients_of_every_position_of_batch_normalization() {
    const D: Layer = Layer::dense(4);
    const W: Layer = Layer::dense_without_bias(5);
    const BN: Layer = Layer::batch_norm();
    const R: Layer = Layer::Relu;
    let lists: [&[Layer]; 14] = [
        &[D],
        &[W],
        &[W, D],
        &[D, R, D],
        &[BN, D, R, BN, D, R, BN, D, Layer::Softmax],
        &[W, BN, R, W, BN, R, D, Layer::Softmax],
        &[BN, BN, D, BN, BN, BN, R, BN, BN, D],
        &[D, BN, D, BN, Layer::Softmax],
        &[R, D],
        &[R, BN, D],
        &[BN, R, D],
        &[D, BN, R, BN, D, D, R],
        &[D, R, R, D, R],
        &[W, BN, W, W, BN, R, D, BN, Layer::Softmax],
    ];
    let (mut dice, mut total) = (Dice::new(1), Tally::default());
    for layers in lists {
        for n in [2, 3, 8, 16, 17, 20] {
            for spare in [0, 13] {
                total.add(&check_gradient(&mut dice, layers, 3, n, spare));
            }
        }
    }
    assert_few_skipped(&total);
}

#[test]
fn gradients_of_random_networks() {
    let mut total = Tally::default();
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let layers = dice.layers(6);
        let (inputs, n, spare) = (dice.within(1, 6), dice.within(2, 20), dice.one_of(&[0, 0, 1, 12]));
        total.add(&check_gradient(&mut dice, &layers, inputs, n, spare));
    }
    assert_few_skipped(&total);
}

#[test]
fn gradients_of_layers_wider_than_a_vector() {
    let layers = [Layer::batch_norm(), Layer::dense(33), Layer::Relu, Layer::batch_norm(), Layer::dense(17)];
    let mut total = Tally::default();
    for n in [15, 16, 33] {
        total.add(&check_gradient(&mut Dice::new(n as u64), &layers, 18, n, 1));
    }
    assert_few_skipped(&total);
}

#[test]
fn gradients_of_the_fast_arithmetic_of_the_pc() {
    let (fast, mut total) = (Fast::new(2), Tally::default());
    for seed in 0..100 {
        let mut dice = Dice::new(3000 + seed);
        // Every tenth wide enough for several vectors, and batches for several too.
        let (widest, most) = if seed % 10 == 0 { (40, 40) } else { (6, 20) };
        let layers = dice.layers(widest);
        let (inputs, n) = (dice.within(1, widest), dice.within(2, most));
        let case = draw(&mut dice, &layers, inputs, n);
        let expected = oracle::gradient(&layers, &case.params_f64(), &case.batch());
        total.add(&compare(&case, &expected, &gradient_with(&fast, &case, 3)));
    }
    assert_few_skipped(&total);
}

/// With one example the variance is 0: a BatchNormalization outputs beta, whatever its input.
#[test]
fn a_batch_of_one_teaches_gamma_and_everything_below_nothing() {
    let layers = [Layer::dense(3), Layer::batch_norm(), Layer::Relu, Layer::dense(4), Layer::Softmax];
    for seed in 0..20 {
        let case = draw(&mut Dice::new(seed), &layers, 3, 1);
        let expected = oracle::gradient(&layers, &case.params_f64(), &case.batch());
        let core = core_gradient(&case, (seed % 3) as usize);
        compare(&case, &expected, &core);
        let below = 0..layers[0].params(3);
        let gammas = (below.end..below.end + 12).step_by(4);
        for at in below.chain(gammas) {
            assert_eq!((core[at], expected.values[at]), (0.0, Some(0.0)), "seed {seed}, value {at}");
        }
        let bias = &core[core.len() - 4..];
        assert!(bias.iter().all(|d| d.abs() > 1e-3), "seed {seed}: the last bias learns: {bias:?}");
    }
}

#[test]
fn loss_accuracy_and_moving_statistics_are_the_oracle_s() {
    let (mut worst_loss, mut worst_moving) = (0.0f64, 0.0f64);
    for seed in 0..400 {
        let mut dice = Dice::new(1000 + seed);
        let layers = dice.layers(6);
        let (inputs, n) = (dice.within(1, 6), dice.within(1, 20));
        let case = draw(&mut dice, &layers, inputs, n);
        let pass = oracle::train(&layers, &case.params_f64(), &case.batch());
        let (after, metrics) = step(&case, 0.5, 0);
        let loss = ORACLE_LOSS.check(metrics.loss.into(), pass.loss, 1.0);
        worst_loss = worst_loss.max(loss.unwrap_or_else(|error| panic!("seed {seed}, loss: {error}")));
        let correct = pass.logits.iter().zip(&case.labels).filter(|(z, label)| class(z) == usize::from(**label));
        assert_eq!(metrics.correct as usize, correct.count(), "seed {seed}");
        for at in places(&case, true) {
            let moving = MOVING.check(after[at].into(), pass.moved[at], 1.0);
            worst_moving = worst_moving.max(moving.unwrap_or_else(|error| panic!("seed {seed}, value {at}: {error}")));
        }
    }
    println!("worst deviation: loss {worst_loss:.1e}, moving statistics {worst_moving:.1e}");
}

/// The class of the largest output, the first if several are equal, as in core and Keras.
fn class(z: &[f64]) -> usize {
    z.iter().enumerate().fold(0, |best, (class, value)| if *value > z[best] { class } else { best })
}

#[test]
fn moving_statistics_follow_momentum_alone() {
    for seed in 0..50 {
        let mut dice = Dice::new(seed);
        let layers = dice.layers(6);
        let mut case = Case::new(&mut dice, &layers, 4, 9);
        let (slow, fast) = (step(&case, 0.0, 0).0, step(&case, 64.0, 0).0);
        for at in places(&case, true) {
            assert_eq!(slow[at].to_bits(), fast[at].to_bits(), "seed {seed}, value {at}: moved by the learning rate");
        }
        for at in places(&case, false) {
            assert_eq!(slow[at].to_bits(), case.params[at].to_bits(), "seed {seed}, value {at}: moved at rate 0");
        }
        for layer in &mut case.layers {
            if let Layer::BatchNorm { momentum, .. } = layer {
                *momentum = 1.0;
            }
        }
        let frozen = step(&case, 64.0, 0).0;
        for at in places(&case, true) {
            assert_eq!(frozen[at].to_bits(), case.params[at].to_bits(), "seed {seed}, value {at}: momentum is 1");
        }
    }
}

#[test]
fn inference_uses_the_moving_statistics() {
    let mut worst = 0.0f64;
    for seed in 0..200 {
        let mut dice = Dice::new(2000 + seed);
        let layers = dice.layers(6);
        let (inputs, n) = (dice.within(1, 6), dice.within(1, 20));
        let case = Case::new(&mut dice, &layers, inputs, n);
        let expected = oracle::infer(&layers, &case.params_f64(), &case.batch().x);
        let mut workspace = vec![f32::NAN; case.network().predict_workspace(n)];
        let mut logits = vec![f32::NAN; n * case.network().outputs()];
        let examples = Rows::new(&case.x, inputs);
        predict(&Portable, case.network(), &case.params, &mut workspace, &examples, &mut logits).unwrap();
        for (example, expected) in expected.iter().enumerate() {
            for (class, expected) in expected.iter().enumerate() {
                let deviation = ORACLE_LOGIT.check(logits[class * n + example].into(), *expected, 1.0);
                let fail = |error| panic!("seed {seed}, {layers:?}: example {example}, class {class}: {error}");
                worst = worst.max(deviation.unwrap_or_else(fail));
            }
        }
    }
    println!("worst deviation of a logit: {worst:.1e}");
}

/// The comparison itself: a gradient that is wrong by twice the tolerance must not pass.
#[test]
#[should_panic(expected = "GRADIENT allows")]
fn a_wrong_gradient_is_found() {
    let case = draw(&mut Dice::new(7), &[Layer::batch_norm(), Layer::dense(3)], 4, 6);
    let expected = oracle::gradient(&case.layers, &case.params_f64(), &case.batch());
    let mut core = core_gradient(&case, 0);
    let largest = (0..core.len()).max_by(|a, b| core[*a].abs().total_cmp(&core[*b].abs())).unwrap();
    core[largest] *= 1.0 + 2.0 * GRADIENT.value;
    assert!(Tolerance::deviation(core[largest], 0.0, 0.0) > 0.0);
    compare(&case, &expected, &core);
}
