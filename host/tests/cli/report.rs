//! `foldnet report`: the numbers on the page are those of the other commands, and a browser shows it without complaint.

use crate::browser::{Scheme, probe};
use crate::sample;
use crate::tool::{Folder, number};
use foldnet::report::draw::format::{bytes, bytes_of};
use foldnet_data::{Source, load_test};
use foldnet_sim::board::BOARDS;
use serde_json::Value;

const CLASSES: usize = 10;
const BITS: [u8; 3] = [32, 8, 4];

/// A small run on the synthetic set in `run/`, device models of it, and `report.html`; its object.
fn reported(folder: &Folder) -> Value {
    let train = "train --norm after --dataset synthetic --limit 2000 --epochs 2 --hidden 20,10 --out run";
    folder.run(train).succeeded();
    for bits in BITS {
        folder.run(&format!("{EXPORT} --bits {bits} --out m{bits}.fnet")).succeeded();
    }
    // Fitted to other images than the report takes.
    folder.run("export run --dataset synthetic --calibrate 100 --bits 2 --out other.fnet").succeeded();
    let models = BITS.map(|bits| format!("--model m{bits}.fnet")).join(" ");
    let report = format!("report run {models} --model other.fnet --dataset synthetic --calibrate 300");
    folder.run(&format!("{report} --out report.html --json")).json()
}

const EXPORT: &str = "export run --dataset synthetic --calibrate 300";

/// The classes that `evaluate` finds for a file.
fn predictions(folder: &Folder, file: &str) -> (Value, Vec<usize>) {
    let evaluate = format!("evaluate {file} --dataset synthetic --predictions classes --json");
    let evaluation = folder.run(&evaluate).json();
    let text = String::from_utf8(folder.read("classes")).expect("text");
    (evaluation, text.lines().map(|line| line.parse().expect("a class")).collect())
}

fn labels() -> Vec<usize> {
    load_test(&Source::Synthetic, &mut |_| {}).expect("drawn").images.labels.into_iter().map(usize::from).collect()
}

/// The rows of a table on the page, without heads of columns.
fn rows(found: &Value, name: &str) -> Vec<Vec<String>> {
    let rows: Vec<Vec<String>> = serde_json::from_value(found["tables"][name].clone())
        .unwrap_or_else(|error| panic!("no table {name:?} ({error}) among {}", found["tables"]));
    rows[1..].to_vec()
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn thousands(count: usize) -> String {
    foldnet::ui::thousands(count)
}

/// What `mine` says where it is another than `theirs`.
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
        assert!(wrong.iter().any(|image| mistake.starts_with(&format!("Test image {image}: is "))), "{mistake}");
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

/// The errors that `export` told, of the models that the report could export again.
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
    assert_eq!(shown, expected);
}

fn check_boards(found: &Value, folder: &Folder) {
    let shown = rows(found, "Flash and RAM of every board");
    let inspected = folder.run("inspect m8.fnet --json").json();
    let fits: Vec<&str> = shown.iter().filter(|row| row[2].contains("✓")).map(|row| row[0].as_str()).collect();
    let boards = inspected["boards"].as_array().expect("a list");
    assert_eq!(fits.len(), boards.len(), "{fits:?}");
    assert!(fits.iter().zip(boards).all(|(row, board)| row.starts_with(board.as_str().expect("a name"))), "{fits:?}");
    for (row, board) in shown.iter().zip(BOARDS) {
        let room = board.room().whole().model_len() as usize;
        let flash = bytes_of(folder.read("m8.fnet").len(), room).replace('\u{a0}', " ");
        assert!(row[0].starts_with(board.name) && row[2].contains(&format!("flash {flash}")), "{row:?}: {flash}");
    }
    let work = rows(found, "Products that are added up for one image, layer by layer");
    let counts: Vec<&str> = work.iter().take(3).map(|row| row[5].as_str()).collect();
    assert_eq!(counts, ["15,680", "200", "100"]);
}

/// What holds in light and dark alike.
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
    check_learning(&found, &serde_json::from_slice(&folder.read("run/history.json")).expect("JSON"));
    check_classes(&found, &evaluation, &classes);
    for file in ["m32.fnet", "m8.fnet", "m4.fnet", "other.fnet"] {
        check_model(&found, &folder, file, (&evaluation, &classes));
    }
    check_errors(&found, &folder);
    check_boards(&found, &folder);
    let dark = probe(&folder, Scheme::Dark);
    check_shown(&dark);
    assert_eq!(dark["dark"], true);
    assert_eq!(dark["tables"], found["tables"]);
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
