//! Writes the linker scripts of a firmware build from the table of boards; does nothing in a build for the PC.
//!
//! `FOLDNET_BOARD` names the board; without it, it is the first one of the target that is built for. With the feature
//! `cases` there is no model: all flash is the program's, and all RAM but the statics its stack. The machine is also a
//! `cfg(foldnet_machine = "...")`, for examples that know a chip.

#[path = "src/board/table.rs"]
pub mod table;

use std::env;
use std::path::PathBuf;
use table::{BOARDS, Board, FIRMWARE_LEN, STACK_LEN, STATICS_LEN};

/// Sections of RISC-V firmware; cortex-m-rt brings its own `link.x`.
const RISCV_SECTIONS: &str = "src/arch/riscv32.x";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(foldnet_machine, values(any()))");
    println!("cargo::rerun-if-env-changed=FOLDNET_BOARD");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/board/table.rs");
    println!("cargo::rerun-if-changed={RISCV_SECTIONS}");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let target = env::var("TARGET").expect("cargo says what is built for");
    let Some((row, board)) = board(&target) else {
        println!(
            "cargo::error=no board of firmware-sim/src/board/table.rs has the target {target} and the name asked for"
        );
        return;
    };
    println!("cargo::rustc-cfg=foldnet_machine=\"{}\"", board.machine);
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo gives a folder"));
    std::fs::write(out.join("memory.x"), linker_script(row, board)).expect("the folder can be written");
    if target.starts_with("riscv") {
        std::fs::copy(RISCV_SECTIONS, out.join("link.x")).expect("the folder can be written");
    }
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg=-Tlink.x");
    // Sections are not padded to pages, which a microcontroller does not have.
    println!("cargo::rustc-link-arg=--nmagic");
}

/// The board to build for, and its row in the table.
fn board(target: &str) -> Option<(usize, &'static Board)> {
    let name = env::var("FOLDNET_BOARD").ok();
    let wanted = |board: &Board| board.target == target && name.as_deref().is_none_or(|name| name == board.name);
    BOARDS.iter().enumerate().find(|(_, board)| wanted(board))
}

/// `memory.x`: what `link.x` asks for, and the symbols of `src/arch/memory.rs`.
fn linker_script(row: usize, board: &Board) -> String {
    let Board { name, machine, chip, core, flash, ram, erase_block, clock_hz, .. } = board;
    let (model, whole) = (board.model_region(), env::var_os("CARGO_FEATURE_CASES").is_some());
    let (firmware_len, stack_len) = if whole { (flash.len, ram.len - STATICS_LEN) } else { (FIRMWARE_LEN, STACK_LEN) };
    let stack_end = ram.end() - stack_len;
    format!(
        "/* {name}: {chip}, {core} at {clock_hz} Hz, QEMU machine {machine}; {STATICS_LEN} bytes set aside for statics, {stack_len} for the stack */
MEMORY
{{
  FLASH : ORIGIN = {:#x}, LENGTH = {firmware_len}
  RAM : ORIGIN = {:#x}, LENGTH = {}
}}
_foldnet_board = {row};
_model_start = {:#x};
_model_end = {:#x};
_erase_block = {erase_block:#x};
_free_end = {stack_end:#x};
",
        flash.origin,
        ram.origin,
        ram.len,
        model.origin,
        model.end(),
    )
}
