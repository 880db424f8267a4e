//! `foldnet export --format bin|hex`: files for programmers, read back by an independent reader in this test and booted
//! on an emulated board; and every misuse in one line.

use crate::sample::{self, CLASSES, PIXELS, write_network};
use crate::tool::Folder;
use foldnet_core::slot::{HEADER_LEN, SlotHeader};
use foldnet_core::{Layer, Refusal};
use foldnet_sim::board::{Board, by_name};
use foldnet_sim::emulate::{Request, run};
use foldnet_sim::exit::Exit;
use foldnet_sim::job::{Booted, Job};
use foldnet_sim::{EmulateError, Firmware};
use std::time::Duration;

/// A network of 12 pixels whose model as floats has about `kilobytes`.
fn sized(folder: &Folder, name: &str, kilobytes: u32) {
    let units = kilobytes * 1024 / (4 * (PIXELS as u32 + CLASSES + 1));
    write_network(folder, name, &[Layer::dense(units), Layer::Relu, Layer::dense(CLASSES), Layer::Softmax], PIXELS);
}

/// Arguments for a float export, without `--format`.
fn export(file: &str, rest: &str) -> String {
    format!("export {file}.safetensors --bits 32 --dataset set --out out {rest}")
}

/// Checks for a one-line error that contains all of `words`, and that nothing was written.
fn check(folder: &Folder, file: &str, rest: &str, words: &[&str]) {
    let before = folder.contents();
    folder.run(&export(file, rest)).refused(words);
    assert!(folder.contents() == before, "files changed: {rest}");
}

#[test]
fn options_that_do_not_go_together() {
    let folder = sample::folder();
    let check = |rest: &str, words: &[&str]| check(&folder, "good", rest, words);
    let same = "do not apply to --format fnet";
    check("--board microbit", &[same, "give --format bin"]);
    check("--format fnet --address 0x4000", &[same]);
    check("--slot 0", &[same, "leave them out"]);
    check("--format hex", &["--format hex: Intel HEX includes addresses; give --board NAME or --address A"]);
    check(
        "--format bin --slot 0",
        &["--slot 0: a slot's header holds its address; also give --board NAME or --address A"],
    );
    check("--format hex --slot 1", &["--slot 1: a slot's header holds its address"]);
    check("--format bin --slot 2 --board microbit", &["--slot 2: give 0 or 1"]);
    check("--format bin --slot 255 --address 0x4000", &["--slot 255: give 0 or 1"]);
    check("--format bin --board arduino", &["unknown board 'arduino'", "microbit", "riscv32"]);
    check("--format bin --address 0x4004", &["--address 0x4004: models and slots begin at multiples of 16"]);
    check("--format hex --address 17", &["--address 0x11: models and slots begin at multiples of 16"]);
    check(
        "--format hex --address 0xFFFFFFF0",
        &["--address 0xfffffff0", "end past the last 32-bit address; give a lower"],
    );
    check("--format bin --sequence 3 --board microbit", &["--sequence 3: only a slot has one; also give --slot 0"]);
    check("--sequence 0", &["--sequence 0: only a slot has one"]);
}

#[test]
fn options_that_are_no_options() {
    let folder = sample::folder();
    let misuse = |rest: &str, words: &str| drop(folder.run(&export("good", rest)).misused(words));
    misuse("--format elf", "'elf'");
    misuse("--format bin --board microbit --address 0x4000", "cannot be used with");
    misuse("--format bin --address here", "give a 32-bit address, such as 0x08020000");
    misuse("--format bin --address 0x", "give a 32-bit address");
    misuse("--format bin --address 0x100000000", "give a 32-bit address");
    misuse("--format bin --address=-16", "give a 32-bit address");
    misuse("--format bin --board microbit --slot one", "'one'");
    misuse("--format bin --board microbit --slot 256", "256");
    misuse("--format bin --board microbit --slot 0 --sequence 4294967296", "4294967296");
}

#[test]
fn models_that_do_not_fit() {
    let folder = sample::folder();
    sized(&folder, "half", 130);
    sized(&folder, "large", 250);
    let check = |file: &str, rest: &str, words: &[&str]| check(&folder, file, rest, words);
    let second =
        ["half.safetensors", "--slot 1: the model has 13", "microbit", "112576", "--bits 2", "--slot 0", "225216"];
    check("half", "--format bin --board microbit --slot 1", &second);
    check("half", "--format hex --board lm3s6965evb --slot 1", &["--slot 1: the model has 13", "lm3s6965evb"]);
    for format in ["bin", "hex"] {
        for slot in ["", "--slot 0", "--slot 1"] {
            let rest = format!("--format {format} --board microbit {slot}");
            check("large", &rest, &["large.safetensors", "does not fit microbit's flash", "225216", "--bits 4"]);
        }
    }
}

/// Reads Intel HEX according to its specification and verifies every checksum: bytes from the lowest address, which
/// comes first.
fn read_hex(text: &str) -> (u32, Vec<u8>) {
    let (mut upper, mut found, mut ended) = (0, Vec::new(), false);
    for line in text.lines() {
        assert!(!ended, "a line behind the last one");
        let digits = line.strip_prefix(':').expect("a record");
        let bytes: Vec<u8> =
            (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect();
        assert_eq!(bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)), 0, "{line}");
        let (&[len, high, low, kind], data) = bytes.split_first_chunk().expect("a record");
        let data = &data[..data.len() - 1];
        assert_eq!(data.len(), usize::from(len), "{line}");
        match kind {
            0 => found.push((upper << 16 | u32::from(high) << 8 | u32::from(low), data.to_vec())),
            1 => ended = true,
            4 => upper = u32::from(data[0]) << 8 | u32::from(data[1]),
            other => panic!("a record of kind {other}"),
        }
    }
    let start = found[0].0;
    let end = found.iter().fold(start, |end, (at, data)| {
        assert_eq!((end, (at & 0xFFFF) + data.len() as u32 <= 0x1_0000), (*at, true), "no gap, no line beyond 64 KB");
        at + data.len() as u32
    });
    assert!(ended && end - start == found.iter().map(|(_, data)| data.len() as u32).sum::<u32>());
    (start, found.into_iter().flat_map(|(_, data)| data).collect())
}

/// Address and bytes of the file exported with `rest`, and the command's JSON output.
fn exported(folder: &Folder, file: &str, rest: &str) -> (Option<u32>, Vec<u8>, serde_json::Value) {
    let object = folder.run(&export(file, &format!("{rest} --json"))).json();
    let address = object["address"].as_u64().map(|address| address as u32);
    let bytes = folder.read("out");
    if object["format"] != "hex" {
        return (address, bytes, object);
    }
    let (read, bytes) = read_hex(&String::from_utf8(bytes).expect("text"));
    assert_eq!(Some(read), address, "{object}");
    (address, bytes, object)
}

#[test]
fn every_format_holds_the_model() {
    let folder = sample::folder();
    sized(&folder, "half", 130);
    let (address, model, object) = exported(&folder, "half", "");
    assert_eq!((address, &object["format"], &object["slot"]), (None, &"fnet".into(), &serde_json::Value::Null));
    assert_eq!(object["bytes"].as_u64(), Some(model.len() as u64));
    let bare = |rest: &str, expected: Option<u32>| {
        let (address, bytes, object) = exported(&folder, "half", rest);
        assert_eq!((address, bytes == model, &object["slot"]), (expected, true, &serde_json::Value::Null), "{rest}");
    };
    bare("--format fnet", None);
    bare("--format bin", None);
    bare("--format bin --address 0x1000", Some(0x1000));
    bare("--format bin --board microbit", Some(0x9000));
    bare("--format hex --board netduinoplus2", Some(0x0802_0000));
    bare("--format hex --address 134217728", Some(0x0800_0000));
    bare("--format hex --address 0x0801FFF0", Some(0x0801_FFF0));
    let slot = |rest: &str, number: u8, address: u32, sequence: u32, slots: Option<u8>| {
        let (found, bytes, object) = exported(&folder, "half", rest);
        let header = SlotHeader::at(address, number, sequence, &model).expect("a header").to_bytes();
        assert_eq!((found, &bytes[..HEADER_LEN]), (Some(address), &header[..]), "{rest}");
        assert!(bytes[HEADER_LEN..] == model, "{rest}");
        assert_eq!((&object["slot"], &object["sequence"]), (&number.into(), &sequence.into()));
        assert_eq!(object["slots"].as_u64(), slots.map(u64::from), "{rest}");
    };
    slot("--format hex --board netduinoplus2 --slot 1", 1, 0x0808_0000, 1, Some(2));
    slot("--format bin --board netduinoplus2 --slot 0 --sequence 4294967295", 0, 0x0802_0000, u32::MAX, Some(2));
    slot("--format hex --board microbit --slot 0 --sequence 0", 0, 0x9000, 0, Some(1));
    slot("--format bin --address 0x8040000 --slot 1 --sequence 7", 1, 0x0804_0000, 7, None);
    let said = folder.run(&export("half", "--format bin --board microbit --slot 0")).succeeded().stdout;
    assert!(said.contains("for address 0x9000, slot 0, sequence 1; the only slot, so"), "{said}");
    let said = folder.run(&export("half", "--format bin --board netduinoplus2 --slot 0")).succeeded().stdout;
    assert!(said.contains("slot 0, sequence 1") && !said.contains("the only slot"), "{said}");
}

/// Places bytes at their address in the model flash of `board`.
fn put(flash: &mut Vec<u8>, board: &Board, address: u32, bytes: &[u8]) {
    let at = (address - board.room().address()) as usize;
    flash.resize(flash.len().max(at + bytes.len()), 0xFF);
    flash[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The model that boots on `board` from `flash`.
fn boot(board: &'static Board, firmware: &Firmware, flash: &[u8]) -> Result<Booted, Exit> {
    let job = Job {
        examples: 1,
        example_len: PIXELS as u32,
        model_offset: 0,
        scratch_limit: u32::MAX,
        timed_layer: Job::ALL_LAYERS,
        more: false,
    };
    let request = Request { flash, job, examples: &[9; PIXELS], stall_limit: Duration::from_secs(60) };
    match run(firmware, &request, &mut |_| ()) {
        Ok(run) => Ok(run.start.booted),
        Err(EmulateError::Device(exit)) => Err(exit),
        Err(error) => panic!("{}: {error}", board.name),
    }
}

#[test]
fn what_is_exported_boots_on_an_emulated_board() {
    let folder = sample::folder();
    for name in ["microbit", "netduinoplus2"] {
        let board = by_name(name).expect("a board");
        let firmware = Firmware::build(board).unwrap_or_else(|error| panic!("{name}: {error}"));
        let booted = |slot, sequence| Ok(Booted { slot, sequence, passed_over: None });
        let mut flash = Vec::new();
        let mut put = |rest: &str| {
            let (address, bytes, _) = exported(&folder, "good", &format!("--board {name} {rest}"));
            put(&mut flash, board, address.expect("an address"), &bytes);
            boot(board, &firmware, &flash)
        };
        assert_eq!(put("--format hex"), booted(None, 0), "{name}: bare");
        assert_eq!(put("--format hex --slot 1"), booted(Some(1), 1), "{name}: slot 1 beside a bare model");
        assert_eq!(put("--format hex --slot 0"), booted(Some(0), 1), "{name}: equal sequences");
        assert_eq!(put("--format bin --slot 1 --sequence 2"), booted(Some(1), 2), "{name}: the later one");
        let (_, wrong, _) = exported(&folder, "good", &format!("--format bin --board {name} --slot 1"));
        assert_eq!(
            boot(board, &firmware, &wrong),
            Err(Exit::Refused(Refusal::SlotWrong)),
            "{name}: slot 1 at slot 0's address"
        );
    }
}
