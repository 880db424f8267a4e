//! Arguments that do not apply, numbers that cannot be, and output places that cannot be written to: refused at once,
//! with the remedy.

use crate::bad_input;
use crate::sample::{self, PIXELS, POINTER, png};
use crate::tool::Folder;

#[test]
fn flags_that_do_not_apply() {
    let folder = sample::folder();
    let check = |arguments: &str, words: &[&str]| bad_input::check(&folder, arguments, words);
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
        "inspect good.safetensors --board-file a.toml",
        &["--board-file is for device models, and good.safetensors is a"],
    );
    check(
        "compare good.safetensors good.safetensors --dataset set --board-file a.toml",
        &["these are trained networks"],
    );
    // Floats are what the file holds.
    folder.run("export good.safetensors --format onnx --bits 32 --out good.onnx").succeeded();
    let given = |flag: &str| format!("import good.onnx --pixels raw --out run {flag}");
    check_given(&folder, &given("--layers dense"), "its own list of layers is different; leave out --layers");
    check_given(&folder, &given("--norm none"), "its layer list has BatchNormalization; leave out --norm none");
    check_given(&folder, &given("--epsilon 0.5"), "its layer list has a different epsilon; leave out --epsilon");
}

/// Flags that are given but would have no effect, with what they are for.
#[test]
fn flags_without_a_role() {
    let folder = sample::folder();
    folder.write("rows.npy", &array(PIXELS));
    let train = "train --dataset set --out run";
    let reconstruct = "train --dataset set --task reconstruct --out run";
    let init = "train --dataset set --init good.safetensors --out run";
    let onnx = "export good.safetensors --format onnx --out a.onnx";
    let (report, study) = ("report good.safetensors --dataset set", "compare --seeds 1 --dataset set");
    let input = "predict good.fnet --input rows.npy";
    for (command, flag, why) in [
        (reconstruct, "--class-weights balanced", "--task classify, but this network does not classify; leave"),
        (reconstruct, "--label-smoothing 0.1", "--task classify"),
        (reconstruct, "--head softmax", "--task classify"),
        (train, "--loss mse", "--task regress or reconstruct, but this network classifies; leave it out"),
        (train, "--norm-momentum 0.9 --norm none", "BatchNormalization, but --norm none has none; leave it out"),
        (train, "--std-floor 0.2 --standardize none", "standardized inputs, but --standardize none leaves them"),
        (
            init,
            "--preset small",
            "a new network, but --init continues one; leave it out, or give flags of the training",
        ),
        (init, "--hidden 5", "a new network, but --init keeps the layers and statistics of its file; leave it out"),
        (init, "--task regress", "a new network, but --init continues one that was trained for another task; leave"),
        (
            init,
            "--momentum 0 --bits 4",
            "training in floats, but --bits with --init trains in integers, which has its own",
        ),
        (
            "export good.safetensors --dataset set --out a.fnet",
            "--folded",
            "--format onnx, since a device model is always",
        ),
        (onnx, "--threshold 1", "device models, but an ONNX file holds none; leave it out"),
        (onnx, "--bits 4", "device models, but an ONNX file holds floats; leave it out"),
        (report, "--board-file a.toml", "device models; also give --model, or leave it out"),
        (study, "--layers dense", "models that are given, but --seeds trains its own; leave"),
        (study, "--list 3", "models that are given, but --seeds trains its own; leave"),
        (study, "--board-file a.toml", "models that are given, but --seeds trains its own; leave"),
    ] {
        let name = flag.split(' ').next().expect("a flag");
        bad_input::misuse(&folder, &format!("{command} {flag}"), &format!("{name} is for {why}"));
    }
    folder.run("summary good.safetensors --activation relu").misused("--norm");
    // What the data say is no misuse of the command line.
    for (command, flag, why) in [
        (train, "--column-type i8", "the columns of a table of text, but this is none; leave it out"),
        (train, "--step 2", "tables and arrays (CSV, NPY, NPZ), but this is a set of images; leave it out"),
        (input, "--step 2", "recordings, which are cut into windows, but this holds whole examples; leave"),
        (input, "--group who", "the columns of a table of text, but this is none; leave it out"),
    ] {
        let name = flag.split(' ').next().expect("a flag");
        bad_input::check(&folder, &format!("{command} {flag}"), &[&format!("{name} is for {why}")]);
    }
}

/// Flags that scripts give to every command are noted where they play no role, and nothing else changes.
#[test]
fn harmless_flags_that_play_no_role_are_noted() {
    let folder = sample::folder();
    folder.write("rows.npy", &array(PIXELS));
    folder.write("a.png", &png(&[7; PIXELS], 4, 3));
    let onnx = "export good.safetensors --format onnx --out a.onnx";
    let floats = "export good.safetensors --dataset set --bits 32 --out a.fnet";
    let rows = "export good.safetensors --dataset set --calibration rows.npy --out a.fnet";
    let (input, image) = ("predict good.fnet --input rows.npy", "predict good.fnet --image a.png");
    let network = "evaluate good.safetensors --dataset set";
    for (command, flag, why) in [
        (onnx, "--dataset set", "measuring accuracy, but an ONNX file is written without examples"),
        (onnx, "--calibration set", "integer weights, but an ONNX file holds floats"),
        (onnx, "--valid-split 0", "measuring accuracy, but an ONNX file is written without examples"),
        (floats, "--calibration rows.npy", "integer weights, but these stay floats"),
        (floats, "--calibration-limit 9", "integer weights, but these stay floats"),
        (rows, "--valid-split 0.2", "training examples, which play no role in this export"),
        (network, "--valid-split 0", "--split valid or train, but this evaluates the test examples"),
        ("evaluate good.fnet --dataset set", "--threads 2", "trained networks, but a device model runs as on the"),
        ("compare good.fnet good.fnet --dataset set", "--threads 2", "trained networks, but a device model"),
        ("report good.safetensors --dataset set --out a.html", "--calibration-limit 9", "device models"),
        (input, "--dataset set", "--index, which takes an example of a data set"),
        (image, "--dataset set", "--index, which takes an example of a data set"),
        (image, "--step 2", "recordings, which are cut into windows, but --image is a whole example"),
        ("predict good.fnet --dataset set --index 0", "--valid-split 0", "training, and has no effect on predictions"),
    ] {
        let name = flag.split(' ').next().expect("a flag");
        let [without, with] = [command.to_owned(), format!("{command} {flag}")].map(|arguments| {
            let done = folder.run(&format!("{arguments} --json")).succeeded();
            (done.stdout, done.stderr)
        });
        // What an export says of its calibration examples is the only difference.
        assert!(with.0 == without.0 || flag.starts_with("--calibration"), "{command} {flag}: {}", with.0);
        assert!(with.1.contains(&format!("note: {name} is for {why}")), "{command} {flag}: {}", with.1);
        assert!(!without.1.contains(name), "{command}: {}", without.1);
    }
}

/// An `.npy` of two rows of `columns` bytes.
fn array(columns: usize) -> Vec<u8> {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': (2, {columns}), }}");
    let header = format!("{header:117}\n");
    [&b"\x93NUMPY\x01\0"[..], &[118, 0], header.as_bytes(), &vec![7; 2 * columns]].concat()
}

/// Refuses what the file itself says otherwise.
fn check_given(folder: &Folder, arguments: &str, words: &str) {
    bad_input::check(folder, arguments, &["good.onnx: ", words]);
}

#[test]
fn numbers_that_cannot_be() {
    let folder = Folder::new();
    let check = |arguments: &str, words: &str| {
        let done = folder.run(arguments).misused(words);
        let command = arguments.split(' ').next().expect("a command");
        assert!(done.stderr.ends_with(&format!("; see foldnet {command} --help\n")), "{done:?}");
    };
    check("train --seed -1", "invalid value '-1' for '--seed <SEED>': give a positive whole number; see");
    check("train --epochs 3.5", "invalid value '3.5' for '--epochs <N>': give a positive whole number; see");
    check("train --momentum x", "invalid value 'x' for '--momentum <SHARE>': give a number, such as 0.5; see");
    check("train --hidden -1,5", "invalid value '-1' for '--hidden <UNITS,...>': give the units of each layer");
    check("train --hidden=-1,5", "invalid value '-1' for '--hidden <UNITS,...>': give the units of each layer");
    check("train --bits -4", "invalid value '-4' for '--bits <BITS,...>': give ");
    check("evaluate a.fnet --limit -1", "invalid value '-1' for '--limit <N>': give a number of at least 1; see");
    check("export a --out b --slot 300", "invalid value '300' for '--slot <N>': give 0 or 1; see");
    check("predict a --index -1", "invalid value '-1' for '--index <N>': give a positive whole number; see");
}

#[test]
fn places_that_cannot_be_written_to() {
    let folder = sample::folder();
    let check = |arguments: &str| {
        bad_input::check(
            &folder,
            &format!("{arguments} none/a"),
            &["none/a: cannot be written", "; create its folder first"],
        );
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
    let check = |folder: &Folder, arguments: &str, words: &[&str]| {
        let before = folder.contents();
        let done = folder.run(arguments).refused(words);
        assert!(folder.contents() == before, "files changed: {done:?}");
    };
    for out in ["run", "runs/deep/run"] {
        let train = format!("train --norm none --dataset set --learning-rate 1e30 --out {out}");
        check(&folder, &train, &["training diverged", &format!("; nothing new was written to {out}")]);
        check(&folder, &format!("{train} --bits 4"), &["; nothing new was written to ", "/float"]);
    }
    folder.write("mine/notes.txt", b"mine");
    check(&folder, "train --norm none --dataset set --learning-rate 1e30 --out mine", &["training diverged"]);
}

/// An output never replaces an input: the set, a file of a run, the calibration examples, the board file.
#[test]
fn outputs_never_replace_inputs() {
    let folder = sample::folder();
    folder.run("train --norm none --hidden 4 --epochs 1 --dataset set --out run").succeeded();
    folder.write("table.csv", b"a,b\n1,2\n");
    folder.write("b.toml", b"");
    let check = |arguments: &str| {
        bad_input::check(&folder, arguments, &["would overwrite the input ", "; write to another file"])
    };
    let images = "set/train-images-idx3-ubyte";
    check(&format!("export run --dataset set --out {images}"));
    check(&format!("export run --out {images}"));
    check(&format!("report run --out {images}"));
    check(&format!("evaluate run --predictions {images}"));
    check(&format!("predict run --index 0 --outputs {images}"));
    check(&format!("compare --seeds 1 --dataset set --runs runs --out {images}"));
    check("report run --out run/state.safetensors");
    check("export run --out run/history.jsonl");
    check("compare --seeds 1 --dataset set --runs runs --out run/model.safetensors");
    check("export run --calibration table.csv --out table.csv");
    check("export run --format bin --board-file b.toml --board mine --out b.toml");
    folder.run("evaluate run --predictions a.npy --outputs a.npy").refused(&["name the same file; give each its own"]);
}

/// What a file seems to be, and which command takes it.
#[test]
fn files_of_another_kind() {
    let folder = sample::folder();
    folder.write("a.png", &png(&[7; 20], 5, 4));
    folder.write("a.csv", b"a,b\n1,2\n");
    folder.write("random", &[0xfe; 90]);
    folder.write("lfs.onnx", POINTER);
    folder.write("a.csv.gz", b"\x1f\x8b\x08\0packed");
    folder.write("firmware", b"\x7fELF\x01\x01");
    folder.write("renamed", b"\x08\x07\x12\x07pytorch");
    folder.write("a.keras", &[b"PK\x03\x04".as_slice(), &[0; 22], b"\x0d\0\0\0metadata.json"].concat());
    folder.write("renamed.fnet", &folder.read("good.safetensors"));
    folder.write("picture.fnet", &folder.read("a.png"));
    let check = |arguments: &str, words: &str| bad_input::check(&folder, arguments, &[words]);
    check("import a.png --out x", "a.png: looks like a PNG picture, not a trained network; predict --image takes it");
    check("import a.csv --out x", "a.csv: looks like a table of text, not a trained network; --dataset and predict --");
    check("import random --out x", "random: not a model file that Foldnet reads; save it as .keras");
    check(
        "train --dataset lfs.onnx --out x",
        "lfs.onnx: looks like a Git LFS pointer, but a data set is a table of text",
    );
    check("import lfs.onnx --out x", "lfs.onnx: looks like a Git LFS pointer, not a trained network; fetch the file");
    check(
        "import good.fnet --out x",
        "good.fnet: looks like a device model (.fnet), not a trained network; evaluate, ",
    );
    check("train --init a.png --dataset set --out x", "a.png: looks like a PNG picture, not a trained network");
    check("inspect a.csv", "a.csv: looks like a table of text, not a trained network");
    check("summary renamed.fnet", "looks like a checkpoint (.safetensors), not a device model; name it .safetensors");
    check("inspect picture.fnet", "looks like a PNG picture, not a device model; predict --image takes it");
    check(
        "predict good.fnet --input a.png",
        "a.png: looks like a PNG picture, but inputs without labels are a .npy, a table of",
    );
    check(
        "predict good.fnet --input good.safetensors",
        "looks like a checkpoint (.safetensors), but inputs without labels are",
    );
    let inputs = "but inputs without labels are a .npy, a table of text or raw values; ";
    for (file, kind, remedy) in [
        ("a.csv.gz", "a gzip archive", "unpack it first"),
        ("firmware", "a program (.elf)", "foldnet-sim --firmware takes it"),
        ("renamed", "a model of another tool", "import reads it"),
        ("a.keras", "a model of another tool", "import reads it"),
        ("lfs.onnx", "a Git LFS pointer", "fetch the file itself with git lfs pull"),
    ] {
        let words = format!("{file}: looks like {kind}, {inputs}{remedy}");
        check(&format!("predict good.fnet --input {file}"), &words);
        let export = format!("export good.safetensors --dataset set --calibration {file} --out a.fnet");
        check(&export, &format!("--calibration: {words}"));
    }
    check("train --dataset a.keras --out x", "a.keras: looks like a model of another tool, but a data set is a table");
    check("inspect good.fnet --board-file lfs.onnx", "lfs.onnx: cannot be read (a Git LFS pointer: fetch the file");
    check("summary good.safetensors --config lfs.onnx", "--config lfs.onnx: cannot be read (a Git LFS pointer: fetch");
    check("predict good.fnet --input a.csv", "a.csv: has 2 columns, but the model takes 1 or 12; give");
    check("predict good.fnet --image a.csv", "a.csv: looks like a table of text, not a PNG picture; --dataset and");
}

/// Files that only their names make those of another tool.
#[test]
fn random_bytes_with_the_name_of_a_format() {
    let folder = Folder::new();
    for (ending, format) in
        [("onnx", "an ONNX"), ("tflite", "a TFLite"), ("pt", "a PyTorch"), ("h5", "an HDF5"), ("keras", "a .keras")]
    {
        folder.write(&format!("a.{ending}"), &[0xfe; 90]);
        let words = format!("a.{ending}: not {format} file (");
        bad_input::check(
            &folder,
            &format!("import a.{ending} --out x"),
            &[&words, "); check which file it is, or save it again"],
        );
        folder.write(&format!("empty.{ending}"), b"");
        bad_input::check(&folder, &format!("import empty.{ending} --out x"), &["is empty; copy or save it again"]);
    }
}

#[test]
fn data_sets_without_data() {
    let folder = sample::folder();
    folder.write("one.csv", b"root:x:0\nmail:x:8\n");
    folder.write("empty.npy", b"");
    folder.write("empty.npz", b"");
    folder.write("random.npy", &[1; 90]);
    std::fs::create_dir(folder.path("nothing")).expect("made");
    let check = |set: &str, words: &str| {
        bad_input::check(&folder, &format!("train --norm none --dataset {set} --out x"), &[set, words]);
    };
    check("one.csv", "has only one column, which leaves none for inputs; separate the fields of a line with commas");
    check("empty.npy", "is empty; save or fetch it again");
    check("empty.npz", "is empty; save or fetch it again");
    check("random.npy", "random.npy: is not a table of text, .npy or .npz; give one of these");
    check("nothing", "nothing: holds no data set; put the set's four IDX files, or a folder of PNG pictures for each");
}
