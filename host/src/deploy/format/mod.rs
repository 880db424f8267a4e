//! The formats of an export: a device model for a flash programmer, bare or as a slot, as raw bytes or Intel HEX, or as a
//! header that a C program includes; and the network in ONNX.
//!
//! A [`Target`] is checked before an export begins, and against the model once there is one.

mod c_header;
mod hex;
pub mod onnx;

use anyhow::bail;
use foldnet_core::Model;
use foldnet_core::slot::SlotHeader;
use foldnet_sim::board::Board;
use serde::Serialize;

/// Format of the output file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The model file, the same for every board
    #[default]
    Fnet,
    /// Raw bytes, as in flash
    Bin,
    /// Intel HEX, which includes addresses
    Hex,
    /// A C header: the model as an array, its sizes, and an example call
    C,
    /// ONNX in floats, for other runtimes
    Onnx,
}

/// The device whose flash the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// The model region of a known board.
    Board(&'static Board),
    /// The user's own address of the first byte.
    Address(u32),
}

/// A slot to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// 0 or 1.
    pub number: u8,
    /// Sequence number: the slot with the later one boots.
    pub sequence: u32,
}

/// What to write, and for which place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    format: Format,
    place: Option<Destination>,
    slot: Option<Slot>,
}

/// Description of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The format.
    pub format: Format,
    /// Address of the first byte; `None` without a board or address.
    pub address: Option<u32>,
    /// The slot; `None` for a bare model.
    pub slot: Option<u8>,
    /// The slot's sequence.
    pub sequence: Option<u32>,
    /// Number of slots of the board for models of this size; `None` without a board.
    pub slots: Option<u8>,
}

impl Target {
    /// The target given on the command line.
    ///
    /// # Errors
    /// If its parts contradict each other.
    pub fn new(format: Format, place: Option<Destination>, slot: Option<Slot>) -> anyhow::Result<Self> {
        match (format, place, slot) {
            (Format::Onnx, Some(_), _) | (Format::Onnx, _, Some(_)) => bail!(
                "--board, --address and --slot do not apply to --format onnx, which is for other runtimes; leave them out"
            ),
            (Format::C, Some(_), _) | (Format::C, _, Some(_)) => bail!(
                "--board, --address and --slot do not apply to --format c, since the linker places the array; leave them \
                 out"
            ),
            (Format::Fnet, Some(_), _) | (Format::Fnet, _, Some(_)) => bail!(
                "--board, --address and --slot do not apply to --format fnet, which is the same for every board; give \
                 --format bin or hex, or leave them out"
            ),
            (_, None, Some(Slot { number, .. })) => {
                bail!("--slot {number}: a slot's header holds its address; also give --board NAME or --address A")
            }
            (Format::Hex, None, None) => {
                bail!("--format hex: Intel HEX includes addresses; give --board NAME or --address A")
            }
            (_, _, Some(Slot { number: number @ 2.., .. })) => bail!("--slot {number}: give 0 or 1"),
            (_, Some(Destination::Address(address)), _) if address % 16 != 0 => {
                bail!("--address {address:#x}: models and slots begin at multiples of 16; give one of these")
            }
            _ => Ok(Self { format, place, slot }),
        }
    }

    /// The file with `bytes`, those of `model`.
    ///
    /// # Errors
    /// If the model does not fit.
    pub fn file(&self, model: &Model, bytes: &[u8]) -> anyhow::Result<(Vec<u8>, Written)> {
        let address = self.place.map(|place| self.address(place)).transpose()?;
        if let Some(Destination::Board(board)) = self.place {
            board.fit(model)?;
        }
        let image = match (self.slot, address) {
            (Some(slot), Some(address)) => [&self.header(slot, address, bytes)?.to_bytes(), bytes].concat(),
            _ => bytes.to_vec(),
        };
        if let Some(address) = address.filter(|address| u64::from(*address) + image.len() as u64 > 1 << 32) {
            bail!(
                "--address {address:#x}: the {} bytes would end past the last 32-bit address; give a lower address",
                image.len()
            );
        }
        let slots = match self.place {
            Some(Destination::Board(board)) => Some(board.slots_for(model)),
            _ => None,
        };
        let (slot, sequence) = (self.slot.map(|slot| slot.number), self.slot.map(|slot| slot.sequence));
        let written = Written { format: self.format, address, slot, sequence, slots };
        let file = match (self.format, address) {
            (Format::C, _) => c_header::write(model, bytes).into_bytes(),
            (Format::Hex, Some(address)) => hex::write(address, &image)?.into_bytes(),
            _ => image,
        };
        Ok((file, written))
    }

    /// Address of the first byte.
    fn address(&self, place: Destination) -> anyhow::Result<u32> {
        match (place, self.slot) {
            (Destination::Address(address), _) => Ok(address),
            (Destination::Board(board), None) => Ok(board.model_address),
            (Destination::Board(board), Some(Slot { number, .. })) => match board.room().slot_address(number) {
                Some(address) => Ok(address),
                None => bail!("--slot {number}: {} has no such slot; give --slot 0", board.name),
            },
        }
    }

    fn header(&self, slot: Slot, address: u32, model: &[u8]) -> anyhow::Result<SlotHeader> {
        let Slot { number, sequence } = slot;
        let header = match self.place {
            Some(Destination::Board(board)) => SlotHeader::for_slot(&board.room(), number, sequence, model),
            _ => SlotHeader::at(address, number, sequence, model),
        };
        match (header, self.place) {
            (Some(header), _) => Ok(header),
            (None, Some(Destination::Board(board))) => bail!("{}", no_second_slot(board, model.len())),
            (None, _) => {
                bail!("--slot {number}: the model is larger than a slot can be; export it with fewer bits (--bits 2)")
            }
        }
    }
}

/// Explains why there is no slot 1, with the remedy.
fn no_second_slot(board: &Board, len: usize) -> String {
    let (room, name) = (board.room(), board.name);
    let each = room.slot(1).map_or(0, |slot| slot.model_len());
    format!(
        "--slot 1: the model has {len} bytes, but each of {name}'s two slots holds only {each}; export it with fewer bits \
         (--bits 2), or give --slot 0 to use all {} bytes as one slot",
        room.whole().model_len()
    )
}
