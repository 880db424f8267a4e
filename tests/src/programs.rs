//! Firmware written as users write it, independent of the simulator, on emulated boards: its output over semihosting.

use crate::tidy::File;
use crate::tidy::figures::cell;
use crate::tidy::files::root;
use foldnet_sim::board::Board;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a command to its end.
///
/// # Panics
/// If it cannot be started.
pub fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()))
}

/// All output of a command.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs `elf` in `folder`, which has its files, with these bytes in the flash for models, for a minute at most.
///
/// # Panics
/// If the emulator cannot be started.
pub fn emulate(board: &Board, elf: &Path, folder: &Path, flash: &[u8]) -> Output {
    std::fs::write(folder.join("flash"), flash).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let loader = format!("loader,file=flash,addr={:#x},force-raw=on", board.model_address);
    let machine = board.qemu.unwrap_or_else(|| panic!("{} is not emulated", board.name)).machine;
    let mut command = Command::new("timeout");
    command.args(["60", "qemu-system-arm", "-M", machine, "-nographic", "-monitor", "none", "-serial", "none"]);
    command.args(["-semihosting-config", "enable=on,target=native", "-device", &loader]);
    run(command.arg("-kernel").arg(elf).current_dir(folder))
}

/// Checks what docs/on-a-board.md says in the row that begins with `row` of the flash that `elf` takes, text and data.
/// 2 % is tolerated, as in the footprint table.
///
/// # Panics
/// If the page says something else, or `arm-none-eabi-size` does not.
pub fn check_flash_in_page(row: &str, column: usize, elf: &Path) {
    let said = said(&run(Command::new("arm-none-eabi-size").arg(elf)));
    let numbers = said.lines().nth(1).map(|line| line.split_ascii_whitespace().map_while(|word| word.parse().ok()));
    let sections: Vec<u64> = numbers.into_iter().flatten().take(2).collect();
    assert_eq!(sections.len(), 2, "{}: {said}", elf.display());
    let (path, measured) = ("docs/on-a-board.md", sections.iter().sum::<u64>());
    let page = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let page = File::new(path, &page);
    let cell = cell(&page, row, column);
    let quoted: u64 = cell.replace(',', "").parse().unwrap_or_else(|_| panic!("{path}: `{row}` says '{cell}'"));
    assert!(measured.abs_diff(quoted) * 50 <= quoted, "{path}: `{row}` says {cell}, measured was {measured}");
}
