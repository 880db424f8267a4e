//! One fault per line: the change to a valid file, and the resulting message.

use crate::file::{File, Tensor, decode, small};
use crate::keras::stated;
use foldnet::network::checkpoint::{Checkpoint, Hints};
use safetensors::tensor::Dtype;

fn check(change: impl FnOnce(&mut File), expected: &str) {
    let text = File::changed("before", change).decode(&stated("before")).expect_err(expected);
    assert!(text.starts_with(expected), "{text}\nis not: {expected}");
}

const DENSE_1: &str = "sequential/dense_1/kernel";
const BIAS: &str = "sequential/dense_3/bias";
const VARIANCE: &str = "sequential/batch_normalization_2/moving_variance";
const GAMMA: &str = "sequential/batch_normalization/gamma";

#[test]
fn a_tensor_is_missing() {
    check(|file| drop(file.remove(DENSE_1)), "sequential/dense_1/kernel is missing; the file is incomplete");
    check(|file| drop(file.remove(VARIANCE)), "sequential/batch_normalization_2/moving_variance is missing; the file");
    check(|file| drop(file.remove("pixel_mean")), "pixel_mean is missing; the file");
    check(|file| drop(file.remove("pixel_std")), "pixel_std is missing; the file");
    check(|file| file.tensors.retain(|name, _| !name.contains("dense")), "holds no dense/kernel; save a network");
    check(|file| file.tensors.clear(), "holds no dense/kernel; save a network");
}

#[test]
fn a_tensor_is_missing_from_the_list() {
    let list = |hidden: &[u32]| {
        let layers = foldnet::network::architecture::NormPlacement::Before.layers(hidden, 10);
        ("layers".to_owned(), serde_json::json!(layers).to_string())
    };
    check(
        |file| file.metadata.extend([list(&[20, 17, 9, 10])]),
        "sequential/batch_normalization_3/gamma is missing; the file",
    );
    check(
        |file| {
            file.metadata.extend([list(&[20, 17, 9])]);
            file.tensors.retain(|name, _| !name.contains("dense_3"));
        },
        "sequential/dense_3/kernel is missing; the file",
    );
    check(
        |file| {
            file.metadata.extend([list(&[20, 17, 9])]);
            file.tensors.retain(|name, _| !name.contains("batch"));
        },
        "batch_normalization/gamma is missing; the file",
    );
}

#[test]
fn a_tensor_is_misshapen() {
    let reshape = |name: &'static str, shape: &'static [usize]| {
        move |file: &mut File| *file.get(name) = Tensor::new(shape, &vec![1.0; shape.iter().product()])
    };
    check(
        reshape("sequential/dense/kernel", &[20, 16]),
        "sequential/dense/kernel has shape [20, 16], expected [16, 20]; save",
    );
    check(reshape(DENSE_1, &[20, 18]), "sequential/dense_1/kernel has shape [20, 18], expected [20, 17]; save");
    check(reshape(DENSE_1, &[340]), "sequential/dense_1/kernel has shape [340], expected [20, 17]; save");
    check(reshape(DENSE_1, &[20, 17, 1]), "sequential/dense_1/kernel has shape [20, 17, 1], expected [20, 17]; save");
    check(
        reshape("sequential/dense_3/kernel", &[8, 10]),
        "sequential/dense_3/kernel has shape [8, 10], expected [9, 10]",
    );
    check(
        |file| ["pixel_mean", "pixel_std"].into_iter().for_each(|name| *file.get(name) = Tensor::new(&[5], &[1.0; 5])),
        "pixel_mean has shape [5], expected [16]; save",
    );
    check(reshape(BIAS, &[9]), "sequential/dense_3/bias has shape [9], expected [10]; save");
    check(reshape(BIAS, &[]), "sequential/dense_3/bias has shape [], expected [10]; save");
    check(
        reshape(VARIANCE, &[10]),
        "sequential/batch_normalization_2/moving_variance has shape [10], expected [9]; save",
    );
    check(reshape(GAMMA, &[1, 20]), "sequential/batch_normalization/gamma has shape [1, 20], expected [20]; save");
    check(reshape("pixel_mean", &[15]), "pixel_mean has shape [15], expected [16]; save");
    check(reshape("pixel_std", &[4, 4]), "pixel_std has shape [4, 4], expected [16]; save");
}

#[test]
fn a_value_is_impossible() {
    let set = |name: &'static str, at, value| move |file: &mut File| file.get(name).set(at, value);
    let diverged = "train again, with a lower learning rate if training diverged";
    let check = |change: &dyn Fn(&mut File), what: &str, remedy: &str| check(change, &format!("{what}; {remedy}"));
    check(
        &set(DENSE_1, 37, f32::NAN),
        "sequential/dense_1/kernel holds NaN at [2, 3], expected a finite number",
        diverged,
    );
    check(&set(BIAS, 9, f32::INFINITY), "sequential/dense_3/bias holds inf at [9], expected a finite number", diverged);
    check(
        &set(GAMMA, 0, f32::NEG_INFINITY),
        "sequential/batch_normalization/gamma holds -inf at [0], expected a finite number",
        diverged,
    );
    check(
        &set(VARIANCE, 4, -0.25),
        "sequential/batch_normalization_2/moving_variance holds -0.25 at [4], expected a variance of 0 or more",
        diverged,
    );
    let again = "compute the pixel statistics again, with a std of 1 where a pixel is constant";
    check(&set("pixel_std", 3, 0.0), "pixel_std holds 0 at [3], expected a positive number", again);
    check(&set("pixel_std", 3, -1.0), "pixel_std holds -1 at [3], expected a positive number", again);
    check(&set("pixel_mean", 15, f32::NAN), "pixel_mean holds NaN at [15], expected a finite number", again);
}

#[test]
fn a_type_is_not_float32() {
    let retype = |name: &'static str, dtype: Dtype, size: usize| {
        move |file: &mut File| {
            let tensor = file.get(name);
            (tensor.dtype, tensor.bytes) = (dtype, vec![0; tensor.bytes.len() / 4 * size]);
        }
    };
    check(retype(DENSE_1, Dtype::F64, 8), "sequential/dense_1/kernel holds F64, expected F32; save it as float32");
    check(retype(GAMMA, Dtype::F16, 2), "sequential/batch_normalization/gamma holds F16, expected F32; save it");
    check(retype("pixel_std", Dtype::U8, 1), "pixel_std holds U8, expected F32; save it as float32");
}

#[test]
fn a_tensor_fits_nowhere() {
    let add = |names: &'static [&'static str]| {
        move |file: &mut File| {
            names.iter().for_each(|&name| drop(file.tensors.insert(name.into(), Tensor::new(&[1], &[0.0]))))
        }
    };
    check(
        add(&["seed_generator/seed_generator_state"]),
        "seed_generator/seed_generator_state: not part of a Dense or BatchNormalization; a layer",
    );
    check(
        add(&["conv2d/kernel", "iterations"]),
        "iterations, conv2d/kernel: not part of a Dense or BatchNormalization; a layer",
    );
    check(
        |file| file.rename(BIAS, "sequential/output/bias"),
        "sequential/output/bias: not part of a Dense or BatchNormalization; a layer",
    );
    check(add(&["z/dense_2/bias"]), "z/dense_2/bias belongs to a second sequential/dense_2; keep one network");
    let told = |file: &mut File| {
        let layers = foldnet::network::architecture::NormPlacement::Before.layers(&[20, 17, 9], 10);
        file.metadata.insert("layers".into(), serde_json::json!(layers).to_string());
        add(&["sequential/dense_1/bias"])(file);
        file.tensors.insert("sequential/dense_4/kernel".into(), Tensor::new(&[10, 1], &[0.0; 10]));
    };
    check(told, "sequential/dense_1/bias, sequential/dense_4/kernel: not part of a Dense");
    check(
        |file| drop(file.metadata.insert("pixels".into(), "\"raw\"".into())),
        "pixel_mean, pixel_std: not part of a Dense",
    );
}

#[test]
fn the_metadata_is_unusable() {
    let set = |key: &'static str, text: &'static str| {
        move |file: &mut File| drop(file.metadata.insert(key.into(), text.into()))
    };
    check(set("layers", "[{\"dense\":"), "its metadata `layers` cannot be understood (EOF while parsing");
    check(set("layers", "[\"conv\"]"), "its metadata `layers` cannot be understood (unknown variant `conv`");
    check(
        set("layers", "[]"),
        "its layers do not form a valid network (a network needs at least one Dense layer); change",
    );
    check(
        set("layers", "[{\"dense\":{\"units\":0,\"bias\":true}}]"),
        "its layers do not form a valid network (layer 0: a width",
    );
    check(set("pixels", "raw"), "its metadata `pixels` cannot be understood (");
    check(set("image", "[28, 28]"), "its metadata `image` is 28 by 28, but the network has 16 inputs; save");
    check(
        |file| drop(file.metadata.insert("labels".into(), serde_json::json!(["x".repeat(300)]).to_string())),
        "its metadata `labels` has a name of 300 characters, more than the limit of 256; save",
    );
    let twice = r#"["a","b","c","d","e","f","g","h","a","j"]"#;
    check(set("labels", twice), "its metadata `labels` names \"a\" twice; save");
    check(set("labels", "[\"one\", \"two\"]"), "its metadata `labels` names 2 classes, but the network has 10; save");
}

fn check_bytes(bytes: &[u8], expected: &str) {
    let text = decode(bytes, &Hints::default()).expect_err(expected);
    assert!(text.starts_with(expected), "{text}\nis not: {expected}");
}

/// A header with arbitrary contents is rejected at its first value, a 98 MB header because of its length.
#[test]
fn a_header_cannot_fill_the_memory() {
    let bomb = format!("{{\"a\":[{}]}}", vec!["{\"\":0}"; 400_000].join(","));
    check_bytes(&raw(&bomb, 0), "is not a safetensors file (header: a: invalid type");
    check_bytes(&raw(&format!("{{{}", " ".repeat(5 << 20)), 0), "is not a safetensors file (it does not begin with");
    let long = format!("{{\"{}\":{{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}}}", "x".repeat(5000));
    check_bytes(&raw(&long, 4), "is not a safetensors file (a name of 5000 bytes)");
}

/// A file with this header, followed by `data` bytes.
fn raw(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data]].concat()
}

#[test]
fn the_file_is_something_else() {
    check_bytes(b"", "is empty; copy or save it again");
    check_bytes(b"\x01\xfe", "is not a safetensors file (only 2 bytes); save it again with safetensors");
    check_bytes(b"hello, this is text", "looks like a text file, not a trained network; give a checkpoint");
    check_bytes(b"\x01\xfe3456789", "is not a safetensors file (it does not begin with a JSON header); save");
    check_bytes(&raw("{\"a\"", 0), "is not a safetensors file (header: a: EOF");
    check_bytes(&raw("{\"a\":1}", 0), "is not a safetensors file (header: a: invalid type");
    check_bytes(b"PK\x03\x04....", "the zip file is damaged: its end record is missing; copy or save it again");
    check_bytes(
        b"\x89HDF\r\n\x1a\n",
        "the HDF5 file is damaged: the file ends too early (at byte 8); copy or save it again",
    );
    let entry = |name: &str, shape: &str, from, to| {
        format!("\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[{from},{to}]}}")
    };
    let file = |entries: &[String], data| raw(&format!("{{{}}}", entries.join(",")), data);
    let (a, kernel) = (entry("a", "[2]", 0, 8), "dense/kernel");
    let twice = [entry(kernel, "[1,1]", 0, 4), entry(kernel, "[1,1]", 4, 8)];
    check_bytes(&file(&twice, 8), "dense/kernel occurs twice; save the file again with each name once");
    check_bytes(&file(&[a.clone(), entry("b", "[1]", 4, 8)], 8), "is not a safetensors file (b: its bytes overlap");
    check_bytes(&file(&[a.clone(), entry("b", "[1]", 12, 16)], 16), "is not a safetensors file (b: its bytes overlap");
    check_bytes(&file(&[entry("a", "[1]", 4, 0)], 0), "is not a safetensors file (a: its bytes overlap");
    check_bytes(&file(&[entry("a", "[3]", 0, 8)], 8), "is not a safetensors file (a: 8 bytes for shape [3])");
    check_bytes(&file(&[entry("a", "[4294967296,4294967296]", 0, 8)], 8), "is not a safetensors file (a: 8 bytes");
    check_bytes(&file(&[a], 9), "is not a safetensors file (1 bytes behind the last tensor)");
    check_bytes(&file(&[entry("a", "[1]", 0, u64::MAX)], 9), "is truncated: ");
}

#[test]
fn every_truncation_is_an_error() {
    let whole = std::fs::read(small("before_one_hidden")).expect("readable");
    assert!(decode(&whole, &stated("before")).is_ok());
    let header = usize::from_le_bytes(whole[..8].try_into().expect("eight bytes"));
    for length in 0..whole.len() {
        let text = decode(&whole[..length], &stated("before")).expect_err("truncated");
        let declared = if length < 8 + header { 8 + header } else { whole.len() };
        let expected = match length {
            0 => "is empty; copy or save it again".to_owned(),
            1..8 => format!("is not a safetensors file (only {length} bytes)"),
            8 => "is not a safetensors file (it does not begin with a JSON header)".to_owned(),
            _ => format!("is truncated: it declares {declared} bytes but has {length}; copy"),
        };
        assert!(text.starts_with(&expected), "{length}: {text}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let check = |path: &str, expected: &str| {
        let error = Checkpoint::read(path.as_ref(), &Hints::default()).expect_err(path).to_string();
        assert!(error.starts_with(&format!("{path}: cannot be read ({expected}")), "{error}");
        assert!(error.ends_with("; check the path and its permissions"), "{error}");
    };
    check("/nowhere/model.safetensors", "No such file");
    check(env!("CARGO_MANIFEST_DIR"), "a folder, not a file");
}

/// The smallest file; after the header there are only values, where a bit flip just changes a number.
#[test]
fn a_flipped_bit_in_the_header_never_panics() {
    let whole = std::fs::read(small("softmax_only")).expect("readable");
    let header = 8 + usize::from_le_bytes(whole[..8].try_into().expect("eight bytes"));
    let mut refused = 0;
    for bit in 0..8 * header {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // A scope may be spelled otherwise; all else is refused, in one line that `decode` checks.
        refused += u32::from(decode(&bytes, &stated("softmax")).is_err());
    }
    assert!(refused > 5 * header as u32, "{refused} of {} flips were refused", 8 * header);
}
