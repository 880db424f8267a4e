//! Export of random networks with any depth, width and placement of BatchNormalization, at every width of weights: the
//! file must parse and contain the folded layers, and every logit of the simulator must equal a literal evaluation of
//! the format.

use foldnet::deploy::export::{ExportPlan, export};
use foldnet::deploy::measure::Export;
use foldnet::network::checkpoint::{Checkpoint, PixelStatistics};
use foldnet_core::Model;
use foldnet_core::model::FLOAT_BITS;
use foldnet_data::View;
use foldnet_sim::AlignedBytes;
use foldnet_sim::simulate::simulate_each;
use foldnet_tests::fold_case::{Case, IMAGES, Scaling};
use foldnet_tests::hostile::{literal_inverted, literal_logits};
use foldnet_tests::random::Dice;
use foldnet_tests::tolerance::{LAST_ERROR_AT_2_BITS, LAST_ERROR_AT_4_BITS, LAST_ERROR_AT_8_BITS};

const CASES: u64 = 60;

/// Number of images that the quantizer was not calibrated on: all off, all on, and noise.
const STRANGERS: usize = 4;

/// A case as a trainer's checkpoint.
fn checkpoint(case: &Case) -> Checkpoint {
    let pixels = match case.scaling.clone() {
        Scaling::Raw => PixelStatistics::Raw,
        Scaling::Unit => PixelStatistics::Unit,
        Scaling::Standardized(mean, std) => PixelStatistics::Standardized { mean, std },
    };
    let Case { layers, inputs, params, .. } = case.clone();
    Checkpoint { image: Some((1, inputs)), ..Checkpoint::new(layers, inputs, params, pixels).expect("a network") }
}

/// The case's images, followed by unseen ones.
fn images(case: &Case, dice: &mut Dice) -> Vec<u8> {
    let mut pixels = case.pixels.clone();
    pixels.extend((0..STRANGERS * case.inputs).map(|at| match at / case.inputs {
        0 => 0,
        1 => 255,
        _ => dice.below(256) as u8,
    }));
    pixels
}

/// Exports a case with the given widths; the model and its report must agree with the simulator and the format.
fn check(case: &Case, bits: &[u8], what: &str) -> Export {
    let mut dice = Dice::new(case.inputs as u64);
    let pixels = images(case, &mut dice);
    let classes = case.network().outputs();
    let labels: Vec<u16> = (0..IMAGES + STRANGERS).map(|_| dice.below(classes) as u16).collect();
    let names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    let test = View::images(&pixels, &labels, 1, case.inputs);
    let plan = ExportPlan { bits, calibration: test.slice(0..IMAGES), test, labels: &names };
    let (bytes, report) = export(&checkpoint(case), &plan, &foldnet_core::Portable, &mut |_| ())
        .unwrap_or_else(|error| panic!("{what}: {error:#}"));
    check_header(case, &report, &bytes, what);
    let (model, mut seen) = (Model::parse(&bytes).unwrap(), 0);
    let simulation = simulate_each(&model, test, &mut |image, _, logits| {
        let expected = literal_logits(&model.header(), &bytes, &literal_inverted(&bytes, test.image(image)));
        assert_eq!(Some(logits.words()), expected.as_deref(), "{what}, image {image}");
        seen += 1;
    });
    assert_eq!((seen, simulation.accuracy()), (IMAGES + STRANGERS, report.accuracy), "{what}");
    report
}

/// The file must have the folded layers, at the requested widths.
fn check_header(case: &Case, report: &Export, bytes: &AlignedBytes, what: &str) {
    let model = Model::parse(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(report.bytes, bytes.len(), "{what}");
    let found = model.header().layers.into_iter().map(|l| (l.inputs.into(), l.units.into(), l.relu, l.bits));
    let fold = case.fold();
    let blocks = fold.blocks().iter().zip(&report.bits);
    let expected: Vec<_> = blocks.map(|(block, bits)| (block.inputs, block.units, block.relu, *bits)).collect();
    assert_eq!(found.collect::<Vec<(usize, usize, bool, u8)>>(), expected, "{what}");
}

/// The median over all cases of the last layer's error on the calibration images.
fn median_error(bits: u8) -> f64 {
    let error = |seed| {
        let case = Case::new(seed);
        let report =
            check(&case, &[bits], &format!("case {seed} at {bits} bits, {:?} on {}", case.layers, case.inputs));
        *report.layer_errors.last().expect("an error for each layer")
    };
    let mut errors: Vec<f64> = (0..CASES).map(error).collect();
    errors.sort_by(f64::total_cmp);
    println!("{bits} bits: median {:.4}, largest {:.4}", errors[errors.len() / 2], errors[errors.len() - 1]);
    errors[errors.len() / 2]
}

#[test]
fn integers_at_every_width() {
    for (bits, limit) in [(8, LAST_ERROR_AT_8_BITS), (4, LAST_ERROR_AT_4_BITS), (2, LAST_ERROR_AT_2_BITS)] {
        let found = median_error(bits);
        assert!(found <= limit.value, "{bits} bits: {found} lost, beyond {}: {}", limit.name, limit.reason);
    }
}

#[test]
fn another_width_for_each_layer() {
    for seed in CASES..2 * CASES {
        let (case, mut dice) = (Case::new(seed), Dice::new(seed));
        let bits: Vec<u8> = case.fold().blocks().iter().map(|_| [8, 4, 2][dice.below(3)]).collect();
        check(&case, &bits, &format!("case {seed} at {bits:?} bits, {:?} on {}", case.layers, case.inputs));
    }
}

#[test]
fn floats() {
    for seed in 0..2 * CASES {
        let case = Case::new(seed);
        let report = check(&case, &[FLOAT_BITS], &format!("case {seed}, {:?} on {}", case.layers, case.inputs));
        assert_eq!((report.accuracy, report.layer_errors.len()), (report.folded_accuracy, 0), "case {seed}");
    }
}
