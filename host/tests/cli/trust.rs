//! No silent errors, no hostile input: files that only look like a run, terminal escape sequences in names, networks
//! with non-finite values, outputs that would overwrite inputs.

use crate::sample::{self, PIXELS, Tensors, write_network};
use crate::tool::{Done, Folder};
use foldnet::network::checkpoint::Hints;
use foldnet::network::checkpoint::{Checkpoint, PixelStatistics};
use foldnet_core::Layer;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

const TRAIN: &str = "train --norm after --hidden 5 --dataset set --out run --epochs 2";

/// A folder with `run/`, trained on `set/`.
fn trained() -> Folder {
    let folder = sample::folder();
    folder.run(TRAIN).succeeded();
    folder
}

/// Runs to completion, with a time limit.
fn soon(folder: &Folder, arguments: &str) -> Done {
    let mut child = folder.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let start = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().expect("killed");
            panic!("{arguments}: still running after a minute");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Done::from_output(child.wait_with_output().expect("its output"), arguments)
}

/// Changes the tensors and metadata of a checkpoint.
fn change(folder: &Folder, name: &str, change: impl Fn(&mut Tensors)) {
    let mut tensors = Tensors::read(&folder.path(name));
    change(&mut tensors);
    folder.write(name, &tensors.bytes());
}

/// Sets every value of a tensor to `value`.
fn fill(tensors: &mut Tensors, name: &str, value: f32) {
    tensors.get(name).1.chunks_exact_mut(4).for_each(|bytes| bytes.copy_from_slice(&value.to_le_bytes()));
}

#[test]
fn a_last_step_that_diverges_leaves_the_good_run() {
    let folder = trained();
    let [network, history] = ["run/model.safetensors", "run/history.jsonl"].map(|name| folder.path(name));
    let before = fs::read(&network).expect("there");
    let one_step = format!("{TRAIN} --learning-rate 1e30 --batch-size 24");
    folder.run(&one_step.replace("--epochs 2", "--epochs 1")).refused(&["diverged", "epoch 1", "--learning-rate"]);
    assert_eq!(fs::read(&network).expect("there"), before, "the good network was written over");
    folder.run("evaluate run").succeeded();
    assert!(!history.exists() || !fs::read_to_string(&history).expect("there").contains("null,"));
}

#[test]
fn no_proof_is_given_by_networks_that_compute_no_numbers() {
    let folder = sample::folder();
    let name = "good.safetensors";
    change(&folder, name, |tensors| {
        fill(tensors, "batch_normalization/gamma", 3e38);
        fill(tensors, "batch_normalization/beta", 3e38);
    });
    for bits in [32, 8, 4, 2] {
        let export = format!("export {name} --bits {bits} --dataset set --out a.fnet");
        folder.run(&export).refused(&[name, "not a number", "--learning-rate"]);
    }
    folder.run(&format!("evaluate {name} --dataset set")).refused(&[name, "example 0"]);
    folder.run(&format!("export {name} --format onnx --out a.onnx")).refused(&[name, "not a number"]);
    // After the last ReLU.
    change(&folder, name, |tensors| {
        fill(tensors, "batch_normalization_1/beta", 3e38);
        fill(tensors, "dense_1/kernel", 3e38);
    });
    folder.run(&format!("evaluate {name} --dataset set")).refused(&[name, "example 0"]);
    folder.run(&format!("predict {name} --dataset set --index 0")).refused(&[name, "not a number"]);
    folder.run(&format!("report {name} --dataset set")).refused(&["not a number"]);
    assert!(!folder.path("a.fnet").exists() && !folder.path("a.onnx").exists());
}

#[test]
fn a_class_beyond_the_256th_is_told() {
    let folder = sample::folder();
    write_network(&folder, "many", &[Layer::dense(300), Layer::Softmax], PIXELS);
    let path = folder.path("many.safetensors");
    let mut network = Checkpoint::read(&path, &Hints::default()).expect("read");
    network.params.fill(0.0);
    network.params[300 * PIXELS + 256] = 9.0;
    network.pixels = PixelStatistics::Raw;
    network.write(&path).expect("written");
    folder.run("evaluate many.safetensors --dataset set --predictions p.txt").succeeded();
    assert_eq!(fs::read_to_string(folder.path("p.txt")).expect("there"), "256\n".repeat(9));
    let told = folder.run("predict many.safetensors --dataset set --index 0 --json").json();
    assert_eq!((told["class"].as_u64(), told["label"].as_str()), (Some(256), Some("256")));
    folder.run("export many.safetensors --bits 8 --dataset set --out many.fnet").succeeded();
    folder.run("evaluate many.fnet --dataset set --predictions q.txt").succeeded();
    assert_eq!(fs::read(folder.path("q.txt")).expect("there"), fs::read(folder.path("p.txt")).expect("there"));
}

/// Whether every character is printable and none is a control character.
fn is_shown(text: &str) -> bool {
    text.chars().all(|character| character == '\n' || foldnet_data::text::is_plain(character))
}

#[test]
fn class_names_are_shown_and_never_obeyed() {
    let folder = sample::folder();
    let bad = ["\u{1b}]0;owned\u{7}\u{1b}[2J", "a\nfoldnet: all is well", "\u{202e}gpj.exe"];
    change(&folder, "good.safetensors", |tensors| {
        let labels = serde_json::to_string(&bad).expect("JSON");
        tensors.metadata.insert("labels".into(), labels);
    });
    folder.run("export good.safetensors --bits 32 --dataset set --out named.fnet").succeeded();
    for command in
        ["evaluate good.safetensors", "predict good.safetensors --index 1", "compare good.safetensors named.fnet"]
    {
        let done = folder.run(&format!("{command} --dataset set")).succeeded();
        assert!(is_shown(&done.stdout) && done.stdout.contains("\\u{202e}"), "{done:?}");
        assert!(!done.stdout.lines().any(|line| line.starts_with("foldnet: ")), "a forged line: {done:?}");
        let json = folder.run(&format!("{command} --dataset set --json")).succeeded().stdout;
        assert!(is_shown(&json), "{json}");
    }
    let inspected = folder.run("inspect named.fnet --json").json();
    assert_eq!(inspected["labels"].as_array().map(Vec::len), Some(3), "a line feed shifted the names: {inspected}");
    folder.run("report good.safetensors --dataset set --out r.html").succeeded();
    let page = fs::read_to_string(folder.path("r.html")).expect("written");
    assert!(page.chars().all(|c| matches!(c, '\n' | '\t') || foldnet_data::text::is_plain(c)), "the page");
}

#[test]
fn tensor_names_and_paths_forge_no_line() {
    let folder = sample::folder();
    let long = "y".repeat(1_000_000);
    for name in ["x\nfoldnet: all is well\n", "\u{1b}]0;owned\u{7}", "\u{202e}", &long] {
        let folder = sample::folder();
        change(&folder, "good.safetensors", |tensors| {
            tensors.metadata.clear();
            tensors.tensors.insert(name.to_owned(), (vec![1], vec![0; 4]));
        });
        let refused = folder.run("summary good.safetensors --norm after").refused(&["good.safetensors"]);
        assert!(is_shown(&refused.stderr) && refused.stderr.len() < 10_000, "{} bytes", refused.stderr.len());
    }
    let mut command = folder.command("summary");
    command.arg("no\nsuch\u{1b}[2J.safetensors");
    let refused = Done::of(&mut command, "a path").refused(&["no\\nsuch\\u{1b}[2J.safetensors"]);
    assert!(is_shown(&refused.stderr));
}

#[test]
fn a_name_of_any_length_has_its_bar() {
    let folder = sample::folder();
    change(&folder, "good.safetensors", |tensors| {
        let labels = serde_json::to_string(&["x".repeat(70_000), "b".into(), "c".into()]).expect("JSON");
        tensors.metadata.insert("labels".into(), labels);
    });
    let done = soon(&folder, "predict good.safetensors --dataset set --index 0");
    // Shown truncated, or rejected when read.
    assert!(matches!(done.code, Some(0 | 1)), "{done:?}");
    assert!(done.stdout.lines().chain(done.stderr.lines()).all(|line| line.chars().count() < 3_000), "{done:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn pipes_and_endless_files_are_refused_by_name() {
    for (file, command) in [
        ("run/model.safetensors", "evaluate run --dataset set"),
        ("run/history.jsonl", "evaluate run"),
        ("good.fnet", "inspect good.fnet"),
        ("measured.json", "report run --dataset set --model good.fnet --device measured.json"),
    ] {
        for make in ["mkfifo", "ln -s /dev/zero"] {
            let folder = trained();
            let path = folder.path(file);
            let _ = fs::remove_file(&path);
            let mut words = make.split(' ');
            let mut command_line = folder.program(words.next().expect("a program").as_ref());
            assert!(command_line.args(words).arg(&path).status().expect("it starts").success());
            soon(&folder, command).refused(&[file.rsplit('/').next().expect("a name"), ", not a file"]);
        }
    }
}

#[test]
fn outputs_are_no_inputs() {
    let folder = trained();
    let before = folder.contents();
    for (arguments, file) in [
        ("export run --out run/model.safetensors", "model.safetensors"),
        ("export run --out run/../run/history.jsonl", "history.jsonl"),
        ("evaluate run --predictions run/model.safetensors", "model.safetensors"),
        ("report run --out run/model.safetensors", "model.safetensors"),
        ("report run --model good.fnet --out good.fnet", "good.fnet"),
    ] {
        folder.run(arguments).refused(&[file, "would overwrite", "write to another file"]);
    }
    assert!(folder.contents() == before, "something was written");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_an_error() {
    let folder = trained();
    folder.run("export run --bits 8 --out m.fnet").succeeded();
    for arguments in [
        "evaluate run",
        "inspect m.fnet",
        "summary run",
        "compare run m.fnet",
        "predict run --index 0",
        "--help",
        "--json --quiet inspect m.fnet",
        TRAIN,
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("opened");
        let mut command = folder.command(arguments);
        Done::of(command.stdout(full), arguments).refused(&["cannot write to stdout", "free some space"]);
    }
}

#[test]
fn losses_of_any_size_are_drawn() {
    let folder = trained();
    let history = fs::read_to_string(folder.path("run/history.jsonl")).expect("there");
    let mut losses = [5e-324, 1e-323].into_iter();
    let line = |line: &str| {
        let mut record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if record["record"] == "epoch" {
            record["loss"] = losses.next().expect("two epochs").into();
            record["val_loss"] = 0.into();
        }
        record.to_string() + "\n"
    };
    let changed: String = history.lines().map(line).collect();
    folder.write("run/history.jsonl", changed.as_bytes());
    folder.run("report run").succeeded();
}

#[test]
fn a_history_that_nests_deep_is_refused() {
    let folder = trained();
    folder.write("run/history.jsonl", "[".repeat(1_000_000).as_bytes());
    soon(&folder, "evaluate run").refused(&["history.jsonl"]);
}

#[test]
fn messages_say_what_to_do() {
    let folder = trained();
    folder.run("train --norm after --hidden 300-100 --dataset set --out x").misused("such as 300,100");
    let told = folder.run("inspect run").succeeded();
    assert!(told.stdout.contains("foldnet export run --out MODEL.fnet"), "{told:?}");
    folder.write("set/train-images-idx3-ubyte", &sample::images(24, 256, 256));
    folder.write("set/t10k-images-idx3-ubyte", &sample::images(9, 256, 256));
    folder.run("train --norm after --dataset set --out x").refused(&["256x256", "65,536 inputs", "scale them down"]);
}
