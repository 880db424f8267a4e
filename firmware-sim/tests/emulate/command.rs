//! `foldnet-sim --emulate`: output of a successful run, and the one-line error if something is missing.

use crate::models;
use foldnet_core::Model;
use foldnet_sim::board::BOARDS;
use foldnet_sim::{AlignedBytes, Record, simulate};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a model and twelve test images.
fn room() -> (TempDir, Vec<u8>) {
    let room = TempDir::new().unwrap();
    let (pixels, labels) = models::images(12, 16, 5);
    let labels: Vec<u16> = labels.iter().map(|label| label % 2).collect();
    let header = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(room.path().join(name), bytes).unwrap();
    for part in ["train", "t10k"] {
        write(&format!("{part}-images-idx3-ubyte"), [header(&[0x803, 12, 4, 4]), pixels.clone()].concat());
        write(
            &format!("{part}-labels-idx1-ubyte"),
            [header(&[0x801, 12]), labels.iter().map(|&label| label as u8).collect()].concat(),
        );
    }
    write("labels.txt", b"no\nyes\n".to_vec());
    write("model.fnet", models::random_integer(4, 4, &[3, 2], 4, 1));
    let bytes = AlignedBytes::read(room.path().join("model.fnet")).unwrap();
    let digest = simulate(&Model::parse(&bytes).unwrap(), models::view(&pixels, &labels), &mut |_| ()).logits_sha256;
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

/// A row for each layer; their sum is the count of an image, except for the way into each layer
/// and the choice of the class.
#[test]
fn layers_are_measured_one_by_one() {
    let (room, _) = room();
    let args = ["--board", "netduinoplus2", "--emulate", "--layers", "--json"];
    let output = run(room.path(), &args, None);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let record: Record = serde_json::from_slice(&output.stdout).unwrap();
    let run = record.measured.and_then(|measured| measured.emulated).expect("an emulated run");
    let layers = run.instructions_per_layer.expect("layers");
    let (sum, all) = (layers.iter().map(|layer| layer.mean).sum::<f64>(), run.instructions_per_image.mean);
    assert_eq!((record.model.as_str(), layers.len(), run.identical), ("model.fnet", 2, true));
    assert!((sum - all).abs() < 500.0, "{sum} of {all}");
    assert!(run.compiler.is_some_and(|compiler| said.contains(&compiler)), "{said}");
    for (index, layer) in layers.iter().enumerate() {
        assert!(0 < layer.min && layer.min <= layer.max, "{layer:?}");
        let row = said.lines().find(|line| line.starts_with(&format!("| {index:>5} |"))).expect("a row");
        assert!(row.contains(&format!("{:.1} %", 100.0 * layer.mean / all)), "{row}");
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
        (&["--board", "microbit", "--emulate", "--firmware", "text"], None, &["text: is not firmware"]),
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
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("foldnet-sim: ")).collect();
        assert_eq!((output.status.code(), errors.len()), (Some(1), 1), "{args:?}: {said}");
        assert!(parts.iter().all(|part| errors[0].contains(part)), "{args:?}: not all of {parts:?} in: {said}");
    }
    for usage in [&["--emulate"][..], &["--board", "all"], &["--board", "all", "--emulate", "--firmware", "elf"]] {
        assert_eq!(run(room.path(), usage, None).status.code(), Some(2), "{usage:?}");
    }
}

#[test]
fn all_boards_give_a_table() {
    let (room, digest) = room();
    // 317 KB, too large for a 256 KB part.
    std::fs::write(room.path().join("large.fnet"), models::random_integer(4, 4, &[1000, 300, 2], 8, 1)).unwrap();
    let output = run(room.path(), &["large.fnet", "--board", "all", "--emulate", "--layers", "--json"], None);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "is not an error: {said}");
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows.len(), 2 * BOARDS.len());
    for (board, rows) in BOARDS.iter().zip(rows.chunks_exact(2)) {
        let [small, large] = rows else { panic!("two rows per board") };
        assert_eq!((&small["board"], &small["model"]), (&board.name.into(), &"model.fnet".into()));
        assert_eq!((&small["identical"], &small["images"]), (&true.into(), &12.into()), "{small}");
        assert_eq!(small["logits_sha256"].as_str().map(str::as_bytes), Some(&digest[..]), "{small}");
        assert_eq!((&large["board"], &large["model"]), (&board.name.into(), &"large.fnet".into()));
        let fits = board.flash.len > 256 * 1024;
        assert_eq!((&large["fits"], large["reason"].is_string()), (&fits.into(), !fits), "{large}");
        assert_eq!(large["identical"].as_bool(), fits.then_some(true), "{large}");
    }
    let ran =
        rows.iter().filter(|row| row["instructions_per_layer"].as_array().is_some_and(|layers| !layers.is_empty()));
    let ran = ran.count();
    assert_eq!(ran, rows.iter().filter(|row| row["fits"] == true).count());
    // The second table has a row for each layer: two of the small model, three of the large one.
    let layers = 2 * BOARDS.len() + 3 * (ran - BOARDS.len());
    let lines = said.lines().filter(|line| line.starts_with("| ")).count();
    assert_eq!(lines, 2 + 2 * BOARDS.len() + 2 + layers, "{said}");
    for part in ["does not fit", "- microbit, large: the model does not fit microbit's flash", "rustc", "QEMU emulator"]
    {
        assert!(said.contains(part), "no {part} in: {said}");
    }
}

#[test]
fn a_board_that_cannot_run_does_not_keep_others_from_it() {
    let (room, _) = room();
    std::fs::write(room.path().join("twice.fnet"), std::fs::read(room.path().join("model.fnet")).unwrap()).unwrap();
    std::fs::write(room.path().join("elf"), crate::firmware("microbit").file()).unwrap();
    let empty = TempDir::new().unwrap();
    let args = ["twice.fnet", "--board", "microbit", "--emulate", "--firmware", "elf"];
    let output = run(room.path(), &args, Some(empty.path()));
    let (table, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(table.matches("| failed").count(), 2, "{table}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("2 of 2 runs") && said.contains("apt-get install qemu-system-arm"), "{said}");
}

#[test]
fn firmware_that_was_built_before_is_enough() {
    let (room, _) = room();
    std::fs::write(room.path().join("elf"), crate::firmware("microbit").file()).unwrap();
    let args = ["--board", "microbit", "--emulate", "--firmware", "elf"];
    let output = run(room.path(), &args, None);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("all equal") && !said.contains("built by"), "{said}");
    // No thread can be started, because none gets a stack of 2^50 bytes; several models still run.
    std::fs::copy(room.path().join("model.fnet"), room.path().join("twice.fnet")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_foldnet-sim"));
    command.current_dir(room.path()).args(["model.fnet", "twice.fnet", "--dataset", "."]).args(args);
    let output = command.env("RUST_MIN_STACK", (1_u64 << 50).to_string()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
