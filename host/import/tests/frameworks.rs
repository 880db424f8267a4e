//! Compares imported Keras, PyTorch, scikit-learn and TFLite files with those tools' outputs for the same images.
//!
//! Runs only if `FOLDNET_IMPORTS` names a folder with `index_*.json`, the files that it lists, and `NAME.outputs.npy`;
//! images are Fashion-MNIST's, from `FOLDNET_DATA` or the folder of Debian's package. `FOLDNET_MLPERF` likewise names
//! the folder with MLPerf Tiny's `ad01.h5`.

use foldnet_import::{Imported, Layer, Network, Range, import};
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};

fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: {variable} names no folder");
    }
    folder
}

/// The floats of a `.npy` file and its columns.
fn npy(path: &Path) -> (Vec<f32>, usize) {
    let bytes = std::fs::read(path).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..10 + header]).into_owned();
    assert!(text.contains("<f4") && text.contains("'fortran_order': False"), "{text}");
    let shape = text.split("'shape': (").nth(1).unwrap().split(')').next().unwrap();
    let columns = shape.split(',').filter_map(|size| size.trim().parse().ok()).nth(1).unwrap_or(1);
    (bytes[10 + header..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(), columns)
}

fn test_images() -> Vec<u8> {
    let folder = std::env::var_os("FOLDNET_DATA").map_or("/usr/share/datasets/fashion-mnist".into(), PathBuf::from);
    let file = std::fs::File::open(folder.join("t10k-images-idx3-ubyte.gz")).expect("Fashion-MNIST's test images");
    let mut pixels = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut pixels).unwrap();
    pixels.split_off(16)
}

fn network(path: &Path) -> Network {
    match import(path) {
        Ok(Imported::Network(network)) => network,
        other => panic!("{}: {other:?}", path.display()),
    }
}

/// Largest output error relative to the largest output, and the number of images classified differently.
fn differences(network: &Network, images: &[Vec<f32>], expected: &[f32], columns: usize) -> (f64, usize) {
    let largest = expected.iter().fold(0.0_f64, |most, &value| most.max(f64::from(value).abs()));
    let (mut worst, mut classes) = (0.0_f64, 0);
    for (image, expected) in images.iter().zip(expected.chunks_exact(columns)) {
        let answer = network.answer(image);
        assert_eq!(answer.len(), columns);
        let expected: Vec<f64> = expected.iter().map(|&value| value.into()).collect();
        for (got, wanted) in answer.iter().zip(&expected) {
            assert!(got.is_finite());
            worst = worst.max((got - wanted).abs() / largest);
        }
        classes += usize::from(class(&answer) != class(&expected));
    }
    (worst, classes)
}

fn class(values: &[f64]) -> usize {
    if let [one] = values {
        return usize::from(*one > 0.5);
    }
    values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0
}

#[test]
fn answers_are_those_of_the_framework() {
    let Some(folder) = folder("FOLDNET_IMPORTS") else { return };
    let pixels = test_images();
    let mut seen = 0;
    for entry in index(&folder) {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        for file in entry["files"].as_array().unwrap().iter().filter_map(Value::as_str) {
            let path = folder.join(file);
            if text("expect").starts_with("refuse") {
                refused(&path, text("name"));
            } else {
                let scale = if text("inputs").starts_with("pixels 0..255") { 1.0 } else { 255.0 };
                agrees(&path, &folder.join(format!("{}.outputs.npy", text("name"))), &pixels, scale);
            }
            seen += 1;
        }
    }
    assert!(seen >= 10, "only {seen} files");
}

fn index(folder: &Path) -> Vec<Value> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let lists = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    lists.flat_map(|path| serde_json::from_slice::<Vec<Value>>(&std::fs::read(path).unwrap()).unwrap()).collect()
}

fn refused(path: &Path, name: &str) {
    let Err(error) = import(path) else { panic!("{} was accepted", path.display()) };
    let error = error.to_string();
    println!("{error}");
    let word = name.split_once('_').unwrap().1.replace('_', "");
    assert!(error.replace('_', "").to_ascii_lowercase().contains(&word), "{error}");
    assert!(error.contains("instead") && !error.contains('\n'), "{error}");
}

fn agrees(path: &Path, outputs: &Path, pixels: &[u8], scale: f32) {
    let network = network(path);
    let (expected, columns) = npy(outputs);
    let images: Vec<Vec<f32>> =
        pixels.chunks_exact(784).map(|image| image.iter().map(|&pixel| f32::from(pixel) / scale).collect()).collect();
    let (worst, classes) = differences(&network, &images, &expected, columns);
    println!(
        "{}: {worst:e}, {classes} classes differ, {:?}\n  {}",
        path.display(),
        network.range(),
        network.understood().join("\n  ")
    );
    let int8 = path.to_string_lossy().contains("int8");
    assert!(if int8 { classes <= 6 } else { worst <= 1e-4 && classes == 0 }, "{worst} {classes}");
    assert_eq!(network.range(), (scale == 1.0).then_some(Range::Raw));
    assert_eq!(network.inputs(), 784);
}

#[test]
fn mlperf_s_autoencoder_answers_as_it_does_elsewhere() {
    let Some(folder) = folder("FOLDNET_MLPERF") else { return };
    let network = network(&folder.join("ad01.h5"));
    let (inputs, columns) = npy(&folder.join("ad01_inputs.npy"));
    let (outputs, _) = npy(&folder.join("ad01_outputs.npy"));
    let inputs: Vec<Vec<f32>> = inputs.chunks_exact(columns).map(<[f32]>::to_vec).collect();
    let (worst, _) = differences(&network, &inputs, &outputs, columns);
    println!("ad01.h5: {worst:e}");
    assert!(worst <= 1e-4, "{worst}");
    let dense = network.layers.iter().filter(|placed| matches!(placed.layer, Layer::Dense { .. })).count();
    assert_eq!(dense, 10);
}

#[test]
fn a_state_dict_gives_the_same_tensors_as_safetensors() {
    let Some(folder) = folder("FOLDNET_IMPORTS") else { return };
    let Ok(Imported::Tensors(bare)) = import(&folder.join("t_net.pt")) else { panic!("no tensors") };
    let names: Vec<&str> = bare.tensors.iter().map(|tensor| &tensor.name[..]).collect();
    assert!(names.contains(&"fc1.weight") && names.contains(&"bn2.running_var"), "{names:?}");
    let file = std::fs::read(folder.join("t_net.safetensors")).unwrap();
    for tensor in bare.tensors.iter().filter(|tensor| !tensor.name.ends_with("num_batches_tracked")) {
        let bytes: Vec<u8> = tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(file.windows(bytes.len()).any(|window| window == bytes), "{}", tensor.name);
    }
}
