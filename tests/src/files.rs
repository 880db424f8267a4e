//! Potentially hostile files, read as the commands read them: the bodies of fuzz targets, which `tests/tests/all/files.rs` runs
//! on the committed corpus and on mutations of it, without a fuzzer. Nothing here may panic, hang or use unbounded
//! memory; everything read must fulfil what the reader guarantees.

use crate::model_file::{FloatLayer, file as model_file, spec};
use crate::nor_flash::{Failed, NorFlash};
use foldnet::network::checkpoint::{Checkpoint, Hints, PixelRange};
use foldnet::show::report::{ModelFile, measured};
use foldnet::train::history::History;
use foldnet_core::Model;
use foldnet_core::slot::{Room, Running, SlotHeader, WriteError, Writer, boot};
use foldnet_data::{Options, Part, Search, Source, TargetsRef, Task, load, load_with, read_png, text};
use foldnet_sim::AlignedBytes;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// A fuzz target: its name, which is also that of its corpus, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this file.
pub const TARGETS: [Target; 14] = [
    ("checkpoint", checkpoint),
    ("csv", csv),
    ("idx", idx),
    ("npy", npy),
    ("npz", npz),
    ("png", png),
    ("history", history),
    ("record", record),
    ("slot_writer", slot_writer),
    ("keras", |bytes| other_tool("keras", &with_checksums(bytes))),
    ("h5", |bytes| other_tool("h5", bytes)),
    ("onnx", |bytes| other_tool("onnx", bytes)),
    ("tflite", |bytes| other_tool("tflite", bytes)),
    ("pt", |bytes| other_tool("pt", &with_checksums(bytes))),
];

/// Folder of other tools' small models, whose extensions are names of targets.
const SMALL: &str = "../host/import/tests/small";

/// A folder for this thread's files.
fn folder() -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id()).replace(['(', ')'], "-");
    let folder = std::env::temp_dir().join(format!("foldnet-files-{}-{thread}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for temporary files");
    folder
}

/// Writes `bytes` as `name` of this thread's folder.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    fs::create_dir_all(path.parent().unwrap_or(&path)).expect("a folder");
    fs::write(&path, bytes).expect("room for a temporary file");
    path
}

/// Checks an error as the commands print it: one line of bounded length without control characters.
fn check_error(error: impl Display) {
    let line = text::message(&format!("{error:#}"));
    assert!(!line.is_empty() && line.chars().all(text::is_plain) && line.chars().count() < 2 * text::MESSAGE, "{line}");
}

/// A checkpoint of any program: the result must be a network of finite numbers that can be written and read again
/// unchanged.
pub fn checkpoint(bytes: &[u8]) {
    let path = file("any.safetensors", bytes);
    match Checkpoint::read(&path, &Hints::default()) {
        Ok(network) => {
            assert_eq!(network.params.len(), network.network().params());
            assert!(network.params.iter().all(|value| value.is_finite()));
            let again = path.with_file_name("again.safetensors");
            network.write(&again).expect("what was read can be written");
            assert_eq!(Checkpoint::read(&again, &Hints::default()).expect("and read"), network);
        }
        Err(error) => check_error(error),
    }
}

/// A model from another tool, whose format is selected by the first byte.
pub fn import(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    match first % 5 {
        0 => other_tool("keras", &with_checksums(bytes)),
        1 => other_tool("h5", bytes),
        2 => other_tool("onnx", bytes),
        3 => other_tool("tflite", bytes),
        _ => other_tool("pt", &with_checksums(bytes)),
    }
}

/// A model from another tool, with the extension of its format: the result must be a network of finite numbers that can
/// be written and read again unchanged.
fn other_tool(ending: &str, bytes: &[u8]) {
    let path = file(&format!("any.{ending}"), bytes);
    let layers = "dense, relu, dense".parse().expect("words");
    let hints = match ending {
        "pt" => Hints { layers: Some(layers), pixels: Some(PixelRange::Unit), ..Hints::default() },
        _ => Hints { pixels: Some(PixelRange::Unit), ..Hints::default() },
    };
    match Checkpoint::read(&path, &hints) {
        Ok(network) => {
            assert_eq!(network.params.len(), network.network().params());
            assert!(network.layers.len() < 1_000 && !network.understood().is_empty());
            let again = path.with_file_name("again.safetensors");
            // Numbers that are not finite are refused here rather than by the reader.
            match network.write(&again) {
                Ok(()) => assert_eq!(Checkpoint::read(&again, &Hints::default()).expect("what was written"), network),
                Err(error) => check_error(error),
            }
        }
        Err(error) => check_error(error),
    }
}

/// A zip file with corrected checksums of its stored entries, so that changes reach the contents.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let number = |at: usize, width: usize| -> Option<usize> {
        Some(bytes.get(at..at + width)?.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte)))
    };
    let entries = (0..bytes.len().saturating_sub(46)).filter(|&at| bytes[at..].starts_with(b"PK\x01\x02"));
    for at in entries {
        let stored = || {
            let (0, size, offset) = (number(at + 10, 2)?, number(at + 20, 4)?, number(at + 42, 4)?) else {
                return None;
            };
            let start = offset + 30 + number(offset + 26, 2)? + number(offset + 28, 2)?;
            bytes.get(start..start.checked_add(size)?)
        };
        if let Some(contents) = stored() {
            out[at + 16..at + 20].copy_from_slice(&crc32(contents).to_le_bytes());
        }
    }
    out
}

/// CRC-32, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let shift = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), shift))
}

/// A set of four IDX files; the first byte selects which one the rest replaces. Labels must stay below the number of
/// classes.
pub fn idx(bytes: &[u8]) {
    let (&which, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let header = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let images = |count: u32| [header(&[0x803, count, 2, 2]), vec![7; count as usize * 4]].concat();
    let labels = |count: u32| [header(&[0x801, count]), (0..count).map(|n| (n % 3) as u8).collect()].concat();
    let names =
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];
    let good = [images(12), labels(12), images(3), labels(3)];
    for (at, (name, good)) in names.iter().zip(&good).enumerate() {
        file(&format!("idx/{name}"), if at == usize::from(which) % 4 { bytes } else { good });
    }
    match load(&Source::Path(folder().join("idx")), &mut |_| {}) {
        Ok(set) => {
            let classes = set.part(foldnet_data::Part::Train).classes().expect("labels are classes");
            assert!(classes.iter().all(|&class| usize::from(class) < set.labels.len()));
        }
        Err(error) => check_error(error),
    }
}

/// A table; the first byte selects a task, or cutting into windows.
pub fn csv(bytes: &[u8]) {
    let (&how, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let path = file("any.csv", bytes);
    let task = [Task::Classify, Task::Regress, Task::Reconstruct][usize::from(how) % 3];
    let window = (how & 4 != 0).then_some(3);
    table(&path, &Options { task, window, ..Options::default() });
}

/// One array; the first byte selects whether it has examples or labels, and a valid one supplies the other.
pub fn npy(bytes: &[u8]) {
    let (&which, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let good = |shape: &str, data: Vec<u8>| {
        let head = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00", &(head.len() as u16).to_le_bytes()[..], head.as_bytes(), &data].concat()
    };
    let examples = good("(12, 4)", (0..48).collect());
    let answers = good("(12,)", (0..12).map(|n| n % 3).collect());
    let (x, y) = if which % 2 == 0 { (bytes, &answers[..]) } else { (&examples[..], bytes) };
    file("any_y.npy", y);
    table(&file("any_x.npy", x), &Options::default());
}

/// An archive of arrays.
pub fn npz(bytes: &[u8]) {
    table(&file("any.npz", bytes), &Options::default());
}

/// The result must have as many answers as examples, finite numbers, and labels below the number of classes.
fn table(path: &Path, options: &Options) {
    match load_with(&Source::Path(path.to_owned()), options, &Search::from_env(), &mut |_| {}) {
        Ok(set) => {
            for part in [Part::Train, Part::Test] {
                let view = set.part(part);
                match view.targets {
                    TargetsRef::Classes(classes) => {
                        assert_eq!(classes.len(), view.len());
                        assert!(classes.iter().all(|&class| usize::from(class) < set.labels.len()));
                    }
                    TargetsRef::Values { values, outputs } => {
                        assert_eq!(values.len(), view.len() * outputs);
                        assert!(values.iter().all(|value| value.is_finite()));
                    }
                    TargetsRef::None => {}
                }
            }
        }
        Err(error) => check_error(error),
    }
}

/// One image, with as many pixels as declared.
pub fn png(bytes: &[u8]) {
    match read_png(&file("any.png", bytes)) {
        Ok(picture) => assert_eq!(picture.pixels.len(), picture.height * picture.width),
        Err(error) => check_error(error),
    }
}

/// The record beside a checkpoint: the result must be written so that it can be read again.
pub fn history(bytes: &[u8]) {
    let path = file(History::FILE, bytes);
    match History::beside(&path.with_file_name("model.safetensors")) {
        Ok(Some(history)) => {
            history.write(&folder()).expect("what was read can be written");
            let again = History::beside(&path.with_file_name("model.safetensors")).expect("and read");
            assert!(again.is_some());
        }
        Ok(None) => panic!("a file that is there was not found"),
        Err(error) => check_error(format!("{error:#}")),
    }
}

/// Output of `foldnet-sim --json`, for a report.
pub fn record(bytes: &[u8]) {
    let path = file("run.json", bytes);
    let layers = [FloatLayer { kernel: vec![1.0; 4], bias: vec![0.5; 2], inputs: 2, relu: false }];
    let bytes = AlignedBytes::from_vec(model_file(&spec(1, 2, "", &layers)).expect("a model"));
    let model = Model::parse(&bytes).expect("what is written can be read");
    let mut models = [ModelFile { path: "m.fnet".into(), crc32: "a505df1b".into(), model, measured: Vec::new() }];
    if let Err(error) = measured(&path, &mut models) {
        check_error(format!("{error:#}"));
    }
}

/// Updates of a device: the bytes determine which model is sent, the sizes of the pieces, and when power fails. The
/// model that boots afterwards must be the complete old or new one.
pub fn slot_writer(bytes: &[u8]) {
    const BLOCK: usize = 1024;
    let Some((&[cut_low, cut_high, piece, announced, ..], new)) = bytes.split_first_chunk::<4>() else { return };
    let room = Room::halves(0, 16 * BLOCK as u32, BLOCK as u32);
    let Some(slot) = room.slot(0) else { return };
    let mut flash = NorFlash::<4, 4, BLOCK>::new(&[BLOCK; 16], 7);
    let layers = [FloatLayer { kernel: vec![1.0; 4], bias: vec![0.5; 2], inputs: 2, relu: false }];
    let old = model_file(&spec(1, 2, "", &layers)).expect("a model");
    let header = SlotHeader::for_slot(&room, 0, 1, &old).expect("a model that fits").to_bytes();
    flash.set(slot.offset as usize, &[&header, &old[..]].concat());
    let running = boot(flash.view(), &room).expect("the old model").running;
    flash.cut_after(u64::from(u16::from_le_bytes([cut_low, cut_high])));
    let len = new.len() as u32 + u32::from(announced % 8);
    let done = update(&mut flash, &room, running, new, len, usize::from(piece).max(1));
    flash.restore_power();
    let boots = boot(flash.view(), &room).expect("a model boots, whatever happened").running;
    // Another slot than the old one can only be the whole new model.
    if boots.slot != Some(0) {
        let place = boots.place;
        let start = place.offset as usize + foldnet_core::slot::HEADER_LEN;
        assert!(flash.view()[start..].starts_with(new) && len == new.len() as u32, "{done:?}");
    }
}

fn update(
    flash: &mut NorFlash<4, 4, 1024>,
    room: &Room,
    running: Running,
    model: &[u8],
    len: u32,
    piece: usize,
) -> Result<Running, WriteError<Failed>> {
    let mut writer = Writer::new(flash, 0, room, Some(running), len)?;
    model.chunks(piece).try_for_each(|piece| writer.write(piece))?;
    writer.finish()
}

/// Removes this thread's files.
pub fn clean() {
    // Nothing depends on it.
    let _ = fs::remove_dir_all(folder());
}

/// The committed corpus of a target; for models from other tools this includes the small ones of the importer's tests.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files =
        |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    let small = files(here.join(SMALL)).filter(|path| path.extension().is_some_and(|ending| ending == target));
    let mut paths: Vec<PathBuf> = files(here.join("../fuzz/corpus").join(target)).chain(small).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file of the corpus")).collect()
}
