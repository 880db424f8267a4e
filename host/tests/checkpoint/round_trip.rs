//! A written file is read back unchanged, by us and by the reference implementation.

use crate::file::{File, small};
use crate::keras::stated;
use foldnet::network::checkpoint::{Checkpoint, Hints, PixelStatistics};
use foldnet_core::{Layer, Network, Shape};
use std::path::Path;

/// Sequentially numbered parameters, so that a misplaced one is detected; every layer kind, each with its own epsilon
/// and momentum.
fn made(pixels: PixelStatistics) -> Checkpoint {
    let own = Layer::BatchNorm { momentum: 0.97, epsilon: 1.7e-5 };
    let layers = vec![
        own,
        Layer::dense(3),
        Layer::dense_without_bias(4),
        own,
        Layer::Relu,
        Layer::batch_norm(),
        Layer::dense(2),
    ];
    let params = (0..Network::of(&layers, Shape::image(2, 3)).params()).map(|at| 0.1 + at as f32).collect();
    let labels = vec!["T-shirt/top".into(), "\"quoted\", \\ and ü".into()];
    Checkpoint { image: Some((2, 3)), labels, ..Checkpoint::new(layers, 6, params, pixels).expect("a network") }
}

fn write_and_read(checkpoint: &Checkpoint, path: &Path) -> Vec<u8> {
    checkpoint.write(path).expect("written");
    assert_eq!(&Checkpoint::read(path, &Hints::default()).expect("read"), checkpoint);
    std::fs::read(path).expect("readable")
}

#[test]
fn all_that_a_checkpoint_holds_comes_back_and_bytes_are_equal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    let standardized = PixelStatistics::Standardized { mean: vec![0.3; 6], std: (1..7).map(|i| i as f32).collect() };
    for pixels in [PixelStatistics::Raw, PixelStatistics::Unit, standardized] {
        let checkpoint = made(pixels);
        assert_eq!(write_and_read(&checkpoint, &path), write_and_read(&checkpoint, &path));
        let bare = Checkpoint { image: None, labels: Vec::new(), ..checkpoint };
        write_and_read(&bare, &path);
    }
}

#[test]
fn files_have_keras_s_names_and_layout() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    for model in ["after", "before", "after_from_7", "before_square", "plain"] {
        Checkpoint::read(&small(model), &stated(model)).expect("read").write(&path).expect("written");
        let (mut ours, mut keras) = (File::read(&path), File::read(&small(model)));
        let layers: Vec<Layer> = serde_json::from_str(&ours.metadata["layers"]).expect("a layer list");
        assert!(!layers.is_empty());
        ours.metadata.clear();
        let first = if model == "after_from_7" {
            (7, 8)
        } else if model == "before_square" {
            (8, 8)
        } else {
            (0, 0)
        };
        let renamed = keras.tensors.into_iter().map(|(name, tensor)| (from_zero(&name, first), tensor));
        keras.tensors = renamed.collect();
        assert_eq!(ours, keras, "{model}");
    }
}

/// Without a scope prefix, numbered from 0.
fn from_zero(name: &str, (dense, norm): (usize, usize)) -> String {
    let Some((layer, variable)) = name.strip_prefix("sequential/").and_then(|name| name.split_once('/')) else {
        return name.to_owned();
    };
    let (kind, first) = if layer.starts_with("dense") { ("dense", dense) } else { ("batch_normalization", norm) };
    let number: usize = layer[kind.len()..].trim_start_matches('_').parse().unwrap_or(0);
    match number - first {
        0 => format!("{kind}/{variable}"),
        number => format!("{kind}_{number}/{variable}"),
    }
}

#[test]
fn the_metadata_has_its_documented_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    made(PixelStatistics::Unit).write(&path).expect("written");
    let metadata = File::read(&path).metadata;
    let norm = r#"{"batch_norm":{"epsilon":0.000017,"momentum":0.97}}"#;
    let default = r#"{"batch_norm":{"epsilon":0.001,"momentum":0.99}}"#;
    let dense = |units, bias| format!(r#"{{"dense":{{"bias":{bias},"units":{units}}}}}"#);
    let (a, b, c) = (dense(3, true), dense(4, false), dense(2, true));
    let check = |key: &str, expected: &str| {
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(&metadata[key]), value(expected), "{}", metadata[key]);
    };
    check("layers", &format!("[{norm},{a},{b},{norm},\"relu\",{default},{c}]"));
    check("pixels", "\"unit\"");
    check("image", "[2,3]");
    check("labels", r#"["T-shirt/top","\"quoted\", \\ and ü"]"#);
    assert_eq!(metadata.len(), 4);
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    let check = |change: fn(&mut Checkpoint), expected: &str| {
        let mut checkpoint = Checkpoint::read(&small("after"), &stated("after")).expect("read");
        change(&mut checkpoint);
        let text = checkpoint.write(&path).expect_err(expected).to_string();
        assert!(text.starts_with(&format!("{}: {expected}", path.display())), "{text}");
        assert!(!path.exists());
    };
    check(
        |c| c.params[4 * 16 + 1] = f32::NAN,
        "dense/kernel holds NaN at [1, 0], expected a finite number; train again",
    );
    check(|c| c.params[4 * 5 + 3] = -1.0, "batch_normalization/moving_variance holds -1 at [5], expected a variance");
    check(|c| c.params.truncate(1206), "internal error: 1206 parameters for a network of 1207");
    check(|c| c.labels = vec!["one".into()], "its metadata `labels` names 1 classes, but the network has 10");
    check(|c| c.image = Some((28, 28)), "its metadata `image` is 28 by 28, but the network has 16 inputs");
    check(
        |c| c.pixels = PixelStatistics::Standardized { mean: vec![0.0; 3], std: vec![1.0; 16] },
        "pixel_mean has shape [3], expected [16]",
    );
}

#[test]
fn a_place_that_cannot_be_written_is_named_once() {
    let checkpoint = Checkpoint::read(&small("after"), &stated("after")).expect("read");
    let check = |path: &str, remedy: &str| {
        let text = checkpoint.write(path.as_ref()).expect_err(path).to_string();
        assert!(text.starts_with(&format!("{path}: cannot be written (")) && text.ends_with(remedy), "{text}");
        assert_eq!(text.matches(path).count(), 1, "{text}");
    };
    check("/nowhere/model.safetensors", "; create its folder first");
    check(env!("CARGO_MANIFEST_DIR"), "; name a file, not a folder");
    #[cfg(target_os = "linux")]
    check("/dev/full", "; free some space, or write to another disk");
}
