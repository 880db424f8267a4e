//! Arguments that do not apply, numbers that cannot be, and output places that cannot be written to: refused at once,
//! with the remedy.

use crate::sample;
use crate::tool::Folder;

/// Refuses with one line that holds `words`, and changes no file.
fn check(folder: &Folder, arguments: &str, words: &[&str]) {
    let before = folder.contents();
    let done = folder.run(arguments).refused(words);
    assert!(folder.contents() == before, "files changed: {done:?}");
}

#[test]
fn flags_that_do_not_apply() {
    let folder = sample::folder();
    let check = |arguments: &str, words: &[&str]| check(&folder, arguments, words);
    let device = "good.fnet is a device model, which describes itself; leave it out";
    check("evaluate good.fnet --dataset set --norm after", &["--norm: ", device]);
    check("predict good.fnet --dataset set --index 0 --pixels raw", &["--pixels: ", device]);
    check("summary good.fnet --layers dense", &["--layers: ", device]);
    check("compare good.fnet good.fnet --dataset set --epsilon 0.1", &["--epsilon: these are device models"]);
    check(
        "export good.safetensors --dataset set --out a.fnet --input-type i8",
        &["good.safetensors: its inputs are u8, as the file says; leave out --input-type i8"],
    );
    check(
        "export good.safetensors --dataset set --out a.fnet --folded",
        &["--folded is for --format onnx, since a device model is always folded; leave it out"],
    );
    check(
        "export good.safetensors --format onnx --out a.onnx --threshold 1",
        &["--threshold: an ONNX file holds none; leave it out"],
    );
    folder.run("export good.safetensors --format onnx --out good.onnx").succeeded();
    let given = |flag: &str| format!("import good.onnx --pixels raw --out run {flag}");
    check_given(&folder, &given("--layers dense"), "its own list of layers is different; leave out --layers");
    check_given(&folder, &given("--norm none"), "its layer list has BatchNormalization; leave out --norm none");
    check_given(&folder, &given("--epsilon 0.5"), "its layer list has another epsilon; leave out --epsilon");
    for flag in ["--layers dense", "--config a.json", "--input-type u8", "--activation relu"] {
        folder.run(&format!("compare --seeds 1 --dataset set {flag}")).misused("cannot be used with");
    }
}

/// Refuses what the file itself says otherwise.
fn check_given(folder: &Folder, arguments: &str, words: &str) {
    check(folder, arguments, &["good.onnx: ", words]);
}

#[test]
fn numbers_that_cannot_be() {
    let folder = Folder::new();
    let check = |arguments: &str, words: &str| {
        let done = folder.run(arguments).misused(words);
        let command = arguments.split(' ').next().expect("a command");
        assert!(done.stderr.ends_with(&format!("; see foldnet {command} --help\n")), "{done:?}");
    };
    check("train --seed -1", "invalid value '-1' for '--seed <SEED>': give a whole number from 0; see");
    check("train --epochs 3.5", "invalid value '3.5' for '--epochs <N>': give a whole number from 0; see");
    check("train --momentum x", "invalid value 'x' for '--momentum <SHARE>': give a number, such as 0.5; see");
    check("train --hidden -1,5", "invalid value '-1' for '--hidden <UNITS,...>': give the units of each layer");
    check("train --bits -4", "invalid value '-4' for '--bits <BITS,...>': give ");
    check("evaluate a.fnet --limit -1", "invalid value '-1' for '--limit <N>': give a number of at least 1; see");
    check("export a --out b --slot 300", "invalid value '300' for '--slot <N>': give 0 or 1; see");
    check("predict a --index -1", "invalid value '-1' for '--index <N>': give a whole number from 0; see");
}

#[test]
fn places_that_cannot_be_written_to() {
    let folder = sample::folder();
    let check = |arguments: &str| {
        check(&folder, &format!("{arguments} none/a"), &["none/a: cannot be written", "; create its folder first"]);
    };
    check("export good.safetensors --dataset set --out");
    check("report good.safetensors --dataset set --out");
    check("compare --seeds 2 --dataset set --out");
    check("evaluate good.safetensors --dataset set --outputs");
    check("predict good.safetensors --dataset set --index 0 --outputs");
}

/// The folders of a run that has no epoch are removed, those of others are not.
#[test]
fn a_first_epoch_that_diverges_leaves_nothing() {
    let folder = sample::folder();
    for out in ["run", "runs/deep/run"] {
        let train = format!("train --norm none --dataset set --learning-rate 1e30 --out {out}");
        check(&folder, &train, &["training diverged", &format!("; nothing new was written to {out}")]);
        check(&folder, &format!("{train} --bits 4"), &["; nothing new was written to ", "/float"]);
    }
    folder.write("mine/notes.txt", b"mine");
    check(&folder, "train --norm none --dataset set --learning-rate 1e30 --out mine", &["training diverged"]);
}
