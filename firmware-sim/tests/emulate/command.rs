//! `foldnet-sim --emulate`: what it says of a good run, and its one line when something is missing.

use crate::models;
use foldnet_core::Model;
use foldnet_sim::{AlignedBytes, simulate};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a model and its own twelve test images.
fn room() -> (TempDir, Vec<u8>) {
    let room = TempDir::new().unwrap();
    let (pixels, labels) = models::images(12, 16, 5);
    let labels: Vec<u8> = labels.iter().map(|label| label % 2).collect();
    let header = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(room.path().join(name), bytes).unwrap();
    for part in ["train", "t10k"] {
        write(&format!("{part}-images-idx3-ubyte"), [header(&[0x803, 12, 4, 4]), pixels.clone()].concat());
        write(&format!("{part}-labels-idx1-ubyte"), [header(&[0x801, 12]), labels.clone()].concat());
    }
    write("labels.txt", b"no\nyes\n".to_vec());
    write("model.fnet", models::random_integer(4, 4, &[3, 2], 4, 1));
    let bytes = AlignedBytes::read(room.path().join("model.fnet")).unwrap();
    let digest = simulate(&Model::parse(&bytes).unwrap(), &pixels, &labels, &mut |_| ()).logits_sha256;
    (room, digest.into_bytes())
}

fn run(room: &Path, args: &[&str], path: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foldnet-sim"));
    command.current_dir(room).args(["model.fnet", "--dataset", "."]).args(args);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command.output().unwrap()
}

#[test]
fn a_run_says_what_was_measured() {
    let (room, digest) = room();
    let output = run(room.path(), &["--board", "microbit", "--emulate", "--json"], None);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&record["board"], &record["images"]), (&"microbit".into(), &12.into()));
    assert_eq!(record["identical"], true);
    assert_eq!(record["logits_sha256"].as_str().map(str::as_bytes), Some(&digest[..]));
    let instructions = &record["instructions_per_image"];
    let [mean, min, max] = ["mean", "min", "max"].map(|key| instructions[key].as_f64().unwrap());
    assert!(0.0 < min && min <= mean && mean <= max);
    assert!(record["kernel"].is_string() && record["flash_bytes"].is_u64() && record["ram_bytes"].is_u64());
    for part in ["all equal", "kernel", "firmware", "stack", "rustc"] {
        assert!(said.contains(part), "no {part} in: {said}");
    }
}

#[test]
fn what_is_missing_is_said_in_one_line() {
    let (room, _) = room();
    let empty = TempDir::new().unwrap();
    std::fs::write(room.path().join("text"), "no ELF").unwrap();
    let elf = room.path().join("elf");
    std::fs::write(&elf, crate::firmware("microbit").file()).unwrap();
    let riscv = room.path().join("riscv");
    std::fs::write(&riscv, crate::firmware("riscv32").file()).unwrap();
    let cases: [(&[&str], Option<&Path>, &[&str]); 5] = [
        (&["--board", "microbit", "--emulate", "--firmware", "none"], None, &["none: cannot be read"]),
        (&["--board", "microbit", "--emulate", "--firmware", "text"], None, &["text: is no firmware"]),
        (&["--board", "netduinoplus2", "--emulate", "--firmware", "elf"], None, &["built for microbit"]),
        (
            &["--board", "microbit", "--emulate", "--firmware", "elf"],
            Some(empty.path()),
            &["qemu-system-arm is not installed; apt-get install qemu-system-arm"],
        ),
        (
            &["--board", "riscv32", "--emulate", "--firmware", "riscv"],
            Some(empty.path()),
            &["qemu-system-riscv32 is not installed; apt-get install qemu-system-misc"],
        ),
    ];
    for (args, path, parts) in cases {
        let output = run(room.path(), args, path);
        let said = String::from_utf8(output.stderr).unwrap();
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!((output.status.code(), errors.len()), (Some(1), 1), "{args:?}: {said}");
        assert!(parts.iter().all(|part| errors[0].contains(part)), "{args:?}: not all of {parts:?} in: {said}");
    }
    let usage = run(room.path(), &["--emulate"], None);
    assert_eq!(usage.status.code(), Some(2), "--emulate without a board");
}

#[test]
fn firmware_that_was_built_before_is_enough() {
    let (room, _) = room();
    std::fs::write(room.path().join("elf"), crate::firmware("microbit").file()).unwrap();
    let output = run(room.path(), &["--board", "microbit", "--emulate", "--firmware", "elf"], None);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("all equal") && !said.contains("built by"), "{said}");
}
