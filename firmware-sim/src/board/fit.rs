//! Whether a model fits a board: the memory it takes, and the slots for it.

use super::built_in::{BOARDS, names};
use super::table::{Board, FIRMWARE_LEN, FIRMWARE_RAM, Region};
use foldnet_core::Model;
use foldnet_core::quantized::KernelKind;
use foldnet_core::slot::{HEADER_LEN, Room, SlotHeader};

/// Memory that a model takes on a board, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Flash: the part reserved for the firmware, a slot's header, and the model.
    pub flash_bytes: usize,
    /// RAM: the part reserved for the firmware's statics and stack, an example, and the scratch memory.
    pub ram_bytes: usize,
}

impl Footprint {
    /// Memory of `model` with this kernel.
    pub fn of(model: &Model, kernel: KernelKind) -> Self {
        Self {
            flash_bytes: FIRMWARE_LEN as usize + HEADER_LEN + model.bytes(),
            ram_bytes: FIRMWARE_RAM as usize
                + example_bytes(model)
                + model.scratch_words_with(kernel) * size_of::<u32>(),
        }
    }
}

/// Size of an example's raw values in bytes.
pub fn example_bytes(model: &Model) -> usize {
    model.inputs() * model.input_type().bytes()
}

/// Reason why a model cannot run on a board. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoesNotFit {
    /// The model is larger than the available flash.
    #[error(
        "the model does not fit {board}'s flash: it has {needed} bytes, but only {available} of {total} are free after \
         the firmware; export it with fewer bits (--bits 4, --bits 2){larger}"
    )]
    Flash {
        /// The board's name.
        board: &'static str,
        /// Size of the model.
        needed: usize,
        /// Flash available for a model.
        available: usize,
        /// Total flash.
        total: usize,
        /// Boards that it fits, as the end of the sentence.
        larger: String,
    },
    /// Inference needs more RAM than is available.
    #[error(
        "the model does not fit {board}'s RAM: with an example, scratch memory and the firmware's {FIRMWARE_RAM} bytes it \
         needs {needed} bytes of {available}; train narrower layers (--hidden), or export fewer bits than 32{larger}"
    )]
    Ram {
        /// The board's name.
        board: &'static str,
        /// Required RAM.
        needed: usize,
        /// Total RAM.
        available: usize,
        /// Boards that it fits, as the end of the sentence.
        larger: String,
    },
}

impl Board {
    /// Memory that `model` takes on this board.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn fit(&self, model: &Model) -> Result<Footprint, DoesNotFit> {
        let footprint = Footprint::of(model, self.kernel());
        let room = self.room().whole().model_len() as usize;
        if model.bytes() > room {
            return Err(DoesNotFit::Flash {
                board: self.name,
                needed: model.bytes(),
                available: room,
                total: self.flash.len as usize,
                larger: larger(model),
            });
        }
        let ram = self.ram.len as usize;
        if footprint.ram_bytes > ram {
            let needed = footprint.ram_bytes;
            return Err(DoesNotFit::Ram { board: self.name, needed, available: ram, larger: larger(model) });
        }
        Ok(footprint)
    }

    /// The kernel for this board, from the same table as in core's `build.rs`.
    pub fn kernel(&self) -> KernelKind {
        KernelKind::of_target(self.target, |feature| self.feature == Some(feature))
    }

    /// Flash reserved for models, and its slots, as in the firmware's linker script.
    pub const fn room(&self) -> Room {
        let Region { origin, len } = self.model_region();
        Room::halves(origin, len, self.erase_block)
    }

    /// Number of slots for models of the size of `model`: with 2, a running one can be replaced safely.
    pub fn slots_for(&self, model: &Model) -> u8 {
        u32::try_from(model.bytes()).map_or(0, |len| self.room().slots_for(len))
    }

    /// The bytes of slot `number`, 0 or 1, with a model file; `None` if it does not fit.
    pub fn slot_image(&self, number: u8, sequence: u32, model: &[u8]) -> Option<Vec<u8>> {
        let header = SlotHeader::for_slot(&self.room(), number, sequence, model)?;
        Some([&header.to_bytes(), model].concat())
    }

    /// Whether `model` fits.
    fn has_room(&self, model: &Model) -> bool {
        self.slots_for(model) > 0 && Footprint::of(model, self.kernel()).ram_bytes <= self.ram.len as usize
    }
}

/// `, or take ...`: the boards that `model` fits, if any.
fn larger(model: &Model) -> String {
    let fitting: Vec<Board> = BOARDS.iter().filter(|board| board.has_room(model)).copied().collect();
    if fitting.is_empty() { String::new() } else { format!(", or use one of {}", names(&fitting)) }
}
