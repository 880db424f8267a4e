//! `foldnet report`: the numbers on the page are those of the other commands, and a browser shows it without errors.

use crate::browser::{Scheme, probe};
use crate::sample;
use crate::tool::{Folder, number};
use foldnet::format::thousands;
use foldnet::show::format::{bytes, bytes_of};
use foldnet_core::Model;
use foldnet_data::{Source, load_test};
use foldnet_sim::board::{BOARDS, by_name};
use foldnet_sim::emulate::{Instructions, Task};
use foldnet_sim::record::Measured;
use foldnet_sim::{AlignedBytes, Firmware, Record, emulate};
use serde_json::Value;
use std::path::Path;

const CLASSES: usize = 10;
const BITS: [u8; 3] = [32, 8, 4];

/// A small run on the synthetic set in `run/`, device models of it, and `report.html`; its object.
fn reported(folder: &Folder) -> Value {
    let train = "train --norm after --dataset synthetic --limit 2000 --epochs 2 --hidden 20,10 --out run";
    folder.run(train).succeeded();
    for bits in BITS {
        folder.run(&format!("{EXPORT} --bits {bits} --out m{bits}.fnet")).succeeded();
    }
    // Fitted to images other than those of the report.
    folder.run("export run --dataset synthetic --calibrate 100 --bits 2 --out other.fnet").succeeded();
    // The records of foldnet-sim for one board, and for several.
    counted(folder, "one.json", "m4.fnet", &["microbit"]);
    counted(folder, "several.json", "m8.fnet", &["netduinoplus2", "microbit"]);
    let models = BITS.map(|bits| format!("--model m{bits}.fnet")).join(" ");
    let devices = "--device several.json --device one.json";
    let report = format!("report run {models} --model other.fnet {devices} --dataset synthetic --calibrate 300");
    folder.run(&format!("{report} --out report.html --json")).json()
}

/// Writes what `foldnet-sim MODEL --emulate --layers --json` prints of the first images.
fn counted(folder: &Folder, out: &str, file: &str, boards: &[&str]) -> Vec<Record> {
    let bytes = AlignedBytes::from_slice(&folder.read(file));
    let (model, test) =
        (Model::parse(&bytes).expect("a model"), load_test(&Source::Synthetic, &mut |_| {}).expect("drawn"));
    let images = test.examples.view().slice(0..IMAGES);
    let run = |board: &&str| {
        let firmware = by_name(board).map(Firmware::build).expect("a board").unwrap_or_else(|error| panic!("{error}"));
        let task = Task { firmware: &firmware, model: &bytes, examples: images, layers: true };
        let run = emulate(&task, &mut |_| {}).unwrap_or_else(|error| panic!("{board}: {error}"));
        let record = Record::new(Some(firmware.board()), Path::new(file), &bytes, &model, &test.name);
        Record { measured: Some(Measured::emulated(&run)), ..record }
    };
    let records: Vec<Record> = boards.iter().map(run).collect();
    let json = match &records[..] {
        [one] => serde_json::to_string(one),
        several => serde_json::to_string(several),
    };
    folder.write(out, json.expect("JSON").as_bytes());
    records
}

/// Images that are run on an emulated board.
const IMAGES: usize = 7;

const EXPORT: &str = "export run --dataset synthetic --calibrate 300";

/// The classes that `evaluate` finds for a file.
fn predictions(folder: &Folder, file: &str) -> (Value, Vec<usize>) {
    let evaluate = format!("evaluate {file} --dataset synthetic --predictions classes --json");
    let evaluation = folder.run(&evaluate).json();
    let text = String::from_utf8(folder.read("classes")).expect("text");
    (evaluation, text.lines().map(|line| line.parse().expect("a class")).collect())
}

fn labels() -> Vec<usize> {
    load_test(&Source::Synthetic, &mut |_| {})
        .expect("drawn")
        .examples
        .view()
        .classes()
        .unwrap()
        .to_vec()
        .into_iter()
        .map(usize::from)
        .collect()
}

/// The rows of a table on the page, without the header row.
fn rows(found: &Value, name: &str) -> Vec<Vec<String>> {
    let rows: Vec<Vec<String>> = serde_json::from_value(found["tables"][name].clone())
        .unwrap_or_else(|error| panic!("no table {name:?} ({error}) among {}", found["tables"]));
    rows[1..].to_vec()
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// The values of `mine` that differ from `theirs`.
fn changed(theirs: &[usize], mine: &[usize]) -> Vec<usize> {
    (0..theirs.len()).filter(|&image| theirs[image] != mine[image]).collect()
}

fn check_learning(found: &Value, history: &Value) {
    let epochs = history["epochs"].as_array().expect("a list");
    let expected: Vec<Vec<String>> = epochs
        .iter()
        .enumerate()
        .map(|(index, epoch)| {
            let value = |key| number(epoch, key);
            let numbers =
                [format!("{:.4}", value("loss")), percent(value("accuracy")), format!("{:.4}", value("val_loss"))];
            let rest = [percent(value("val_accuracy")), format!("{:.2}", value("seconds"))];
            std::iter::once((index + 1).to_string()).chain(numbers).chain(rest).collect()
        })
        .collect();
    assert_eq!(rows(found, "Loss and accuracy by epoch"), expected);
}

fn check_classes(found: &Value, evaluation: &Value, predictions: &[usize]) {
    let labels = labels();
    let mut confusion = vec![vec![0; CLASSES]; CLASSES];
    labels.iter().zip(predictions).for_each(|(&label, &class)| confusion[label][class] += 1);
    let shown = rows(found, "Confusion matrix");
    let per_class = rows(found, "How well each class is recognized");
    for class in 0..CLASSES {
        let expected = &evaluation["per_class"][class];
        let numbers: Vec<usize> = shown[class][1..].iter().map(|cell| cell.parse().expect("a count")).collect();
        assert_eq!(numbers, confusion[class], "class {class}");
        assert_eq!(numbers.iter().sum::<usize>() as u64, expected["images"].as_u64().expect("a count"));
        assert_eq!([&shown[class][0], &per_class[class][0]], [expected["label"].as_str().expect("a name"); 2]);
        assert_eq!(per_class[class][1], percent(number(expected, "accuracy")), "class {class}");
        assert_eq!(per_class[class][3], thousands(numbers.iter().sum()), "class {class}");
    }
    let right: usize = (0..CLASSES).map(|class| confusion[class][class]).sum();
    assert_eq!(number(evaluation, "accuracy"), right as f64 / labels.len() as f64);
    let wrong = changed(&labels, predictions);
    let mistakes: Vec<String> = serde_json::from_value(found["mistakes"].clone()).expect("texts");
    assert_eq!(mistakes.len(), wrong.len().min(18));
    for mistake in mistakes {
        let of = |image| mistake.starts_with(&format!("Test image {image}: ")) && mistake.contains(", mistaken for ");
        assert!(wrong.iter().any(of), "{mistake}");
    }
}

/// A model's row, and its errors by layer if there are any.
fn check_model(found: &Value, folder: &Folder, file: &str, network: (&Value, &[usize])) {
    let (evaluation, classes) = predictions(folder, file);
    let labels = labels();
    let changed = changed(network.1, &classes);
    let count = |theirs: &[usize]| changed.iter().filter(|&&image| theirs[image] == labels[image]).count();
    let shown = rows(found, "Device models beside the network");
    let row = shown.iter().find(|row| row[0].starts_with(file)).unwrap_or_else(|| panic!("no {file} in {shown:?}"));
    assert_eq!(row[1], bytes(folder.read(file).len()).replace('\u{a0}', " "));
    assert_eq!(row[2], percent(number(&evaluation, "accuracy")), "{file}");
    let points = (number(&evaluation, "accuracy") - number(network.0, "accuracy")) * 100.0;
    assert!(row[3].ends_with(&format!("{:.2}", points.abs())), "{file}: {row:?} {points}");
    assert_eq!(row[4..7], [changed.len(), count(&classes), count(network.1)].map(thousands), "{file}");
    let tiles: Vec<[String; 2]> = serde_json::from_value(found["tiles"].clone()).expect("pairs");
    assert!(tiles.contains(&[file.to_owned(), row[2].clone()]), "{tiles:?}");
}

/// Errors reported by `export` for the models that were calibrated on the report's images; others have theirs on these
/// images, or, if asked, on their own.
fn check_errors(found: &Value, folder: &Folder) {
    let mut expected = Vec::new();
    for bits in [8, 4] {
        let export = folder.run(&format!("{EXPORT} --bits {bits} --out again.fnet --json")).json();
        let errors = export["layer_errors"].as_array().expect("a list");
        expected
            .extend(errors.iter().map(|error| (format!("m{bits}.fnet"), percent(error.as_f64().expect("a number")))));
    }
    let shown = rows(found, "Error of every quantized layer");
    let shown: Vec<_> = shown.iter().map(|row| (row[0].clone(), row[3].clone())).collect();
    let (same, others) = shown.split_at(expected.len());
    assert_eq!(same, expected);
    assert_eq!(others.iter().map(|(file, _)| file.as_str()).collect::<Vec<_>>(), ["other.fnet"; 3]);
    let export = folder.run("export run --dataset synthetic --calibrate 100 --bits 2 --out again.fnet --json").json();
    let report = "report run --model other.fnet --dataset synthetic --calibrate 100 --limit 10 --out own.html --json";
    let report = folder.run(report).json();
    let errors =
        |found: &Value| -> Vec<f64> { serde_json::from_value(found["layer_errors"].clone()).expect("numbers") };
    let (own, exported) = (errors(&report["report"]["models"][0]), errors(&export));
    assert_eq!((own.len(), exported.len()), (3, 3));
    assert!(own.iter().zip(&exported).all(|(a, b)| (a - b).abs() < 1e-6), "{own:?} {exported:?}");
}

fn check_boards(found: &Value, folder: &Folder) {
    let shown = rows(found, "Flash and RAM of every board");
    let inspected = folder.run("inspect m8.fnet --json").json();
    let fits: Vec<&str> = shown.iter().filter(|row| row[2].contains("✓")).map(|row| row[0].as_str()).collect();
    let boards = inspected["boards"].as_array().expect("a list");
    assert_eq!(fits.len(), boards.len(), "{fits:?}");
    assert!(fits.iter().zip(boards).all(|(row, board)| row.starts_with(board.as_str().expect("a name"))), "{fits:?}");
    for (row, board) in shown.iter().zip(BOARDS.iter()) {
        let room = board.room().whole().model_len() as usize;
        let flash = bytes_of(folder.read("m8.fnet").len(), room).replace('\u{a0}', " ");
        assert!(row[0].starts_with(board.name) && row[2].contains(&format!("flash {flash}")), "{row:?}: {flash}");
    }
    let work = rows(found, "Multiply-accumulates for one image, layer by layer");
    let counts: Vec<&str> = work.iter().take(3).map(|row| row[5].as_str()).collect();
    assert_eq!(counts, ["15,680", "200", "100"]);
}

/// The counts in `several.json` and `one.json`, and their source.
fn check_instructions(found: &Value, folder: &Folder) {
    let records: Vec<Record> = serde_json::from_slice(&folder.read("several.json")).expect("records");
    let one: Record = serde_json::from_slice(&folder.read("one.json")).expect("a record");
    for (file, records) in [("m8.fnet", &records[..]), ("m4.fnet", &[one])] {
        let shown = rows(found, &format!("Instructions of {file} for one image"));
        assert_eq!(shown.len(), records.len(), "{shown:?}");
        for (row, record) in shown.iter().zip(records) {
            let run = record.measured.clone().and_then(|measured| measured.emulated).expect("a run");
            let layers = run.instructions_per_layer.expect("layers");
            let cell = |count: &Instructions| {
                let [mean, min, max] =
                    [count.mean.round() as usize, count.min as usize, count.max as usize].map(thousands);
                format!("{mean}{min} to {max}")
            };
            let expected: Vec<String> = std::iter::once(&run.instructions_per_image).chain(&layers).map(cell).collect();
            assert_eq!(row[1..], expected, "{file}");
            let (board, kernel) = (record.board.as_deref().expect("a board"), &run.kernel);
            assert!(row[0].starts_with(board) && row[0].ends_with(&format!("kernel {kernel}")), "{row:?}");
            let compiler = run.compiler.expect("we built it");
            let origin = format!("{IMAGES} test images of synthetic; firmware built by {compiler}");
            let origins = found["origins"].as_array().expect("pairs");
            let named =
                |pair: &&Value| pair[0].as_str().is_some_and(|boards| boards.split(", ").any(|name| name == board));
            assert!(origins.iter().filter(named).any(|pair| pair[1] == origin.as_str()), "{origins:?}");
        }
    }
}

/// Checks both the light and the dark theme.
fn check_shown(found: &Value) {
    assert_eq!(found["faults"], Value::Array(Vec::new()));
    assert_eq!(found["fetched"], Value::Array(Vec::new()), "nothing comes from anywhere else");
    assert_eq!(found["widths"], serde_json::json!([360, 1200]), "nothing scrolls sideways");
    let contrast = found["faintest"][0].as_f64().expect("a number");
    assert!(contrast >= 4.5, "contrast {contrast:.2} of {}", found["faintest"][1]);
    // Two curves, four histograms for each of three BatchNormalizations, one for each of three Dense.
    assert_eq!(found["drawings"], 2 + 12 + 3);
}

#[test]
fn the_page_says_what_the_commands_say() {
    let folder = Folder::new();
    let object = reported(&folder);
    let html = String::from_utf8(folder.read("report.html")).expect("text");
    assert_eq!(object["bytes"], html.len());
    assert!(!html.contains("<script") && !html.contains("://") && !html.contains("url("), "the page stands alone");
    let found = probe(&folder, Scheme::Light);
    check_shown(&found);
    assert_eq!((&found["dark"], found["title"].as_str()), (&false.into(), Some("run – Foldnet report")));
    let (evaluation, classes) = predictions(&folder, "run");
    assert_eq!(object["report"]["evaluation"], evaluation);
    check_learning(&found, &folder.history("run"));
    check_classes(&found, &evaluation, &classes);
    for file in ["m32.fnet", "m8.fnet", "m4.fnet", "other.fnet"] {
        check_model(&found, &folder, file, (&evaluation, &classes));
    }
    check_errors(&found, &folder);
    check_boards(&found, &folder);
    check_instructions(&found, &folder);
    let dark = probe(&folder, Scheme::Dark);
    check_shown(&dark);
    assert_eq!(dark["dark"], true);
    assert_eq!(dark["tables"], found["tables"]);
}

/// Counts as `foldnet-sim` would print them for `good.fnet` on a board: mean, smallest and largest.
fn record(folder: &Folder, board: &str, (mean, min, max): (f64, u64, u64)) -> Value {
    let count = serde_json::json!({ "mean": mean, "min": min, "max": max });
    let crc32 = folder.run("inspect good.fnet --json").json()["crc32"].clone();
    serde_json::json!({
        "board": board, "core": "a core", "target": "a target", "model": "good.fnet", "crc32": crc32, "bits": [32], "dataset": "set",
        "fits": true, "images": 9, "accuracy": 0.5, "logits_sha256": "00", "flash_bytes": 1, "ram_bytes": 1, "kernel": "float",
        "compiler": null, "instructions_per_image": count, "instructions_per_layer": [count], "identical": true, "slot": 0
    })
}

/// The names of ten boards are next to their measurements and leave space for them on a phone.
#[test]
fn ten_boards_fit_a_phone() {
    let folder = sample::folder();
    let boards = [
        "netduinoplus2",
        "microbit",
        "lm3s6965evb",
        "mps2-an385",
        "mps2-an386",
        "mps2-an500",
        "mps2-an505",
        "mps3-an547",
        "riscv32",
        "mps2-an385-m0",
    ];
    let records: Vec<Value> = boards.iter().map(|board| record(&folder, board, (5.0, 4, 6))).collect();
    folder.write("run.json", Value::Array(records).to_string().as_bytes());
    folder
        .run("report good.safetensors --model good.fnet --device run.json --dataset set --out report.html")
        .succeeded();
    let found = probe(&folder, Scheme::Light);
    assert_eq!((&found["faults"], &found["widths"][0]), (&Value::Array(Vec::new()), &360.into()));
    assert!(found["narrowest"].as_f64().expect("a width") > 150.0, "{}", found["narrowest"]);
}

/// Bars of the measured counts: proportional to the largest one.
#[test]
fn bars_are_as_long_as_the_counts() {
    let folder = sample::folder();
    let record = |board: &str, mean: f64, min: u64, max: u64| record(&folder, board, (mean, min, max));
    let too_small = serde_json::json!({
        "board": "third", "core": "a core", "target": "a target", "model": "good.fnet", "crc32": record("", 0.0, 0, 0)["crc32"],
        "bits": [32], "dataset": "set", "fits": false, "reason": "too small"
    });
    let list = serde_json::json!([record("first", 500.0, 250, 1000), record("second", 125.4, 125, 126), too_small]);
    folder.write("run.json", list.to_string().as_bytes());
    let report = "report good.safetensors --model good.fnet --device run.json --dataset set --out report.html";
    folder.run(report).succeeded();
    let html = String::from_utf8(folder.read("report.html")).expect("text");
    for (bar, line) in [("50.00", "left:25.00%;width:75.00%"), ("12.54", "left:12.50%;width:0.10%")] {
        let cell = format!("<span style=\"width:{bar}%\"></span><span class=\"range\" style=\"{line}\"></span>");
        assert_eq!(html.matches(&cell).count(), 2, "the whole, and its only layer: {cell}");
    }
    let found = probe(&folder, Scheme::Dark);
    assert_eq!((&found["faults"], &found["widths"][0]), (&Value::Array(Vec::new()), &360.into()));
    let boards: Vec<String> =
        rows(&found, "Instructions of good.fnet for one image").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(boards, ["firsta core, kernel float", "seconda core, kernel float"]);
    assert_eq!(
        found["origins"],
        serde_json::json!([["first, second", "9 test images of set; firmware given as a file"]])
    );
}

#[test]
fn a_page_of_a_bare_checkpoint_with_hostile_names() {
    let folder = sample::folder();
    let names = ["<script>alert(1)</script>", "\"quoted\" & 'so'", "</title>"];
    folder.write("set/labels.txt", names.join("\n").as_bytes());
    let done = folder.run("report good.safetensors --dataset set --limit 7 --out report.html").succeeded();
    assert!(done.stdout.starts_with("wrote report.html (") && done.stderr.is_empty(), "{done:?}");
    let html = String::from_utf8(folder.read("report.html")).expect("text");
    assert!(!html.contains("<script"), "names are text");
    let found = probe(&folder, Scheme::Light);
    assert_eq!((&found["faults"], &found["widths"][0]), (&Value::Array(Vec::new()), &360.into()));
    let shown: Vec<String> = rows(&found, "Confusion matrix").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(shown, names);
    assert_eq!(rows(&found, "Layers of the network").len(), 7);
}

#[test]
fn a_report_lies_in_the_folder_of_its_run() {
    let folder = sample::folder();
    folder.run("train --norm before --hidden 5 --epochs 1 --dataset set --out run").succeeded();
    let first = folder.run("report run --dataset set --json").json();
    assert_eq!(first["file"], "run/report.html");
    folder.run("report run/model.safetensors --dataset set --out again.html").succeeded();
    let figures = |file: &str| {
        let html = String::from_utf8(folder.read(file)).expect("text");
        html.split_once("<nav").map(|(_, figures)| figures.to_owned()).expect("a page")
    };
    assert_eq!(figures("run/report.html"), figures("again.html"), "all but the title");
}

/// A network that was trained in integers has nothing left to fold, and no layer of its model an error.
#[test]
fn a_network_of_integers_has_a_page() {
    let folder = sample::folder();
    folder.run("train --norm before --hidden 5 --epochs 1 --dataset set --out run").succeeded();
    folder.run("train --init run --bits 4 --epochs 1 --dataset set --out integers").succeeded();
    // As it was trained.
    folder.run("export integers --dataset set --out integers.fnet").succeeded();
    let found = folder.run("report integers --model integers.fnet --dataset set --json").json();
    let report = &found["report"];
    assert_eq!(report["not_folded"], "it was trained in integers, so it has no fold");
    assert!(report["folding"].is_null() && report["models"][0]["layer_errors"].is_null(), "{report}");
}
