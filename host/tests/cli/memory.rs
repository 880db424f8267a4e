//! The program's use of memory is as `docs/limits.md` states, measured on Linux.

use crate::sample::{TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, images, labels};
use crate::tool::{Done, FOLDNET, Folder};
use std::fs::read_to_string;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Bytes per image: 28 x 28 pixels and a label.
const IMAGE: usize = 28 * 28 + 1;

/// The address space that the page states as enough for a set of the size of Fashion-MNIST, in KB.
const ENOUGH: usize = 450_000;

/// A folder with `set/`: `train` training images, and a sixth as many for testing, in ten classes.
fn set(train: usize) -> Folder {
    let folder = Folder::new();
    for (count, images_file, labels_file) in
        [(train, TRAIN_IMAGES, TRAIN_LABELS), (train / 6, TEST_IMAGES, TEST_LABELS)]
    {
        folder.write(images_file, &images(count, 28, 28));
        folder.write(labels_file, &labels(count as u32, 10));
    }
    folder
}

const TRAIN: &str = "train --norm none --hidden 4 --epochs 1 --threads 2 --limit 1000 --dataset set --out run";

/// Peak resident memory of a run in bytes.
fn peak(folder: &Folder, arguments: &str) -> usize {
    let mut command = folder.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let mut peak = 0;
    loop {
        peak = peak.max(high_water_mark(&child).unwrap_or(0));
        if let Some(status) = child.try_wait().expect("ours to wait for") {
            assert!(status.success(), "{arguments}");
            return peak * 1024;
        }
        sleep(Duration::from_millis(1));
    }
}

/// The peak recorded by the system so far, in KB; `None` once the process has ended.
fn high_water_mark(child: &Child) -> Option<usize> {
    let status = read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn memory_is_what_is_stated() {
    let (small, large) = (set(6_000), set(60_000));
    let (few, many) = (peak(&small, TRAIN), peak(&large, TRAIN));
    let each = (many - few) / (70_000 - 7_000);
    println!("{few} bytes for 7,000 images, {many} for 70,000: {each} for each one more");
    assert!((IMAGE..IMAGE + 80).contains(&each), "{each} bytes per image, of which {IMAGE} are its own");
    assert!(many < 70_000 * IMAGE + 20_000_000, "{many} bytes in all");
    for arguments in
        [TRAIN, "evaluate run --dataset set", "export run --bits 4 --calibrate 500 --dataset set --out a.fnet"]
    {
        let mut shell = large.program(Path::new("sh"));
        shell.args(["-c", &format!("ulimit -v {ENOUGH}; exec \"$0\" \"$@\""), FOLDNET]);
        Done::of(shell.args(arguments.split(' ')), arguments).succeeded();
    }
}

/// A system that cannot start threads, simulated by requesting stacks of 2^50 bytes. One thread does all the work then,
/// with the same result; training, which wants one for Ctrl-C, says so in a line.
#[test]
fn a_system_without_threads_is_enough_or_is_named() {
    let folder = set(600);
    folder.run(TRAIN).succeeded();
    let alone = |arguments: &str| {
        let mut command = folder.command(arguments);
        Done::of(command.env("RUST_MIN_STACK", (1_u64 << 50).to_string()), arguments)
    };
    for arguments in [
        "evaluate run --dataset set --json",
        "export run --bits 4 --calibrate 100 --dataset set --out a.fnet --json",
        "predict a.fnet --index 3 --dataset set --json",
        "report run --model a.fnet --calibrate 100 --dataset set --json",
        "compare run a.fnet --dataset set --json",
    ] {
        assert_eq!(alone(arguments).json(), folder.run(arguments).json(), "{arguments}");
    }
    let before = folder.contents();
    alone(TRAIN)
        .refused(&["Ctrl-C cannot be handled, which needs a thread (", "); allow the program more memory or threads"]);
    assert!(folder.contents() == before);
}

/// Too little memory for the images: a one-line message, and no leftover files.
#[test]
fn too_little_memory_is_said() {
    let folder = set(60_000);
    let mut shell = folder.program(Path::new("sh"));
    shell.args(["-c", "ulimit -v 30000; exec \"$0\" \"$@\"", FOLDNET]).args(TRAIN.split(' '));
    let done = Done::of(&mut shell, TRAIN);
    done.refused(&[
        "train-images-idx3-ubyte: needs 47040000 bytes of memory, more than are available; give a smaller set",
    ]);
    assert!(!folder.path("run").exists());
}
