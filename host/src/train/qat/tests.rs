//! Training in integers on small generated sets: what is exported is what was trained, and what cannot be trained is refused.

use super::*;
use crate::compute::Fast;
use crate::deploy::export::{ExportPlan, export};
use crate::deploy::quantize::logits;
use crate::judge::evaluate::run_model;
use crate::network::architecture::NormPlacement;
use crate::network::checkpoint::{About, Input, PixelStatistics};
use crate::train::fit::{fit, initial_params};
use foldnet_core::{Layer, Model, Portable};
use foldnet_data::{InputType, Shape, TargetsRef, Task, ValuesRef};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const INPUTS: usize = 20;
const CLASSES: usize = 4;

/// Bytes that lie around a middle of their class, `[N][I]`, and the classes.
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
    let mut network = Checkpoint {
        layers: norm.layers(&[12, 8], CLASSES as u32),
        inputs,
        params: Vec::new(),
        pixels: PixelStatistics::Unit,
        image: None,
        labels: (0..CLASSES).map(|class| class.to_string()).collect(),
        about,
    };
    initial_params(&mut network, 1);
    let config = Config { epochs: 30, learning_rate: 0.05, ..Config::default() };
    fit(&mut network, &config, train.view(), valid.view(), &Portable, &mut ()).expect("training");
    network
}

fn config(epochs: usize) -> Config {
    Config { epochs, learning_rate: 0.02, ..Config::default() }
}

/// Logits of a network of integers by its own arithmetic, and those of the model that export makes of it.
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

/// Networks whose inputs are averages of 2x2 pixels, of one channel and of three: the model file, run by the device's code
/// on whole images, gives every logit to the bit, and the student has learned something.
#[test]
fn pooled_inputs_are_the_same_on_both_sides() {
    for channels in [1, 3] {
        let shape = Shape { height: 6, width: 8, channels };
        let [train, valid, test] = [(500, 1), (100, 2), (200, 3)].map(|(n, seed)| Set::of_shape(n, seed, shape));
        let about = About { pool: Some(2), shape: Some([6, 8, channels]), ..About::default() };
        let teacher = float_of(about, NormPlacement::Before, &train, &valid);
        let how = Quantize { bits: vec![4], teacher: Some(teacher.clone()) };
        let mut student = begin(&teacher, &how, train.view(), &Portable).expect("a student");
        let sets = [train.view(), valid.view()];
        fit_quantized(&mut student, how.teacher.as_ref(), &config(3), sets, &Portable, &mut ()).expect("training");
        let [own, exported] = both(&student.network, &[4], &train, &test);
        assert_eq!(own, exported, "{channels} channels");
        let accuracy = run_checkpoint(&student.network, test.view(), &Portable).accuracy(&test.classes);
        assert!(accuracy > 0.8, "{channels} channels: {accuracy}");
        // Quantized after training, and as floats: a rounding of averages, no more, parts the latter from the network.
        for (bits, most) in [(8, 0.02), (32, 0.01)] {
            let plan =
                ExportPlan { bits: &[bits], calibration: train.view(), test: test.view(), labels: &teacher.labels };
            let (_, report) = export(&teacher, &plan, &Portable, &mut |_| {}).expect("an export");
            assert!(report.folded_max_deviation < 1e-4, "{report:?}");
            assert!((report.accuracy - report.float_accuracy).abs() <= most, "{report:?}");
        }
    }
}

/// Trains in integers of these widths, from a float network and with it as teacher where `taught`: the loss falls, accuracy
/// stays, and export gives every logit to the bit, before a step and after the last.
fn check(norm: NormPlacement, bits: &[u8], taught: bool) {
    let (train, valid, test) = (Set::draw(600, 1), Set::draw(200, 2), Set::draw(300, 3));
    let teacher = float(norm, &train, &valid);
    let how = Quantize { bits: bits.to_vec(), teacher: taught.then(|| teacher.clone()) };
    let mut student = begin(&teacher, &how, train.view(), &Portable).expect("a student");
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
    let how = Quantize { bits: vec![4], teacher: Some(teacher.clone()) };
    let params = [1, 2].map(|threads| {
        let compute = Fast::new(threads);
        let mut student = begin(&teacher, &how, train.view(), &compute).expect("a student");
        let sets = [train.view(), valid.view()];
        fit_quantized(&mut student, how.teacher.as_ref(), &config(2), sets, &compute, &mut ()).expect("training");
        student.network.params
    });
    assert_eq!(params[0], params[1]);
}

/// Half an epoch too large a rate for floats: it diverges or stays finite, but never gives a network that is not.
#[test]
fn a_rate_that_is_far_too_large_diverges() {
    let (train, valid) = (Set::draw(300, 1), Set::draw(100, 2));
    let teacher = float(NormPlacement::Before, &train, &valid);
    let how = Quantize { bits: vec![4], teacher: None };
    let mut student = begin(&teacher, &how, train.view(), &Portable).expect("a student");
    let config = Config { learning_rate: 1e30, ..config(2) };
    let sets = [train.view(), valid.view()];
    let error = fit_quantized(&mut student, None, &config, sets, &Portable, &mut ()).expect_err("a divergence");
    assert!(matches!(error, TrainError::Diverged { epoch: 1 }), "{error}");
}

/// In place of a network of classes, what `change` makes of it is refused with `expected`.
fn refused(change: impl Fn(&mut Checkpoint, &mut Quantize), expected: &str) {
    let (train, valid) = (Set::draw(60, 1), Set::draw(20, 2));
    let mut network = float(NormPlacement::Before, &train, &valid);
    let mut how = Quantize { bits: vec![4], teacher: Some(network.clone()) };
    change(&mut network, &mut how);
    let error = format!("{:#}", begin(&network, &how, train.view(), &Portable).expect_err(expected));
    assert!(error.contains(expected) && !error.contains('\n'), "{error}");
}

#[test]
fn what_cannot_be_trained_in_integers_is_refused_in_one_line() {
    refused(|network, _| network.about.task = Task::Regress, "this network's task is regress; leave --bits out");
    refused(|network, _| network.about.task = Task::Reconstruct, "this network's task is reconstruct; leave");
    refused(|network, _| network.about.input = Input(InputType::I16), "takes inputs of u8, not i16; leave --bits out");
    let sigmoid = |network: &mut Checkpoint, how: &mut Quantize| {
        *network.layers.last_mut().expect("a layer") = Layer::Sigmoid;
        how.teacher = None;
    };
    refused(sigmoid, "takes a network with one output per class; train it with --head");
    refused(|network, _| network.layers.insert(0, Layer::Relu), "cannot be trained in integers");
    refused(|_, how| how.bits = vec![3], "--bits 3: training in integers takes 8, 4 or 2 bits");
    refused(|_, how| how.bits = vec![8, 2], "one for each of the 3 layers");
    let smaller = |_: &mut Checkpoint, how: &mut Quantize| {
        let teacher = how.teacher.as_mut().expect("a teacher");
        (teacher.inputs, teacher.layers) = (INPUTS - 1, NormPlacement::Before.layers(&[12, 8], CLASSES as u32));
    };
    refused(
        smaller,
        "--distill: a network of 19 u8 inputs and 4 outputs, the one of --init has 20 u8 inputs and 4 outputs",
    );
}

#[test]
fn a_network_of_integers_is_no_start() {
    let (train, valid) = (Set::draw(60, 1), Set::draw(20, 2));
    let network = float(NormPlacement::Before, &train, &valid);
    let how = Quantize { bits: vec![4], teacher: None };
    let student = begin(&network, &how, train.view(), &Portable).expect("a student");
    let error = begin(&student.network, &how, train.view(), &Portable).expect_err("integers").to_string();
    assert!(error.contains("was trained in integers already; give the float network"), "{error}");
}
