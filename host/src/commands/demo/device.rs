//! An exported model on the simulated device, and on an emulated board.

use super::outcome::{Emulated, Simulated};
use crate::format::{bytes, thousands};
use crate::show::terminal::{StageBar, Ui};
use anyhow::bail;
use foldnet_core::Model;
use foldnet_data::View;
use foldnet_sim::board::by_name;
use foldnet_sim::emulate::{EmulateError, Emulation, Task, check_emulator, emulate};
use foldnet_sim::{Firmware, simulate};

/// Runs all images through the simulator.
pub(super) fn simulated(model: &[u8], test: View) -> anyhow::Result<Simulated> {
    let bar = StageBar::new("simulating", test.len());
    let simulation = simulate(&Model::parse(model)?, test, &mut |done| bar.update(done));
    Ok(Simulated { accuracy: simulation.accuracy(), logits_sha256: simulation.logits_sha256 })
}

/// Runs the images on an emulated board; `None`, with a message, if the emulator or compiler is missing.
pub(super) fn emulated(model: &[u8], images: View, board: &str, ui: Ui) -> anyhow::Result<Option<Emulated>> {
    let board = by_name(board)?;
    let run = || -> Result<Emulation, EmulateError> {
        check_emulator(board)?;
        let firmware = Firmware::build(board)?;
        let bar = StageBar::new(&format!("emulating {}", board.name), images.len());
        let task = Task { firmware: &firmware, model, examples: images, layers: false };
        emulate(&task, &mut |done| bar.update(done))
    };
    match run() {
        Ok(emulation) => Ok(Some(said(emulation, board.name, ui)?)),
        Err(error @ (EmulateError::Missing { .. } | EmulateError::NoSource { .. })) => {
            ui.say(format!("not emulated: {error}"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Prints the outcome and returns it; a difference between board and PC is an error.
fn said(emulation: Emulation, board: &str, ui: Ui) -> anyhow::Result<Emulated> {
    if let Some(image) = emulation.first_difference {
        bail!("{board} and the simulation differ at test image {image}; please report this");
    }
    ui.say(format!(
        "{board}, emulated: all logits of {} images equal the simulation's - {} instructions per image ({}) - flash {}, RAM {}",
        thousands(emulation.images),
        thousands(emulation.instructions.mean as usize),
        emulation.kernel,
        bytes(emulation.flash.total()),
        bytes(emulation.ram.total())
    ));
    Ok(Emulated {
        board: board.to_owned(),
        images: emulation.images,
        accuracy: emulation.accuracy(),
        identical: emulation.identical(),
        instructions_per_image: emulation.instructions.mean,
        flash_bytes: emulation.flash.total(),
        ram_bytes: emulation.ram.total(),
        kernel: emulation.kernel,
    })
}
