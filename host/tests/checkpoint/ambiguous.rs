//! Tensors that fit more than one layer list, or none, and what `--norm` and `--pixels` make of them.

use crate::file::{File, Tensor, small};
use crate::keras::check_answers;
use foldnet::network::architecture::Norm;
use foldnet::network::checkpoint::{Checkpoint, Hints, PixelRange};
use foldnet_core::Layer;

const ASK: &str = "); give --norm after or --norm before (seen from the activations)";

fn norm(norm: Norm) -> Hints {
    Hints { norm: Some(norm), ..Hints::default() }
}

/// What can't be told is refused; with the right `--norm` it answers as in Keras, with the other it is another network.
fn check(model: &str, why: &str, right: Norm, layers: &[Layer]) {
    let refused = File::read(&small(model)).decode(&Hints::default()).expect_err(model);
    assert_eq!(refused, format!("its tensors do not tell where BatchNormalization stands ({why}{ASK}"));
    assert_eq!(check_answers(model, &norm(right)).layers, layers);
    let wrong = if right == Norm::After { Norm::Before } else { Norm::After };
    let other = Checkpoint::read(&small(model), &norm(wrong)).expect("the other network");
    assert!(other.layers != layers && wrong.describes(&other.layers), "{model}: {:?}", other.layers);
}

#[test]
fn norm_decides() {
    let (bn, relu, dense, without) = (Layer::batch_norm(), Layer::Relu, Layer::dense, Layer::dense_without_bias);
    let last = [dense(10), Layer::Softmax];
    let none_first = "none stands before the first Dense, yet the hidden Dense have a bias";
    let one_first = "one stands before the first Dense, yet the hidden Dense have no bias";
    let list = |layers: &[Layer]| [layers, &last].concat();
    check("before_with_bias", none_first, Norm::Before, &list(&[dense(20), bn, relu, dense(9), bn, relu]));
    check("after_hidden_only", none_first, Norm::After, &list(&[dense(20), relu, bn, dense(9), relu, bn]));
    check("before_and_input", one_first, Norm::Before, &list(&[bn, without(20), bn, relu, without(9), bn, relu]));
    check("after_without_bias", one_first, Norm::After, &list(&[bn, without(20), relu, bn, without(9), relu, bn]));
}

/// Tensors of ones of the widths, BatchNormalizations of `norms`.
fn made(widths: &[usize], bias: &[bool], norms: &[usize]) -> File {
    let mut file = File::default();
    let mut add = |name: String, shape: &[usize]| {
        let ones = vec![1.0; shape.iter().product()];
        file.tensors.insert(name, Tensor::new(shape, &ones));
    };
    for (index, pair) in widths.windows(2).enumerate() {
        add(format!("dense_{}/kernel", index + 1), pair);
        if bias[index] {
            add(format!("dense_{}/bias", index + 1), &pair[1..]);
        }
    }
    for (index, &width) in norms.iter().enumerate() {
        for variable in ["gamma", "beta", "moving_mean", "moving_variance"] {
            add(format!("batch_normalization_{}/{variable}", index + 1), &[width]);
        }
    }
    ["pixel_mean", "pixel_std"].iter().for_each(|name| add((*name).into(), &widths[..1]));
    file
}

fn refused(file: &File, hints: &Hints, expected: &str) {
    let text = file.decode(hints).expect_err(expected);
    assert!(text.contains(expected), "{text}\nhas not: {expected}");
}

#[test]
fn what_cannot_be_told_is_refused() {
    let check = |widths: &[usize], bias: &[bool], norms: &[usize], expected: &str| {
        refused(&made(widths, bias, norms), &Hints::default(), expected);
    };
    check(&[4, 4, 4], &[true, true], &[4, 4], "(all widths are alike); give --norm");
    check(&[5, 4, 3, 2], &[true, false, true], &[5, 4, 3], "(some hidden Dense have a bias, some have none); give");
    check(&[5, 4, 3, 2], &[true; 3], &[4, 3], "(none stands before the first Dense, yet the hidden");
    check(
        &[5, 4, 3, 2],
        &[true; 3],
        &[5],
        "BatchNormalization of widths [5] fits no stack of Dense of widths [5, 4, 3, 2]; use",
    );
    check(&[5, 4, 3, 2], &[true; 3], &[4, 3, 2], "widths [4, 3, 2] fits no stack");
    check(&[5, 4, 3, 2], &[true; 3], &[5, 4, 3, 2], "widths [5, 4, 3, 2] fits no stack");
    check(&[5, 4, 3, 2], &[false; 3], &[3, 4], "widths [3, 4] fits no stack");
    check(&[5, 2], &[true], &[2], "widths [2] fits no stack");
}

#[test]
fn norm_cannot_make_fit_what_does_not() {
    for hint in [Norm::After, Norm::Before] {
        let expected = format!("of widths [5, 4, 3, 2] with --norm {hint}; use one per hidden layer");
        refused(&made(&[5, 4, 3, 2], &[true; 3], &[5]), &norm(hint), &expected);
        let expected =
            format!("its layer list has no BatchNormalization {hint} the activations; leave out --norm {hint}");
        refused(&made(&[5, 4, 3, 2], &[true; 3], &[]), &norm(hint), &expected);
    }
    let expected = "its layer list has BatchNormalization; leave out --norm none";
    refused(&made(&[5, 4, 3, 2], &[true; 3], &[4, 3]), &norm(Norm::Without), expected);
    let plain = made(&[5, 4, 3, 2], &[true; 3], &[]);
    assert_eq!(plain.decode(&norm(Norm::Without)), plain.decode(&Hints::default()));
}

#[test]
fn a_hint_that_the_file_contradicts_is_refused() {
    let pixels = |pixels| Hints { pixels: Some(pixels), ..Hints::default() };
    let standardized = File::read(&small("after"));
    refused(&standardized, &pixels(PixelRange::Raw), "its inputs are standardized pixels; leave out --pixels raw");
    let mut told = standardized.clone();
    told.metadata.insert("layers".into(), serde_json::json!(Norm::After.layers(&[20, 17, 9], 10)).to_string());
    assert!(told.decode(&norm(Norm::After)).is_ok(), "the same may be said again");
    refused(&told, &norm(Norm::Before), "has no BatchNormalization before the activations; leave out --norm before");
    let mut unit = File::read(&small("without_statistics"));
    refused(
        &unit,
        &Hints::default(),
        "has no pixel_mean and pixel_std; give --pixels raw if it was trained on pixels of",
    );
    unit.metadata.insert("pixels".into(), "\"unit\"".into());
    assert!(unit.decode(&pixels(PixelRange::Unit)).is_ok(), "the same may be said again");
    refused(&unit, &pixels(PixelRange::Raw), "its inputs are unit pixels; leave out --pixels raw");
}
