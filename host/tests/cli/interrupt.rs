//! Training and exports that are stopped by Ctrl-C or an uncatchable signal. Existing files stay complete.

use crate::sample::{self, CLASSES, PIXELS, write_network};
use crate::tool::{Done, Folder};
use foldnet::network::architecture::NormPlacement;
use foldnet::network::checkpoint::{Checkpoint, Hints};
use foldnet::train::history::History;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

/// A network wide enough for an epoch to take seconds, with more epochs than the test could wait for.
const SLOW: &str = "train --norm after --dataset synthetic --hidden 600,300 --limit 6000 --epochs 1000 --out run";

/// Trainings that are killed, and exports.
const KILLS: [u64; 2] = [40, 60];

/// Starts the program and waits until a line of its output begins with `line`. Its output continues to be read, so that
/// it never waits for its reader.
fn start(folder: &Folder, arguments: &str, line: &str) -> Child {
    let mut command = folder.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let found = lines.by_ref().map(|text| text.expect("text")).any(|text| text.starts_with(line));
    if !found {
        panic!("no {line:?}: {:?}", child.wait_with_output());
    }
    std::thread::spawn(move || lines.count());
    child
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.expect("kill starts").success(), "the program ended before its signal");
}

/// Sends Ctrl-C and returns the program's output.
fn interrupt(mut child: Child, arguments: &str) -> Done {
    signal(&child, "-INT");
    let mut text = Vec::new();
    child.stderr.take().expect("a pipe").read_to_end(&mut text).expect("text");
    let status = child.wait().expect("it ends");
    Done::from_output(std::process::Output { status, stdout: Vec::new(), stderr: text }, arguments)
}

fn checkpoint(folder: &Folder) -> Checkpoint {
    let path = folder.path("run/model.safetensors");
    Checkpoint::read(&path, &Hints::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn history(folder: &Folder) -> History {
    History::beside(&folder.path("run/model.safetensors")).expect("whole").expect("there")
}

#[test]
fn ctrl_c_keeps_the_last_finished_epoch() {
    let folder = Folder::new();
    let done = interrupt(start(&folder, SLOW, "Epoch 1/1000"), SLOW);
    let epochs = history(&folder).epochs.len();
    let stopped = format!("stopped in epoch {}; ", epochs + 1);
    done.refused(&[&stopped, &format!("run/model.safetensors holds the network after epoch {epochs}")]);
    assert!(epochs >= 1 && history(&folder).test.is_none());
    assert_eq!(checkpoint(&folder).layers.len(), 9);
    assert_eq!(folder.contents().len(), 4, "a folder and three files: {:?}", folder.contents().keys());
    let evaluated = folder.run("evaluate run --dataset synthetic --split valid --json").json();
    let last = history(&folder).epochs[epochs - 1];
    assert_eq!((&evaluated["accuracy"], &evaluated["loss"]), (&last.val_accuracy.into(), &last.val_loss.into()));
}

#[test]
fn ctrl_c_between_trainings_ends_the_program() {
    let folder = Folder::new();
    let demo = "demo --dataset synthetic --epochs 1 --board-images 2000 --out out";
    let mut child = start(&folder, demo, "simulated image by image");
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "the shell convention for SIGINT");
    assert!(folder.path("out/after/after32.fnet").is_file() && !folder.path("out/before").exists());
}

#[test]
fn ctrl_c_in_the_first_epoch_leaves_the_older_run() {
    let folder = Folder::new();
    let quick = "train --norm before --dataset synthetic --limit 500 --hidden 5 --epochs 1 --out run";
    folder.run(quick).succeeded();
    let before = folder.contents();
    let wide = "train --norm after --dataset synthetic --hidden 2000,1000 --out run";
    let done = interrupt(start(&folder, wide, "Train on"), wide);
    done.refused(&["stopped in epoch 1; nothing new was written to run"]);
    assert!(folder.contents() == before, "{:?}", folder.contents().keys());
}

/// Makes the temporary files left by killed programs more than an hour old; returns their number.
fn age_leftovers(folder: &Folder) -> usize {
    let paths = folder.contents().into_keys();
    let left: Vec<_> = paths.filter(|path| path.to_string_lossy().ends_with(".part")).collect();
    for path in &left {
        let old = SystemTime::now() - Duration::from_secs(4000);
        File::options().write(true).open(path).and_then(|file| file.set_modified(old)).expect("aged");
    }
    left.len()
}

/// Runs that mostly write a 1 MB checkpoint over and over, each killed at a different moment.
#[test]
fn nothing_torn_is_left_by_a_kill() {
    let folder = sample::folder();
    let busy = "train --norm after --dataset set --hidden 400,400 --epochs 100000 --out run";
    let mut states = std::collections::BTreeSet::new();
    for kill in 0..KILLS[0] {
        let mut child = start(&folder, &format!("{busy} --seed {kill}"), "Epoch 2/");
        sleep(Duration::from_micros(kill * 7919 % 97 * 1000 + kill * 337));
        signal(&child, "-KILL");
        assert_eq!(child.wait().expect("it ends").code(), None, "ended by the signal");
        assert_eq!(checkpoint(&folder).layers.len(), 9);
        assert!(!history(&folder).epochs.is_empty());
        states.insert(folder.read("run/model.safetensors"));
    }
    assert_eq!(states.len() as u64, KILLS[0], "every run has left a network of its own");
    println!("{} temporary files were left", age_leftovers(&folder));
    folder.run(&busy.replace("100000", "1")).succeeded();
    assert_eq!(age_leftovers(&folder), 0, "the next run removes what is old");
}

/// Exports of one network over the device model of another, each killed at another moment of its life: one of the two
/// models is there, whole, and all else is as it was.
#[test]
fn an_older_model_survives_the_kill_of_an_export() {
    let folder = sample::folder();
    write_network(&folder, "next", &NormPlacement::After.layers(&[700, 700], CLASSES), PIXELS);
    let export = "export next.safetensors --bits 32 --dataset set --threads 1 --out good.fnet";
    let old = folder.read("good.fnet");
    let time = |_| {
        let begun = Instant::now();
        folder.run(export).succeeded();
        begun.elapsed()
    };
    let whole = (0..3).map(time).min().expect("three times");
    let new = folder.read("good.fnet");
    let (mut kept, mut killed) = (0, 0);
    for kill in 0..KILLS[1] {
        folder.write("good.fnet", &old);
        let before = without_leftovers(&folder);
        let mut command = folder.command(export);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        sleep(whole * (kill * 37 % 60) as u32 / 50);
        child.kill().expect("ours to kill");
        killed += u64::from(child.wait().expect("it ends").code().is_none());
        let found = folder.read("good.fnet");
        assert!(found == old || found == new, "{} bytes, neither model", found.len());
        kept += u64::from(found == old);
        folder.write("good.fnet", &old);
        assert!(without_leftovers(&folder) == before, "something else has changed");
    }
    println!("{killed} killed, {kept} kept the old model, {} temporary files were left", age_leftovers(&folder));
    assert!(killed > KILLS[1] / 3 && kept > KILLS[1] / 3, "{killed} killed, {kept} kept the old model");
    folder.run(export).succeeded();
    assert!(folder.read("good.fnet") == new && age_leftovers(&folder) == 0, "the next run removes what is old");
}

/// Every file but the temporary ones.
fn without_leftovers(folder: &Folder) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    folder.contents().into_iter().filter(|(path, _)| !path.to_string_lossy().ends_with(".part")).collect()
}
