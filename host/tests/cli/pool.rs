//! `train --pool 2` from end to end: every command takes whole images, and all agree on the averages.

use crate::sample;
use crate::tool::Folder;
use foldnet_core::Model;
use foldnet_sim::AlignedBytes;

const SMALL: &str = "train --dataset synthetic --limit 600 --batch-size 50";

/// Trains a float network with the options of `small`, then an integer one with a full-resolution teacher; the reported
/// test results must equal those of the model file.
#[test]
fn a_small_network_is_trained_in_one_command() {
    let folder = Folder::new();
    folder.run(&format!("{SMALL} --hidden 20 --epochs 2 --out best")).succeeded();
    let done = folder
        .run(&format!("{SMALL} --preset small --hidden 12,8 --epochs 2 --bits 4 --distill best --out small"))
        .succeeded();
    for words in ["preset: --norm before --hidden 64,32 --pool 2", "in floats first: small", "(None, 196)"] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    let said = folder.history("small")["test"]["accuracy"].as_f64().expect("a number");
    let export = folder.run("export small --dataset synthetic --bits 4 --out small.fnet --json").json();
    assert_eq!((&export["folded_max_deviation"], &export["changed"]), (&0.0.into(), &0.into()));
    let model = folder.run("evaluate small.fnet --dataset synthetic --json").json();
    assert_eq!((model["accuracy"].as_f64(), export["accuracy"].as_f64()), (Some(said), Some(said)));
    assert_eq!(folder.run("evaluate small --dataset synthetic --json").json()["accuracy"].as_f64(), Some(said));
    let bytes = AlignedBytes::read(folder.path("small.fnet")).expect("there");
    let parsed = Model::parse(&bytes).expect("a model");
    assert_eq!((parsed.inputs(), parsed.header().layers[0].inputs), (784, 196));
    let inspected = folder.run("inspect small.fnet").succeeded();
    assert!(inspected.stdout.contains("inputs: 196, averages of 784 values"), "{}", inspected.stdout);
    folder.run("predict small --dataset synthetic --index 3").succeeded();
    folder.run("report small/float --dataset synthetic --limit 50").succeeded();
    folder
        .run("train --resume small --epochs 9")
        .refused(&["was trained in integers, which cannot be resumed", "--init"]);
}

/// Averages are computed from augmented images; a resumed training does the same.
#[test]
fn a_pooled_training_goes_on_as_any_other() {
    let folder = Folder::new();
    let train = format!("{SMALL} --pool 2 --hidden 8 --augment shift=1 --norm after");
    folder.run(&format!("{train} --epochs 2 --out whole")).succeeded();
    folder.run(&format!("{train} --epochs 1 --out part")).succeeded();
    folder.run("train --resume part --epochs 2").succeeded();
    let file = "model.safetensors";
    assert!(folder.read(&format!("whole/{file}")) == folder.read(&format!("part/{file}")));
    folder.run(&format!("{SMALL} --pool 2 --hidden 8 --norm after --epochs 2 --out still")).succeeded();
    assert!(folder.read(&format!("whole/{file}")) != folder.read(&format!("still/{file}")), "images were shifted");
    let done = folder.run(&format!("{SMALL} --init whole --epochs 1 --out more")).succeeded();
    assert!(done.stdout.contains("(None, 196)"), "{}", done.stdout);
    // Fewer units of a pooled network, and the model still accepts full-resolution images.
    folder.run("train --dataset synthetic --batch-size 50 --pool 2 --hidden 40 --epochs 2 --out wide").succeeded();
    folder.run("export wide --dataset synthetic --prune --max-loss 20 --out pruned.fnet").succeeded();
    let bytes = AlignedBytes::read(folder.path("pruned.fnet")).expect("there");
    let model = Model::parse(&bytes).expect("a model");
    assert!(model.inputs() == 784 && model.header().layers[0].units < 40, "{:?}", model.header());
    folder.run("export whole --dataset synthetic --merge --out a.fnet").refused(&["--merge: ", "averages already"]);
    folder.run("export whole --format onnx --out a.onnx").refused(&["ONNX", "--format fnet"]);
}

#[test]
fn what_cannot_be_pooled_is_refused_before_training() {
    let folder = sample::folder();
    let check = |arguments: &str, words: &[&str]| {
        folder.run(&format!("train --epochs 1 --out a {arguments}")).refused(words);
        assert!(!folder.path("a").exists(), "{arguments}");
    };
    // Images of 4 x 3 pixels.
    check("--dataset set --pool 2", &["--pool 2: the images are 4x3, but both sides must be even"]);
    check("--dataset synthetic --pool 4", &["--pool 4: only squares of 2x2 pixels can be averaged", "--pool 2"]);
    check("--dataset synthetic --pool 2 --task reconstruct", &["--pool: a network that reconstructs", "leave it out"]);
    check("--dataset synthetic --pool 2 --augment jitter=0.1", &["jitter and scale", "give shift, flip or erase"]);
    check(
        "--dataset synthetic --pool 2 --bits 4 --distill good.safetensors",
        &["--distill: a network of 12 u8 inputs"],
    );
    check("--dataset synthetic --bits 3", &["--bits 3"]);
    folder.write("table.csv", b"a,b,class\n1.5,2,0\n2,3,1\n3,4,0\n4,5.5,1\n5,6,0\n6,7,1\n");
    check("--dataset table.csv --pool 2", &["--pool averages pixels of u8 images", "leave it out"]);
    let init = folder.run("train --dataset set --init good.safetensors --pool 2");
    init.misused("--pool is for a new network, but --init keeps");
}
