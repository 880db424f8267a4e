//! `--merge` and `--prune` of `export` and `train --bits`: their output, the resulting file, and what they reject.

use crate::sample;
use crate::tool::Folder;
use foldnet_core::Model;
use foldnet_sim::AlignedBytes;

/// A folder with `run/`, trained on `set/`.
fn trained() -> Folder {
    let folder = sample::folder();
    folder.run("train --norm after --hidden 12 --dataset set --out run --epochs 2").succeeded();
    folder
}

#[test]
fn what_was_merged_is_printed_and_written() {
    let folder = trained();
    let export = "export run --dataset set --merge --prune --max-loss 100 --out small.fnet";
    let done = folder.run(export).succeeded();
    for words in ["merged: 12 inputs to ", "cost on 24 examples of training and validation: accuracy ", "change class"]
    {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    let bytes = AlignedBytes::read(folder.path("small.fnet")).expect("there");
    let model = Model::parse(&bytes).expect("a model");
    assert_eq!(model.inputs(), 12, "values of an example");
    assert!(model.header().layers[0].inputs < 12 && model.header().layers[0].units < 12, "{:?}", model.header());
    folder.run("evaluate small.fnet --dataset set").succeeded();
}

#[test]
fn a_cost_judged_by_few_examples_is_noted() {
    let folder = trained();
    let note = "note: one of these 24 examples counts 4.2 points, more than --max-loss ";
    let export = |limit: &str| {
        folder.run(&format!("export run --dataset set --merge --max-loss {limit} --out small.fnet")).succeeded().stdout
    };
    assert!(!export("100").contains("note: one of these"));
    let said = export("4");
    assert!(said.contains(&format!("{note}4: ")), "{said}");
}

#[test]
fn what_cannot_be_smaller_is_refused() {
    let folder = trained();
    let check = |arguments: &str, words: &[&str]| {
        folder.run(&format!("export run --dataset set --out a.fnet {arguments}")).refused(words);
        assert!(!folder.path("a.fnet").exists(), "{arguments}");
    };
    check("--max-loss 1", &["--max-loss limits the cost of --merge and --prune; give one of them"]);
    check("--merge --bits 32", &["--merge, --prune: only integer models", "--bits 8, 4 or 2"]);
    check("--prune --format onnx", &["--merge, --prune: only device models", "--format fnet"]);
    for loss in ["0", "-1", "inf", "nan"] {
        let arguments = format!("export run --merge --max-loss {loss} --out a.fnet");
        folder.run(&arguments).misused("give points of accuracy (or percent of the error) above 0");
    }
    check("--merge --max-loss 100.1", &["--max-loss 100.1: accuracy has 100 points to lose; give at most 100"]);
}

/// Without validation examples, the cost is that of the training examples, not half of it.
#[test]
fn the_cost_is_measured_without_validation_too() {
    let folder = sample::folder();
    folder.run("train --norm after --hidden 12 --dataset set --valid-split 0 --out run --epochs 9").succeeded();
    let done = folder.run("export run --dataset set --merge --max-loss 100 --out small.fnet --json").json();
    folder.run("export run --dataset set --out whole.fnet").succeeded();
    let whole = folder.run("evaluate whole.fnet --dataset set --valid-split 0 --split train --json").json();
    let [before, loss] = [&done["smaller"]["measures"][0], &done["smaller"]["judged"]];
    assert_eq!((before, loss.as_u64()), (&whole["accuracy"], Some(24)));
}

/// Merged first, then trained: the test results reported by training equal those of the checkpoint and the model file,
/// and the same command gives the same bytes.
#[test]
fn a_merged_network_is_trained_in_integers() {
    let folder = trained();
    let train = "train --init run --dataset set --merge --prune --max-loss 100 --bits 4 --distill run --out";
    let done = folder.run(&format!("{train} small")).succeeded();
    for words in ["merged: 12 inputs to ", "cost on 24 examples of training and validation: accuracy "] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    folder.run(&format!("{train} again")).succeeded();
    assert!(folder.read("small/model.safetensors") == folder.read("again/model.safetensors"));
    let history = folder.history("small");
    let inputs = history["smaller"]["inputs"][1].as_u64().expect("a number");
    assert!(inputs < 12, "{history}");
    let said = history["test"]["accuracy"].as_f64().expect("a number");
    let export = folder.run("export small --dataset set --bits 4 --out small.fnet --json").json();
    assert_eq!((&export["folded_max_deviation"], &export["changed"]), (&0.0.into(), &0.into()));
    for file in ["small", "small.fnet"] {
        let found = folder.run(&format!("evaluate {file} --dataset set --json")).json();
        assert_eq!(found["accuracy"].as_f64(), Some(said), "{file}");
        folder.run(&format!("predict {file} --dataset set --index 3")).succeeded();
    }
    let bytes = AlignedBytes::read(folder.path("small.fnet")).expect("there");
    let model = Model::parse(&bytes).expect("a model");
    assert_eq!((model.inputs(), u64::from(model.header().layers[0].inputs)), (12, inputs));
    let inspected = folder.run("inspect small").succeeded();
    let words = format!("its {inputs} inputs are averages of 12 values");
    assert!(inspected.stdout.contains("inputs of 4x3") && inspected.stdout.contains(&words), "{}", inspected.stdout);
    let compared = folder.run("compare small small.fnet run --dataset set").succeeded();
    assert!(compared.stdout.contains("small.fnet"), "{}", compared.stdout);
    // From scratch: trained in floats first.
    folder.run("train --norm none --dataset set --merge --max-loss 100 --bits 8 --epochs 2 --out two").succeeded();
    assert!(folder.history("two")["smaller"]["max_loss"] == 100.0 && folder.history("two/float")["smaller"].is_null());
    folder.run("export small --dataset set --bits 4 --merge --out a.fnet").refused(&[
        "was trained in integers",
        "merge first, then train: foldnet train --init FLOAT --bits BITS --merge",
    ]);
    folder.run("export small --format onnx --out a.onnx").refused(&["was trained in integers", "also give --folded"]);
    folder.run("train --init small --dataset set --out more").refused(&["--init: the network was trained in integers"]);
    folder.run("train --resume small").refused(&["was trained in integers, which cannot be resumed"]);
}

#[test]
fn what_cannot_be_merged_before_training_is_refused() {
    let folder = trained();
    let check = |arguments: &str, words: &[&str]| {
        folder.run(&format!("train --out a {arguments}")).refused(words);
        assert!(!folder.path("a").exists(), "{arguments}");
    };
    check(
        "--dataset set --init run --merge",
        &["--merge, --prune: ", "give --bits to train a smaller one in integers, or give these flags to export"],
    );
    check("--dataset set --init run --bits 4 --max-loss 1", &["--max-loss limits the cost of --merge and --prune"]);
    check(
        "--dataset synthetic --pool 2 --bits 4 --merge",
        &["--merge: the inputs of this network are averages already"],
    );
    check("--dataset set --task reconstruct --bits 4 --prune", &["--merge, --prune: a network that reconstructs"]);
    folder.run("train --resume run --merge").misused("--merge is for a new training, but --resume continues one");
}
