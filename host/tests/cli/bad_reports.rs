//! Reports that cannot be written: wrong files, other networks, and measurements that do not belong to a model.

use crate::bad_input::{check, misuse};
use crate::sample::{self, CLASSES, PIXELS, POINTER, device_model, png, write_network};
use crate::tool::Folder;
use foldnet::network::architecture::NormPlacement;

#[test]
fn reports_that_cannot_be() {
    let folder = sample::folder();
    write_network(&folder, "wide", &NormPlacement::After.layers(&[5], CLASSES), 15);
    write_network(&folder, "two", &NormPlacement::After.layers(&[5], 2), PIXELS);
    folder.write("wide.fnet", &device_model(15));
    folder.write("cut.fnet", &device_model(PIXELS)[..90]);
    let report = |arguments: &str, words: &[&str]| check(&folder, &format!("report {arguments} --dataset set"), words);
    report("none", &["none: cannot be read (No such file", "); check the path"]);
    report("good.fnet", &["good.fnet: is a device model; give the checkpoint it was exported from"]);
    report("wide.safetensors", &["wide.safetensors: takes examples of 15 values", "4x3; give the --dataset"]);
    report("two.safetensors", &["two.safetensors: has 2 classes, but the dataset has 3; give the --dataset"]);
    report("good.safetensors --limit 0", &["--limit 0: give a number of at least 1"]);
    report("good.safetensors --calibrate 0", &["--calibration-limit 0: give a number of at least 1"]);
    report("good.safetensors --threads 0", &["--threads 0: at least one thread is needed"]);
    report("good.safetensors --out none/a.html", &["none/a.html: cannot be written", "create its folder first"]);
    report("good.safetensors --out set", &["set: cannot be written", "name a file, not a folder"]);
    let model = |file: &str, words: &[&str]| report(&format!("good.safetensors --model {file}"), words);
    model("none.fnet", &["none.fnet: cannot be read (No such file", "); check the path"]);
    model("cut.fnet", &["cut.fnet: not a usable model (", "); export it again"]);
    model(
        "good.safetensors",
        &["--model good.safetensors: is a checkpoint (.safetensors); give a .fnet that `foldnet export` wrote"],
    );
    folder.write("lfs", POINTER);
    folder.write("text.txt", b"Dear reader, hello");
    model("text.txt", &["--model text.txt: is a text file; give a .fnet that `foldnet export` wrote"]);
    model(
        "good.fnet --device lfs",
        &["lfs: cannot be read (a Git LFS pointer: fetch the file itself with git lfs pull)"],
    );
    model("wide.fnet", &["wide.fnet: takes examples of 5x3, the dataset's have 4x3"]);
    model("good.fnet --model none.fnet", &["none.fnet: cannot be read"]);
    measurements_that_cannot_be_shown(&folder, report);
    folder.write("history.json", b"{ \"epochs\": 3 }");
    let no_record = ["history.json: not a record of a training (", "); train again, or remove it"];
    report("good.safetensors", &no_record);
    // Longer than any record: its permissions are not to blame.
    let long = std::fs::File::create(folder.path("history.json")).expect("a file");
    long.set_len(1 << 27).expect("a sparse file");
    report("good.safetensors", &[no_record[0], no_record[1], "134217728 bytes"]);
}

/// `--device` with a file not from `foldnet-sim`, from another model, or without the required counts.
fn measurements_that_cannot_be_shown(folder: &Folder, report: impl Fn(&str, &[&str])) {
    let device = |text: &str, words: &[&str]| {
        folder.write("run.json", text.as_bytes());
        report("good.safetensors --model good.fnet --device run.json", words);
    };
    let crc32 = foldnet_sim::record::crc32(&folder.read("good.fnet"));
    let of = |crc32: &str, fits: bool, more: &str| {
        format!(
            r#"{{"board":"microbit","core":"","target":"","model":"m.fnet","crc32":"{crc32}","bits":[32],"dataset":"set","fits":{fits}{more}}}"#
        )
    };
    let simulated = r#","images":1,"accuracy":1.0,"logits_sha256":"","flash_bytes":1,"ram_bytes":1"#;
    let run = |identical: bool, layers: &str| {
        let count = r#"{"mean":1.0,"min":1,"max":1}"#;
        let rest = layers.replace("COUNT", count);
        format!(
            r#"{simulated},"kernel":"k","compiler":null,"instructions_per_image":{count},"identical":{identical},"slot":0{rest}"#
        )
    };
    let layers = r#","instructions_per_layer":[COUNT]"#;
    let again = "write it with `foldnet-sim MODEL.fnet --board NAME --emulate --layers --json`";
    report(
        "good.safetensors --model good.fnet --device none.json",
        &["none.json: cannot be read (No such file", "); check"],
    );
    folder.write("picture.png", &png(&[7; 20], 5, 4));
    report(
        "good.safetensors --model good.fnet --device picture.png",
        &["picture.png: not a record of foldnet-sim (not UTF-8 text); write it with `foldnet-sim "],
    );
    device("", &["run.json: not a record of foldnet-sim", again]);
    device("three", &["run.json: not a record of foldnet-sim", again]);
    device("{\"board\": 3}", &["run.json: not a record of foldnet-sim", again]);
    device("[]", &["run.json: holds no measurement", again]);
    device(
        &of("0badc0de", true, &run(true, layers)),
        &["run.json: measured with m.fnet (CRC-32 0badc0de)", "none of the --model given; give that one as --model"],
    );
    device(&of(&crc32, true, simulated), &["run.json: a simulation, which counts no instructions", again]);
    device(
        &of(&crc32, true, r#","reason":"no QEMU; get it""#),
        &["run.json: microbit was not measured (no QEMU); write", again],
    );
    device(
        &of(&crc32, true, &run(true, "")),
        &["run.json: the instructions of microbit are not counted by layer", again],
    );
    let two = r#","instructions_per_layer":[COUNT,COUNT]"#;
    device(
        &of(&crc32, true, &run(true, two)),
        &["run.json: the instructions of microbit are not counted by layer", again],
    );
    device(
        &of(&crc32, true, &run(false, layers)),
        &["run.json: microbit did not give the simulator\u{2019}s logits; build its firmware from this source"],
    );
    let good = of(&crc32, true, &run(true, layers));
    device(&format!("[{good},{good}]"), &["run.json: good.fnet on microbit is already in run.json; give each once"]);
    misuse(folder, "report good.safetensors --device run.json", "--model <MODEL.fnet>");
}
