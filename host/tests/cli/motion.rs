//! `examples/motion`, from a recording to firmware: the commands in its README work as printed, and the firmware on the
//! emulated board answers every window as `foldnet predict` does.
//!
//! Needs python3, and what `foldnet-sim --emulate` needs.

use crate::tool::{Done, Folder};
use foldnet_sim::emulate::build_command;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "thumbv7em-none-eabihf";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn example() -> PathBuf {
    root().join("examples/motion")
}

/// The lines of the README's shell blocks.
fn commands(page: &str) -> Vec<&str> {
    let blocks = page.split("```sh\n").skip(1);
    blocks.flat_map(|block| block.split_once("```").expect("a closed block").0.lines()).collect()
}

/// Builds the firmware around the model in `folder`, and returns its ELF file.
fn firmware(folder: &Folder) -> PathBuf {
    let mut cargo = build_command(TARGET, &example()).unwrap_or_else(|error| panic!("{error}"));
    // In the other example's target folder, since both need the same packages.
    let target = root().join("target/examples");
    cargo.args(["--release", "--locked", "--target-dir"]).arg(&target);
    Done::of(cargo.env("MOTION_MODEL", folder.path("motion.fnet")), "cargo build").succeeded();
    target.join(TARGET).join("release/foldnet-motion")
}

/// Runs a documented command in `folder` and returns its output. Those that set up a machine, and `foldnet-sim`, which
/// other tests run, are left out.
fn carry_out(folder: &Folder, command: &str) -> String {
    let (program, arguments) = command.split_once(' ').expect("arguments");
    let done = match program {
        "foldnet" => folder.run(arguments),
        "foldnet-sim" | "rustup" => return String::new(),
        "python3" => Done::of(folder.program(Path::new(program)).args(arguments.split(' ')), command),
        "cargo" => return firmware(folder).display().to_string(),
        "qemu-system-arm" => {
            let (arguments, _) = arguments.rsplit_once(' ').expect("a kernel");
            let mut emulator = Command::new("timeout");
            emulator.current_dir(folder.path("")).args(["60", program]).args(arguments.split(' '));
            Done::of(emulator.arg(firmware(folder)), command)
        }
        _ => panic!("not a command of this page: {command}"),
    };
    done.succeeded().stdout
}

#[test]
fn the_page_leads_to_firmware_that_answers_as_the_pc_does() {
    let folder = Folder::new();
    folder.write("record.py", &std::fs::read(example().join("record.py")).expect("the generator"));
    let page = std::fs::read_to_string(example().join("README.md")).expect("the page");
    let (mut predicted, mut said) = (String::new(), String::new());
    for command in commands(&page) {
        let text = carry_out(&folder, command);
        match command {
            _ if command.starts_with("foldnet predict ") => predicted = text,
            _ if command.starts_with("qemu-system-arm ") => said = text,
            _ => (),
        }
    }
    // `0: still (99.8 %)`
    let class = |line: &str| line.split(' ').nth(1).map(str::to_owned);
    let expected: Vec<String> = predicted.lines().filter_map(class).collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    // One minute has 3,000 samples; the motions alternate every ten seconds.
    assert_eq!(expected.len(), (3_000 - 64) / 16 + 1);
    for (turn, motion) in ["still", "walk", "shake", "still", "walk", "shake"].iter().enumerate() {
        // Windows entirely within one motion.
        let windows = (500 * turn).div_ceil(16)..=(500 * (turn + 1) - 64) / 16;
        let (count, right) = (windows.clone().count(), windows.filter(|&window| expected[window] == *motion).count());
        assert!(right * 10 >= count * 8, "{motion}: {right} of {count} windows");
    }
}

#[test]
fn firmware_without_its_model_says_what_to_do() {
    let mut cargo = build_command(TARGET, &example()).unwrap_or_else(|error| panic!("{error}"));
    cargo.args(["--release", "--locked", "--target-dir"]).arg(root().join("target/examples"));
    let done = Done::of(cargo.env("MOTION_MODEL", "/nothing.fnet"), "cargo build");
    let remedy = "/nothing.fnet: no such file; create it with `foldnet export` (see README.md)";
    assert!(done.code != Some(0) && done.stderr.contains(remedy), "{done:?}");
}
