//! The real firmware under QEMU: equal to the simulator in every logit, and with a clear error for every fault.
//!
//! Needs QEMU for ARM and RISC-V and a compiler for the boards; without them these tests fail, and say what to install.

mod cases;
mod command;
mod confined;
mod conversion;
mod cycles;
mod errors;
mod footprint;
mod golden;
mod hostile;
mod low_ram;
mod parity;
mod slots;
mod slow;
mod stack;
mod typed;
mod update;

#[path = "../../../tests/src/table.rs"]
mod table;

#[path = "../sim/models.rs"]
mod models;

#[path = "../sim/typed.rs"]
mod typed_models;

use foldnet_sim::Firmware;
use foldnet_sim::board::{Board, by_name};
use foldnet_sim::emulate::EmulateError;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// One board of each kind of processor: with long multiplication and without, and a non-Arm one.
const KINDS: [&str; 3] = ["netduinoplus2", "microbit", "riscv32"];

/// The firmware of `board`, built once.
fn firmware(board: &str) -> Firmware {
    built(board, "", Firmware::build)
}

/// The same with the feature `low-ram`.
fn low_ram_firmware(board: &str) -> Firmware {
    built(board, "+low-ram", Firmware::build_low_ram)
}

/// Caches the result of `build` by board and variant; one build at a time, because they share a folder.
fn built(board: &str, variant: &str, build: fn(&'static Board) -> Result<Firmware, EmulateError>) -> Firmware {
    static BUILT: Mutex<Option<HashMap<String, Firmware>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let firmware = built.get_or_insert_default().entry(format!("{board}{variant}"));
    firmware.or_insert_with(|| build(by_name(board).unwrap()).unwrap_or_else(|error| panic!("{error}"))).clone()
}
