//! The fold on random networks: the result must compute the same as the network, in f64, in core's f32 and as a model
//! file; and exactly the lists that the grammar allows must fold.

use foldnet_core::fold::{Fold, FoldError};
use foldnet_core::infer::Inference;
use foldnet_core::standardize::{PixelScaling, Standardized};
use foldnet_core::train::predict;
use foldnet_core::{Layer, Model, Network, Portable, Shape};
use foldnet_tests::fold_case::{Case, FoldedDense, IMAGES, Term, folded, folded_logits};
use foldnet_tests::model_file::{FloatLayer, aligned_file, spec};
use foldnet_tests::random::Dice;
use foldnet_tests::tolerance::{FOLD_EXACT, FOLD_ROUNDED, Tolerance};

const CASES: u64 = 400;

const D: Layer = Layer::dense(2);
const B: Layer = Layer::batch_norm();
const R: Layer = Layer::Relu;
const S: Layer = Layer::Softmax;

/// Largest deviations, relative to their tolerance.
#[derive(Debug, Default)]
struct Worst {
    exact: f64,
    predict: f64,
    model: f64,
}

/// The largest deviation over all logits, as a fraction of the tolerance.
fn compare(found: &[f64], expected: &[Term], tolerance: &Tolerance, scale: impl Fn(&Term) -> f64, what: &str) -> f64 {
    assert_eq!(found.len(), expected.len(), "{what}");
    let mut worst = 0.0f64;
    for (logit, (found, expected)) in found.iter().zip(expected).enumerate() {
        match tolerance.check(*found, expected.value, scale(expected)) {
            Ok(deviation) => worst = worst.max(deviation / tolerance.value),
            Err(line) => panic!("{what}, logit {logit}: {line}"),
        }
    }
    worst
}

/// Upper bound of the rounding error in f64, in units of rounding.
fn largest_error(term: &Term) -> f64 {
    term.roundings * term.magnitude
}

/// The standard deviation of the rounding error, in units of rounding.
fn usual_error(term: &Term) -> f64 {
    term.variance.sqrt()
}

/// The logits `[N][C]` of all images of a case by core's own inference, in the order last to first.
fn predicted(case: &Case) -> Vec<Vec<f64>> {
    let (mut scale, mut shift) = (vec![0.0; case.inputs], vec![0.0; case.inputs]);
    case.pixel_scaling().tables(&mut scale, &mut shift);
    let picked: Vec<u32> = (0..IMAGES as u32).rev().collect();
    let examples = Standardized { values: &case.pixels, picked: &picked, scale: &scale, shift: &shift };
    let mut workspace = vec![f32::NAN; case.network().predict_workspace(IMAGES)];
    let mut logits = vec![f32::NAN; case.network().outputs() * IMAGES];
    predict(&Portable, case.network(), &case.params, &mut workspace, &examples, &mut logits).unwrap();
    let of = |example: usize| logits.chunks(IMAGES).map(|row| f64::from(row[example])).collect();
    (0..IMAGES).map(of).collect()
}

/// The folded network as a model file, run on all images, last to first: classes and logits.
fn classified(case: &Case, network: &[FoldedDense]) -> Vec<(usize, Vec<f64>)> {
    let round = |values: &[f64]| values.iter().map(|value| *value as f32).collect();
    let float = |dense: &FoldedDense| FloatLayer {
        kernel: round(&dense.kernel),
        bias: round(&dense.bias),
        inputs: dense.inputs,
        relu: dense.relu,
    };
    let layers: Vec<FloatLayer> = network.iter().map(float).collect();
    let bytes = aligned_file(&spec(1, case.inputs, "", &layers)).unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut scratch = vec![u32::MAX; model.scratch_words()];
    let mut inference = Inference::<u8>::new(model, &mut scratch).unwrap();
    let mut run = |image| {
        let class = inference.run(case.image(image)).unwrap().class().unwrap();
        (class, inference.outputs().values().map(f64::from).collect())
    };
    (0..IMAGES).rev().map(&mut run).collect()
}

/// The class, if its logit leads by more than rounding errors.
fn clear_class(logits: &[Term]) -> Option<usize> {
    let best = (0..logits.len()).max_by(|a, b| logits[*a].value.total_cmp(&logits[*b].value))?;
    let reach = |term: &Term| FOLD_ROUNDED.value * usual_error(term);
    let low = logits[best].value - reach(&logits[best]);
    let beaten = |(class, term): (usize, &Term)| class == best || term.value + reach(term) < low;
    logits.iter().enumerate().all(beaten).then_some(best)
}

/// Compares all evaluations of a case; returns the number of images whose class is certain.
fn check_case(case: &Case, what: &str, worst: &mut Worst) -> usize {
    let network = folded(&case.fold());
    let (predicted, classified) = (predicted(case), classified(case, &network));
    let mut clear = 0;
    for (row, image) in (0..IMAGES).rev().enumerate() {
        let what = |way| format!("{what}, image {image}, {way}: {:?} on {}", case.layers, case.inputs);
        let (unfolded, folded) = (case.logits(image), folded_logits(&network, case.image(image)));
        let values: Vec<f64> = folded.iter().map(|term| term.value).collect();
        let exact = compare(&values, &unfolded, &FOLD_EXACT, largest_error, &what("folded in f64"));
        let by_core = compare(&predicted[row], &unfolded, &FOLD_ROUNDED, usual_error, &what("predict"));
        let (class, logits) = &classified[row];
        let by_model = compare(logits, &folded, &FOLD_ROUNDED, usual_error, &what("model file"));
        worst.exact = worst.exact.max(exact);
        worst.predict = worst.predict.max(by_core);
        worst.model = worst.model.max(by_model);
        if let Some(expected) = clear_class(&folded) {
            assert_eq!(*class, expected, "{}", what("class"));
            clear += 1;
        }
    }
    clear
}

#[test]
fn the_folded_network_computes_what_the_network_computes() {
    let mut worst = Worst::default();
    let clear: usize = (0..CASES).map(|seed| check_case(&Case::new(seed), &format!("case {seed}"), &mut worst)).sum();
    println!("largest deviations in parts of their tolerance: {worst:.2?}; {clear} clear classes");
    // If the tolerance were wide enough to blur the logits, few classes would be unambiguous.
    assert!(clear as u64 > CASES * IMAGES as u64 * 9 / 10, "only {clear} classes are clear");
}

#[test]
fn every_place_of_batch_normalization_folds() {
    let d = |units| Layer::dense(units);
    let bare = |units| Layer::dense_without_bias(units);
    let lists: [&[Layer]; 12] = [
        &[B, d(30), R, B, d(20), R, B, d(10), S],
        &[bare(30), B, R, bare(20), B, R, d(10), S],
        &[d(1)],
        &[B, d(7)],
        &[d(7), B],
        &[B, B, B, bare(9), B, B, B],
        &[d(9), B, R, B, bare(8), B, R, B, B, d(3), S],
        &[d(150), bare(40), d(7)],
        &[B, bare(5), B, d(33), B, bare(64), B, R, d(4)],
        &[d(12), R, R, d(3), S],
        &[d(12), B, R, S],
        &[d(200), R, B, d(200), B, d(200), R, B, d(200), B, R, d(200), R, d(10)],
    ];
    let mut worst = Worst::default();
    for (index, list) in lists.iter().enumerate() {
        // Several of each, so that every scaling of pixels comes in front of it.
        for seed in 0..8 {
            let mut dice = Dice::new(1_000 * (index as u64 + 1) + seed);
            let inputs = [1, 49, 200][seed as usize % 3];
            check_case(&Case::of(list.to_vec(), inputs, &mut dice), &format!("list {index}, seed {seed}"), &mut worst);
        }
    }
    println!("largest deviations in parts of their tolerance: {worst:.2?}");
}

/// Differences of a tampered network, seen through its fold.
#[derive(Debug, Default)]
struct Seen {
    /// Any logit differs at all.
    any: u64,
    /// In f64, beyond the tolerance.
    exact: u64,
    /// As a model file, beyond the tolerance.
    rounded: u64,
}

/// How the folded network of `faulty` differs from the true network of `case`.
fn tell_apart(case: &Case, faulty: &Case) -> Seen {
    let network = folded(&faulty.fold());
    let classified = classified(case, &network);
    let (mut any, mut exact, mut rounded) = (false, false, false);
    for (row, image) in (0..IMAGES).rev().enumerate() {
        let (folded, faulty) = (folded_logits(&network, case.image(image)), faulty.logits(image));
        for (c, term) in case.logits(image).iter().enumerate() {
            any |= term.value != faulty[c].value;
            exact |= FOLD_EXACT.check(folded[c].value, term.value, largest_error(term)).is_err();
            rounded |= FOLD_ROUNDED.check(classified[row].1[c], term.value, usual_error(term)).is_err();
        }
    }
    Seen { any: any.into(), exact: exact.into(), rounded: rounded.into() }
}

#[test]
fn the_tolerances_see_a_layer_that_is_a_thousandth_off() {
    let mut seen = Seen::default();
    for seed in 0..CASES {
        let case = Case::new(seed);
        let places = case.network().placed().filter(|place| !place.range().is_empty());
        let places: Vec<_> = places.collect();
        let place = places[Dice::new(seed).below(places.len())];
        let mut faulty = case.clone();
        faulty.params[place.range()].iter_mut().for_each(|value| *value *= 1.001);
        let Seen { any, exact, rounded } = tell_apart(&case, &faulty);
        seen = Seen { any: seen.any + any, exact: seen.exact + exact, rounded: seen.rounded + rounded };
    }
    println!("of {CASES} faults: {seen:?}");
    // After a narrow layer whose ReLUs are all zero, no difference is visible.
    assert!(seen.any > CASES * 9 / 10, "{seen:?}");
    assert!(seen.exact == seen.any, "the fold in f64 hides a fault: {seen:?}");
    assert!(seen.rounded > seen.any * 95 / 100, "f32 hides faults: {seen:?}");
}

/// The layer that a refusal must name, according to the grammar: between two ReLUs, before the first and after the last
/// there must be a Dense, or nothing at all after a ReLU (a ReLU after a ReLU, or at the end, changes nothing).
fn refused(layers: &[Layer]) -> Option<FoldError> {
    let body = layers.strip_suffix(&[S]).unwrap_or(layers);
    let mut start = 0;
    for segment in body.split(|layer| *layer == R) {
        let (end, empty) = (start + segment.len(), segment.is_empty());
        let dense = segment.iter().any(|layer| matches!(layer, Layer::Dense { .. }));
        if !(dense || empty && start > 0) {
            let by_relu = end < body.len();
            return Some(if by_relu { FoldError::Relu { layer: end } } else { FoldError::BatchNorm { layer: start } });
        }
        start = end + 1;
    }
    None
}

#[test]
fn what_the_grammar_allows_folds_and_nothing_else() {
    let mut dice = Dice::new(7);
    let (mut folding, mut refusing) = (0, 0);
    while folding + refusing < 20_000 {
        let mut layers: Vec<Layer> = (0..1 + dice.below(11)).map(|_| [D, B, R][dice.below(3)]).collect();
        layers.extend(dice.chance(0.5).then_some(S));
        let Ok(network) = Network::new(&layers, Shape::count(2)) else { continue };
        let params = vec![0.5; network.params()];
        let found = Fold::new(network, &params, PixelScaling::Raw);
        let expected = refused(&layers);
        assert_eq!(found.as_ref().err(), expected.as_ref(), "{layers:?}");
        folding += usize::from(expected.is_none());
        refusing += usize::from(expected.is_some());
        if let Ok(fold) = found {
            let relus = fold.blocks().iter().filter(|block| block.relu).count();
            let dense = layers.split(|layer| *layer == R).filter(|segment| segment.contains(&D)).count();
            let open = !layers.rsplit(|layer| *layer == R).next().is_some_and(|segment| segment.contains(&D));
            assert_eq!((fold.blocks().len(), relus), (dense, dense - usize::from(!open)), "{layers:?}");
        }
    }
    println!("{folding} lists fold, {refusing} do not");
    assert!(folding > 2_000 && refusing > 2_000, "{folding} lists fold, {refusing} do not");
}

/// A refusal, and the words of its message.
fn check_refusal(layers: &[Layer], expected: FoldError, words: &[&str]) {
    let network = Network::of(layers, Shape::count(2));
    let params = vec![0.5; network.params()];
    let error = Fold::new(network, &params, PixelScaling::Unit).expect_err("must not fold");
    assert_eq!(error, expected, "{layers:?}");
    let message = error.to_string();
    assert!(words.iter().all(|word| message.contains(word)) && !message.contains('\n'), "{message}");
}

#[test]
fn a_refusal_names_the_layer() {
    check_refusal(&[D, R, B, R, D, S], FoldError::Relu { layer: 3 }, &["layer 3", "ReLU", "Dense"]);
    check_refusal(&[D, R, B, B, R, D], FoldError::Relu { layer: 4 }, &["layer 4", "ReLU", "Dense"]);
    check_refusal(&[D, R, R, B, R, D], FoldError::Relu { layer: 4 }, &["layer 4", "ReLU", "Dense"]);
    check_refusal(&[B, R, D], FoldError::Relu { layer: 1 }, &["layer 1", "ReLU", "Dense"]);
    check_refusal(&[R, D], FoldError::Relu { layer: 0 }, &["layer 0", "ReLU", "Dense"]);
    check_refusal(&[D, R, B], FoldError::BatchNorm { layer: 2 }, &["layer 2", "BatchNormalization", "Dense"]);
    check_refusal(&[D, B, R, B, B, S], FoldError::BatchNorm { layer: 3 }, &["layer 3", "BatchNormalization", "Dense"]);
}

#[test]
fn a_parameter_buffer_of_another_length_is_refused() {
    let layers = [B, D];
    let network = Network::of(&layers, Shape::count(2));
    let needed = network.params();
    for len in [0, needed - 1, needed + 1] {
        let error = Fold::new(network, &vec![0.5; len], PixelScaling::Raw).expect_err("must not fold");
        assert_eq!(error, FoldError::Params { needed });
        assert!(error.to_string().contains(&needed.to_string()), "{error}");
    }
}
