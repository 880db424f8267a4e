//! Tensors that match several layer lists or none, and how `--norm` and `--pixels` resolve that.

use crate::file::{File, Tensor, small};
use crate::keras::{check_answers, stated};
use foldnet::network::architecture::NormPlacement;
use foldnet::network::checkpoint::{Checkpoint, Hints, PixelRange, PixelStatistics};
use foldnet_core::Layer;
use foldnet_data::InputType;

const ASK: &str = "holds only tensors, without the position of BatchNormalization and the activations; give --norm";

fn norm(norm: NormPlacement) -> Hints {
    Hints { norm: Some(norm), ..Hints::default() }
}

/// Ambiguous files are refused; the correct `--norm` reproduces Keras's outputs, the wrong one gives a different
/// network.
fn check(model: &str, right: NormPlacement, layers: &[Layer]) {
    let refused = File::read(&small(model)).decode(&Hints::default()).expect_err(model);
    assert!(refused.starts_with(ASK), "{refused}");
    assert_eq!(*check_answers(model, &norm(right)).layers, *layers);
    let wrong = if right == NormPlacement::After { NormPlacement::Before } else { NormPlacement::After };
    let other = Checkpoint::read(&small(model), &norm(wrong)).expect("the other network");
    assert!(*other.layers != *layers && wrong.describes(&other.layers), "{model}: {:?}", other.layers);
}

#[test]
fn norm_decides() {
    let (bn, relu, dense, without) = (Layer::batch_norm(), Layer::Relu, Layer::dense, Layer::dense_without_bias);
    let last = [dense(10), Layer::Softmax];
    let list = |layers: &[Layer]| [layers, &last].concat();
    check("before_with_bias", NormPlacement::Before, &list(&[dense(20), bn, relu, dense(9), bn, relu]));
    check("after_hidden_only", NormPlacement::After, &list(&[dense(20), relu, bn, dense(9), relu, bn]));
    check("before_and_input", NormPlacement::Before, &list(&[bn, without(20), bn, relu, without(9), bn, relu]));
    check("after_without_bias", NormPlacement::After, &list(&[bn, without(20), relu, bn, without(9), relu, bn]));
}

/// Tensors of ones for Dense layers of these widths and BatchNormalizations of `norms`.
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
fn tensors_alone_are_refused() {
    let check = |widths: &[usize], bias: &[bool], norms: &[usize], list: &str| {
        let expected = format!("or --layers \"{list}\" as it was trained");
        refused(&made(widths, bias, norms), &Hints::default(), ASK);
        refused(&made(widths, bias, norms), &Hints::default(), &expected);
    };
    check(&[5, 2], &[true], &[], "dense, softmax");
    check(&[5, 4, 2], &[true; 2], &[], "dense, relu, dense, softmax");
    check(&[5, 4, 2], &[false, true], &[4], "dense, batch_norm, relu, dense, softmax");
    check(&[5, 4, 2], &[true; 2], &[5, 4], "batch_norm, dense, batch_norm, relu, dense, softmax");
}

fn words(text: &str) -> Hints {
    Hints { layers: Some(text.parse().expect("words")), ..Hints::default() }
}

#[test]
fn a_list_in_words_says_what_norm_cannot() {
    let (bn, relu, softmax) = (Layer::batch_norm(), Layer::Relu, Layer::Softmax);
    let file = made(&[5, 4, 3, 2], &[true, false, true], &[3]);
    let layers = file.decode(&words("dense, relu, dense, batch_norm, relu, dense, softmax")).expect("a network").layers;
    let dense = [Layer::dense(4), Layer::dense_without_bias(3), Layer::dense(2)];
    assert_eq!(*layers, [dense[0], relu, dense[1], bn, relu, dense[2], softmax]);
    let layers = file.decode(&words("dense, dense, batch_norm, dense")).expect("no activation").layers;
    assert_eq!(*layers, [dense[0], dense[1], bn, dense[2]]);
    refused(
        &file,
        &words("dense, relu, dense, softmax"),
        "--layers has 2 dense and 0 batch_norm, but the file has 3 and 1; give",
    );
    let two = Hints { epsilon: vec![1e-3, 1e-4], ..words("dense, dense, batch_norm, dense") };
    refused(&file, &two, "--epsilon gives 2 values for 1 BatchNormalizations; give one, or one for each");
    let each = Hints { epsilon: vec![0.5, 0.25], ..norm(NormPlacement::Before) };
    let norms = made(&[5, 4, 3, 2], &[true; 3], &[4, 3]).decode(&each).expect("a network").layers;
    let epsilons: Vec<f32> = norms
        .iter()
        .filter_map(|layer| if let Layer::BatchNorm { epsilon, .. } = layer { Some(*epsilon) } else { None })
        .collect();
    assert_eq!(epsilons, [0.5, 0.25]);
}

#[test]
fn one_sigmoid_is_two_classes() {
    let file = made(&[5, 4, 1], &[true; 2], &[]);
    refused(
        &file,
        &norm(NormPlacement::Without),
        "one output can be a value, or two classes with a sigmoid; give --layers \"dense, relu, dense, sigmoid\"",
    );
    let checkpoint = file.decode(&words("dense, relu, dense, sigmoid")).expect("two classes");
    assert_eq!(*checkpoint.layers, [Layer::dense(4), Layer::Relu, Layer::dense(2), Layer::Softmax]);
    // A unit of zeros, then the file's.
    assert_eq!(checkpoint.params[24..], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0]);
    let value = file.decode(&words("dense, relu, dense")).expect("a value");
    assert_eq!(value.network().outputs(), 1);
}

#[test]
fn gamma_and_beta_may_be_missing() {
    for (variable, value) in [("gamma", 1.0), ("beta", 0.0)] {
        let mut file = made(&[5, 4, 2], &[false, true], &[4]);
        file.get(&format!("batch_normalization_1/{variable}")).bytes = Tensor::new(&[4], &[value; 4]).bytes;
        let whole = file.decode(&norm(NormPlacement::Before)).expect("whole");
        file.remove(&format!("batch_normalization_1/{variable}"));
        assert_eq!(file.decode(&norm(NormPlacement::Before)), Ok(whole));
    }
}

#[test]
fn shared_tensors_are_followed() {
    let mut file = File::default();
    for (name, shape) in [("fc1", [4, 5]), ("fc2", [4, 4]), ("fc4", [2, 4])] {
        file.tensors.insert(format!("{name}.weight"), Tensor::new(&shape, &vec![1.0; shape[0] * shape[1]]));
    }
    file.metadata.insert("fc3.weight".into(), "fc2.weight".into());
    let hints = Hints { pixels: Some(PixelRange::Unit), ..norm(NormPlacement::Without) };
    let checkpoint = file.decode(&hints).expect("four layers");
    assert_eq!(checkpoint.layers.iter().filter(|layer| matches!(layer, Layer::Dense { .. })).count(), 4);
}

#[test]
fn one_mean_and_deviation_hold_for_all_pixels() {
    let mut file = made(&[5, 2], &[true], &[]);
    let whole = file.decode(&norm(NormPlacement::Without)).expect("whole");
    for shape in [&[1][..], &[]] {
        ["pixel_mean", "pixel_std"].iter().for_each(|name| *file.get(name) = Tensor::new(shape, &[1.0]));
        assert_eq!(file.decode(&norm(NormPlacement::Without)), Ok(whole.clone()));
    }
    *file.get("pixel_std") = Tensor::new(&[1], &[78.6]);
    refused(
        &file,
        &norm(NormPlacement::Without),
        "pixel_std holds 78.6: statistics of pixels of 0 to 255; divide pixel_mean and",
    );
}

#[test]
fn layers_may_have_any_name_of_keras_s() {
    let mut file = made(&[5, 4, 2], &[true; 2], &[]);
    let whole = file.decode(&norm(NormPlacement::Without)).expect("whole");
    for (from, to) in [("dense_1", "sequential/hidden"), ("dense_2", "sequential/out")] {
        for variable in ["kernel", "bias"] {
            file.rename(&format!("{from}/{variable}"), &format!("{to}/{variable}:0"));
        }
    }
    assert_eq!(file.decode(&norm(NormPlacement::Without)), Ok(whole));
    let mut file = File::default();
    file.tensors.insert("kernel".into(), Tensor::new(&[4, 2], &[1.0; 8]));
    refused(&file, &norm(NormPlacement::Without), "kernel does not name its layer; save under v.path");
    // Numbered in a different order from the calls.
    let mut file = made(&[5, 4, 2], &[true; 2], &[]);
    for variable in ["kernel", "bias"] {
        file.rename(&format!("dense_1/{variable}"), &format!("m/dense_9/{variable}"));
        file.rename(&format!("dense_2/{variable}"), &format!("m/dense_3/{variable}"));
    }
    assert_eq!(file.decode(&norm(NormPlacement::Without)).expect("the order that fits").inputs(), 5);
}

#[test]
fn tensors_of_pytorch_s_that_are_no_layers_are_told_apart() {
    let plain = |extra: &[(&str, &[usize])]| {
        let mut file = File::default();
        for (name, shape) in
            [("0.weight", &[4_usize, 5][..]), ("0.bias", &[4]), ("2.weight", &[2, 4])].iter().chain(extra)
        {
            file.tensors.insert((*name).into(), Tensor::new(shape, &vec![1.0; shape.iter().product()]));
        }
        file
    };
    let hints = Hints { pixels: Some(PixelRange::Unit), ..norm(NormPlacement::Without) };
    let whole = plain(&[]).decode(&hints);
    assert!(whole.is_ok());
    assert_eq!(
        plain(&[("n_averaged", &[]), ("0.total_ops", &[1]), ("1.num_batches_tracked", &[])]).decode(&hints),
        whole
    );
    refused(
        &plain(&[("criterion.weight", &[2])]),
        &hints,
        "criterion.weight: not part of a Dense or BatchNormalization",
    );
    refused(&plain(&[("1.weight", &[4]), ("1.bias", &[4])]), &hints, "1.bias, 1.weight: not part of a Dense");
    for name in ["1.weight_orig", "1.weight_mask", "1.weight_g", "1.parametrizations.weight.original0"] {
        refused(
            &plain(&[(name, &[4, 4])]),
            &hints,
            &format!("{name} is only a part from which a weight is computed; run"),
        );
    }
}

#[test]
fn the_search_for_an_order_ends() {
    let mut file = File::default();
    for layer in 0..16_usize {
        let name = format!("{}{}", (b'a' + layer as u8) as char, "x".repeat(900));
        let shape = if layer == 15 { [3, 4] } else { [4, 4] };
        file.tensors.insert(format!("{name}.weight"), Tensor::new(&shape, &vec![1.0; shape[0] * shape[1]]));
    }
    let start = std::time::Instant::now();
    assert!(file.decode(&norm(NormPlacement::Without)).is_err());
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn norm_cannot_make_fit_what_does_not() {
    for hint in [NormPlacement::After, NormPlacement::Before] {
        let expected = format!("of widths [5, 4, 3, 2] with --norm {hint}, with one per hidden layer");
        refused(&made(&[5, 4, 3, 2], &[true; 3], &[5]), &norm(hint), &expected);
        let expected = "give --layers \"dense, batch_norm, relu, dense, relu, dense, softmax\" with the layers";
        refused(&made(&[5, 4, 3, 2], &[true; 3], &[3]), &norm(hint), expected);
        let expected = format!("has no BatchNormalization, which --norm {hint} contradicts; give --norm none");
        refused(&made(&[5, 4, 3, 2], &[true; 3], &[]), &norm(hint), &expected);
    }
    let expected = "has BatchNormalization, which --norm none contradicts; give --norm after or before";
    refused(&made(&[5, 4, 3, 2], &[true; 3], &[4, 3]), &norm(NormPlacement::Without), expected);
    assert!(made(&[5, 4, 3, 2], &[true; 3], &[]).decode(&norm(NormPlacement::Without)).is_ok());
}

#[test]
fn a_hint_that_the_file_contradicts_is_refused() {
    let pixels = |pixels, norm| Hints { pixels: Some(pixels), ..stated(norm) };
    let standardized = File::read(&small("after"));
    refused(
        &standardized,
        &pixels(PixelRange::Raw, "after"),
        "its inputs are standardized pixels; leave out --pixels raw",
    );
    let mut told = standardized.clone();
    told.metadata.insert("layers".into(), serde_json::json!(NormPlacement::After.layers(&[20, 17, 9], 10)).to_string());
    assert!(told.decode(&norm(NormPlacement::After)).is_ok(), "the same may be said again");
    refused(
        &told,
        &norm(NormPlacement::Before),
        "has no BatchNormalization before the activations; leave out --norm before",
    );
    let mut unit = File::read(&small("without_statistics"));
    refused(
        &unit,
        &stated("before"),
        "has no pixel_mean and pixel_std; give --pixels raw if its first Dense or BatchNormalization takes",
    );
    let values = Hints { input: Some(InputType::F32), ..stated("before") };
    assert!(unit.decode(&values).is_ok_and(|read| read.pixels == PixelStatistics::Raw), "values as they are");
    unit.metadata.insert("pixels".into(), "\"unit\"".into());
    assert!(unit.decode(&pixels(PixelRange::Unit, "before")).is_ok(), "the same may be said again");
    refused(&unit, &pixels(PixelRange::Raw, "before"), "its inputs are unit pixels; leave out --pixels raw");
}
