//! The boards: their layouts are consistent, and each accepts what fits and refuses what does not, exact to the byte.

use crate::models;
use foldnet_core::Model;
use foldnet_core::quantized::KernelKind;
use foldnet_core::slot::HEADER_LEN;
use foldnet_sim::AlignedBytes;
use foldnet_sim::board::{
    BOARDS, DoesNotFit, FIRMWARE_LEN, FIRMWARE_RAM, Footprint, SlowLayer, by_name, slow_layers, slow_layers_on,
};

/// The verdict of `board` on a model of these widths: `fits`, `flash` or `ram`.
fn verdict(board: &str, side: u16, units: &[u16]) -> &'static str {
    let bytes = AlignedBytes::from_vec(models::random(side, side, units, 1));
    let model = Model::parse(&bytes).unwrap();
    match by_name(board).unwrap().fit(&model) {
        Ok(footprint) => {
            assert_eq!(footprint, Footprint::of(&model, KernelKind::CURRENT));
            "fits"
        }
        Err(DoesNotFit::Flash { needed, available, .. }) => {
            assert!(needed == model.bytes() && needed > available);
            "flash"
        }
        Err(DoesNotFit::Ram { needed, available, .. }) => {
            assert!(needed == Footprint::of(&model, KernelKind::CURRENT).ram_bytes && needed > available);
            "ram"
        }
    }
}

#[test]
fn each_board_takes_what_fits() {
    // The notebook's network in floats has 1.07 MB; a small one 64 KB; the last needs 17 KB of scratch memory.
    let expected = [
        ("netduinoplus2", "flash", "fits", "fits"),
        ("microbit", "flash", "fits", "ram"),
        ("lm3s6965evb", "flash", "fits", "fits"),
        ("mps2-an385", "fits", "fits", "fits"),
        ("mps2-an386", "fits", "fits", "fits"),
        ("mps2-an500", "fits", "fits", "fits"),
        ("mps2-an505", "fits", "fits", "fits"),
        ("mps3-an547", "flash", "fits", "fits"),
        ("riscv32", "fits", "fits", "fits"),
        ("mps2-an385-m0", "fits", "fits", "fits"),
    ];
    assert_eq!(expected.map(|row| row.0).as_slice(), BOARDS.iter().map(|board| board.name).collect::<Vec<_>>());
    for (board, notebook, small, wide) in expected {
        assert_eq!(verdict(board, 28, &[300, 100, 10]), notebook, "{board}, the notebook's network");
        assert_eq!(verdict(board, 28, &[20, 10]), small, "{board}, a small network");
        assert_eq!(verdict(board, 4, &[2100, 2, 2, 2100]), wide, "{board}, a wide network");
    }
}

#[test]
fn a_model_fits_to_the_byte() {
    let bytes = AlignedBytes::from_vec(models::random(8, 8, &[10], 1));
    let model = Model::parse(&bytes).unwrap();
    let footprint = Footprint::of(&model, KernelKind::CURRENT);
    assert_eq!(footprint.flash_bytes, FIRMWARE_LEN as usize + HEADER_LEN + bytes.len());
    assert_eq!(footprint.ram_bytes, FIRMWARE_RAM as usize + 64 + 4 * (64 + 10));
    let mut board = *by_name("microbit").unwrap();
    board.flash.len = board.model_address - board.flash.origin + (HEADER_LEN + bytes.len()) as u32;
    board.ram.len = footprint.ram_bytes as u32;
    assert_eq!(board.fit(&model), Ok(footprint));
    board.flash.len -= 1;
    assert!(matches!(board.fit(&model), Err(DoesNotFit::Flash { .. })));
    (board.flash.len, board.ram.len) = (board.flash.len + 1, board.ram.len - 1);
    assert!(matches!(board.fit(&model), Err(DoesNotFit::Ram { .. })));
}

#[test]
fn a_refusal_says_by_how_much_and_what_to_do() {
    let bytes = AlignedBytes::from_vec(models::random(28, 28, &[300, 100, 10], 1));
    let model = Model::parse(&bytes).unwrap();
    let error = by_name("microbit").unwrap().fit(&model).unwrap_err().to_string();
    for part in [&bytes.len().to_string(), "microbit", "225216 of 262144", "--bits 4", "mps2-an386"] {
        assert!(error.contains(part), "no {part} in: {error}");
    }
    assert!(!error.contains("netduinoplus2"), "suggests a board that is too small: {error}");
    let error = by_name("arduino").unwrap_err().to_string();
    assert!(BOARDS.iter().all(|board| error.contains(board.name)), "{error}");
}

#[test]
fn memory_layouts_are_sound() {
    for board in BOARDS.iter() {
        let (name, model, flash) = (board.name, board.model_region(), board.flash);
        assert_eq!(BOARDS.iter().filter(|other| other.name == name).count(), 1, "{name}");
        assert_eq!((model.origin - flash.origin) % board.erase_block, 0, "{name}: models begin at an erase block");
        assert_eq!(model.len % board.erase_block, 0, "{name}: models end at an erase block");
        assert!(model.origin >= flash.origin + FIRMWARE_LEN, "{name}");
        assert_eq!(model.end(), flash.end(), "{name}");
        let apart = board.ram.origin >= flash.end() || flash.origin >= board.ram.end();
        assert!(apart, "{name}: flash and RAM overlap");
        assert!(board.ram.len > FIRMWARE_RAM && board.ram.end() % 8 == 0, "{name}");
    }
}

/// Number of slots for the notebook's network at 8, 4 and 2 bits.
#[test]
fn each_board_says_its_slots() {
    let expected = [
        ("netduinoplus2", [2, 2, 2]),
        ("microbit", [0, 1, 2]),
        ("lm3s6965evb", [0, 1, 2]),
        ("mps2-an385", [2, 2, 2]),
        ("mps2-an386", [2, 2, 2]),
        ("mps2-an500", [2, 2, 2]),
        ("mps2-an505", [2, 2, 2]),
        ("mps3-an547", [1, 2, 2]),
        ("riscv32", [2, 2, 2]),
        ("mps2-an385-m0", [2, 2, 2]),
    ];
    assert_eq!(expected.map(|row| row.0).as_slice(), BOARDS.iter().map(|board| board.name).collect::<Vec<_>>());
    for (name, slots) in expected {
        let board = by_name(name).unwrap();
        for (bits, slots) in [8, 4, 2].into_iter().zip(slots) {
            let bytes = AlignedBytes::from_vec(models::random_integer(28, 28, &[300, 100, 10], bits, 1));
            assert_eq!(board.slots_for(&Model::parse(&bytes).unwrap()), slots, "{name}, {bits} bits");
            let images = [0, 1].map(|number| board.slot_image(number, 1, &bytes).map(|image| image.len()));
            let len = Some(bytes.len() + HEADER_LEN);
            assert_eq!(images, [len.filter(|_| slots > 0), len.filter(|_| slots > 1)], "{name}, {bits} bits");
        }
    }
}

#[test]
fn slots_lie_at_erase_blocks_within_the_room() {
    for board in BOARDS.iter() {
        let (room, region) = (board.room(), board.model_region());
        assert_eq!((room.address(), room.whole().len), (region.origin, region.len), "{}", board.name);
        let (zero, one) = (room.slot(0).unwrap(), room.slot(1).unwrap());
        assert_eq!((zero.offset, zero.end(), zero.len), (0, one.offset, one.len), "{}", board.name);
        assert!(zero.len % board.erase_block == 0 && one.end() <= region.len, "{}", board.name);
        // No more than a block is left over.
        assert!(region.len - one.end() <= board.erase_block, "{}", board.name);
    }
}

#[test]
fn layers_with_sums_beyond_a_kernel_are_told() {
    let said = |bits, kernel| {
        let bytes = AlignedBytes::from_vec(models::random_integer(56, 56, &[32, 10], bits, 1));
        let slow = slow_layers(&Model::parse(&bytes).unwrap(), kernel);
        slow.iter().map(SlowLayer::to_string).collect::<Vec<_>>()
    };
    let [line] = &said(8, KernelKind::Armv6m)[..] else { panic!("not one line") };
    let begin =
        "layer 0 is slow with kernel armv6m: 32 of 32 rows have sums too large for it, so inputs are processed in ";
    assert!(line.starts_with(begin) && line.ends_with("more instructions for each inference"), "{line}");
    // Only the kernels for DSP and MVE have a bound at 4 and 2 bits.
    for bits in [4, 2] {
        assert_eq!(said(bits, KernelKind::Dsp).len(), 1, "{bits} bits");
        assert_eq!(said(bits, KernelKind::Rv32im), [""; 0], "{bits} bits");
    }
    let small = AlignedBytes::from_vec(models::random_integer(28, 28, &[300, 100, 10], 8, 1));
    assert_eq!(slow_layers_on(&Model::parse(&small).unwrap(), &BOARDS.iter().collect::<Vec<_>>()), []);
}
