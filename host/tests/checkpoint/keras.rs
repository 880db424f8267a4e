//! Models straight from Keras: the inferred layer list, and agreement with Keras's outputs.

use crate::file::{File, golden, small};
use foldnet::network::architecture::NormPlacement;
use foldnet::network::checkpoint::{Checkpoint, Hints, PixelRange, PixelStatistics};
use foldnet_core::train::predict;
use foldnet_core::{Layer, Portable, Rows, softmax};
use std::path::Path;

/// Largest difference allowed between our probabilities and Keras's.
///
/// Both are float32 and differ in the order of their sums (at most 20 terms, 4 layers) and in where they round a
/// BatchNormalization: a few units in the last place (6e-8 at 1) of logits of up to about 10, hence up to 1e-5 of a
/// probability. Measured: at most 4e-7. A wrong layer order, layout or epsilon gives 1e-2 and more.
const PROBABILITY: f32 = 1e-5;

/// `p [C][N]` of `x [N][I]`.
pub(crate) fn probabilities(checkpoint: &Checkpoint, x: &[f32]) -> Vec<f32> {
    let network = checkpoint.network();
    let n = x.len() / network.inputs();
    let classes = network.outputs();
    let mut workspace = vec![0.0; network.predict_workspace(n)];
    let mut out = vec![0.0; classes * n];
    predict(&Portable, network, &checkpoint.params, &mut workspace, &Rows::new(x, network.inputs()), &mut out)
        .expect("buffers fit");
    softmax_columns(&mut out, n);
    out
}

fn softmax_columns(out: &mut [f32], n: usize) {
    for example in 0..n {
        let mut column: Vec<f32> = out[example..].iter().step_by(n).copied().collect();
        softmax(&mut column);
        out[example..].iter_mut().step_by(n).zip(column).for_each(|(out, p)| *out = p);
    }
}

/// Reads the small model and compares its answers with Keras's.
pub(crate) fn check_answers(model: &str, hints: &Hints) -> Checkpoint {
    check_answers_of(&small(model), &small(&format!("{model}.expected")), hints)
}

/// Reads a file and compares its answers with those of the tool that made it.
pub(crate) fn check_answers_of(model: &Path, expected: &Path, hints: &Hints) -> Checkpoint {
    let checkpoint = Checkpoint::read(model, hints).expect("a checkpoint");
    let expected = File::read(expected);
    let model = model.display();
    let (x, keras) = (expected.tensors["x"].values(), expected.tensors["probabilities"].values());
    let ours = probabilities(&checkpoint, &x);
    let n = x.len() / checkpoint.inputs();
    assert_eq!(ours.len(), keras.len());
    let classes = keras.len() / n;
    let difference = |at: usize| (ours[at % classes * n + at / classes] - keras[at]).abs();
    let largest = (0..keras.len()).map(difference).fold(0.0, f32::max);
    println!("{model}: {largest:e}");
    assert!(largest <= PROBABILITY, "{model}: {largest}");
    checkpoint
}

/// The user's description of the model of this name; it agrees with the file.
pub(crate) fn stated(model: &str) -> Hints {
    let norm = if model.starts_with("after") || model.starts_with("norm") {
        NormPlacement::After
    } else if model.starts_with("plain") || model.starts_with("softmax") {
        NormPlacement::Without
    } else {
        NormPlacement::Before
    };
    Hints { norm: Some(norm), ..Hints::default() }
}

#[test]
fn small_models_answer_as_in_keras() {
    let check = |model, layers: &[Layer]| {
        assert_eq!(*check_answers(model, &stated(model)).layers, *layers, "{model}");
    };
    let (after, before) = (
        |hidden: &[u32], c| NormPlacement::After.layers(hidden, c),
        |hidden: &[u32], c| NormPlacement::Before.layers(hidden, c),
    );
    check("after", &after(&[20, 17, 9], 10));
    check("before", &before(&[20, 17, 9], 10));
    check("after_one_hidden", &after(&[12], 3));
    check("before_one_hidden", &before(&[12], 3));
    check("after_from_7", &after(&[20, 17, 9], 10));
    check("before_from_98", &before(&[11, 8], 10));
    check("after_scoped", &after(&[20, 9], 10));
    check("before_square", &before(&[16, 16, 16], 16));
    check("norm_and_softmax", &after(&[], 4));
    check("softmax_only", &[Layer::dense(4), Layer::Softmax]);
    let plain = [Layer::dense(13), Layer::Relu, Layer::dense(7), Layer::Relu, Layer::dense(10), Layer::Softmax];
    check("plain", &plain);
    let without = Layer::dense_without_bias;
    check("plain_without_bias", &[without(13), Layer::Relu, without(7), Layer::Relu, Layer::dense(10), Layer::Softmax]);
}

#[test]
fn numbers_and_scopes_mean_nothing_but_order() {
    let expected = Checkpoint::read(&small("after_scoped"), &stated("after")).expect("a checkpoint");
    let check = |scope: &str, dense: [u64; 3], norms: [u64; 3]| {
        let number = |kind: &str, number: u64| if number == 0 { kind.into() } else { format!("{kind}_{number}") };
        let mut file = File::read(&small("after_scoped"));
        let from = [
            ["dense", "dense_1", "dense_2"],
            ["batch_normalization", "batch_normalization_1", "batch_normalization_2"],
        ];
        let renamed = file.tensors.into_iter().map(|(name, tensor)| {
            let parts: Vec<&str> = name.split('/').collect();
            let [.., layer, variable] = parts[..] else { return (name, tensor) };
            let place = |layers: [&str; 3]| layers.iter().position(|&from| from == layer);
            let layer = match (place(from[0]), place(from[1])) {
                (Some(at), _) => number("dense", dense[at]),
                (_, at) => number("batch_normalization", norms[at.expect("a BatchNormalization")]),
            };
            (format!("{scope}{layer}/{variable}"), tensor)
        });
        file = File { tensors: renamed.collect(), ..File::default() };
        assert_eq!(file.decode(&stated("after")).as_ref(), Ok(&expected), "{scope} {dense:?} {norms:?}");
    };
    check("", [0, 1, 2], [0, 1, 2]);
    check("sequential_1/", [3, 4, 5], [2, 3, 4]);
    check("model/foo/", [7, 9, 10], [9, 10, 11]);
    check("a/b/c/", [0, 99, 100], [8, 9, 1000]);
}

#[test]
fn the_notebook_s_models_are_told_apart() {
    for (name, norm, params) in [("after", NormPlacement::After, 271_346), ("before", NormPlacement::Before, 267_810)] {
        let path = golden(&format!("keras_{name}.safetensors"));
        let checkpoint = Checkpoint::read(&path, &stated(name)).expect("a checkpoint");
        assert_eq!(*checkpoint.layers, norm.layers(&[300, 100], 10));
        assert_eq!((checkpoint.inputs(), checkpoint.params.len()), (784, params));
        assert_eq!((checkpoint.image, checkpoint.labels.len()), (None, 0));
        let mut file = File::read(&path);
        let [mean, std] = ["pixel_mean", "pixel_std"].map(|name| file.get(name).values());
        assert_eq!(checkpoint.pixels, PixelStatistics::Standardized { mean, std });
    }
}

#[test]
fn without_statistics_the_user_says_what_pixels_are() {
    for (pixels, expected) in [(PixelRange::Raw, PixelStatistics::Raw), (PixelRange::Unit, PixelStatistics::Unit)] {
        let hints = Hints { pixels: Some(pixels), ..stated("before") };
        assert_eq!(check_answers("without_statistics", &hints).pixels, expected);
    }
}
