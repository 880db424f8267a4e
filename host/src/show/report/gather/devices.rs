//! The memory that a device model takes on every board, and its time on a processor.

use foldnet_core::Model;
use foldnet_sim::board::{Board, Footprint, ms_without_zeros};
use serde::Serialize;

/// A device model on a board. Sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BoardFit {
    /// Name of the board.
    pub board: &'static str,
    /// Its chip.
    pub chip: &'static str,
    /// Its processor.
    pub core: &'static str,
    /// Flash that the model fills.
    pub flash: usize,
    /// Flash available for a model after the firmware and the slot's header.
    pub flash_available: usize,
    /// Number of models of this size that the flash has room for, 0 to 2: with 2 a running one can be replaced safely.
    pub slots: u8,
    /// Scratch memory for inference there.
    pub scratch: usize,
    /// Maximum RAM: the firmware's, an image, and the scratch memory.
    pub ram: usize,
    /// Total RAM.
    pub ram_available: usize,
    /// Whether the model fits.
    pub fits: bool,
    /// Modelled milliseconds for an example without zeros, if the core's timing is published and the clock is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms_without_zeros: Option<f64>,
}

impl BoardFit {
    fn of(board: &'static Board, model: &Model) -> Self {
        Self {
            board: board.name,
            chip: board.chip,
            core: board.core,
            flash: model.bytes(),
            flash_available: board.room().whole().model_len() as usize,
            slots: board.slots_for(model),
            scratch: model.scratch_words_with(board.kernel()) * size_of::<u32>(),
            ram: Footprint::of(model, board.kernel()).ram_bytes,
            ram_available: board.ram.len as usize,
            fits: board.fit(model).is_ok(),
            ms_without_zeros: ms_without_zeros(board, model),
        }
    }
}

/// Cost of a layer of a device model, known without running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LayerCost {
    /// `I`
    pub inputs: usize,
    /// `O`
    pub units: usize,
    /// Bits per weight.
    pub bits: u8,
    /// Number of multiply-accumulates per image, one for each weight.
    pub multiply_accumulates: usize,
}

/// `model` on each of the `boards`.
pub fn fits(model: &Model, boards: &[&'static Board]) -> Vec<BoardFit> {
    boards.iter().map(|board| BoardFit::of(board, model)).collect()
}

/// The layers of `model`.
pub fn layers(model: &Model) -> Vec<LayerCost> {
    let cost =
        |inputs: usize, units: usize, bits| LayerCost { inputs, units, bits, multiply_accumulates: inputs * units };
    model.header().layers.iter().map(|layer| cost(layer.inputs.into(), layer.units.into(), layer.bits)).collect()
}
