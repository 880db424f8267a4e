//! Gradients of every loss, of Dropout with its mask and of quantized ReLUs, as `foldnet-core` stores them, against central
//! differences on an oracle in f64.

use foldnet_core::train::{Buffers, Loss, Metrics, Settings, Sgd, Targets, Trainer};
use foldnet_core::{Layer, Portable, Rows};
use foldnet_tests::oracle::{self, Answers, Goal};
use foldnet_tests::random::{Case, Dice};
use foldnet_tests::tolerance::{GRADIENT, ORACLE_LOSS, largest};

/// Within this distance of a kink or rounding boundary, f32 may land on the other side.
const MARGIN: f64 = 1e-5;

/// As in `gradients.rs`: smaller variances measure f32.
const LEAST_VARIANCE: f64 = 1e-2;

const D: Layer = Layer::dense(4);
const BN: Layer = Layer::batch_norm();
const R: Layer = Layer::Relu;

/// Gradients of all parameters, and the metrics of the step.
fn core(case: &Case, goal: &Goal) -> (Vec<f32>, Metrics) {
    let network = case.network();
    let settings = Settings {
        loss: goal.loss,
        class_weights: &goal.weights,
        gradient_norm: true,
        seed: goal.seed,
        ..Settings::new(Sgd::default())
    };
    let (mut params, mut state) = (case.params.clone(), vec![0.0; settings.state(&network)]);
    let n = case.labels.len();
    let mut workspace = vec![f32::NAN; network.train_workspace(n)];
    let buffers = Buffers { params: &mut params, state: &mut state, workspace: &mut workspace };
    let mut trainer = Trainer::with(network, settings, buffers, n).unwrap();
    let classes = &case.labels[..];
    let targets = match &goal.answers {
        Answers::Classes => Targets::Classes(classes),
        Answers::Taught(teacher) => Targets::Taught { classes, teacher },
        Answers::Values(values) => Targets::Values(values),
        Answers::Inputs => Targets::Inputs,
    };
    let metrics = trainer.step(&Portable, &Rows::new(&case.x, case.inputs), targets, 0.1).unwrap();
    (state[state.len() - network.params()..].to_vec(), metrics)
}

/// A well-conditioned random case for f32; redrawn until it is.
fn draw(dice: &mut Dice, layers: &[Layer], goal: &mut dyn FnMut(&mut Dice, &mut Case) -> Goal) -> (Case, Goal) {
    for _ in 0..2000 {
        let n = dice.one_of(&[2, 3, 8, 17]);
        let mut case = Case::new(dice, layers, 3, n);
        let goal = goal(dice, &mut case);
        let pass = oracle::train_for(layers, &case.params_f64(), &case.batch(), &goal);
        let clear = pass.relu_inputs.iter().all(|&x| x == 0.0 || x.abs() > MARGIN);
        let whole = pass.to_edges.iter().all(|&distance| distance > MARGIN);
        if clear && whole && pass.variances.iter().all(|&variance| variance > LEAST_VARIANCE) {
            return (case, goal);
        }
    }
    panic!("{layers:?}: two thousand draws in a row were ill-conditioned");
}

/// Loss and gradients of twenty cases of these layers are the oracle's; few parameters are skipped for a kink.
fn check(layers: &[Layer], mut goal: impl FnMut(&mut Dice, &mut Case) -> Goal) {
    let (mut compared, mut skipped, mut worst) = (0, 0, 0.0f64);
    for seed in 0..20 {
        let (case, goal) = draw(&mut Dice::new(seed), layers, &mut goal);
        let (params, batch) = (case.params_f64(), case.batch());
        let expected = oracle::gradient_for(layers, &params, &batch, &goal);
        let (gradients, metrics) = core(&case, &goal);
        let loss = oracle::train_for(layers, &params, &batch, &goal).loss;
        let fail = |what: &dyn std::fmt::Debug, error: String| panic!("{layers:?}, {goal:?}: {what:?}: {error}");
        ORACLE_LOSS.check(metrics.loss.into(), loss, loss.max(1.0)).unwrap_or_else(|error| fail(&"loss", error));
        let scale = largest(expected.values.iter().flatten().copied());
        assert!(scale > 1e-4, "{layers:?}: nothing is learned");
        for (at, (&core, expected)) in gradients.iter().zip(&expected.values).enumerate() {
            let Some(expected) = expected else {
                skipped += 1;
                continue;
            };
            worst = worst.max(GRADIENT.check(core.into(), *expected, scale).unwrap_or_else(|error| fail(&at, error)));
            compared += 1;
        }
    }
    println!("{layers:?}: {compared} compared, {skipped} skipped, worst {worst:.1e}");
    assert!(skipped * 50 <= compared, "{skipped} of {compared} skipped: too many");
}

/// Outputs and targets of similar size, `[N][outputs]`.
fn values(dice: &mut Dice, case: &Case) -> Answers {
    let len = case.labels.len() * case.network().outputs();
    Answers::Values((0..len).map(|_| dice.uniform_f32(-2.0, 2.0)).collect())
}

/// A loss of values, on networks with a BatchNormalization at every place.
fn check_values(loss: Loss) {
    for layers in [&[D][..], &[BN, D, R, BN, D], &[D, BN, R, D]] {
        check(layers, |dice, case| Goal { loss, answers: values(dice, case), ..Goal::default() });
    }
}

#[test]
fn of_squared_errors() {
    check_values(Loss::MeanSquaredError);
}

#[test]
fn of_huber() {
    check_values(Loss::Huber { delta: 1.0 });
    check_values(Loss::Huber { delta: 0.3 });
}

#[test]
fn of_reconstruction() {
    for loss in [Loss::MeanSquaredError, Loss::Huber { delta: 0.5 }] {
        let goal = Goal { loss, answers: Answers::Inputs, ..Goal::default() };
        check(&[Layer::dense(2), BN, R, Layer::dense(3)], |_, _| goal.clone());
        check(&[BN, Layer::dense(2), R, Layer::dense(3)], |_, _| goal.clone());
    }
}

#[test]
fn of_binary_cross_entropy_with_a_sigmoid() {
    let loss = Loss::BinaryCrossEntropy;
    for weights in [vec![], vec![0.5, 2.0]] {
        check(&[BN, D, R, Layer::dense(1), Layer::Sigmoid], |dice, case| {
            case.labels = dice.labels(case.labels.len(), 2);
            Goal { loss, weights: weights.clone(), ..Goal::default() }
        });
    }
    let shares = |dice: &mut Dice, case: &mut Case| {
        let len = case.labels.len() * case.network().outputs();
        let answers = Answers::Values((0..len).map(|_| dice.uniform_f32(0.0, 1.0)).collect());
        Goal { loss, answers, ..Goal::default() }
    };
    check(&[D, BN, R, Layer::dense(3)], shares);
}

#[test]
fn of_label_smoothing_and_class_weights() {
    for (label_smoothing, weights) in [(0.1, vec![]), (0.0, vec![1.0, 0.25, 3.0, 0.0]), (0.3, vec![2.0, 1.0, 0.5, 1.5])]
    {
        let goal = Goal { loss: Loss::CrossEntropy { label_smoothing }, weights, ..Goal::default() };
        check(&[BN, D, R, BN, D, Layer::Softmax], |_, _| goal.clone());
    }
}

#[test]
fn of_distillation() {
    for (alpha, temperature) in [(0.3, 3.0), (0.0, 1.0), (0.7, 8.0), (1.0, 2.0)] {
        for weights in [vec![], vec![2.0, 1.0, 0.5, 1.5]] {
            check(&[BN, D, R, D, Layer::Softmax], |dice, case| {
                let len = case.labels.len() * case.network().outputs();
                let teacher = (0..len).map(|_| dice.uniform_f32(-4.0, 4.0)).collect();
                let loss = Loss::Distillation { alpha, temperature };
                Goal { loss, answers: Answers::Taught(teacher), weights: weights.clone(), ..Goal::default() }
            });
        }
    }
}

#[test]
fn of_dropout_with_the_mask_of_its_seed() {
    const DROP: Layer = Layer::Dropout { rate: 0.4 };
    for layers in [&[D, R, DROP, D][..], &[DROP, D], &[D, DROP, R, Layer::Dropout { rate: 0.1 }, Layer::dense(3)]] {
        check(layers, |dice, _| Goal { seed: dice.within(0, 1000) as u32, ..Goal::default() });
    }
}

/// The straight-through slope: 1 where the ReLU is neither 0 nor saturated.
#[test]
fn of_quantized_relus() {
    for step in [0.5, 0.01, 0.003] {
        let quantized = Layer::QuantizedRelu { step };
        for layers in [&[D, quantized, D][..], &[Layer::dense_without_bias(4), BN, quantized, D, BN, quantized, D]] {
            check(layers, |_, _| Goal::default());
        }
    }
}

/// The comparison itself: the gradient of another seed's mask, or of another loss, does not pass.
#[test]
fn wrong_gradients_are_found() {
    let layers = [D, R, Layer::Dropout { rate: 0.4 }, D];
    let (case, goal) = draw(&mut Dice::new(1), &layers, &mut |_, _| Goal::default());
    let expected = oracle::gradient_for(&layers, &case.params_f64(), &case.batch(), &goal);
    let scale = largest(expected.values.iter().flatten().copied());
    let smoothed = Loss::CrossEntropy { label_smoothing: 0.01 };
    for wrong in [Goal { seed: 1, ..goal.clone() }, Goal { loss: smoothed, ..goal }] {
        let pairs = core(&case, &wrong).0;
        let differ = |(core, expected): (&f32, &Option<f64>)| {
            expected.is_some_and(|expected| GRADIENT.check((*core).into(), expected, scale).is_err())
        };
        assert!(pairs.iter().zip(&expected.values).any(differ), "{wrong:?} passes for {:?}", case.layers);
    }
}
