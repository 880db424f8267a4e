//! One case per line: the input, and the one-line message. Nothing else may change: no file is created, deleted or
//! changed, and stdout stays empty.

use crate::sample::{
    self, CLASSES, PIXELS, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, Tensors, broken_gzip, device_model,
    images, labels, png, write_network,
};
use crate::tool::{Done, Folder};
use foldnet::network::architecture::NormPlacement;
use foldnet_core::Layer;
use foldnet_core::model::VERSION;
use std::fs::{create_dir, remove_file};
use std::path::Path;

/// Runs in `folder`, which must stay as it is; stdout must stay empty.
fn run_untouched(folder: &Folder, arguments: &str) -> Done {
    let before = folder.contents();
    let done = folder.run(arguments);
    assert_eq!(done.stdout, "", "{done:?}");
    assert!(folder.contents() == before, "files changed: {done:?}");
    done
}

/// Refuses with one line that holds `words`.
pub(crate) fn check(folder: &Folder, arguments: &str, words: &[&str]) {
    run_untouched(folder, arguments).refused(words);
}

/// Refuses as misuse of the command line.
pub(crate) fn misuse(folder: &Folder, arguments: &str, words: &str) {
    run_untouched(folder, arguments).misused(words);
}

#[test]
fn train_with_impossible_values() {
    let folder = sample::folder();
    let train = |values: &str, words: &[&str]| {
        check(&folder, &format!("train --norm after --dataset set --out run {values}"), words);
    };
    train("--hidden 0", &["--hidden 0: every layer needs at least one unit"]);
    train("--dropout .1,.2,.3", &["--dropout: 3 shares for 2 hidden layers; give one share, or one for each layer"]);
    train("--hidden 300,0", &["--hidden 300,0: every layer needs at least one unit"]);
    train("--hidden 70000", &["--hidden", "a width must be 1 to 65535"]);
    train(
        "--hidden 60000,60000",
        &["--hidden: 3,601,", "parameters need 13738.63 MB, more than the limit of 1024.00 MB"],
    );
    train("--hidden 5,5,5,5,5,5,5,5,5,5,5,5,5,5,5,5", &["--hidden", "more than", "16 Dense"]);
    train("--hidden 5,5,5,5,5,5,5,5,5,5,5,5,5,5,5,5,5,5,5,5,5", &["--hidden", "more than 64 layers"]);
    train("--batch-size 0", &["--batch-size 0: give a number of at least 1"]);
    train("--epochs 0", &["--epochs 0: give a number of at least 1"]);
    train("--learning-rate 0", &["--learning-rate 0: give a positive number, such as 0.01"]);
    train("--learning-rate -1", &["--learning-rate -1: give a positive number"]);
    train("--learning-rate=-0.01", &["--learning-rate -0.01: give a positive number"]);
    train("--learning-rate nan", &["--learning-rate NaN: give a positive number"]);
    train("--learning-rate inf", &["--learning-rate inf: give a positive number"]);
    train("--limit 0", &["--limit 0: give a number of images of at least 1"]);
    train("--threads 0", &["--threads 0: at least one thread is needed"]);
    check(&folder, "demo --epochs 0 --dataset set --out run", &["--epochs 0: give a number of at least 1"]);
    check(&folder, "demo --threads 0 --dataset set --out run", &["--threads 0: at least one thread is needed"]);
}

#[test]
fn train_where_nothing_can_be_written() {
    let folder = sample::folder();
    let refused = |out: &str, cause: &str| {
        let words = [&format!("{out}: cannot be written to ({cause}"), "); name another folder"];
        check(&folder, &format!("train --norm before --dataset set --out {out}"), &words);
        check(&folder, &format!("import good.safetensors --out {out}"), &words);
        check(&folder, &format!("demo --dataset set --out {out}"), &words);
        check(&folder, &format!("compare --seeds 1 --dataset set --runs {out}"), &words);
    };
    refused("good.fnet", "it is a file, not a folder");
    refused("good.fnet/run", "good.fnet is a file");
    refused("/proc/run", "");
    refused("/proc", "");
}

#[test]
fn train_from_what_does_not_fit() {
    let folder = sample::folder();
    write_network(&folder, "wide", &NormPlacement::After.layers(&[5], CLASSES), 15);
    write_network(&folder, "four", &NormPlacement::After.layers(&[5], 4), PIXELS);
    let train = |init: &str, words: &[&str]| {
        check(&folder, &format!("train --dataset set --out run --init {init}"), words);
    };
    train("none.safetensors", &["none.safetensors: cannot be read", "check the path"]);
    train("good.fnet", &["good.fnet: is a device model; give the checkpoint it was exported from"]);
    train("wide.safetensors", &["--init", "15 values", "has 4x3", "give the --dataset it was trained on"]);
    train("four.safetensors", &["--init", "4 classes", "4x3 and 3", "give the --dataset it was trained on"]);
    train(
        "good.safetensors --norm none",
        &["good.safetensors: its layer list has BatchNormalization; leave out --norm"],
    );
    train("good.safetensors --norm before", &["good.safetensors", "no BatchNormalization before", "--norm before"]);
}

#[test]
fn usage() {
    let folder = sample::folder();
    misuse(&folder, "train --norm middle --out run", "give after, before or none");
    misuse(&folder, "train --norm after --hidden many --out run", "'many' for '--hidden");
    misuse(&folder, "evaluate good.safetensors --split all", "give train, valid or test");
    misuse(&folder, "evaluate good.safetensors --pixels half", "give raw (pixels of 0 to 255) or unit (0 to 1)");
    misuse(&folder, "evaluate", "<FILE>");
    misuse(&folder, "export good.safetensors", "--out <MODEL>");
    misuse(&folder, "predict good.safetensors --dataset set", "<--index <N>|--image <PNG>|--input <FILE|->>");
    misuse(&folder, "predict good.safetensors --dataset set --index 0 --image a.png", "cannot be used with");
    misuse(&folder, "evaluate good.safetensors --epsilon 0", "give a positive number, such as 0.00001");
    misuse(&folder, "export good.safetensors --bits many --out a.fnet", "'many' for '--bits");
    misuse(&folder, "inspect", "<MODEL.fnet|DIR|FILE>");
    misuse(&folder, "summary", "<DIR|FILE>");
    misuse(&folder, "report", "<RUN|FILE>");
    misuse(&folder, "report good.safetensors --limit=-1", "'-1' for '--limit");
    misuse(&folder, "demo --board-images few", "'few' for '--board-images");
    misuse(&folder, "prune good.safetensors", "unrecognized subcommand 'prune'");
}

/// The modified set is rejected by every command that reads the part; the message names the file.
fn check_set(change: impl Fn(&Folder), file: &str, words: &str) {
    let folder = sample::folder();
    change(&folder);
    check(&folder, "train --norm after --dataset set --out run", &[file, words]);
    check(&folder, "evaluate good.safetensors --dataset set", &[file, words]);
    if file.contains("t10k") && !words.contains("the training images") {
        check(&folder, "export good.safetensors --bits 32 --out a.fnet --dataset set", &[file, words]);
        check(&folder, "predict good.fnet --index 0 --dataset set", &[file, words]);
    }
}

#[test]
fn datasets_with_one_fault() {
    let packed = |name: &str| format!("{name}.gz");
    let replace = |old: &'static str, new: &'static str, bytes: Vec<u8>| {
        move |folder: &Folder| {
            remove_file(folder.path(old)).expect("removed");
            folder.write(new, &bytes);
        }
    };
    let with = |name: &'static str, bytes: Vec<u8>| replace(name, name, bytes);
    let gz = "set/t10k-images-idx3-ubyte.gz";
    let file = images(9, 4, 3);
    let remove = |name: &'static str| move |folder: &Folder| remove_file(folder.path(name)).expect("removed");
    check_set(remove(TRAIN_IMAGES), &packed(TRAIN_IMAGES), "no such file, packed or unpacked");
    check_set(remove(TRAIN_LABELS), &packed(TRAIN_LABELS), "no such file, packed or unpacked");
    check_set(remove(TEST_IMAGES), &packed(TEST_IMAGES), "no such file, packed or unpacked");
    check_set(remove(TEST_LABELS), &packed(TEST_LABELS), "no such file, packed or unpacked");
    check_set(replace(TEST_IMAGES, gz, broken_gzip(&file)), gz, "its gzip stream ends early; fetch it again");
    check_set(replace(TEST_IMAGES, gz, file.clone()), gz, "is named .gz but is not gzip");
    check_set(with(TEST_IMAGES, Vec::new()), TEST_IMAGES, "is empty; save or fetch it again");
    check_set(with(TEST_IMAGES, labels(9, 3)), TEST_IMAGES, "is an IDX file of one dimension, as labels are");
    check_set(with(TEST_LABELS, file.clone()), TEST_LABELS, "is an IDX file of 3 dimensions, but labels have one");
    check_set(with(TEST_IMAGES, file[..10].to_vec()), TEST_IMAGES, "ends within its IDX header");
    check_set(with(TEST_IMAGES, file[..100].to_vec()), TEST_IMAGES, "declares 108 bytes of images but holds 84");
    check_set(with(TEST_IMAGES, [file, vec![0]].concat()), TEST_IMAGES, "continues after the 108 bytes of images");
    check_set(
        with(TEST_LABELS, labels(8, 3)),
        TEST_LABELS,
        "holds 8 labels for 9 images; take both files from one set",
    );
    check_set(with(TRAIN_LABELS, labels(25, 3)), TRAIN_LABELS, "holds 25 labels for 24 images");
    check_set(with(TEST_IMAGES, images(9, 3, 4)), TEST_IMAGES, "are 3x4, but the training images are 4x3; take both");
    check_set(|folder| folder.write("set/labels.txt", b"one\ntwo\n"), TEST_LABELS, "has no name in labels.txt");
}

#[test]
fn datasets_that_are_not_there() {
    let folder = sample::folder();
    check(&folder, "train --norm after --dataset none --out run", &["none: no such file or folder; give --dataset"]);
    check(&folder, "evaluate good.safetensors --dataset none", &["none: no such file or folder; give --dataset"]);
    check(
        &folder,
        "export good.safetensors --bits 32 --out a.fnet --dataset none",
        &["none: no such file or folder; give --dataset"],
    );
    check(
        &folder,
        "predict good.fnet --index 0 --dataset good.fnet",
        &["good.fnet: looks like a device model (.fnet), but a data set is a table of text, .npy or .npz; give"],
    );
    check(&folder, "demo --dataset none --out run", &["none: no such file or folder; give --dataset"]);
}

/// Refuses `bad.safetensors` in every command that takes a checkpoint.
fn check_checkpoint(bytes: &[u8], words: &str) {
    let folder = sample::folder();
    folder.write("bad.safetensors", bytes);
    let words = &["bad.safetensors", words];
    check(&folder, "summary bad.safetensors", words);
    check(&folder, "evaluate bad.safetensors --dataset set", words);
    check(&folder, "export bad.safetensors --bits 32 --out a.fnet --dataset set", words);
    check(&folder, "predict bad.safetensors --index 0 --dataset set", words);
    check(&folder, "train --init bad.safetensors --dataset set --out run", words);
}

/// The same for the good checkpoint, changed.
fn check_changed(change: impl FnOnce(&mut Tensors), words: &str) {
    let mut tensors = Tensors::read(&sample::folder().path("good.safetensors"));
    change(&mut tensors);
    check_checkpoint(&tensors.bytes(), words);
}

#[test]
fn checkpoints_with_one_fault() {
    let good = sample::folder().read("good.safetensors");
    check_checkpoint(b"", "is empty; copy or save it again");
    check_checkpoint(
        b"this is a text of some length",
        "looks like a text file, not a trained network; give a checkpoint",
    );
    check_checkpoint(&png(&[7; 20], 5, 4), "looks like a PNG picture, not a trained network; predict --image takes it");
    check_checkpoint(b"a,b\n1,2\n", "looks like a table of text, not a trained network; --dataset and predict --input");
    check_checkpoint(&[0xfe; 90], "is not a safetensors file");
    check_checkpoint(b"PK\x03\x04 and so on", "the zip file is damaged");
    check_checkpoint(&good[..good.len() - 1], "is truncated:");
    check_checkpoint(&good[..20], "is truncated:");
    check_checkpoint(&[&good[..], &[0; 4]].concat(), "4 bytes behind the last tensor");
    check_changed(|file| file.remove("dense/bias"), "dense/bias is missing; the file is incomplete");
    check_changed(|file| file.remove("pixel_std"), "pixel_std is missing");
    check_changed(|file| file.get("dense/kernel").0 = vec![10, 6], "has shape [10, 6], expected [12, 5]");
    check_changed(|file| file.get("dense_1/kernel").0 = vec![15], "has shape [15], expected [5, 3]");
    let nan = f32::NAN.to_le_bytes();
    check_changed(|file| file.get("dense/kernel").1[..4].copy_from_slice(&nan), "holds NaN at [0, 0], expected a");
    check_changed(|file| file.get("pixel_std").1[..4].fill(0), "pixel_std holds 0 at [0], expected a positive");
}

#[test]
fn checkpoints_of_keras_that_do_not_tell_enough() {
    let folder = sample::folder();
    let layers = [Layer::dense(5), Layer::Relu, Layer::batch_norm(), Layer::dense(CLASSES), Layer::Softmax];
    write_network(&folder, "keras", &layers, PIXELS);
    let mut tensors = Tensors::read(&folder.path("keras.safetensors"));
    tensors.metadata.clear();
    folder.write("keras.safetensors", &tensors.bytes());
    check(&folder, "summary keras.safetensors", &["keras.safetensors", "give --norm after, before or none"]);
    folder.run("evaluate keras.safetensors --norm after --dataset set").succeeded();
    check(&folder, "summary keras.safetensors --norm after --pixels raw", &["standardized", "leave out --pixels raw"]);
    tensors.remove("pixel_mean");
    tensors.remove("pixel_std");
    folder.write("keras.safetensors", &tensors.bytes());
    check(&folder, "summary keras.safetensors --norm after", &["keras.safetensors", "--pixels raw", "--pixels unit"]);
    folder.run("evaluate keras.safetensors --norm after --pixels unit --dataset set").succeeded();
}

#[test]
fn files_that_are_not_there() {
    let folder = sample::folder();
    create_dir(folder.path("empty")).expect("made");
    for command in
        ["summary", "evaluate --dataset set", "export --bits 32 --out a.fnet --dataset set", "predict --index 0"]
    {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        for (file, named) in [
            ("none.safetensors", "none.safetensors: cannot be read"),
            ("none.fnet", "none.fnet: cannot be read"),
            ("empty", "empty/model.safetensors: cannot be read"),
        ] {
            check(&folder, &format!("{name} {file} {rest}"), &[named, "check the path"]);
        }
    }
    check(&folder, "inspect none.fnet", &["none.fnet: cannot be read", "check the path"]);
    check(&folder, "inspect set", &["set/model.safetensors: cannot be read", "check the path"]);
    check(&folder, "train --init empty --dataset set --out run", &["empty/model.safetensors: cannot be read"]);
}

/// Refuses `bad.fnet` in every command that takes a device model.
fn check_model(bytes: &[u8], words: &str) {
    let folder = sample::folder();
    folder.write("bad.fnet", bytes);
    let words = &["bad.fnet: not a usable model (", "); export it again", words];
    check(&folder, "inspect bad.fnet", words);
    check(&folder, "summary bad.fnet", words);
    check(&folder, "evaluate bad.fnet --dataset set", words);
    check(&folder, "predict bad.fnet --index 0 --dataset set", words);
}

#[test]
fn device_models_with_one_fault() {
    let good = device_model(PIXELS);
    let flipped = |bit: usize| {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    let len = good.len();
    check_model(b"", "too short for a model");
    check_model(b"this is a text, and it is long enough for a model", "does not begin with FNET");
    check_model(&good[..len - 1], &format!("declares {len} bytes but has {}: it is", len - 1));
    check_model(&good[..20], &format!("declares {len} bytes but has 20: it is"));
    check_model(&[&good[..], &[0]].concat(), "truncated or has trailing data");
    check_model(&flipped(8 * (len / 2) + 3), "the checksum does not match: the model is damaged");
    check_model(&flipped(8 * len - 1), "the checksum does not match: the model is damaged");
    let version = format!("model format version {}, this program reads {VERSION}", VERSION ^ 2);
    check_model(&flipped(8 * 4 + 1), &version);
    check_model(&flipped(0), "does not begin with FNET");
    let folder = sample::folder();
    folder.write("renamed.bin", &flipped(8 * len - 1));
    check(&folder, "inspect renamed.bin", &["renamed.bin", "the checksum does not match"]);
    check(&folder, "evaluate renamed.bin --dataset set", &["renamed.bin", "the checksum does not match"]);
}

#[test]
fn networks_that_do_not_go_with_the_images() {
    let folder = sample::folder();
    write_network(&folder, "wide", &NormPlacement::After.layers(&[5], CLASSES), 15);
    write_network(&folder, "two", &NormPlacement::After.layers(&[5], 2), PIXELS);
    folder.write("wide.fnet", &device_model(15));
    let dataset = "give the --dataset it was trained on";
    let check = |arguments: &str, words: &[&str]| check(&folder, &format!("{arguments} --dataset set"), words);
    check("evaluate wide.safetensors", &["wide.safetensors: takes examples of 15 values", "have 4x3", dataset]);
    check("evaluate wide.fnet", &["wide.fnet: takes examples of 5x3, the dataset's have 4x3", dataset]);
    check(
        "export wide.safetensors --bits 32 --out a.fnet",
        &["wide.safetensors: takes examples of 15 values", dataset],
    );
    check("predict wide.safetensors --index 0", &["wide.safetensors: takes examples of 15 values", dataset]);
    check("predict wide.fnet --index 0", &["wide.fnet: takes examples of 5x3, the dataset's have 4x3", dataset]);
    check("evaluate two.safetensors", &["two.safetensors: has 2 classes, but the dataset has 3", dataset]);
    check("export two.safetensors --out a.fnet", &["two.safetensors: has 2 classes, but the dataset has 3", dataset]);
    check("predict two.safetensors --index 2", &["two.safetensors: has 2 classes, but the dataset has 3", dataset]);
}

/// The same number of pixels is not enough: 3 x 4 is not 4 x 3.
#[test]
fn images_that_lie_on_their_side() {
    let folder = sample::folder();
    folder.write(TRAIN_IMAGES, &images(24, 3, 4));
    folder.write(TEST_IMAGES, &images(9, 3, 4));
    folder.write("side.png", &png(&[7; PIXELS], 3, 4));
    let words = &["good.fnet: takes examples of 4x3, the dataset's have 3x4; give the --dataset"];
    check(&folder, "evaluate good.fnet --dataset set", words);
    check(&folder, "predict good.fnet --index 0 --dataset set", words);
    check(&folder, "predict good.fnet --image side.png", &["side.png: 3x4 pixels, but good.fnet takes 4x3; scale"]);
    folder.run("train --norm after --hidden 5 --epochs 1 --dataset set --out run").succeeded();
    folder.write(TRAIN_IMAGES, &images(24, 4, 3));
    folder.write(TEST_IMAGES, &images(9, 4, 3));
    let words = &["run: takes examples of 3x4, the dataset's have 4x3; give the --dataset"];
    check(&folder, "evaluate run --dataset set", words);
    check(&folder, "export run --out a.fnet --dataset set", words);
    check(
        &folder,
        "train --init run --dataset set --out other",
        &["--init: the network takes 3x4 and has 3 classes", "4x3 and 3"],
    );
}

#[test]
fn exports_that_cannot_be() {
    let folder = sample::folder();
    let norm = Layer::batch_norm();
    let dense = [Layer::dense(5), Layer::dense(CLASSES), Layer::Softmax];
    let twice = [dense[0], Layer::Relu, norm, Layer::Relu, dense[1], dense[2]];
    write_network(&folder, "twice", &twice, PIXELS);
    write_network(&folder, "last", &[dense[0], Layer::Relu, norm, Layer::Softmax], PIXELS);
    let export = |arguments: &str, words: &[&str]| {
        check(&folder, &format!("export {arguments} --bits 32 --dataset set"), words);
    };
    export("twice.safetensors --out a.fnet", &["twice.safetensors", "cannot be exported", "layer 3 (ReLU)"]);
    export("last.safetensors --out a.fnet", &["last.safetensors", "layer 2 (BatchNormalization)"]);
    export("good.fnet --out a.fnet", &["good.fnet: is a device model; give the checkpoint it was exported from"]);
    export("good.safetensors --out none/a.fnet", &["none/a.fnet: cannot be written", "create its folder first"]);
    export("good.safetensors --out set", &["set: cannot be written", "name a file, not a folder"]);
    export("good.safetensors --out good.fnet/a", &["good.fnet/a: cannot be written", "create its folder first"]);
    let bits = |bits: &str, words: &[&str]| {
        check(&folder, &format!("export good.safetensors --dataset set --out a.fnet {bits}"), words);
    };
    bits("--bits 7", &["--bits 7: weights have 32, 8, 4 or 2 bits"]);
    bits("--bits 4,8,8,8", &["--bits 4,8,8,8: give one number, or one for each of the"]);
    bits("--bits 32,32,8", &["--bits 32,32,8: "]);
    bits("--bits 4 --calibrate 0", &["--calibration-limit 0: give a number of examples"]);
}

#[test]
fn comparisons_that_cannot_be() {
    let folder = sample::folder();
    write_network(&folder, "wide", &NormPlacement::After.layers(&[5], CLASSES), 15);
    write_network(&folder, "four", &NormPlacement::After.layers(&[5], 4), PIXELS);
    write_network(&folder, "two", &NormPlacement::After.layers(&[5], 2), PIXELS);
    folder.write("cut.fnet", &device_model(PIXELS)[..90]);
    let compare =
        |arguments: &str, words: &[&str]| check(&folder, &format!("compare {arguments} --dataset set"), words);
    compare("good.fnet none.fnet", &["none.fnet: cannot be read", "check the path"]);
    compare("none good.fnet", &["none: cannot be read", "check the path"]);
    compare("good.fnet cut.fnet", &["cut.fnet: not a usable model (", "); export it again"]);
    compare("good.fnet wide.safetensors", &["wide.safetensors: takes examples of 15 values", "give the --dataset"]);
    compare("good.fnet two.safetensors", &["two.safetensors: has 2 classes, but the dataset has 3"]);
    compare("good.fnet four.safetensors", &["four.safetensors: has 4 classes, but good.fnet has 3"]);
    compare("good.fnet good.safetensors --threads 0", &["--threads 0: at least one thread is needed"]);
    check(
        &folder,
        "compare good.fnet good.safetensors --dataset none",
        &["none: no such file or folder; give --dataset"],
    );
    let study = |arguments: &str, words: &[&str]| compare(&format!("--seeds 2 --runs runs {arguments}"), words);
    study("--out none/a.svg", &["none/a.svg: cannot be written", "create its folder first"]);
    study("--out set", &["set: cannot be written", "name a file, not a folder"]);
    study("--epochs 0", &["--epochs 0: give a number of at least 1"]);
    study("--norms none,none", &["--norms: none is named twice; name each once"]);
    study("--hidden 0", &["--hidden", "a width must be 1 to 65535"]);
    study("--threads 0", &["--threads 0: at least one thread is needed"]);
    compare("--seeds 0", &["--seeds 0: give a number from 1 to 1000"]);
    compare("--seeds 1001", &["--seeds 1001: give a number from 1 to 1000"]);
    compare("--seeds 1 --epochs 1 --hidden 4 --runs good.fnet", &["good.fnet", "cannot be written to"]);
    misuse(&folder, "compare good.fnet", "give at least 2 values for DIR|FILE; only 1 was given");
    misuse(&folder, "compare --seeds many", "'many' for '--seeds");
    misuse(&folder, "compare good.fnet good.fnet --split half", "give train, valid or test");
    misuse(&folder, "compare good.fnet good.fnet --epsilon=-1", "give a positive number, such as 0.00001");
}

#[test]
fn pictures_that_cannot_be_classified() {
    let folder = sample::folder();
    let whole = png(&[7; 20], 5, 4);
    folder.write("five.png", &whole);
    folder.write("cut.png", &whole[..whole.len() - 30]);
    folder.write("text.png", b"this is no picture");
    let predict = |file: &str, words: &[&str]| {
        check(&folder, &format!("predict good.safetensors {file}"), words);
        check(&folder, &format!("predict good.fnet {file}"), words);
    };
    predict("--dataset set --index 9", &["--index 9: the test images are 0 to 8"]);
    predict("--dataset set --index 18446744073709551615", &["the test images are 0 to 8"]);
    predict("--image none.png", &["none.png: cannot be read (No such file", "check the file"]);
    predict("--image set", &["set: cannot be read (a folder, not a file); check"]);
    predict("--image text.png", &["text.png: looks like a text file, not a PNG picture; give a .png"]);
    predict("--image cut.png", &["cut.png: not a readable PNG (", "); convert it again"]);
    predict("--image five.png", &["five.png: 5x4 pixels, but good.", "takes ", "; scale it first"]);
}

#[test]
fn a_full_disk() {
    let folder = sample::folder();
    let words = &["/dev/full: cannot be written", "No space left on device", "free some space"];
    assert!(Path::new("/dev/full").exists(), "this test needs Linux");
    check(&folder, "evaluate good.safetensors --dataset set --predictions /dev/full", words);
    check(&folder, "export good.safetensors --bits 32 --dataset set --out /dev/full", words);
    let words = &["none/classes: cannot be written", "create its folder first"];
    check(&folder, "evaluate good.safetensors --dataset set --predictions none/classes", words);
}

/// A checkpoint that does not fit on the disk, simulated with the shell's file size limit.
#[test]
fn a_disk_that_fills_while_training() {
    let folder = sample::folder();
    folder.run("train --norm after --hidden 5 --epochs 1 --dataset set --out run").succeeded();
    let before = folder.contents();
    let arguments = "train --norm before --hidden 400 --dataset set --out run";
    let mut shell = folder.program(Path::new("sh"));
    shell.args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"", crate::tool::FOLDNET]);
    let done = Done::of(shell.args(arguments.split(' ')), arguments);
    done.refused(&["run/model.safetensors: cannot be written", "; nothing new was written to run"]);
    assert!(folder.contents() == before, "the finished run is whole, and nothing is left beside it");
}
