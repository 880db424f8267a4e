//! Flash and RAM that Foldnet takes on a device without the test harness, and the absence of panics.

use crate::golden::{self, Footprint};
use crate::{KINDS, firmware, low_ram_firmware, models, table};
use foldnet_core::Model;
use foldnet_core::quantized::KernelKind;
use foldnet_sim::board::{BOARDS, Board, by_name};
use foldnet_sim::emulate::{
    EmulateError, RamUse, Sizes, Task, bare_sizes, bare_with_panic, inference_sizes, low_ram_bare_sizes,
};
use foldnet_sim::{AlignedBytes, Firmware, emulate};

#[test]
fn firmware_is_small_and_cannot_panic() {
    for board in KINDS {
        let sizes = bare_sizes(by_name(board).unwrap()).unwrap_or_else(|error| panic!("{board}: {error}"));
        println!("{board}: {sizes:?}, with the harness {:?}", firmware(board).sizes());
        // Real code is larger than a vector table. Kernels for cores without DSP instructions have their own tables
        // and loops for every width.
        let most = if by_name(board).unwrap().kernel() == KernelKind::Dsp { 13 } else { 15 };
        assert!((2_000..most * 1024).contains(&sizes.flash), "{board}: {sizes:?}");
        assert!(sizes.flash < firmware(board).sizes().flash && sizes.statics < 64, "{board}: {sizes:?}");
    }
}

/// Boards and widths of the firmware with one model and one width, the size of the vector table, and the most flash.
const ALONE: [(&str, u8, usize, u64); 5] = [
    ("netduinoplus2", 8, 1024, 6 * 1024),
    ("netduinoplus2", 4, 1024, 6_656),
    ("netduinoplus2", 2, 1024, 6_656),
    ("microbit", 4, 1024, 6 * 1024),
    ("riscv32", 4, 0, 7 * 1024),
];

/// The flash for inference of one width, and 180 bytes of startup code.
fn measure_alone((board, bits, vectors, most): (&str, u8, usize, u64)) -> Footprint {
    let sizes = inference_sizes(by_name(board).unwrap(), bits).unwrap_or_else(|error| panic!("{board}: {error}"));
    let inference = (sizes.flash - vectors) as u64;
    assert!((2_000..=most).contains(&inference) && sizes.statics < 64, "{board}, {bits} bits: {sizes:?}");
    let compiler = firmware(board).compiler().unwrap_or_default().into();
    Footprint { board: format!("{board}+alone"), bits, figures: [inference, 0, 0, 0, 0], compiler }
}

#[test]
fn a_panic_would_be_found() {
    for board in KINDS {
        match bare_with_panic(by_name(board).unwrap()) {
            Err(EmulateError::Build { cause, .. }) => assert!(cause.contains("this_firmware_can_panic"), "{cause}"),
            other => panic!("{board}: a panicking index is not detected: {other:?}"),
        }
    }
}

/// Maximum RAM in bytes for this network at 8 bits with the feature `low-ram`: parts with 6 KB have room for it.
const LOW_RAM: u64 = 5 * 1024;

/// Memory for a network of the notebook's shape, at 8 bits if it fits the board, otherwise at 4.
fn measure(board: &'static Board) -> Footprint {
    let bare = bare_sizes(board).unwrap_or_else(|error| panic!("{}: {error}", board.name));
    measure_firmware(&firmware(board.name), bare, board.name)
}

/// The same with the feature `low-ram`.
fn measure_low_ram(board: &str) -> Footprint {
    let bare = low_ram_bare_sizes(by_name(board).unwrap()).unwrap_or_else(|error| panic!("{board}: {error}"));
    measure_firmware(&low_ram_firmware(board), bare, &format!("{board}+low-ram"))
}

fn measure_firmware(firmware: &Firmware, bare: Sizes, name: &str) -> Footprint {
    let board = firmware.board();
    let random = |bits| models::random_integer(28, 28, &[300, 100, 10], bits, 1);
    let fits = |model: &[u8]| board.fit(&Model::parse(&AlignedBytes::from_slice(model)).unwrap()).is_ok();
    let (bits, model) = if fits(&random(8)) { (8, random(8)) } else { (4, random(4)) };
    let (pixels, labels) = models::images(2, 784, 1);
    let task = Task { firmware, model: &model, examples: models::view(&pixels, &labels), layers: false };
    let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{}: {error}", board.name));
    let RamUse { statics, stack_peak, .. } = run.ram;
    let figures = [bare.flash, run.flash.firmware, statics, stack_peak, run.ram.total()].map(|bytes| bytes as u64);
    Footprint { board: name.into(), bits, figures, compiler: firmware.compiler().unwrap_or_default().into() }
}

#[test]
fn footprint_of_the_notebooks_network_has_not_grown() {
    let mut found: Vec<Footprint> = BOARDS.iter().map(measure).collect();
    for Footprint { board, figures, .. } in &found {
        // The image, activations and logits alone are 1,184 bytes; a list of single inputs is longer than one of pairs.
        let most = if by_name(board).unwrap().kernel() == KernelKind::Dsp { 6 * 1024 } else { 9_600 };
        assert!((1_184..most).contains(&figures[4]), "{board}: {} bytes of RAM", figures[4]);
    }
    let low_ram = ["mps2-an385-m0", "mps2-an385"].map(measure_low_ram);
    for Footprint { board, figures, .. } in &low_ram {
        assert!((1_184..=LOW_RAM).contains(&figures[4]), "{board}: {} bytes of RAM", figures[4]);
    }
    found.extend(low_ram);
    found.extend(ALONE.map(measure_alone));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulate/footprint.golden");
    if std::env::var_os("FOLDNET_BLESS").is_some() {
        std::fs::write(file, golden::write(&found)).unwrap();
    }
    let golden = table::read::<Footprint>(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut grown = Vec::new();
    for found in &found {
        println!("{found}");
        let same = |golden: &&Footprint| (&golden.board, golden.bits) == (&found.board, found.bits);
        match golden.iter().find(same).map(|golden| found.check(golden)) {
            Some(Ok(notice)) => notice.iter().for_each(|notice| println!("{notice}")),
            Some(Err(message)) => grown.push(message),
            None => grown.push(format!("{} at {} bits: not in footprint.golden", found.board, found.bits)),
        }
    }
    assert!(grown.is_empty(), "{}\nif intended, update it: see the header of {file}", grown.join("\n"));
}
