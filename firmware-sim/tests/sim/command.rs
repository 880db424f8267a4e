//! The command `foldnet-sim`: exit codes, one clear line for every bad input, text and JSON.

use crate::models;
use foldnet_core::Model;
use foldnet_sim::board::{BOARDS, timed_cores};
use foldnet_sim::{AlignedBytes, simulate};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with model files and a dataset of its own, so that no test needs a download.
pub(crate) struct Room {
    folder: TempDir,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Twelve test images of 4x4 and two classes, and one training image of two, as IDX files.
    fn dataset(&self) -> (PathBuf, Vec<u8>, Vec<u16>) {
        let (pixels, labels) = models::images(12, 16, 5);
        let labels: Vec<u16> = labels.iter().map(|label| label % 2).collect();
        let bytes: Vec<u8> = labels.iter().map(|&label| label as u8).collect();
        let idx = |magic: u32, shape: &[u32], data: &[u8]| {
            let header: Vec<u8> = [magic].iter().chain(shape).flat_map(|word| word.to_be_bytes()).collect();
            [&header, data].concat()
        };
        for part in ["train", "t10k"] {
            self.file(&format!("{part}-images-idx3-ubyte"), &idx(0x803, &[12, 4, 4], &pixels));
            self.file(&format!("{part}-labels-idx1-ubyte"), &idx(0x801, &[12], &bytes));
        }
        self.file("labels.txt", b"no\nyes\n");
        (self.folder.path().to_owned(), pixels, labels)
    }
}

pub(crate) fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_foldnet-sim")).args(args).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Fails with `code`, nothing on stdout, and one line on stderr that holds all `parts`.
pub(crate) fn check_error(args: &[&str], code: i32, parts: &[&str]) {
    let output = run(args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    assert!(code == 2 || said.lines().count() == 1, "{args:?}: more than a line: {said}");
    assert!(parts.iter().all(|part| said.contains(part)), "{args:?}: not all of {parts:?} in: {said}");
}

#[test]
fn every_bad_model_file_is_told_apart() {
    let room = Room::new();
    let good = models::tiny();
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= byte;
        bytes
    };
    let len = good.len();
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("empty", vec![], "too short"),
        ("short", good[..19].to_vec(), "too short"),
        ("truncated", good[..len - 1].to_vec(), "truncated"),
        ("extended", [&good[..], &[0]].concat(), "extended"),
        ("flipped-weight", changed(len - 10, 1), "damaged"),
        ("flipped-header", changed(20, 0x40), "damaged"),
        ("flipped-crc", changed(len - 1, 0x80), "damaged"),
        ("later-version", changed(4, 4), "version 7"),
        (
            "other-file",
            b"\x89PNG\r\n\x1a\n and many more bytes than a model has at least".to_vec(),
            " but a PNG picture; give",
        ),
    ];
    for (name, bytes, part) in cases {
        let path = room.file(name, bytes);
        check_error(&[str(&path)], 1, &[str(&path), part, "; "]);
    }
    let missing = room.folder.path().join("missing.fnet");
    check_error(&[str(&missing)], 1, &[str(&missing), "cannot be read", "foldnet export"]);
    check_error(&[str(room.folder.path())], 1, &["cannot be read"]);
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let room = Room::new();
    let (data, ..) = room.dataset();
    let data = str(&data);
    let fitting = room.file("fitting", &models::random(4, 4, &[3, 2], 1));
    let rotated = room.file("rotated", &models::random(2, 8, &[3, 2], 1));
    let classes = room.file("classes", &models::random(4, 4, &[3, 5], 1));
    let large = room.file("large", &models::random(28, 28, &[300, 100, 10], 1));
    let cases: &[(&[&str], &[&str])] = &[
        (&[str(&rotated), "--dataset", data], &["2x8", "4x4", "--dataset"]),
        (&[str(&classes), "--dataset", data], &["5 classes", "has 2"]),
        (&[str(&fitting), "--dataset", data, "--images", "13"], &["--images 13", "has 12 test examples"]),
        (&[str(&fitting), "--dataset", "/no/such/folder"], &["/no/such/folder", "no such file or folder"]),
        (&[str(&fitting), "--board", "arduino"], &["'arduino'", "microbit", "mps2-an385-m0"]),
        (&[str(&large), "--board", "microbit"], &["microbit's flash", "--bits 4"]),
    ];
    for (args, parts) in cases {
        check_error(args, 1, parts);
        check_error(&[args, &["--json"][..]].concat(), 1, parts);
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in [
        &[][..],
        &["a", "b"],
        &["a", "--layers"],
        &["a", "--images", "0"],
        &["a", "--images", "x"],
        &["--no-such-flag"],
    ] {
        check_error(args, 2, &["--help"]);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    board: Option<String>,
    core: Option<String>,
    target: Option<String>,
    model: String,
    crc32: String,
    bits: Vec<u8>,
    dataset: String,
    fits: bool,
    images: usize,
    accuracy: f64,
    logits_sha256: String,
    flash_bytes: usize,
    ram_bytes: usize,
}

#[test]
fn a_run_says_what_the_library_finds() {
    let room = Room::new();
    let (data, pixels, labels) = room.dataset();
    let file = models::random(4, 4, &[3, 2], 1);
    let path = room.file("model.fnet", &file);
    let bytes = AlignedBytes::from_slice(&file);
    let model = Model::parse(&bytes).unwrap();
    for (images, board) in [(12, None), (7, Some("microbit"))] {
        let expected = simulate(&model, models::view(&pixels[..images * 16], &labels[..images]), &mut |_| ());
        let images_arg = images.to_string();
        let mut args = vec![str(&path), "--dataset", str(&data), "--images", &images_arg];
        args.extend(board.iter().flat_map(|board| ["--board", board]));
        let people = run(&args);
        args.push("--json");
        let programs = run(&args);
        assert_eq!(text(&people.stdout), text(&programs.stderr), "the same text in either place");
        assert!(text(&people.stdout).contains(&expected.logits_sha256));
        let record: Record = serde_json::from_slice(&programs.stdout).unwrap();
        assert_eq!((record.images, record.accuracy), (images, expected.accuracy()));
        assert_eq!((record.board.as_deref(), record.logits_sha256), (board, expected.logits_sha256));
        let (core, target) = (board.map(|_| "Cortex-M0"), board.map(|_| "thumbv6m-none-eabi"));
        assert_eq!((record.core.as_deref(), record.target.as_deref()), (core, target));
        let crc32 = format!("{:08x}", u32::from_le_bytes(*file.last_chunk().unwrap()));
        assert_eq!((record.model.as_str(), record.crc32), (str(&path), crc32));
        assert_eq!((record.bits, record.dataset.as_str(), record.fits), (vec![32, 32], str(&data), true));
        assert_eq!((record.flash_bytes, record.ram_bytes), (36864 + 64 + file.len(), 2304 + 16 + 4 * (16 + 3)));
        assert_eq!((people.status.code(), programs.status.code()), (Some(0), Some(0)));
        assert_eq!(board.is_some(), text(&people.stdout).contains("slots     2: the model can be replaced"));
    }
}

#[test]
fn flags_that_play_no_role_are_refused() {
    for (flags, words) in [
        (&["m.fnet", "--boards"][..], "cannot be used with"),
        (&["--boards", "--images", "3"], "--images is for running a model, but --boards only prints; leave it out"),
        (&["--man", "--board", "microbit"], "--board is for running a model, but --man only prints; leave it out"),
        (&["--completions", "bash", "--dataset", "x"], "--dataset is for running a model, but --completions only"),
        (&["--boards", "--toml", "--board-file", "x"], "--board-file is for other boards, but --toml prints the built"),
    ] {
        check_error(flags, 2, &[words, "--help"]);
    }
    let room = Room::new();
    let model = room.file("model.fnet", &models::random(4, 4, &[3, 2], 1));
    let rows = room.file("rows.csv", &[["1"; 16].join(","), ["2"; 16].join(",")].join("\n").into_bytes());
    let with = |set: &Path, flags: &[&str], words: &str| {
        check_error(&[&[str(&model), "--dataset", str(set)], flags].concat(), 1, &[words]);
    };
    with(&rows, &["--step", "2"], "--step is for windows; also give --window, or leave out --step");
    with(
        &rows,
        &["--test-split", "0.5"],
        "no example is left for testing; give more examples of each class, or another --test-split",
    );
}

#[test]
fn boards_are_listed() {
    let people = run(&["--boards"]);
    let programs = run(&["--boards", "--json"]);
    let list: Vec<serde_json::Value> = serde_json::from_slice(&programs.stdout).unwrap();
    assert_eq!(list.len(), BOARDS.len());
    for board in BOARDS.iter() {
        assert!(text(&people.stdout).contains(board.name) && text(&people.stdout).contains(board.chip));
        assert!(list.iter().any(|row| row["name"] == board.name && row["ram_bytes"] == board.ram.len));
        let (one, two) = (board.room().whole().model_len(), board.room().slot(1).unwrap().model_len());
        assert!(list.iter().any(|row| row["model_bytes"] == one && row["two_models_bytes"] == two));
        assert!([one, two].iter().all(|bytes| text(&people.stdout).contains(&bytes.to_string())), "{}", board.name);
    }
}

#[test]
fn quiet_is_silent_but_for_errors_and_objects() {
    let room = Room::new();
    let (data, ..) = room.dataset();
    let path = room.file("model.fnet", &models::random(4, 4, &[3, 2], 1));
    for args in [&[str(&path), "--dataset", str(&data), "-q"][..], &["--boards", "--quiet"]] {
        let people = run(args);
        assert_eq!((people.status.code(), text(&people.stdout), text(&people.stderr)), (Some(0), "".into(), "".into()));
        let programs = run(&[args, &["--json"]].concat());
        assert_eq!((text(&programs.stdout).lines().count(), text(&programs.stderr)), (1, String::new()), "{args:?}");
    }
    check_error(&["none.fnet", "-q"], 1, &["none.fnet: cannot be read"]);
}

#[test]
fn completions_and_manual_know_every_flag() {
    let object = |args: &[&str]| -> serde_json::Value {
        let output = run(&[args, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        // Also with quiet: the script is what was asked for.
        let script = run(&["--completions", shell, "-q"]);
        assert_eq!(script.status.code(), Some(0));
        let script = text(&script.stdout);
        for word in ["foldnet-sim", "emulate", "layers", "completions", "quiet"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
        assert_eq!(object(&["--completions", shell])["script"], script.as_str());
    }
    check_error(&["--completions", "tcsh"], 2, &["possible values: bash"]);
    let page = text(&run(&["--man"]).stdout);
    assert!(
        page.contains(".TH foldnet-sim 1") && page.contains("\\-\\-layers") && page.contains(".SH SYNOPSIS"),
        "{page}"
    );
    assert_eq!(object(&["--man"])["page"], page.as_str());
}

#[test]
fn help_has_an_example() {
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let help = text(&help.stdout);
    assert!(help.contains("Examples:") && help.contains("--emulate"));
    // An FPU does not change the timing of integers.
    let mut timed: Vec<_> =
        timed_cores().map(|core| core.trim_start_matches("Cortex-").trim_end_matches('F')).collect();
    timed.dedup();
    assert!(help.contains(&format!("Cortex-{} (docs/cycles.md)", timed.join(", "))), "{timed:?}: {help}");
}

#[test]
fn boards_of_a_file_are_taken_by_name() {
    let room = Room::new();
    let (data, ..) = room.dataset();
    let model = room.file("model.fnet", &models::random(4, 4, &[3, 2], 1));
    // The printed template is itself a valid board file.
    let printed = run(&["--boards", "--toml"]);
    let file = room.file("all.toml", &printed.stdout);
    let takes =
        |args: &[&str]| run(&[&[str(&model), "--dataset", str(&data), "--board-file", str(&file)], args].concat());
    assert_eq!(takes(&["--board", "microbit"]).status.code(), Some(0));
    let said = text(&takes(&[]).stderr);
    assert!(said.contains("select one with --board NAME") && said.lines().count() == 1, "{said}");
    assert!(text(&takes(&["--board", "mine"]).stderr).contains("has no board named 'mine'"));
    // One board needs no name, and its memory is what counts.
    let all = text(&printed.stdout);
    let first = all.split("[[board]]").nth(1).unwrap().replace("netduinoplus2\"\nchip", "mine\"\nchip");
    let small = format!("[[board]]{}", first.replace("len = 0x2_0000", "len = 0x8_00"));
    let file = room.file("small.toml", small.as_bytes());
    check_error(
        &[str(&model), "--dataset", str(&data), "--board-file", str(&file)],
        1,
        &["small.toml: board 'mine': ram has 2048 bytes; give a len above"],
    );
    let file = room.file("mine.toml", format!("[[board]]{first}").as_bytes());
    let run_here = run(&[str(&model), "--dataset", str(&data), "--board-file", str(&file), "--json"]);
    let record: Record = serde_json::from_slice(&run_here.stdout).unwrap();
    assert_eq!((record.board.as_deref(), record.core.as_deref()), (Some("mine"), Some("Cortex-M4F")));
    let listed = run(&["--boards", "--board-file", str(&file)]);
    assert!(text(&listed.stdout).contains("\nmine ") && text(&listed.stdout).contains("\nmicrobit "));
    check_error(&["--boards", "--board-file", "/dev/null"], 1, &["/dev/null"]);
    check_error(&["--toml"], 2, &["--boards"]);
}

#[test]
fn a_layer_that_is_slow_on_the_board_is_said() {
    let room = Room::new();
    let (folder, ..) = room.dataset();
    // Rows of 2 bits on 16 inputs have a shift of 0.
    let model = room.file("m.fnet", &models::random_integer(4, 4, &[3, 2], 2, 1));
    let said = |board: &str| {
        let output = run(&[str(&model), "--dataset", str(&folder), "--board", board]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout) + &text(&output.stderr)
    };
    let expected = "note: layer 0 is slow with kernel dsp: 3 of 3 rows need compiled requantization";
    let slow = said("netduinoplus2");
    assert_eq!(slow.lines().filter(|line| line.contains(expected)).count(), 1, "{slow}");
    assert!(!said("microbit").contains("is slow"));
}
