//! The errors that are measured on a model file, beside those that `export` states.

use super::*;
use crate::compute::Fast;
use crate::deploy::export::{ExportPlan, export_shrunk};
use crate::deploy::measure::Export;
use crate::deploy::shrink::{Limits, Wanted};
use crate::network::architecture::NormPlacement;
use crate::network::checkpoint::{Input, PixelStatistics};
use crate::train::fit::initial_params;
use foldnet_data::{InputType, Shape, Values};
use foldnet_sim::AlignedBytes;
use rand::RngExt;

/// A random network, and examples for it.
#[derive(Clone)]
struct Case {
    task: Task,
    input: InputType,
    shape: Shape,
    pool: Option<usize>,
    norm: NormPlacement,
    hidden: Vec<u32>,
    outputs: u32,
    examples: usize,
    /// Mean of the inputs, as a fraction of their range.
    mean: f64,
    seed: u64,
}

impl Case {
    /// A classifier of bytes.
    fn new(shape: Shape, hidden: &[u32]) -> Self {
        Self {
            task: Task::Classify,
            input: InputType::U8,
            shape,
            pool: None,
            norm: NormPlacement::Before,
            hidden: hidden.to_vec(),
            outputs: 4,
            examples: 100,
            mean: 0.4,
            seed: 1,
        }
    }

    /// An autoencoder.
    fn reconstruct(input: InputType, examples: usize) -> Self {
        let shape = Shape::features(36);
        Self { task: Task::Reconstruct, input, outputs: 36, examples, ..Self::new(shape, &[30, 8, 30]) }
    }

    fn regress(input: InputType, shape: Shape) -> Self {
        Self { task: Task::Regress, input, outputs: 2, ..Self::new(shape, &[20, 10]) }
    }

    fn range(&self) -> (f64, f64) {
        match self.input {
            InputType::U8 => (0.0, 255.0),
            InputType::I8 => (-128.0, 127.0),
            InputType::I16 => (-9_000.0, 12_000.0),
            InputType::U16 => (300.0, 40_000.0),
            InputType::F32 => (-2.5, 7.5),
        }
    }

    fn network(&self) -> Checkpoint {
        let inputs = self.shape.inputs() / self.pool.map_or(1, |side| side * side);
        let mut layers = self.norm.layers(&self.hidden, self.outputs);
        if self.task != Task::Classify {
            layers.pop();
        }
        let (low, high) = self.range();
        let [mean, std] = [(low + high) / 2.0, (high - low) / 4.0].map(|value| vec![value as f32; inputs]);
        let pixels = match self.input {
            InputType::U8 => PixelStatistics::Unit,
            _ => PixelStatistics::Values { mean, std },
        };
        let mut checkpoint = Checkpoint::new(layers, inputs, Vec::new(), pixels).expect("a network");
        initial_params(&mut checkpoint, self.seed);
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed);
        checkpoint.params.iter_mut().for_each(|parameter| *parameter += dice.random_range(-0.1..0.1f32));
        let Shape { height, width, channels } = self.shape;
        let about = &mut checkpoint.about;
        (about.task, about.input, about.pool) = (self.task, Input(self.input), self.pool);
        about.shape = Some([height, width, channels]);
        checkpoint
    }

    /// Examples with inputs that depend on six latent values.
    fn examples(&self) -> Examples {
        const LATENT: usize = 6;
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed + 1_000);
        let ((low, high), inputs) = (self.range(), self.shape.inputs());
        let basis: Vec<f64> = (0..LATENT * inputs).map(|_| dice.random_range(-0.3..0.3f64)).collect();
        let mut numbers = Vec::new();
        for _ in 0..self.examples {
            let latent: Vec<f64> = (0..LATENT).map(|_| dice.random_range(-1.0..1.0f64)).collect();
            for input in 0..inputs {
                let mixed: f64 = latent.iter().enumerate().map(|(at, z)| z * basis[at * inputs + input]).sum();
                let share = self.mean + mixed + dice.random_range(-0.1..0.1f64);
                numbers.push(low + (high - low) * share.clamp(0.0, 1.0));
            }
        }
        let (n, outputs) = (self.examples, self.outputs as usize);
        let targets = match self.task {
            Task::Classify => Targets::Classes((0..n).map(|at| (at % outputs) as u16).collect()),
            Task::Regress => Targets::Values { values: vec![0.5; n * outputs], outputs },
            Task::Reconstruct => Targets::None,
        };
        Examples { inputs: Values::cast(self.input, numbers.into_iter()), targets, shape: self.shape }
    }

    /// The model file, and the report of its export.
    fn export(&self, bits: u8, merge: bool) -> (AlignedBytes, Export) {
        let examples = self.examples();
        let labels: Vec<String> = (0..self.outputs).map(|class| class.to_string()).collect();
        let plan = ExportPlan { bits: &[bits], calibration: examples.view(), test: examples.view(), labels: &labels };
        let limits = Limits { merge, prune: false, max_loss: 50.0 };
        let wanted = merge.then(|| Wanted::new(limits, [examples.view(), examples.view()]));
        export_shrunk(&self.network(), &plan, wanted.as_ref(), &Fast::new(1), &mut |_| ()).expect("exported")
    }

    /// The errors of a model on the examples, as a model of `network`.
    fn errors(&self, model: &[u8], network: &Checkpoint) -> Vec<f64> {
        let model = Model::parse(model).expect("a model");
        layer_errors(&model, network, self.examples().view(), &Fast::new(1)).expect("run").expect("errors")
    }
}

/// The errors of three such networks are those that their export states, to this fraction.
fn check(name: &str, case: &Case, bits: u8, tolerance: f64) {
    for seed in 1..=3 {
        let case = Case { seed, ..case.clone() };
        let (model, Export { layer_errors: stated, .. }) = case.export(bits, false);
        let found = case.errors(&model, &case.network());
        assert_eq!((found.len(), stated.len()), (case.hidden.len() + 1, case.hidden.len() + 1), "{name}");
        // The scale of outputs is an f32 in the file.
        let near = |(found, stated): (&f64, &f64)| (found - stated).abs() <= tolerance * stated + 1e-6;
        assert!(found.iter().zip(&stated).all(near), "{name}, {bits} bits, seed {seed}: {found:?}, stated {stated:?}");
    }
}

fn cases() -> Vec<(&'static str, Case)> {
    let image = Shape::image(6, 6);
    let (of_bytes, window) = (|| Case::new(image, &[40, 24]), Shape::window(8, 3));
    vec![
        ("bytes", of_bytes()),
        ("one layer", Case::new(image, &[])),
        ("norm after", Case { norm: NormPlacement::After, ..of_bytes() }),
        ("light background", Case { mean: 0.95, ..of_bytes() }),
        ("few examples", Case { examples: 5, ..of_bytes() }),
        ("fewer than inputs", Case { examples: 30, ..Case::new(image, &[100, 60]) }),
        ("pooled", Case { pool: Some(2), ..of_bytes() }),
        ("window of i8", Case { input: InputType::I8, ..Case::new(window, &[20, 10]) }),
        ("window of i16", Case { input: InputType::I16, ..Case::new(window, &[20, 10]) }),
        ("values of u16", Case { input: InputType::U16, ..Case::new(Shape::features(9), &[20, 10]) }),
        ("regression on bytes", Case::regress(InputType::U8, image)),
        ("regression on f32", Case::regress(InputType::F32, Shape::features(9))),
        ("regression on a window", Case::regress(InputType::I16, window)),
        ("reconstruction of bytes", Case::reconstruct(InputType::U8, 100)),
        ("reconstruction from few", Case::reconstruct(InputType::U8, 10)),
        ("reconstruction of few f32", Case::reconstruct(InputType::F32, 10)),
    ]
}

#[test]
fn errors_are_those_that_export_states() {
    for (name, case) in cases() {
        check(name, &case, 8, 1e-3);
        check(name, &case, 4, 1e-3);
        // Units may be confused.
        check(name, &case, 2, 0.06);
    }
}

/// Export compares with the network after merging, `layer_errors` with the network itself.
#[test]
fn merging_is_part_of_the_error() {
    for seed in 1..=3 {
        let case = Case { seed, ..Case::new(Shape::image(6, 6), &[20]) };
        let (model, report) = case.export(8, true);
        let [values, inputs] = report.smaller.expect("a smaller model").inputs;
        let (found, stated) = (case.errors(&model, &case.network()), report.layer_errors);
        assert!(inputs < values && found[0] > 2.0 * stated[0], "{values} {inputs}: {found:?}, stated {stated:?}");
    }
}

#[test]
fn models_of_other_networks_are_noted() {
    let image = Shape::image(6, 6);
    let cases = [
        ("no hidden layer", Case::new(image, &[])),
        ("narrow", Case::new(image, &[3])),
        ("wide", Case { norm: NormPlacement::After, ..Case::new(image, &[150]) }),
        ("wide, few examples", Case { examples: 5, ..Case::new(image, &[150]) }),
        ("deep", Case::new(image, &[20, 20, 20])),
        ("window", Case { input: InputType::I16, ..Case::new(Shape::window(8, 3), &[20]) }),
        ("regression", Case::regress(InputType::F32, Shape::features(8))),
        ("reconstruction", Case::reconstruct(InputType::F32, 30)),
    ];
    for (name, case) in cases {
        for seed in 1..=20 {
            let case = Case { seed, ..case.clone() };
            let (model, Export { bits, .. }) = case.export(8, false);
            let other = Case { seed: seed + 100, ..case.clone() }.network();
            let errors = [case.network(), other].map(|network| case.errors(&model, &network));
            assert_eq!(errors.each_ref().map(|errors| is_strange(&bits, errors)), [false, true], "{name}: {errors:?}");
        }
    }
}

#[test]
fn only_layers_of_8_bits_are_strange() {
    let check = |bits: &[u8], errors: &[f64], expected| assert_eq!(is_strange(bits, errors), expected, "{errors:?}");
    check(&[8, 8], &[0.78, 0.85], true);
    check(&[8, 8], &[0.21, 0.85], false);
    check(&[8, 8], &[0.21, 1.3], true);
    // Few bits alone can cost that much.
    check(&[2, 2], &[0.78, 0.85], false);
    check(&[8, 2, 8], &[0.21, 1.3, 1.2], false);
    check(&[8, 8], &[], false);
}

#[test]
fn units_are_found_in_any_order() {
    // Units 1 and 3 are never active: which is which makes no difference.
    let float = DMatrix::from_row_slice(4, 3, &[9.0, 0.0, 5.0, 0.0, 0.0, 0.0, 8.0, 1.0, 5.0, 0.0, 0.0, 0.0]);
    let found = DMatrix::from_row_slice(4, 3, &[0.0, 0.0, 0.0, 7.9, 1.2, 5.1, 8.8, 0.1, 5.1, 0.0, 0.0, 0.0]);
    let order = matched(&found, &float, ImageWeights::of(&float).shares());
    assert_eq!(order[1..3], [2, 0]);
    assert!([[1, 3], [3, 1]].contains(&[order[0], order[3]]), "{order:?}");
}
