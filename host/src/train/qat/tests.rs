//! Training in integers on small generated sets: the exported model equals the trained one, and unsuitable networks are
//! refused.

use super::*;
use crate::compute::Fast;
use crate::deploy::export::{ExportPlan, export};
use crate::deploy::quantize::logits;
use crate::model::integer_layers::integer_layers;
use crate::network::architecture::NormPlacement;
use crate::network::checkpoint::{About, Hints, Input, Output, PixelStatistics};
use crate::network::groups::Groups;
use crate::run::{Outputs, Scored, answers, run_model};
use crate::train::answers::with_units;
use crate::train::fit::{fit, initial_params};
use crate::train::standardize::value_statistics;
use foldnet_core::network::LayerList;
use foldnet_core::{Layer, Model, Portable};
use foldnet_data::{Shape, TargetsRef, Task, Values, ValuesRef};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const INPUTS: usize = 20;
const CLASSES: usize = 4;

/// Bytes scattered around a centre for their class, `[N][I]`, and the classes.
struct Set {
    shape: Shape,
    bytes: Vec<u8>,
    classes: Vec<u16>,
}

impl Set {
    fn draw(n: usize, seed: u64) -> Self {
        Self::of_shape(n, seed, Shape::features(INPUTS))
    }

    fn of_shape(n: usize, seed: u64, shape: Shape) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let classes: Vec<u16> = (0..n).map(|_| (rng.next_u32() % CLASSES as u32) as u16).collect();
        let value = |at: usize, class: u16, drawn: u32| {
            let middle = 40 + (at * 37 + usize::from(class) * 61) % 150;
            (middle as i32 + (drawn % 101) as i32 - 50).clamp(0, 255) as u8
        };
        let bytes = classes.iter().flat_map(|&class| (0..shape.inputs()).map(move |at| (at, class)));
        let bytes = bytes.map(|(at, class)| value(at, class, rng.next_u32())).collect();
        Self { shape, bytes, classes }
    }

    fn view(&self) -> View<'_> {
        let (inputs, targets) = (ValuesRef::U8(&self.bytes), TargetsRef::Classes(&self.classes));
        View { inputs, targets, shape: self.shape }
    }
}

/// A float network that has been trained for some epochs.
fn float(norm: NormPlacement, train: &Set, valid: &Set) -> Checkpoint {
    float_of(About::default(), norm, train, valid)
}

fn float_of(about: About, norm: NormPlacement, train: &Set, valid: &Set) -> Checkpoint {
    let inputs = train.shape.inputs() / about.pool.map_or(1, |side| side * side);
    let layers = norm.layers(&[12, 8], CLASSES as u32);
    let mut network = Checkpoint {
        labels: (0..CLASSES).map(|class| class.to_string()).collect(),
        about,
        ..Checkpoint::new(layers, inputs, Vec::new(), PixelStatistics::Unit).expect("a network")
    };
    initial_params(&mut network, 1);
    let config = Config { epochs: 30, learning_rate: 0.05, ..Config::default() };
    fit(&mut network, &config, train.view(), valid.view(), &Portable, &mut ()).expect("training");
    network
}

fn config(epochs: usize) -> Config {
    Config { epochs, learning_rate: 0.02, ..Config::default() }
}

/// Logits of a network of integers by its own arithmetic, and those of the exported model.
fn both(network: &Checkpoint, bits: &[u8], train: &Set, test: &Set) -> [Vec<f32>; 2] {
    let plan = ExportPlan { bits, calibration: train.view(), test: test.view(), labels: &network.labels };
    let (model, report) = export(network, &plan, &Portable, &mut |_| {}).expect("an export");
    assert_eq!((report.changed, report.folded_max_deviation), (0, 0.0));
    let layers = integer_layers(network).expect("integers");
    let scale = layers.last().expect("a layer").scale as f32;
    let exported = run_model(&Model::parse(&model).expect("a model"), test.view()).logits;
    let seen = network.seen(test.view());
    let bytes = seen.view().bytes().expect("bytes");
    [logits(&layers, bytes).into_iter().map(|z| z as f32 * scale).collect(), exported]
}

/// Networks whose inputs are averages of 2x2 pixels, with one channel and with three: the model file, run by the
/// device's code on whole images, gives bit-identical logits, and the student has learned something.
#[test]
fn pooled_inputs_are_the_same_on_both_sides() {
    for channels in [1, 3] {
        let shape = Shape { height: 6, width: 8, channels };
        let [train, valid, test] = [(500, 1), (100, 2), (200, 3)].map(|(n, seed)| Set::of_shape(n, seed, shape));
        let about = About { pool: Some(2), shape: Some([6, 8, channels]), ..About::default() };
        let teacher = float_of(about, NormPlacement::Before, &train, &valid);
        let how = Quantize { bits: vec![4], teacher: Some(teacher.clone()), smaller: None };
        let mut student = begin(&teacher, &how, [train.view(), valid.view()], &Portable).expect("a student");
        let sets = [train.view(), valid.view()];
        fit_quantized(&mut student, how.teacher.as_ref(), &config(3), sets, &Portable, &mut ()).expect("training");
        let [own, exported] = both(&student.network, &[4], &train, &test);
        assert_eq!(own, exported, "{channels} channels");
        let accuracy = run_checkpoint(&student.network, test.view(), &Portable).accuracy(&test.classes);
        assert!(accuracy > 0.8, "{channels} channels: {accuracy}");
        // Quantized after training, and as floats, which differ from the network only by the rounding of averages.
        for (bits, most) in [(8, 0.02), (32, 0.01)] {
            let plan =
                ExportPlan { bits: &[bits], calibration: train.view(), test: test.view(), labels: &teacher.labels };
            let (_, report) = export(&teacher, &plan, &Portable, &mut |_| {}).expect("an export");
            assert!(report.folded_max_deviation < 1e-4, "{report:?}");
            assert!((report.accuracy - report.float_accuracy).abs() <= most, "{report:?}");
        }
    }
}

/// Both reductions of a network, within a cost of 2 points or percent.
const SMALLER: Limits = Limits { merge: true, prune: true, max_loss: 2.0 };

/// Bytes that come in pairs with nearly the same information.
fn pairs(n: usize, seed: u64) -> Set {
    let mut set = Set::draw(n, seed);
    set.bytes.chunks_exact_mut(2).for_each(|pair| pair[1] = pair[0].saturating_add(pair[1] % 4));
    set
}

/// Merged before training, for every placement: the checkpoint holds the groups, the device's code on whole examples
/// gives bit-identical logits and what training validated by, and the student has learned something.
#[test]
fn merged_inputs_are_the_same_on_both_sides() {
    let (train, valid, test) = (pairs(600, 1), pairs(200, 2), pairs(300, 3));
    let folder = tempfile::tempdir().expect("a folder");
    for (norm, limits) in [
        (NormPlacement::After, Limits { prune: false, ..SMALLER }),
        (NormPlacement::Before, SMALLER),
        (NormPlacement::Without, SMALLER),
    ] {
        let teacher = float(norm, &train, &valid);
        let how = Quantize { bits: vec![4], teacher: Some(teacher.clone()), smaller: Some(limits) };
        let sets = [train.view(), valid.view()];
        let mut student = begin(&teacher, &how, sets, &Portable).expect("a student");
        let report = student.smaller.clone().expect("it is smaller");
        let inputs = student.network.inputs();
        assert!(inputs <= INPUTS / 2 && report.inputs == [INPUTS, inputs] && report.is_within(), "{norm}: {report:?}");
        assert_eq!(report.units.iter().any(|[was, is]| is < was), limits.prune, "{norm}: {report:?}");
        assert_eq!((student.network.groups().len(), student.network.values()), (inputs, INPUTS));
        let epochs = fit_quantized(&mut student, how.teacher.as_ref(), &config(6), sets, &Portable, &mut ());
        let epochs = epochs.expect("training");
        let path = folder.path().join("model.safetensors");
        student.network.write(&path).expect("written");
        let read = Checkpoint::read(&path, &Hints::default()).expect("read");
        assert_eq!(read, student.network, "{norm}");
        let [own, exported] = both(&read, &[4], &train, &test);
        assert_eq!(own, exported, "{norm}");
        let of_valid = run_checkpoint(&read, valid.view(), &Portable).accuracy(&valid.classes);
        assert_eq!(of_valid, epochs[5].val_accuracy, "{norm}");
        let of_float = run_checkpoint(&teacher, test.view(), &Portable).accuracy(&test.classes);
        let accuracy = run_checkpoint(&read, test.view(), &Portable).accuracy(&test.classes);
        println!("{norm}: float {of_float:.3}, merged to {inputs} and trained {accuracy:.3}");
        assert!(of_float > 0.85 && accuracy > of_float - 0.1, "{norm}: {of_float:.3} to {accuracy:.3}");
    }
}

/// Damaged groups in a checkpoint are refused.
#[test]
fn groups_that_contradict_the_network_are_refused() {
    let (train, valid) = (pairs(300, 1), pairs(100, 2));
    let teacher = float(NormPlacement::Before, &train, &valid);
    let how = Quantize { bits: vec![4], teacher: None, smaller: Some(SMALLER) };
    let good = begin(&teacher, &how, [train.view(), valid.view()], &Portable).expect("a student").network;
    let path = tempfile::tempdir().expect("a folder").path().join("model.safetensors");
    let check = |change: &dyn Fn(&mut About), words: &str| {
        let mut network = good.clone();
        change(&mut network.about);
        let error = format!("{:#}", anyhow::Error::from(network.write(&path).expect_err(words)));
        assert!(error.contains(words), "{error}");
    };
    let groups = |about: &mut About, groups: Groups| {
        about.quantized.as_mut().expect("integers").groups = groups;
    };
    check(&|about| groups(about, Groups::new(vec![vec![0, 1], vec![2]])), "has 2 groups of values for ");
    check(&|about| about.shape = Some([1, 1, INPUTS + 1]), "has a shape that is not of 20 inputs");
    check(&|about| about.task = Task::Reconstruct, "merges inputs that it pools or reconstructs");
}

/// Trains in integers of these widths, from a float network, which is also the teacher if `taught`. The loss must fall,
/// accuracy stay, and export give bit-identical logits before the first step and after the last.
fn check(norm: NormPlacement, bits: &[u8], taught: bool) {
    let (train, valid, test) = (Set::draw(600, 1), Set::draw(200, 2), Set::draw(300, 3));
    let teacher = float(norm, &train, &valid);
    let how = Quantize { bits: bits.to_vec(), teacher: taught.then(|| teacher.clone()), smaller: None };
    let mut student = begin(&teacher, &how, [train.view(), valid.view()], &Portable).expect("a student");
    let [own, exported] = both(&student.network, bits, &train, &test);
    assert_eq!(own, exported, "{norm} {bits:?}: before the first step");
    let sets = [train.view(), valid.view()];
    let epochs = fit_quantized(&mut student, how.teacher.as_ref(), &config(6), sets, &Portable, &mut ());
    let epochs = epochs.expect("training");
    let [own, exported] = both(&student.network, bits, &train, &test);
    assert_eq!(own, exported, "{norm} {bits:?}: after training");
    let (first, last) = (epochs[0], epochs[5]);
    assert!(last.loss < first.loss, "{norm} {bits:?}: {} to {}", first.loss, last.loss);
    assert!(last.gradient_norm.is_some() && last.learning_rate < first.learning_rate);
    // What training validates by is what `evaluate` and the device run.
    let outputs = run_checkpoint(&student.network, valid.view(), &Portable);
    assert_eq!(outputs.accuracy(&valid.classes), last.val_accuracy);
    let of_float = run_checkpoint(&teacher, test.view(), &Portable).accuracy(&test.classes);
    let accuracy = run_checkpoint(&student.network, test.view(), &Portable).accuracy(&test.classes);
    println!("{norm} {bits:?}: float {of_float:.3}, integers {accuracy:.3}");
    assert!(of_float > 0.9 && accuracy > of_float - 0.1, "{norm} {bits:?}: {of_float:.3} to {accuracy:.3}");
}

#[test]
fn eight_bits() {
    check(NormPlacement::Before, &[8], false);
}

#[test]
fn four_bits_of_a_network_that_is_folded_forward() {
    check(NormPlacement::After, &[4], false);
}

#[test]
fn two_bits_with_a_teacher() {
    check(NormPlacement::Before, &[2], true);
    check(NormPlacement::After, &[2], true);
}

#[test]
fn a_width_for_each_layer() {
    check(NormPlacement::Without, &[8, 4, 2], true);
}

#[test]
fn threads_change_no_bit() {
    let (train, valid) = (Set::draw(300, 1), Set::draw(100, 2));
    let teacher = float(NormPlacement::Before, &train, &valid);
    let how = Quantize { bits: vec![4], teacher: Some(teacher.clone()), smaller: None };
    let params = [1, 2].map(|threads| {
        let compute = Fast::new(threads);
        let mut student = begin(&teacher, &how, [train.view(), valid.view()], &compute).expect("a student");
        let sets = [train.view(), valid.view()];
        fit_quantized(&mut student, how.teacher.as_ref(), &config(2), sets, &compute, &mut ()).expect("training");
        student.network.params
    });
    assert_eq!(params[0], params[1]);
}

/// A rate that is far too large even for floats, for half an epoch: training diverges or stays finite, but never
/// returns a network that is not finite.
#[test]
fn a_rate_that_is_far_too_large_diverges() {
    let (train, valid) = (Set::draw(300, 1), Set::draw(100, 2));
    let teacher = float(NormPlacement::Before, &train, &valid);
    let how = Quantize { bits: vec![4], teacher: None, smaller: None };
    let mut student = begin(&teacher, &how, [train.view(), valid.view()], &Portable).expect("a student");
    let config = Config { learning_rate: 1e30, ..config(2) };
    let sets = [train.view(), valid.view()];
    let error = fit_quantized(&mut student, None, &config, sets, &Portable, &mut ()).expect_err("a divergence");
    assert!(matches!(error, TrainError::Diverged { epoch: 1 }), "{error}");
}

/// The network changed by `change` is refused with `expected`.
fn refused(change: impl Fn(&mut Checkpoint, &mut Quantize), expected: &str) {
    let (train, valid) = (Set::draw(60, 1), Set::draw(20, 2));
    let mut network = float(NormPlacement::Before, &train, &valid);
    let mut how = Quantize { bits: vec![4], teacher: Some(network.clone()), smaller: None };
    change(&mut network, &mut how);
    let error = format!("{:#}", begin(&network, &how, [train.view(), valid.view()], &Portable).expect_err(expected));
    assert!(error.contains(expected) && !error.contains('\n'), "{error}");
}

#[test]
fn what_cannot_be_trained_in_integers_is_refused_in_one_line() {
    let relu_first = |network: &mut Checkpoint, _: &mut Quantize| {
        let layers = [&[Layer::Relu], &network.layers[..]].concat();
        network.layers = LayerList::new(layers, INPUTS).expect("valid layers");
    };
    refused(relu_first, "cannot be trained in integers");
    refused(|_, how| how.bits = vec![3], "--bits 3: training in integers takes 8, 4 or 2 bits");
    refused(|_, how| how.bits = vec![8, 2], "one for each of the 3 layers");
    let smaller = |_: &mut Checkpoint, how: &mut Quantize| {
        let teacher = how.teacher.as_mut().expect("a teacher");
        let layers = NormPlacement::Before.layers(&[12, 8], CLASSES as u32);
        teacher.layers = LayerList::new(layers, INPUTS - 1).expect("valid layers");
    };
    let merge = Some(Limits { merge: true, prune: false, max_loss: 0.2 });
    let pool = |network: &mut Checkpoint, how: &mut Quantize| {
        (network.about.pool, network.about.shape, how.teacher, how.smaller) = (Some(2), Some([8, 10, 1]), None, merge);
    };
    refused(pool, "--merge: the inputs of this network are averages already (--pool)");
    let reconstruct = |network: &mut Checkpoint, how: &mut Quantize| {
        (network.about.task, how.teacher, how.smaller) = (Task::Reconstruct, None, merge);
    };
    refused(reconstruct, "--merge, --prune: a network that reconstructs its inputs needs all of them");
    let wide = |network: &mut Checkpoint, how: &mut Quantize| {
        network.layers = LayerList::new(network.layers.to_vec(), 5_000).expect("valid layers");
        (how.teacher, how.smaller) = (None, merge);
        initial_params(network, 1);
    };
    refused(wide, "--merge, --prune: they take layers of at most 4096 inputs; leave them out");
    let too_little = |_: &mut Checkpoint, how: &mut Quantize| {
        how.smaller = Some(Limits { merge: true, prune: false, max_loss: -100.0 });
    };
    refused(too_little, "within --max-loss -100, measured on 80 examples");
    refused(
        smaller,
        "--distill: a network of 19 u8 inputs and 4 outputs, the one of --init has 20 u8 inputs and 4 outputs",
    );
}

#[test]
fn a_network_of_integers_is_no_start() {
    let (train, valid) = (Set::draw(60, 1), Set::draw(20, 2));
    let network = float(NormPlacement::Before, &train, &valid);
    let how = Quantize { bits: vec![4], teacher: None, smaller: None };
    let student = begin(&network, &how, [train.view(), valid.view()], &Portable).expect("a student");
    let error =
        begin(&student.network, &how, [train.view(), valid.view()], &Portable).expect_err("integers").to_string();
    assert!(error.contains("was trained in integers already; give the float network"), "{error}");
}

/// Generated sensor data: two channels, every type.
const SAMPLES: usize = 6;

/// Windows of a sensor in three states, in the units of its type, `[N][SAMPLES][2]`; and the targets of each: the
/// state, and two values of very different magnitudes.
struct Recording {
    inputs: Values,
    classes: Vec<u16>,
    values: Vec<f32>,
}

impl Recording {
    fn draw(kind: &str, n: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut noise = move || f64::from(rng.next_u32()) / f64::from(u32::MAX) - 0.5;
        let (mut real, mut classes, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..n {
            let (phase, size) = (3.0 * (noise() + 0.5), 0.6 + 0.4 * noise());
            for sample in 0..SAMPLES {
                let at = phase + sample as f64;
                real.extend([size * at.sin() + 0.1 * noise(), 0.7 * (0.5 * at).cos() + 0.1 * noise()]);
            }
            classes.push(phase as u16);
            values.extend([(2000.0 + 500.0 * phase) as f32, (0.01 * size) as f32]);
        }
        // All of them within -1.1 to 1.1.
        let inputs = match kind {
            "u8" => Values::U8(real.iter().map(|x| (127.0 + 110.0 * x) as u8).collect()),
            "i8" => Values::I8(real.iter().map(|x| (110.0 * x) as i8).collect()),
            "i16" => Values::I16(real.iter().map(|x| (9000.0 * x - 500.0) as i16).collect()),
            "u16" => Values::U16(real.iter().map(|x| (2100.0 + 1500.0 * x) as u16).collect()),
            _ => Values::F32(real.iter().enumerate().map(|(at, x)| (x * [1.0, 1e-3][at % 2] + 5.0) as f32).collect()),
        };
        Self { inputs, classes, values }
    }

    fn view(&self, task: Task) -> View<'_> {
        let targets = match task {
            Task::Regress => TargetsRef::Values { values: &self.values, outputs: 2 },
            _ => TargetsRef::Classes(&self.classes),
        };
        View { inputs: self.inputs.view(), targets, shape: Shape::window(SAMPLES, 2) }
    }
}

/// The target of a network for sensors.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Goal {
    States,
    /// Whether it is the last state, with one sigmoid.
    Last,
    Values,
    Inputs,
}

impl Goal {
    fn task(self) -> Task {
        match self {
            Self::States | Self::Last => Task::Classify,
            Self::Values => Task::Regress,
            Self::Inputs => Task::Reconstruct,
        }
    }

    /// The error of outputs: fraction of wrong classes, error relative to the spread of values, or mean score.
    fn error(self, found: &Outputs, view: View) -> f64 {
        match self {
            Self::States | Self::Last => 1.0 - found.accuracy(view.classes().expect("classes")),
            Self::Values => {
                let (values, mean) = (view.values().expect("values"), [2750.0, 0.006]);
                let share = |output: usize| {
                    let both = || found.logits.iter().zip(values).skip(output).step_by(2);
                    let error: f32 = both().map(|(y, value)| (y - value).powi(2)).sum();
                    error / both().map(|(_, value)| (value - mean[output]).powi(2)).sum::<f32>()
                };
                f64::from(share(0).max(share(1)))
            }
            Self::Inputs => {
                found.scores.iter().map(|scored| f64::from(scored.score)).sum::<f64>() / found.scores.len() as f64
            }
        }
    }
}

/// A float network of sensors, trained for some epochs, in units of training.
fn of_sensors(goal: Goal, norm: NormPlacement, [train, valid]: [View; 2]) -> Checkpoint {
    let inputs = 2 * SAMPLES;
    let (outputs, head) = match goal {
        Goal::States => (3, Some(Layer::Softmax)),
        Goal::Last => (1, Some(Layer::Sigmoid)),
        Goal::Values => (2, None),
        Goal::Inputs => (inputs as u32, None),
    };
    let mut layers = norm.layers(&[16, 12], outputs);
    layers.pop();
    layers.extend(head);
    let (mean, std) = value_statistics(train.inputs, inputs);
    let mut about = About {
        task: goal.task(),
        input: Input(train.inputs.input_type()),
        shape: Some([SAMPLES, 1, 2]),
        ..About::default()
    };
    if let Ok(values) = train.values() {
        let (mean, std) = value_statistics(ValuesRef::F32(values), 2);
        let of = |output: usize| Output { name: output.to_string(), mean: mean[output], std: std[output] };
        about.outputs = vec![of(0), of(1)];
    }
    let pixels = PixelStatistics::Values { mean, std };
    let network = Checkpoint::new(layers, inputs, Vec::new(), pixels).expect("a network");
    let mut network = Checkpoint { about, ..network };
    initial_params(&mut network, 1);
    let config = Config { epochs: 60, learning_rate: 0.05, ..Config::default() };
    fit(&mut network, &config, train, valid, &Portable, &mut ()).expect("training");
    network
}

/// Trains a network for sensors in integers. Validation during training, the checkpoint's outputs and the exported
/// model must agree to the bit, and be about as good as in floats.
fn check_sensors(kind: &str, goal: Goal, norm: NormPlacement, bits: u8, most: f64) {
    check_smaller_sensors(kind, goal, norm, bits, most, None);
}

/// The same for a network that is first made smaller.
fn check_smaller_sensors(kind: &str, goal: Goal, norm: NormPlacement, bits: u8, most: f64, smaller: Option<Limits>) {
    let [train, valid, test] = [(600, 1), (150, 2), (300, 3)].map(|(n, seed)| {
        let mut drawn = Recording::draw(kind, n, seed);
        if goal == Goal::Last {
            drawn.classes.iter_mut().for_each(|class| *class /= 2);
        }
        drawn
    });
    let [train, valid, test] = [&train, &valid, &test].map(|drawn| drawn.view(goal.task()));
    let teacher = of_sensors(goal, norm, [train, valid]);
    let how = Quantize { bits: vec![bits], teacher: Some(with_units(&teacher)), smaller };
    let mut student = begin(&teacher, &how, [train, valid], &Portable).expect("a student");
    assert_eq!(student.smaller.is_some(), smaller.is_some());
    let config = Config { epochs: 40, learning_rate: default_learning_rate(&[bits]), ..Config::default() };
    let epochs = fit_quantized(&mut student, how.teacher.as_ref(), &config, [train, valid], &Portable, &mut ());
    let last = *epochs.expect("training").last().expect("an epoch");
    let mut network = with_units(&student.network);
    network.about.threshold = (goal == Goal::Inputs).then_some(0.1);
    let own = answers(&network, test, &Portable).expect("numbers");
    let plan = ExportPlan { bits: &[bits], calibration: train, test, labels: &[] };
    let (model, report) = export(&network, &plan, &Portable, &mut |_| {}).expect("an export");
    assert_eq!((report.changed, report.folded_max_deviation), (0, 0.0), "{kind} {goal:?}");
    let device = run_model(&Model::parse(&model).expect("a model"), test);
    assert_eq!(own.logits, device.logits, "{kind} {goal:?}");
    assert_eq!(own.scores, device.scores, "{kind} {goal:?}");
    assert_eq!(own.scores.is_empty(), goal != Goal::Inputs);
    assert!(goal != Goal::Inputs || own.scores.iter().any(|Scored { above, .. }| *above == Some(false)));
    let of_valid = answers(&network, valid, &Portable).expect("numbers");
    if goal.task() == Task::Classify {
        assert_eq!(of_valid.accuracy(valid.classes().expect("classes")), last.val_accuracy, "{kind} {goal:?}");
    }
    let of_float = goal.error(&answers(&with_units(&teacher), test, &Portable).expect("numbers"), test);
    let error = goal.error(&own, test);
    let (afterwards, _) = export(&with_units(&teacher), &plan, &Portable, &mut |_| {}).expect("an export");
    let afterwards = goal.error(&run_model(&Model::parse(&afterwards).expect("a model"), test), test);
    println!(
        "{kind} {goal:?} {norm} {bits}: float {of_float:.4}, quantized after training {afterwards:.4}, integers {error:.4}"
    );
    assert!(last.val_loss.is_finite() && last.val_loss < 1.0, "{kind} {goal:?}: {}", last.val_loss);
    assert!(error < of_float + most, "{kind} {goal:?} {norm} {bits}: {of_float:.4} to {error:.4}");
}

#[test]
fn every_type_of_input_is_trained_in_integers() {
    for kind in ["u8", "i8", "i16", "u16", "f32"] {
        check_sensors(kind, Goal::States, NormPlacement::Before, 4, 0.05);
    }
}

#[test]
fn a_sigmoid_is_trained_in_integers() {
    check_sensors("i16", Goal::Last, NormPlacement::Before, 4, 0.05);
    check_sensors("u8", Goal::Last, NormPlacement::After, 2, 0.1);
}

#[test]
fn values_are_trained_in_integers() {
    check_sensors("f32", Goal::Values, NormPlacement::Before, 8, 0.05);
    check_sensors("i8", Goal::Values, NormPlacement::After, 4, 0.1);
}

#[test]
fn sensors_are_merged_before_training_in_integers() {
    let smaller = Some(SMALLER);
    check_smaller_sensors("i16", Goal::States, NormPlacement::After, 4, 0.05, smaller);
    check_smaller_sensors("u8", Goal::Last, NormPlacement::Before, 4, 0.05, smaller);
    check_smaller_sensors("f32", Goal::Values, NormPlacement::Before, 8, 0.05, smaller);
    let smaller = Some(Limits { merge: false, max_loss: 5.0, ..SMALLER });
    check_smaller_sensors("i8", Goal::Values, NormPlacement::Without, 8, 0.05, smaller);
}

#[test]
fn a_reconstruction_is_trained_in_integers() {
    check_sensors("i16", Goal::Inputs, NormPlacement::Before, 8, 0.05);
    check_sensors("f32", Goal::Inputs, NormPlacement::After, 4, 0.1);
    check_sensors("u8", Goal::Inputs, NormPlacement::After, 8, 0.05);
}
