//! Firmware written as users write it, independent of the simulator, on emulated boards: its output over semihosting.

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
