//! The firmware that the arguments ask for.

use super::args::Args;
use super::error::CliError;
use super::progress;
use foldnet_sim::Firmware;
use foldnet_sim::board::Board;
use foldnet_sim::emulate::{Confinement, EmulateError, build_plugin, check_emulator, confinement};

/// The given firmware, or a build of it, with the other options.
pub(super) fn firmware(board: &'static Board, args: &Args) -> Result<Firmware, CliError> {
    check_emulator(board)?;
    let plugin = args.cycles.then(|| build_plugin(board)).transpose()?;
    let firmware = without_plugin(board, args)?;
    Ok(match plugin {
        Some(plugin) => firmware.with_cycles(&plugin),
        None => firmware,
    })
}

/// The same without counting cycles.
pub(super) fn without_plugin(board: &'static Board, args: &Args) -> Result<Firmware, CliError> {
    check_emulator(board)?;
    let Some(elf) = args.firmware.as_deref() else {
        let waiting = progress::Waiting::new(format!("building the firmware for {}", board.name));
        let firmware = Firmware::build(board)?;
        waiting.finish();
        return Ok(firmware);
    };
    if !args.trust_firmware && confinement() == Confinement::None {
        return Err(EmulateError::Untrusted { path: elf.to_owned() }.into());
    }
    Ok(Firmware::open(elf, board)?)
}
