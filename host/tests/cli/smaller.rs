//! `export --merge` and `--prune`: what they say, what the file has, and what they refuse.

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
    let export = "export run --dataset set --merge --prune --max-loss 200 --out small.fnet";
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
    assert!(!export("200").contains("note: one of these"));
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
    check("--max-loss 1", &["--max-loss limits what --merge and --prune cost; give one of them"]);
    check("--merge --bits 32", &["--merge, --prune: only integer models", "--bits 8, 4 or 2"]);
    check("--prune --format onnx", &["--merge, --prune: only device models", "--format fnet"]);
    folder.run("export run --merge --max-loss 0 --out a.fnet").misused("above 0");
}
