//! Writes the linker scripts of a firmware build from the board file; does nothing in a build for the PC.
//!
//! `FOLDNET_BOARD` names the board; the default is the first one of the build's target. `FOLDNET_BOARD_FILE` is a board
//! file to use instead of `src/board/boards.toml`. With the feature `cases` there is no model: all flash belongs to the
//! program, and all RAM except the statics to its stack. The machine is also a `cfg(foldnet_machine = "...")`, for
//! examples that depend on a chip.

#[path = "src/board/table.rs"]
pub mod table;

use std::env;
use std::path::PathBuf;
use table::{Board, FIRMWARE_LEN, STACK_LEN, STATICS_LEN};

/// Sections of RISC-V firmware; cortex-m-rt has its own `link.x`.
const RISCV_SECTIONS: &str = "src/arch/riscv32.x";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(foldnet_machine, values(any()))");
    println!("cargo::rerun-if-env-changed=FOLDNET_BOARD");
    println!("cargo::rerun-if-env-changed=FOLDNET_BOARD_FILE");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/board/table.rs");
    println!("cargo::rerun-if-changed=src/board/boards.toml");
    println!("cargo::rerun-if-changed={RISCV_SECTIONS}");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    match board(&env::var("TARGET").expect("cargo sets TARGET")) {
        Ok(board) => link_for(&board),
        Err(cause) => println!("cargo::error={cause}"),
    }
}

/// The board to build for.
fn board(target: &str) -> Result<Board, String> {
    let file = env::var("FOLDNET_BOARD_FILE").ok();
    let boards = match &file {
        Some(path) => {
            println!("cargo::rerun-if-changed={path}");
            let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: cannot be read ({error})"))?;
            table::read(&text, Some(path)).map_err(|cause| format!("{path}: {cause}"))?
        }
        None => table::read(table::BUILT_IN, None)?,
    };
    let name = env::var("FOLDNET_BOARD").ok();
    let wanted = |board: &Board| board.target == target && name.as_deref().is_none_or(|name| name == board.name);
    let file = file.as_deref().unwrap_or("firmware-sim/src/board/boards.toml");
    boards.into_iter().find(wanted).ok_or(format!("{file} has no board with target {target} and the requested name"))
}

/// Writes the linker scripts, and tells cargo where they are.
fn link_for(board: &Board) {
    let machine = board.qemu.map_or("", |qemu| qemu.machine);
    println!("cargo::rustc-cfg=foldnet_machine=\"{machine}\"");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo gives a folder"));
    std::fs::write(out.join("memory.x"), linker_script(board)).expect("the folder can be written");
    if board.target.starts_with("riscv") {
        std::fs::copy(RISCV_SECTIONS, out.join("link.x")).expect("the folder can be written");
    }
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg=-Tlink.x");
    // Sections are not padded to pages, which a microcontroller does not have.
    println!("cargo::rustc-link-arg=--nmagic");
}

/// `memory.x`: the symbols that `link.x` requires, and those of `src/arch/memory.rs`.
fn linker_script(board: &Board) -> String {
    let Board { name, core, flash, ram, erase_block, .. } = board;
    let (model, whole) = (board.model_region(), env::var_os("CARGO_FEATURE_CASES").is_some());
    let (firmware_len, stack_len) = if whole { (flash.len, ram.len - STATICS_LEN) } else { (FIRMWARE_LEN, STACK_LEN) };
    let stack_end = ram.end() - stack_len;
    format!(
        "/* {name}: {core}; {STATICS_LEN} bytes set aside for statics, {stack_len} for the stack */
MEMORY
{{
  FLASH : ORIGIN = {:#x}, LENGTH = {firmware_len}
  RAM : ORIGIN = {:#x}, LENGTH = {}
}}
_foldnet_board = {:#x};
_model_start = {:#x};
_model_end = {:#x};
_erase_block = {erase_block:#x};
_free_end = {stack_end:#x};
",
        flash.origin,
        ram.origin,
        ram.len,
        board.id(),
        model.origin,
        model.end(),
    )
}
