//! Models of other tools in every command: weights with a separate configuration, and exports without examples.

use crate::tool::Folder;
use foldnet::network::checkpoint::{Checkpoint, Hints};
use foldnet::run::run_checkpoint;
use foldnet_core::Portable;
use foldnet_data::{Examples, InputType, Shape, Targets, Values};
use foldnet_import::{Affine, Imported, Layer, parse, write_onnx};
use std::path::Path;

/// A folder with small models of other tools.
fn folder(names: &[&str]) -> Folder {
    let folder = Folder::new();
    for name in names {
        let path = format!("{}/import/tests/small/{name}", env!("CARGO_MANIFEST_DIR"));
        folder.write(name, &std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}")));
    }
    folder
}

#[test]
fn weights_are_read_with_their_configuration() {
    let folder = folder(&["plain.weights.h5", "plain.json", "plain.keras"]);
    let import = "import plain.weights.h5 --input-type f32 --out run";
    let taken = folder.run(&format!("{import} --config plain.json")).succeeded();
    assert!(taken.stdout.contains("Dense 4 -> 3 without bias"), "{taken:?}");
    folder.run("import plain.keras --input-type f32 --out whole").succeeded();
    assert_eq!(folder.read("run/model.safetensors"), folder.read("whole/model.safetensors"));
    folder.run("summary plain.weights.h5 --config plain.json --input-type f32").succeeded();
    folder.run(import).refused(&["plain.weights.h5: weights only", "--config model.json"]);
    folder.run(&format!("{import} --config gone.json")).refused(&["--config gone.json: cannot be read"]);
    folder
        .run(&format!("{import} --config plain.weights.h5"))
        .refused(&["--config plain.weights.h5: not JSON", "model.to_json()"]);
    let whole = "import plain.keras --config plain.json --input-type f32 --out run";
    folder.run(whole).refused(&["plain.keras: --config is for weights-only .h5", "omit it"]);
}

/// Values for networks without a head, compared with other runtimes.
#[test]
fn outputs_are_those_of_the_file() {
    let folder = folder(&["plain.keras"]);
    folder.write("row.csv", b"0.5,1,-1,2\n");
    folder.run("predict plain.keras --input-type f32 --input row.csv --outputs y.npy").succeeded();
    let floats = |bytes: &[u8], count: usize| -> Vec<f32> {
        let values = bytes[bytes.len() - 4 * count..].chunks_exact(4);
        values.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    };
    let two = floats(&folder.read("y.npy"), 2);
    assert!((two.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{two:?}");
    // The same network without the Softmax at its end.
    folder.run("export plain.keras --input-type f32 --format onnx --out plain.onnx").succeeded();
    let mut bare = folder.read("plain.onnx");
    let at = bare.windows(7).rposition(|window| window == b"Softmax").expect("a Softmax");
    // "Identity" is one letter too long for this in-place edit; "Dropout", which has no effect, fits.
    bare[at..at + 7].copy_from_slice(b"Dropout");
    folder.write("bare.onnx", &bare);
    folder.run("predict bare.onnx --input-type f32 --input row.csv --outputs z.npy").succeeded();
    let [a, b] = floats(&folder.read("z.npy"), 2)[..] else { panic!("two values") };
    assert!((two[1] - 1.0 / (1.0 + (a - b).exp())).abs() < 1e-5 && a == 0.0, "{two:?} {a} {b}");
}

#[test]
fn a_model_without_examples_is_calibrated_on_what_it_holds() {
    let folder = folder(&["nested.keras", "plain.keras", "skl_three.onnx"]);
    for (model, norms) in [("nested.keras --pixels unit", 1), ("plain.keras --input-type f32", 2)] {
        for bits in [8, 4] {
            let export = format!("export {model} --bits {bits} --out a.fnet");
            let told = folder.run(&export).succeeded();
            assert!(
                told.stdout.contains("warning: without real examples, calibrated on 4000 generated ones"),
                "{told:?}"
            );
            let bytes = folder.read("a.fnet");
            let report = folder.run(&format!("{export} --json")).json();
            assert_eq!(report["calibration"]["statistics"]["norms"], norms, "{report}");
            assert_eq!(folder.read("a.fnet"), bytes, "the same examples every time");
        }
    }
    folder
        .run("export plain.keras --input-type f32 --calibration statistics --calibration-limit 50 --out a.fnet")
        .succeeded();
    let bare = "export skl_three.onnx --input-type f32 --out a.fnet";
    let words = &[
        "skl_three.onnx: no BatchNormalization is next to the ReLU of layer 1",
        "give a file of examples as --calibration",
    ];
    folder.run(bare).refused(words);
    folder.run(&format!("{bare} --calibration statistics")).refused(words);
    folder.write("rows.csv", b"0.5,1,-1,2\n1,0.25,0,1\n-1,2,0.5,0\n");
    let few = folder.run(&format!("{bare} --calibration rows.csv")).succeeded();
    assert!(few.stdout.contains("note: only 3 calibration examples"), "{few:?}");
    folder.run(&format!("{bare} --bits 32")).succeeded();
}

/// Input statistics only have positive scales; negative and zero scales are folded into the next layer.
#[test]
fn inputs_may_be_negated_and_dropped() {
    let folder = Folder::new();
    let affine = Affine { scale: vec![-2.0, 0.0, 0.5], shift: vec![1.0, 0.75, -0.5] };
    let (gamma, beta) = (vec![1.5, -0.5, 2.0], vec![0.25, 1.0, -1.0]);
    let (mean, variance) = (vec![0.5, -0.5, 0.125], vec![0.5, 2.0, 1.0]);
    let norm = Layer::BatchNorm { momentum: 0.9, epsilon: 1e-3, gamma, beta, mean, variance };
    let dense = Layer::Dense { units: 2, kernel: vec![1.0, -2.0, 0.5, 0.25, 3.0, -1.0], bias: None };
    for layers in [&[norm, dense.clone()][..], &[dense]] {
        let file = write_onnx(3, Some(&affine), layers, &[]);
        let Ok(Imported::Network(network)) = parse(&file, Path::new("a.onnx")) else { panic!("a network") };
        folder.write("a.onnx", &file);
        let hints = Hints { input: Some(InputType::F32), ..Hints::default() };
        let taken = Checkpoint::read(&folder.path("a.onnx"), &hints).expect("foldable");
        let rows = [[0.5, -1.0, 2.0], [-3.0, 4.0, 0.0]];
        let inputs = Values::F32(rows.concat());
        let examples = Examples { inputs, targets: Targets::None, shape: Shape::features(3) };
        let found = run_checkpoint(&taken, examples.view(), &Portable).logits;
        let expected: Vec<f64> = rows.iter().flat_map(|row| network.answer(row)).collect();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-4, "{found} {expected}");
        }
    }
}

/// A network quantized by TensorFlow gives the same results as TensorFlow's interpreter.
#[test]
fn integers_of_a_file_are_kept() {
    let folder = folder(&["int8.tflite", "int8_images.npy", "int8_classes.json"]);
    let classes: Vec<usize> = serde_json::from_slice(&folder.read("int8_classes.json")).unwrap();
    let imported = folder.run("import int8.tflite --out run").succeeded();
    assert!(imported.stdout.contains("weights: int8; export --bits 8 keeps these integers"), "{imported:?}");
    let equal = |model: &str, flags: &str, kept: u64| {
        let export = format!("export {model} --calibration int8_images.npy {flags} --out a.fnet");
        let told = folder.run(&export).succeeded();
        assert_eq!(told.stdout.contains("3 of 3 layers keep the imported file's integers"), kept == 3, "{told:?}");
        assert_eq!(folder.run(&format!("{export} --json")).json()["kept_layers"].as_u64().unwrap_or(0), kept);
        folder.run("predict a.fnet --input int8_images.npy --outputs y.npy").succeeded();
        let values = &folder.read("y.npy")[128..];
        let values: Vec<f32> = values.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        assert_eq!(values.len(), 5 * classes.len());
        // The first one if several are equal.
        let class = |row: &[f32]| (0..5).rev().max_by(|&a: &usize, &b| row[a].total_cmp(&row[b])).unwrap();
        values.chunks_exact(5).map(class).zip(&classes).filter(|(found, class)| found == *class).count()
    };
    assert_eq!(equal("int8.tflite", "--bits 8", 3), classes.len());
    assert_eq!(equal("run", "", 3), classes.len());
    for flags in ["--requantize", "--bits 4"] {
        let found = equal("run", flags, 0);
        assert!((95 * classes.len() / 100..classes.len()).contains(&found), "{flags}: {found}");
    }
    // One layer of another width; the others keep theirs.
    equal("run", "--bits 8,4,8", 2);
    folder.write(
        "plain.keras",
        &std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/import/tests/small/plain.keras")).unwrap(),
    );
    folder
        .run("export run --requantize --format onnx --out a.onnx")
        .misused("--requantize is for integer weights, but an ONNX file holds floats; leave it out");
    folder
        .run("export plain.keras --input-type f32 --requantize --out a.fnet")
        .misused("--requantize is for networks imported with integer weights, which this one lacks; leave it out");
}
