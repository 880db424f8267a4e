//! Training runs that are resumed, start from another run, keep their best epoch, or diverge.

use crate::tool::Folder;
use serde_json::Value;

const SMALL: &str = "train --norm before --dataset synthetic --limit 600 --hidden 12 --batch-size 50";

/// The epochs without what depends on the clock.
fn epochs(history: &Value) -> Vec<Value> {
    let mut epochs = history["epochs"].as_array().expect("a list").clone();
    epochs.iter_mut().for_each(|epoch| drop(epoch.as_object_mut().expect("an object").remove("seconds")));
    epochs
}

#[test]
fn a_resumed_training_ends_with_the_same_bytes() {
    for how in [
        "--optimizer adamw --dropout 0.2 --augment shift=1",
        "--momentum 0.9 --schedule step:1,0.5 --clip-norm 1 --monitor val_accuracy",
        "--schedule plateau:1,0.5 --warmup 0.5",
    ] {
        let folder = Folder::new();
        folder.run(&format!("{SMALL} {how} --epochs 4 --out whole")).succeeded();
        folder.run(&format!("{SMALL} {how} --epochs 2 --out part")).succeeded();
        let done = folder.run("train --resume part --epochs 4").succeeded();
        assert!(done.stdout.contains("resuming after epoch 2 of 4"), "{done:?}");
        for file in ["model.safetensors", "state.safetensors"] {
            assert!(folder.read(&format!("whole/{file}")) == folder.read(&format!("part/{file}")), "{how}: {file}");
        }
        let (whole, part) = (folder.history("whole"), folder.history("part"));
        assert_eq!((epochs(&whole), &whole["test"]), (epochs(&part), &part["test"]), "{how}");
        assert_eq!(whole["recipe"], part["recipe"], "{how}");
        folder.run("train --resume part").refused(&["part: already has 4 of 4 epochs; give a larger --epochs"]);
    }
}

#[test]
fn what_cannot_be_resumed_says_so() {
    let folder = Folder::new();
    folder.run(&format!("{SMALL} --epochs 1 --out run")).succeeded();
    let history = String::from_utf8(folder.read("run/history.jsonl")).expect("text");
    for (value, what) in
        [("null", "invalid type: null, expected f64 at line 2 column "), ("NaN", "expected value at line 2")]
    {
        let (front, rest) = history.split_once("\"number\":1,\"loss\":").expect("an epoch");
        let (_, rest) = rest.split_once(',').expect("more");
        let broken = format!("{front}\"number\":1,\"loss\":{value},{rest}");
        folder.write("run/history.jsonl", broken.as_bytes());
        folder.run("evaluate run").refused(&["run/history.jsonl: not a record of a training (", what]);
    }
    folder.write("run/history.jsonl", history.as_bytes());
    let otherwise = folder.run("train --resume run --epochs 9 --valid-split 0.2");
    otherwise.refused(&["--resume run: its examples were read in another way; leave out the flags"]);
    folder.write("run/state.safetensors", b"{}");
    folder
        .run("train --resume run/model.safetensors")
        .refused(&["--resume run/model.safetensors: is a file; give the"]);
    folder.run("train --resume run --epochs 2").refused(&["run/state.safetensors: this training cannot be resumed"]);
    for flag in ["--seed 3", "--bits 4", "--preset best"] {
        let name = flag.split(' ').next().expect("a flag");
        let words = format!(
            "{name} is for a new training, but --resume continues one with its own flags; leave it out; see foldnet train --help"
        );
        folder.run(&format!("train --resume run {flag}")).misused(&words);
    }
}

/// With constant weights, the loss reveals which examples share a batch, because BatchNormalization normalizes each
/// batch by itself.
#[test]
fn going_on_draws_an_order_of_its_own() {
    let folder = Folder::new();
    let still = "--learning-rate 1e-30 --epochs 1";
    folder.run(&format!("{SMALL} {still} --out a")).succeeded();
    let go_on = format!("train --dataset synthetic --limit 600 --batch-size 50 {still} --init");
    folder.run(&format!("{go_on} a/model.safetensors --out b")).succeeded();
    folder.run(&format!("{go_on} a/model.safetensors --out again")).succeeded();
    folder.run(&format!("{go_on} b/model.safetensors --out c")).succeeded();
    let loss = |run: &str| folder.history(run)["epochs"][0]["loss"].as_f64().expect("a number");
    assert!(loss("a") != loss("b") && loss("b") != loss("c"), "{} {} {}", loss("a"), loss("b"), loss("c"));
    assert_eq!(loss("b"), loss("again"), "the same start and seed");
    let from = folder.history("b")["continued"]["from"].to_string();
    assert!(from.ends_with("a/model.safetensors\""), "{from}");
}

#[test]
fn the_best_epoch_is_kept_and_training_ends_early() {
    let folder = Folder::new();
    // After the first epoch the learning rate is too small for any improvement.
    let how = "--epochs 30 --patience 2 --monitor val_accuracy --schedule step:1,0 --log csv --out run";
    let done = folder.run(&format!("{SMALL} {how}")).succeeded();
    let history = folder.history("run");
    let (best, count) = (history["best_epoch"].as_u64().expect("a number"), epochs(&history).len() as u64);
    assert!(count < 30 && count == best + 2, "{best} of {count}");
    assert!(done.stdout.contains(&format!("epoch {best} is the best of {count}: run/best.safetensors")), "{done:?}");
    folder.run("evaluate run/best.safetensors --dataset synthetic --split valid").succeeded();
    let table = String::from_utf8(folder.read("run/history.csv")).expect("text");
    assert_eq!(table.lines().count() as u64, count + 1);
    folder.run("report run --dataset synthetic").succeeded();
    let page = String::from_utf8(folder.read("run/report.html")).expect("text");
    assert!(page.contains(&format!("The dashed line is epoch {best},")) && page.contains(">best</text>"), "not marked");
    folder.run(&format!("{SMALL} --epochs 1 --out run")).succeeded();
    assert!(!folder.path("run/best.safetensors").exists(), "of an older training");
}

#[test]
fn every_line_of_a_history_says_where_it_comes_from() {
    let folder = Folder::new();
    folder.run(&format!("{SMALL} --epochs 2 --seed 5 --out run")).succeeded();
    let text = String::from_utf8(folder.read("run/history.jsonl")).expect("text");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["record"].as_str()).collect();
    assert_eq!(kinds, ["run", "epoch", "epoch", "test"]);
    for line in &lines {
        assert_eq!(line["seed"], 5);
        assert!(["command", "version", "machine"].iter().all(|key| line[key].is_string()), "{line}");
    }
}

#[test]
fn divergence_keeps_the_best_checkpoint_and_fails() {
    let folder = Folder::new();
    for how in ["--optimizer sgd --momentum 0.9", "--optimizer adam", "--optimizer adamw"] {
        folder.run(&format!("{SMALL} --epochs 1 --monitor val_loss --out run")).succeeded();
        let before = folder.contents();
        let go_on = "train --dataset synthetic --limit 600 --init run/model.safetensors --monitor val_loss --out run";
        folder.run(&format!("{go_on} {how} --learning-rate 1e38")).refused(&["diverged", "nothing new was written"]);
        assert!(folder.contents() == before, "{how}: {:?}", folder.contents().keys());
    }
}
