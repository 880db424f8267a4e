//! Compares small models of every format (made by `small/make_small.py`) with their frameworks' outputs.

use foldnet_import::{Imported, Layer, Network, import, parse, parse_weights, write_onnx};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn small(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small").join(name)
}

fn floats(value: &Value) -> Vec<Vec<f64>> {
    let row = |row: &Value| row.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    value.as_array().unwrap().iter().map(row).collect()
}

fn outputs() -> Value {
    serde_json::from_slice(&std::fs::read(small("outputs.json")).unwrap()).unwrap()
}

fn read(name: &str) -> Network {
    match import(&small(name)) {
        Ok(Imported::Network(network)) => network,
        other => panic!("{name}: {other:?}"),
    }
}

/// The largest difference from the framework's answers, relative to their largest.
fn difference(network: &Network, expected: &[Vec<f64>]) -> f64 {
    let outputs = outputs();
    let largest = expected.iter().flatten().fold(0.0_f64, |most, value| most.max(value.abs()));
    let mut worst = 0.0_f64;
    for (x, expected) in floats(&outputs["x"]).iter().zip(expected) {
        let x: Vec<f32> = x.iter().map(|&value| value as f32).collect();
        let mut answer = network.answer(&x);
        // For two classes, the frameworks output both probabilities.
        if answer.len() == 1 && expected.len() == 2 {
            answer.insert(0, 1.0 - answer[0]);
        }
        assert_eq!(answer.len(), expected.len());
        for (got, wanted) in answer.iter().zip(expected) {
            assert!(got.is_finite());
            worst = worst.max((got - wanted).abs() / largest);
        }
    }
    worst
}

#[test]
fn small_models_answer_as_in_their_frameworks() {
    let check = |name: &str, key: &str, labels: &[&str]| {
        let network = read(name);
        let worst = difference(&network, &floats(&outputs()["outputs"][key]));
        println!("{name}: {worst:e}\n  {}\n  {}", network.understood().join("\n  "), network.folded.join("\n  "));
        assert!(worst < 1e-5, "{name}: {worst}");
        assert_eq!(network.labels, labels, "{name}");
    };
    check("nested.keras", "nested", &[]);
    check("nested.h5", "nested", &[]);
    check("plain.keras", "plain", &[]);
    check("dense.tflite", "dense", &[]);
    check("skl_three.onnx", "skl_three", &["0", "1", "2"]);
    check("skl_two.onnx", "skl_two", &["0", "1"]);
    check("skl_names.onnx", "skl_names", &["down", "up"]);
    check("skl_value.onnx", "skl_value", &[]);
    check("skl_logistic.onnx", "skl_logistic", &["0", "1", "2"]);
    check("skl_logistic2.onnx", "skl_logistic2", &["0", "1"]);
}

/// Weights-only files from Keras 2 and 3, with a separate configuration.
#[test]
fn weights_with_their_configuration_answer_as_the_whole_model() {
    let config = std::fs::read_to_string(small("plain.json")).unwrap();
    for name in ["plain.weights.h5", "old.weights.h5"] {
        let bytes = std::fs::read(small(name)).unwrap();
        let network = parse_weights(&bytes, Path::new(name), &config).unwrap();
        assert_eq!(network.layers, read("plain.keras").layers, "{name}");
        let worst = difference(&network, &floats(&outputs()["outputs"]["plain"]));
        assert!(worst < 1e-5, "{name}: {worst}");
        let other = config.replace("\"units\": 3", "\"units\": 5");
        assert_ne!(other, config);
        let error = parse_weights(&bytes, Path::new(name), &other).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        assert!(parse_weights(&bytes, Path::new(name), "{}").is_err());
    }
    let refused = |name: &str, words: &str| {
        let error = parse_weights(&std::fs::read(small(name)).unwrap(), Path::new(name), &config).unwrap_err();
        assert!(error.to_string().contains(words), "{name}: {error}");
    };
    refused("nested.h5", "omit --config");
    refused("plain.keras", "omit it");
    let alone = import(&small("plain.weights.h5")).unwrap_err().to_string();
    assert!(alone.contains("--config"), "{alone}");
}

/// Writing and reading back preserves the outputs.
#[test]
fn onnx_there_and_back() {
    for (name, key) in [("nested.keras", "nested"), ("plain.keras", "plain"), ("skl_value.onnx", "skl_value")] {
        let network = read(name);
        let back = match parse(&written(&network), Path::new("back.onnx")).unwrap() {
            Imported::Network(network) => network,
            other => panic!("{other:?}"),
        };
        let worst = difference(&back, &floats(&outputs()["outputs"][key]));
        assert!(worst < 1e-5, "{name}: {worst}");
        assert_eq!(back.layers.len(), network.layers.len());
    }
}

fn written(network: &Network) -> Vec<u8> {
    let layers: Vec<Layer> = network.layers.iter().map(|placed| placed.layer.clone()).collect();
    write_onnx(network.inputs(), network.affine.as_ref(), &layers, &network.labels)
}

const FILES: [&str; 8] = [
    "nested.keras",
    "nested.h5",
    "plain.keras",
    "dense.tflite",
    "int8.tflite",
    "dict.pt",
    "skl_names.onnx",
    "skl_logistic.onnx",
];

/// Every truncation yields an error or a network, never a panic.
#[test]
fn truncated_files_are_errors() {
    for name in FILES {
        let bytes = std::fs::read(small(name)).unwrap();
        let mut errors = 0;
        for length in 0..bytes.len() {
            errors += usize::from(parse(&bytes[..length], Path::new(name)).is_err());
        }
        println!("{name}: {errors} of {} truncations are errors", bytes.len());
        assert!(errors * 10 > bytes.len() * 9, "{name}: {errors} of {}", bytes.len());
    }
}

/// 10,000 random changes of each file: an error or a network, and never a panic or a hang.
#[test]
fn mutated_files_never_panic() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut below = |end: usize| random.next_u64() as usize % end;
    for name in FILES {
        let whole = std::fs::read(small(name)).unwrap();
        let mut errors = 0;
        for _ in 0..10_000 {
            let mut bytes = whole.clone();
            for _ in 0..=below(4) {
                let at = below(bytes.len());
                bytes[at] = match below(4) {
                    0 => 0,
                    1 => 255,
                    2 => bytes[at] ^ (1 << below(8)),
                    _ => below(256) as u8,
                };
            }
            errors += usize::from(parse(&bytes, Path::new(name)).is_err());
        }
        println!("{name}: {errors} of 10000 mutations are errors");
        assert!(errors > 100, "{name}: {errors}");
    }
}
