//! The whole flow on the synthetic set, command by command, and what training promises about seeds and orders.

use crate::sample::png;
use crate::tool::{Done, Folder, keys, number};
use foldnet::network::checkpoint::{Checkpoint, Hints};
use foldnet_core::Model;
use foldnet_data::{Source, load_test};
use foldnet_sim::{AlignedBytes, simulate};
use serde_json::Value;
use std::process::Stdio;

/// A very short training.
const TRAIN: &str = "train --norm after --dataset synthetic --limit 2000 --epochs 1 --hidden 20,10";

/// A folder with a run of [`TRAIN`] in `run/`.
fn trained() -> Folder {
    let folder = Folder::new();
    folder.run(&format!("{TRAIN} --out run")).succeeded();
    folder
}

fn checkpoint(folder: &Folder, run: &str) -> Checkpoint {
    Checkpoint::read(&folder.path(run).join("model.safetensors"), &Hints::default()).expect("a checkpoint")
}

/// Checks that a prediction has ten probabilities that sum to 1 and that its class is the most probable one.
fn probabilities(prediction: &Value) -> (Vec<f64>, u64) {
    assert_eq!(keys(prediction), ["class", "label", "probabilities", "true_class"]);
    let list = prediction["probabilities"].as_array().expect("a list");
    let list: Vec<f64> = list.iter().map(|p| p.as_f64().expect("a number")).collect();
    assert!(list.len() == 10 && list.iter().all(|p| (0.0..=1.0).contains(p)), "{list:?}");
    // Ten floats, each rounded once: far below 1e-5.
    assert!((list.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{list:?}");
    let class = prediction["class"].as_u64().expect("a number");
    assert!(list.iter().all(|&p| p <= list[class as usize]), "{prediction}");
    (list, class)
}

#[test]
fn a_run_has_all_its_keys_and_learns() {
    let folder = Folder::new();
    let history = folder.run(&format!("{TRAIN} --seed 7 --out run --json")).json();
    for key in ["epochs", "test", "parameters", "seed", "command", "version", "machine"] {
        assert!(!history[key].is_null(), "no {key} in {history}");
    }
    let epochs = history["epochs"].as_array().expect("a list");
    assert_eq!(epochs.len(), 1);
    assert_eq!(keys(&epochs[0]), ["accuracy", "learning_rate", "loss", "seconds", "val_accuracy", "val_loss"]);
    assert_eq!(keys(&history["test"]), ["accuracy", "loss"]);
    // 4 * 784 + 785 * 20 + 4 * 20 + 21 * 10 + 4 * 10 + 11 * 10; the moving statistics are 2 * (784 + 20 + 10).
    let counts = serde_json::json!({ "total": 19_276, "trainable": 17_648, "non_trainable": 1_628 });
    assert_eq!((&history["parameters"], &history["seed"]), (&counts, &7.into()));
    // Ten classes: chance is .1. These 63 steps reached .34; .28 to .42 with seeds 1 to 6.
    assert!(number(&history["test"], "accuracy") > 0.25, "{history}");
    let written: Value = folder.history("run");
    assert_eq!(written, history);
}

#[test]
fn what_people_see_of_a_training() {
    let done = Folder::new().run(&format!("{TRAIN} --out run")).succeeded();
    for text in [
        "flatten (Flatten)",
        "batch_normalization (BatchNormalization)",
        "dense_1 (Dense)",
        "(None, 20)",
        "Total params: 19,276",
        "Trainable params: 17,648",
        "Non-trainable params: 1,628",
        "Train on 2,000 images, validate on 1,000",
        "Epoch 1/1 - ",
        " - val_accuracy: 0.",
        "test - loss: ",
        "wrote run/model.safetensors and run/history.jsonl",
    ] {
        assert!(done.stdout.contains(text), "no {text:?} in {done:?}");
    }
    assert_eq!(done.stderr, "", "no bar where no terminal is");
}

#[test]
fn from_checkpoint_to_device_model() {
    let folder = trained();
    let float = folder.run("evaluate run --dataset synthetic --json").json();
    assert_eq!(keys(&float), ["accuracy", "images", "loss", "metrics", "per_class"]);
    assert_eq!((float["images"].as_u64(), float["per_class"].as_array().map(Vec::len)), (Some(2000), Some(10)));
    let file = folder.run("evaluate run/model.safetensors --dataset synthetic --json").json();
    assert_eq!(file, float, "the folder of a run stands for its checkpoint");

    let export = folder.run("export run --bits 32 --dataset synthetic --out a.fnet --json").json();
    for key in ["bits", "bytes", "folded_max_deviation", "float_accuracy", "accuracy"] {
        assert!(!export[key].is_null(), "no {key} in {export}");
    }
    assert_eq!(export["bits"], serde_json::json!([32, 32, 32]));
    assert_eq!(export["bytes"].as_u64(), Some(folder.read("a.fnet").len() as u64));
    assert_eq!(number(&export, "float_accuracy"), number(&float, "accuracy"));
    assert!(number(&export, "folded_max_deviation") <= 2e-4, "{export}");

    let device = folder.run("evaluate a.fnet --dataset synthetic --json").json();
    assert_eq!(number(&device, "accuracy"), number(&export, "accuracy"));
    assert_eq!(keys(&device), ["accuracy", "images", "logits_sha256", "loss", "metrics", "per_class"]);
    let bytes = AlignedBytes::from_slice(&folder.read("a.fnet"));
    let test = load_test(&Source::Synthetic, &mut |_| {}).expect("drawn");
    let model = Model::parse(&bytes).expect("a model");
    let simulated = simulate(&model, test.examples.view(), &mut |_| {});
    assert_eq!(device["logits_sha256"], simulated.logits_sha256.as_str());
    assert_eq!(number(&device, "accuracy"), simulated.accuracy());
}

/// The baseline: only pixel scaling is folded, and the quantized model is as accurate as the others.
#[test]
fn without_batch_normalization() {
    let folder = Folder::new();
    let train = "train --norm none --dataset synthetic --limit 2000 --epochs 3 --hidden 20,10 --out runs/none --json";
    let history = folder.run(train).json();
    // 785 * 20 + 21 * 10 + 11 * 10, all trained.
    let counts = serde_json::json!({ "total": 16_020, "trainable": 16_020, "non_trainable": 0 });
    assert_eq!(history["parameters"], counts);
    // Chance is .1; this reached .55, seeds 1 and 2 .54 and .56.
    assert!(number(&history["test"], "accuracy") > 0.45, "{history}");
    let rows = folder.run("summary runs/none --norm none --json").json();
    assert_eq!(rows["layers"].as_array().map(Vec::len), Some(7), "{rows}");
    for (bits, lost) in [(32, 0.0), (8, 0.01), (4, 0.03)] {
        let export = format!("export runs/none --bits {bits} --calibrate 500 --dataset synthetic --out a.fnet --json");
        let export = folder.run(&export).json();
        assert!(number(&export, "folded_max_deviation") <= 2e-4, "{export}");
        assert!(number(&export, "float_accuracy") - number(&export, "accuracy") <= lost, "{export}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = trained();
    for arguments in ["summary run", "summary run --json", "predict run --index 0 --dataset synthetic"] {
        let mut command = folder.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let complaint = String::from_utf8_lossy(&output.stderr).contains("foldnet: ");
        assert!(output.status.success() && !complaint, "{arguments}: {output:?}");
    }
}

#[test]
fn fewer_bits_are_smaller_and_nearly_as_good() {
    let folder = trained();
    let mut last = usize::MAX;
    for (bits, listed) in [("8", [8, 8, 8]), ("4,4,8", [4, 4, 8]), ("4", [4, 4, 4]), ("2", [2, 2, 2])] {
        let command = format!("export run --bits {bits} --calibrate 500 --dataset synthetic --out a.fnet --json");
        let export = folder.run(&command).json();
        assert_eq!(export["bits"], serde_json::json!(listed));
        assert_eq!(export["layer_errors"].as_array().map(Vec::len), Some(3), "{export}");
        let (bytes, lost) =
            (folder.read("a.fnet").len(), number(&export, "float_accuracy") - number(&export, "accuracy"));
        assert!(bytes < last, "{bits} bits: {bytes} bytes, {last} before");
        // 20 and 10 units, an epoch of 2,000 images: .003 lost at 8 and 4 bits, .014 at 2; chance would be .1 in all.
        assert!(lost < 0.05, "{bits} bits: {export}");
        let device = folder.run("evaluate a.fnet --dataset synthetic --json").json();
        assert_eq!(number(&device, "accuracy"), number(&export, "accuracy"));
        last = bytes;
    }
}

#[test]
fn summaries_count_what_training_counted() {
    let folder = trained();
    let history: Value = folder.history("run");
    let summary = folder.run("summary run --json").json();
    assert_eq!(summary["parameters"], history["parameters"]);
    let of = |row: &Value| format!("{} {}", row["name"].as_str().unwrap_or(""), row["parameters"]);
    let rows: Vec<String> = summary["layers"].as_array().expect("a list").iter().map(of).collect();
    assert_eq!(rows[..4], ["flatten 0", "batch_normalization 3136", "dense 15700", "re_lu 0"]);
    assert_eq!(rows[8..], ["dense_2 110", "softmax 0"]);
    folder.run("export run --bits 32 --dataset synthetic --out a.fnet").succeeded();
    let device = folder.run("summary a.fnet --json").json();
    assert_eq!(device["parameters"]["total"], 785 * 20 + 21 * 10 + 11 * 10);
}

#[test]
fn inspect_shows_the_header() {
    let folder = trained();
    folder.run("export run --bits 32 --dataset synthetic --out a.fnet").succeeded();
    let bytes = folder.read("a.fnet");
    let inspected = folder.run("inspect a.fnet --json").json();
    let shape = |layer: &Value| [layer["inputs"].as_u64(), layer["units"].as_u64(), layer["bits"].as_u64()];
    let shapes: Vec<_> = inspected["layers"].as_array().expect("a list").iter().map(shape).collect();
    let expected = [[784, 20, 32], [20, 10, 32], [10, 10, 32]];
    assert_eq!(shapes, expected.map(|shape| shape.map(Some)));
    let crc = u32::from_le_bytes(bytes[bytes.len() - 4..].try_into().expect("4 bytes"));
    assert_eq!(inspected["crc32"], format!("{crc:08x}"));
    assert_eq!((inspected["height"].as_u64(), inspected["width"].as_u64()), (Some(28), Some(28)));
    assert_eq!((inspected["bytes"].as_u64(), &inspected["labels"][8]), (Some(bytes.len() as u64), &"Bag".into()));
    let text = folder.run("inspect a.fnet").succeeded().stdout;
    assert!(text.contains("(verified)") && text.contains("netduinoplus2") && text.contains("flash: "), "{text}");
}

#[test]
fn modelled_milliseconds_are_of_integers_on_cores_of_known_timing() {
    let folder = trained();
    folder.run("export run --bits 32 --dataset synthetic --out a.fnet").succeeded();
    folder.run("export run --bits 4 --dataset synthetic --out b.fnet").succeeded();
    let of = |file: &str| folder.run(&format!("inspect {file} --json")).json()["ms_without_zeros"].clone();
    assert_eq!(of("a.fnet"), serde_json::json!({}), "floats");
    let known = of("b.fnet");
    let on = |board: &str| known[board].as_f64().unwrap_or_else(|| panic!("no {board}: {known}"));
    // 16 MHz and one input at a time, compared with 168 MHz and two.
    assert!(on("netduinoplus2") > 0.0 && on("microbit") > 10.0 * on("netduinoplus2"), "{known}");
    assert!(known.get("riscv32").is_none() && known.get("mps2-an500").is_none(), "{known}");
    let compared = folder.run("compare b.fnet a.fnet --dataset synthetic --json").json();
    assert_eq!(
        (&compared["models"][0]["ms_without_zeros"], compared["models"][1].get("ms_without_zeros")),
        (&known, None)
    );
    let said = folder.run("inspect b.fnet").succeeded().stdout;
    assert!(
        said.contains(&format!("{:.2}", on("microbit"))) && said.contains("not counting the conversion of its inputs"),
        "{said}"
    );
}

#[test]
fn predict_draws_and_agrees_with_itself() {
    let folder = trained();
    folder.run("export run --bits 32 --dataset synthetic --out a.fnet").succeeded();
    let test = load_test(&Source::Synthetic, &mut |_| {}).expect("drawn");
    for index in [0, 5, 1999] {
        folder.write("image.png", &png(test.examples.view().image(index), 28, 28));
        for file in ["run", "a.fnet"] {
            let by_index = folder.run(&format!("predict {file} --dataset synthetic --index {index} --json")).json();
            let by_image = folder.run(&format!("predict {file} --image image.png --json")).json();
            assert_eq!(probabilities(&by_index), probabilities(&by_image), "{file} {index}");
            assert_eq!(by_index["label"], by_image["label"]);
            assert_eq!(by_index["true_class"], test.examples.view().classes().unwrap()[index]);
            assert!(by_image["true_class"].is_null());
        }
    }
    let text = folder.run("predict run --dataset synthetic --index 0").succeeded().stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 28 + 10 + 1, "{text}");
    let drawn = |row: usize| lines[row].chars().filter(|&c| c != ' ').count();
    assert!((0..28).map(drawn).sum::<usize>() > 100, "{text}");
    assert!(lines[28..38].iter().all(|line| line.contains('%')), "{text}");
    assert!(lines[38].starts_with("predicted: "), "{text}");
}

#[test]
fn predictions_are_a_class_a_line() {
    let folder = trained();
    let evaluation = folder.run("evaluate run --dataset synthetic --split valid --predictions out --json").json();
    let text = String::from_utf8(folder.read("out")).expect("text");
    let classes: Vec<u16> = text.lines().map(|line| line.parse().expect("a class")).collect();
    let dataset = foldnet_data::load(&Source::Synthetic, &mut |_| {}).expect("drawn");
    let labels = dataset.part(foldnet_data::Part::Valid).classes().unwrap();
    assert_eq!((classes.len(), evaluation["images"].as_u64()), (labels.len(), Some(1000)));
    let correct = classes.iter().zip(labels).filter(|(class, label)| class == label).count();
    assert_eq!(number(&evaluation, "accuracy"), correct as f64 / 1000.0);
}

#[test]
fn a_split_is_what_it_says() {
    let folder = trained();
    for (split, images) in [("train", 11_000), ("valid", 1000), ("test", 2000)] {
        let arguments = format!("evaluate run --dataset synthetic --split {split} --json");
        assert_eq!(folder.run(&arguments).json()["images"], images, "{split}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_nothing_else_does() {
    let folder = trained();
    let bytes = |more: &str| {
        folder.run(&format!("{TRAIN} --out other {more}")).succeeded();
        folder.read("other/model.safetensors")
    };
    let first = folder.read("run/model.safetensors");
    assert!(bytes("") == first, "the same command");
    assert!(bytes("--seed 42 --threads 1") == first, "one thread");
    assert!(bytes("--threads 3") == first, "three threads");
    for other in ["--seed 43", "--no-shuffle", "--batch-size 31", "--learning-rate 0.02"] {
        assert!(bytes(other) != first, "{other}");
    }
}

#[test]
fn more_images_a_step_than_there_are_is_one_step() {
    let folder = Folder::new();
    let train = |batch: &str, out: &str| folder.run(&format!("{TRAIN} --batch-size {batch} --out {out}")).succeeded();
    train("2000", "a");
    train("18446744073709551615", "b");
    assert!(folder.read("a/model.safetensors") == folder.read("b/model.safetensors"));
}

#[test]
fn a_limit_is_of_training_images() {
    let folder = Folder::new();
    let train = "train --norm before --dataset synthetic --epochs 1 --hidden 5";
    let done = folder.run(&format!("{train} --limit 33 --out few")).succeeded();
    assert!(done.stdout.contains("Train on 33 images, validate on 1,000"), "{done:?}");
    let done = folder.run(&format!("{train} --limit 99999999 --out all")).succeeded();
    assert!(done.stdout.contains("Train on 11,000 images"), "{done:?}");
}

#[test]
fn init_goes_on_from_where_a_run_ended() {
    let folder = trained();
    let first: Value = folder.history("run");
    let go_on = "train --init run/model.safetensors --dataset synthetic --limit 2000 --epochs 1 --out more --json";
    let second = folder.run(go_on).json();
    let loss = |history: &Value| number(&history["epochs"][0], "loss");
    assert!(loss(&second) < 0.9 * loss(&first), "{second} after {first}");
    assert!(number(&second["epochs"][0], "val_loss") < number(&first["epochs"][0], "val_loss"));
    let (before, after) = (checkpoint(&folder, "run"), checkpoint(&folder, "more"));
    assert_eq!((&after.layers, &after.pixels, &after.labels), (&before.layers, &before.pixels, &before.labels));
    assert_ne!(after.params, before.params);
}

#[test]
fn help_has_an_example_everywhere() {
    let folder = Folder::new();
    for command in ["", "train", "summary", "evaluate", "export", "inspect", "predict", "report", "compare", "demo"] {
        let Done { stdout, .. } = folder.run(&format!("{command} --help")).succeeded();
        let example = stdout.contains("Example:\n  foldnet ") || stdout.contains("Examples:\n  foldnet ");
        assert!(example && stdout.contains("--json"), "{stdout}");
    }
}
