//! The whole flow with the user's own images: 12 x 9 pixels in three classes, as one folder of PNGs per class and as
//! IDX files.

use crate::sample::{header, png};
use crate::tool::{Folder, number};
use foldnet_core::Model;
use foldnet_data::{Source, load_test};
use foldnet_sim::{AlignedBytes, simulate};

const HEIGHT: usize = 12;
const WIDTH: usize = 9;

/// The classes: a horizontal bar, a vertical bar, a block.
const CLASSES: [&str; 3] = ["block", "lying", "standing"];

/// One image of a class; `number` moves it and sets its brightness.
fn shape(class: &str, number: usize) -> Vec<u8> {
    let (top, left, tone) = (number % 3, number / 3 % 3, 120 + number * 7 % 120);
    let (height, width) = match class {
        "lying" => (2, 6),
        "standing" => (8, 2),
        _ => (4, 4),
    };
    let inside =
        |at: usize| (top..top + height).contains(&(at / WIDTH)) && (left..left + width).contains(&(at % WIDTH));
    (0..HEIGHT * WIDTH).map(|at| if inside(at) { tone as u8 } else { (at * 37 + number * 11) as u8 % 40 }).collect()
}

/// `set/<class>/<number>.png`, 70 a class.
fn pictures(folder: &Folder) {
    for class in CLASSES {
        for number in 0..70 {
            folder.write(&format!("set/{class}/{number}.png"), &png(&shape(class, number), HEIGHT, WIDTH));
        }
    }
}

/// The same images as IDX files: 180 for training, 30 for testing.
fn idx(folder: &Folder) {
    let labels_of = |numbers: std::ops::Range<usize>| numbers.flat_map(|n| [0, 1, 2].map(|class| (class, n)));
    for (part, numbers) in [("train", 0..60), ("t10k", 60..70)] {
        let count = 3 * numbers.len() as u32;
        let pixels = labels_of(numbers.clone()).flat_map(|(class, n)| shape(CLASSES[class], n));
        let images =
            header(&[0x803, count, HEIGHT as u32, WIDTH as u32]).into_iter().chain(pixels).collect::<Vec<u8>>();
        folder.write(&format!("set/{part}-images-idx3-ubyte"), &images);
        let labels = labels_of(numbers).map(|(class, _)| class as u8);
        let labels = header(&[0x801, count]).into_iter().chain(labels).collect::<Vec<u8>>();
        folder.write(&format!("set/{part}-labels-idx1-ubyte"), &labels);
    }
}

/// Train, summary, evaluate, export, inspect, predict and simulate; everything has 12 x 9 pixels and these names.
/// The set's path as a run's record names it.
fn whole(folder: &Folder) -> String {
    folder.path("set").to_str().expect("UTF-8").to_owned()
}

fn check(folder: &Folder, names: [&str; 3]) {
    let train =
        "train --norm after --hidden 20 --epochs 30 --batch-size 8 --learning-rate 0.05 --dataset set --out run --json";
    let history = folder.run(train).json();
    // 4 * 108 + 109 * 20 + 4 * 20 + 21 * 3, for 108 pixels and 3 classes.
    assert_eq!(history["parameters"]["total"], 2755);
    assert_eq!(history["dataset"], whole(folder));
    // Chance is .33.
    assert!(number(&history["test"], "accuracy") > 0.85, "{history}");
    assert_eq!(folder.run("summary run --json").json()["parameters"], history["parameters"]);
    let labels = |per_class: &serde_json::Value| {
        let list = per_class.as_array().expect("a list").iter();
        list.map(|class| class["label"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    let float = folder.run("evaluate run --dataset set --json").json();
    assert_eq!((labels(&float["per_class"]), &float["images"]), (names.map(String::from).to_vec(), &30.into()));
    for bits in [32, 8, 4] {
        let export = format!("export run --bits {bits} --calibrate 100 --dataset set --out a.fnet --json");
        assert!(number(&folder.run(&export).json(), "accuracy") > 0.8, "{bits} bits");
        let inspected = folder.run("inspect a.fnet --json").json();
        assert_eq!((&inspected["height"], &inspected["width"]), (&12.into(), &9.into()));
        assert_eq!(inspected["labels"], serde_json::json!(names));
        let device = folder.run("evaluate a.fnet --dataset set --json").json();
        let bytes = AlignedBytes::from_slice(&folder.read("a.fnet"));
        let test = load_test(&Source::Path(folder.path("set")), &mut |_| {}).expect("the images");
        let model = Model::parse(&bytes).expect("a model");
        let run = simulate(&model, test.examples.view(), &mut |_| {});
        assert_eq!(device["logits_sha256"], run.logits_sha256.as_str());
    }
    let text = folder.run("predict a.fnet --index 3 --dataset set").succeeded().stdout;
    assert_eq!(text.lines().count(), HEIGHT + 3 + 1, "{text}");
    folder.write("one.png", &png(&shape("lying", 69), HEIGHT, WIDTH));
    let predicted = folder.run("predict run --image one.png --json").json();
    assert_eq!((&predicted["class"], &predicted["label"]), (&1.into(), &names[1].into()));
}

#[test]
fn pictures_in_a_folder_for_each_class() {
    let folder = Folder::new();
    pictures(&folder);
    check(&folder, CLASSES);
}

/// The run's record names its images, which every command uses by default.
#[test]
fn a_run_brings_its_dataset() {
    let folder = Folder::new();
    pictures(&folder);
    folder.run("train --norm after --hidden 8 --epochs 1 --dataset set --out run").succeeded();
    for command in [
        "evaluate run --json",
        "evaluate run/model.safetensors --json",
        "export run --bits 8 --calibrate 50 --out run/a.fnet --json",
        "evaluate run/a.fnet --json",
        "predict run --index 3 --json",
        "compare run run/a.fnet --json",
        "report run --out page.html --json",
        "report run --model run/a.fnet --calibrate 50 --out page.html --json",
    ] {
        assert_eq!(
            folder.run(command).json(),
            folder.run(&format!("{command} --dataset {}", whole(&folder))).json(),
            "{command}"
        );
    }
    let go_on = folder.run("train --init run --epochs 1 --out more --json").json();
    assert_eq!(go_on["dataset"], whole(&folder));
    folder.run("evaluate run --dataset synthetic").refused(&["takes examples of 12x9", "have 28x28"]);
    folder.run("train --norm none --hidden 4 --limit 200 --epochs 1 --dataset synthetic --out drawn").succeeded();
    folder.run("compare run drawn").refused(&["run/history.jsonl and drawn/history.jsonl name different datasets"]);
    std::fs::rename(folder.path("set"), folder.path("away")).expect("renamed");
    folder
        .run("evaluate run")
        .refused(&["the dataset named in run/history.jsonl: ", "no such file or folder; give --dataset"]);
    folder.run("evaluate run --dataset away").succeeded();
}

#[test]
fn idx_files_of_any_size() {
    let folder = Folder::new();
    idx(&folder);
    check(&folder, ["0", "1", "2"]);
    folder.write("set/labels.txt", b"a block\na lying bar\na standing bar\n");
    check(&folder, ["a block", "a lying bar", "a standing bar"]);
}

#[test]
fn a_class_without_test_images_is_a_class() {
    let folder = Folder::new();
    idx(&folder);
    let pixels = [shape("block", 1), shape("lying", 1)].concat();
    folder.write("set/t10k-images-idx3-ubyte", &[header(&[0x803, 2, 12, 9]), pixels].concat());
    folder.write("set/t10k-labels-idx1-ubyte", &[header(&[0x801, 2]), vec![0, 1]].concat());
    folder.run("train --norm before --hidden 4 --epochs 1 --dataset set --out run").succeeded();
    let evaluation = folder.run("evaluate run --dataset set --json").json();
    assert_eq!(
        evaluation["per_class"][2],
        serde_json::json!({ "label": "2", "images": 0, "accuracy": 0.0, "precision": 0.0, "f1": 0.0 })
    );
    folder.run("export run --bits 8 --dataset set --out a.fnet").succeeded();
    let test = load_test(&Source::Path(folder.path("set")), &mut |_| {}).expect("the images");
    assert_eq!(test.labels, ["0", "1", "2"], "what the simulator compares with the model's classes");
    folder.run("predict a.fnet --index 1 --dataset set").succeeded();
}

#[test]
fn pictures_with_one_fault() {
    let folder = Folder::new();
    pictures(&folder);
    folder.write("set/lying/7.png", &png(&[0; 108], 9, 12));
    let words = &["lying/7.png: 9 x 12 pixels, but ", " has 12 x 9; scale all pictures to the same size"];
    folder.run("train --norm after --dataset set --out run").refused(words);
    folder.write("set/lying/7.png", b"text");
    folder.run("train --norm after --dataset set --out run").refused(&["lying/7.png: not a readable PNG ("]);
    folder.write("set/lying/7.jpeg", b"");
    folder.run("evaluate run --dataset set").refused(&["cannot be read"]);
    folder.run("train --norm after --dataset set --out run").refused(&["lying/7.jpeg: is not a PNG; convert it"]);
    folder.write("set/dog/0.png", &png(&[0; 108], 9, 12));
    folder.run("train --norm after --dataset set --out run").refused(&["set/dog: holds 1 picture, but training"]);
}
