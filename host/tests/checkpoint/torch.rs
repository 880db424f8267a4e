//! Models straight from PyTorch: names, order and layout, and PyTorch's own answers.

use crate::file::{File, Tensor, golden};
use crate::keras::{check_answers_of, stated};
use foldnet::network::architecture::NormPlacement;
use foldnet::network::checkpoint::{Checkpoint, Hints, PixelRange};
use foldnet_core::Layer;
use safetensors::tensor::Dtype;
use std::path::PathBuf;

fn small(name: &str) -> PathBuf {
    golden("torch_small").join(format!("{name}.safetensors"))
}

fn check_answers(name: &str, hints: &Hints) -> Checkpoint {
    check_answers_of(&small(name), &small(&format!("{name}.expected")), hints)
}

/// The list with PyTorch's defaults of BatchNormalization.
fn with_defaults(mut layers: Vec<Layer>) -> Vec<Layer> {
    for layer in &mut layers {
        if let Layer::BatchNorm { momentum, epsilon } = layer {
            (*momentum, *epsilon) = (0.9, 1e-5);
        }
    }
    layers
}

fn norm(norm: NormPlacement) -> Hints {
    Hints { norm: Some(norm), ..Hints::default() }
}

#[test]
fn small_models_answer_as_in_pytorch() {
    let check = |name, expected: Vec<Layer>| {
        assert_eq!(*check_answers(name, &stated(name)).layers, with_defaults(expected), "{name}");
    };
    check("after", NormPlacement::After.layers(&[20, 9], 10));
    check("before", NormPlacement::Before.layers(&[14, 14, 14, 9], 10));
    check("after_named", NormPlacement::After.layers(&[12, 7], 10));
    check("plain_named", NormPlacement::Without.layers(&[13, 7], 4));
    let hints = Hints { pixels: Some(PixelRange::Unit), ..stated("before") };
    let layers = check_answers("without_statistics", &hints).layers;
    assert_eq!(*layers, with_defaults(NormPlacement::Before.layers(&[12], 3)));
}

#[test]
fn norm_decides_where_linear_has_a_bias() {
    let refused = File::read(&small("before_with_bias")).decode(&Hints::default()).expect_err("ambiguous");
    assert!(refused.starts_with("holds only tensors") && refused.contains("--layers \"dense, batch_norm"), "{refused}");
    let layers = check_answers("before_with_bias", &norm(NormPlacement::Before)).layers;
    assert!(NormPlacement::Before.describes(&layers), "{layers:?}");
    let other =
        Checkpoint::read(&small("before_with_bias"), &norm(NormPlacement::After)).expect("the other network").layers;
    assert!(NormPlacement::After.describes(&other), "{other:?}");
}

/// The goldens have variances of 2e-4, for which Keras's epsilon gives different outputs.
#[test]
fn epsilon_is_pytorch_s_unless_said_otherwise() {
    let epsilon =
        |name: &str, hints: &Hints| match Checkpoint::read(&small(name), hints).expect("a checkpoint").layers[0] {
            Layer::BatchNorm { epsilon, .. } => epsilon,
            other => panic!("{other:?}"),
        };
    assert_eq!(epsilon("after", &stated("after")), 1e-5);
    let given = Hints { epsilon: vec![1e-3], ..stated("after") };
    assert_eq!(epsilon("after", &given), 1e-3);
    let mut told = File::read(&small("after"));
    told.metadata.insert("layers".into(), serde_json::json!(NormPlacement::After.layers(&[20, 9], 10)).to_string());
    assert!(told.decode(&given).is_ok(), "the same may be said again");
    let other = Hints { epsilon: vec![1e-4], ..stated("after") };
    let refused = told.decode(&other).expect_err("another");
    assert_eq!(refused, "its layer list has a different epsilon; leave out --epsilon");
}

/// Checks that the model `after` is rejected after a change.
fn refused(change: impl FnOnce(&mut File), expected: &str) {
    let mut file = File::read(&small("after"));
    change(&mut file);
    let text = file.decode(&stated("after")).expect_err(expected);
    assert!(text.contains(expected), "{text}\nhas not: {expected}");
}

#[test]
fn what_is_wrong_is_named_as_in_the_file() {
    refused(|file| drop(file.remove("1.weight")), "1.bias: not part of a Dense");
    refused(|file| drop(file.remove("0.running_mean")), "0.running_mean is missing");
    refused(|file| file.get("4.weight").shape = vec![20, 9], "4.weight has shape [20, 9], expected [9, 20]");
    refused(|file| file.get("4.weight").set(21, f32::NAN), "4.weight holds NaN at [1, 1], expected a finite number");
    refused(|file| file.get("3.running_var").set(3, -1.0), "3.running_var holds -1 at [3]");
    refused(|file| file.get("4.bias").dtype = Dtype::I32, "4.bias holds I32, expected F32");
    let conv = Tensor::new(&[1, 1, 1, 1], &[1.0]);
    refused(|file| drop(file.tensors.insert("conv.weight".into(), conv)), "conv.weight: not part of a Dense");
    let stranger = Tensor::new(&[1], &[1.0]);
    refused(|file| drop(file.tensors.insert("0.scale".into(), stranger)), "0.scale: not part of a Dense");
}

#[test]
fn an_order_that_nothing_tells_is_refused() {
    let mut file = File::read(&small("square_named"));
    let text = file.decode(&Hints::default()).expect_err("no order");
    assert_eq!(
        text,
        "the order of first, second, third cannot be told from names and shapes; number the layers of a kind, such as \
         fc1, fc2"
    );
    for (number, name) in ["first", "second", "third"].into_iter().enumerate() {
        for variable in ["weight", "bias"] {
            file.rename(&format!("{name}.{variable}"), &format!("fc{}.{variable}", number + 9));
        }
    }
    assert!(file.decode(&stated("plain")).is_ok(), "fc9, fc10, fc11");
}

#[test]
fn second_names_lead_to_tensors_or_are_refused() {
    let decoded = |entries: &[(&str, &str)]| {
        let mut file = File::read(&small("square_named"));
        for (name, number) in [("first", 1), ("second", 2)] {
            for variable in ["weight", "bias"] {
                file.rename(&format!("{name}.{variable}"), &format!("fc{number}.{variable}"));
            }
        }
        ["weight", "bias"].iter().for_each(|variable| drop(file.remove(&format!("third.{variable}"))));
        for (alias, name) in entries {
            for variable in ["weight", "bias"] {
                file.metadata.insert(format!("{alias}.{variable}"), format!("{name}.{variable}"));
            }
        }
        let decoded = file.decode(&stated("plain"));
        decoded.map(|network| network.layers.iter().filter(|layer| matches!(layer, Layer::Dense { .. })).count())
    };
    assert_eq!(decoded(&[]), Ok(2));
    assert_eq!(decoded(&[("fc3", "fc2")]), Ok(3));
    // Through one that comes later in the file, and through one that comes before.
    assert_eq!(decoded(&[("fc3", "fc4"), ("fc4", "fc1")]), Ok(4));
    assert_eq!(decoded(&[("fc4", "fc3"), ("fc3", "fc1")]), Ok(4));
    for entries in [&[("fc3", "fc9")][..], &[("fc3", "fc3")], &[("fc3", "fc4"), ("fc4", "fc3")]] {
        let text = decoded(entries).expect_err("leads nowhere");
        assert!(text.starts_with("its metadata says that fc3.bias is fc"), "{text}");
    }
    // Keys that are not variable names are metadata of other tools.
    let mut file = File::read(&small("square_named"));
    file.metadata.insert("format".into(), "pt".into());
    file.metadata.insert("model.weight".into(), "12 MB".into());
    assert!(file.decode(&Hints::default()).expect_err("no order").starts_with("the order of"));
}

#[test]
fn one_scale_says_what_inputs_are_and_no_second() {
    let scale = Some("0.5,10".parse().expect("a scale"));
    let name = "without_statistics";
    let said = |pixels| Hints { pixels, scale, ..stated("before") };
    let alone = Checkpoint::read(&small(name), &said(None)).expect("a scale is enough");
    assert_eq!(alone, Checkpoint::read(&small(name), &said(Some(PixelRange::Raw))).expect("the same"));
    let refused =
        |name: &str, hints: &Hints| Checkpoint::read(&small(name), hints).expect_err("two scales").to_string();
    assert!(refused(name, &said(Some(PixelRange::Unit))).contains("is a second scale"));
    assert!(refused("before", &Hints { scale, ..stated("before") }).contains("is a second scale"));
}
