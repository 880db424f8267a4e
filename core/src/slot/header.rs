//! The header of a slot: its bytes, and the possible faults.

use super::room::{HEADER_LEN, Room};
use crate::model::{CRC, ParseError, checksum};
use core::fmt;

/// Where the commit word begins.
pub(super) const COMMIT_AT: usize = 32;

const MAGIC: [u8; 4] = *b"FSLT";
const VERSION: u16 = 1;
const COMMIT: [u8; HEADER_LEN - COMMIT_AT] = *b"Foldnet: this slot is complete.\n";

/// Offset of the header's own checksum.
const CRC_AT: usize = 28;

/// Contents of a slot's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SlotHeader {
    /// The slot it was written for.
    pub slot: u8,
    /// The address it was written for.
    pub address: u32,
    /// Sequence number: the slot with the later one is newer.
    pub sequence: u32,
    /// Bytes of the model file.
    pub model_len: u32,
    /// The model file's last four bytes.
    pub model_crc: u32,
}

/// Why a slot does not boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// Nothing was written here, or power failed before the header was begun.
    Empty,
    /// The commit word is incomplete: power failed while the slot was being written.
    Unfinished,
    /// The header was modified after it was written.
    Header,
    /// A version of the header that this program does not support.
    Version,
    /// The header was written for a different slot or address.
    WrongSlot,
    /// The slot is shorter than the declared length of its model.
    TooLarge,
    /// The model in the slot is not the one for which the header was written.
    Other,
    /// The model in the slot is invalid.
    Model(ParseError),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::Unfinished => "it was not written completely",
            Self::Header => "its header is damaged",
            Self::Version => "its header has a version that this program does not support",
            Self::WrongSlot => "it was written for another slot or another address",
            Self::TooLarge => "the model is larger than the slot",
            Self::Other => "the model is not the one that its header was written for",
            Self::Model(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for Fault {}

impl SlotHeader {
    /// The header for slot `number` with `model`, the bytes of a model file; `None` if `number` is not a slot of `room`
    /// or the model does not fit.
    pub fn for_slot(room: &Room, number: u8, sequence: u32, model: &[u8]) -> Option<Self> {
        let model_len = u32::try_from(model.len()).ok()?;
        room.place(number, model_len)?;
        Self::at(room.slot_address(number)?, number, sequence, model)
    }

    /// The header for slot `number` at `address` with `model`, the bytes of a model file, independent of a room; `None`
    /// for fewer than four bytes, or more than a `u32` can count.
    pub fn at(address: u32, number: u8, sequence: u32, model: &[u8]) -> Option<Self> {
        let model_len = u32::try_from(model.len()).ok()?;
        let model_crc = checksum(model)?;
        Some(Self { slot: number, address, sequence, model_len, model_crc })
    }

    /// The bytes in flash, including the commit word.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let (front, commit) = bytes.split_at_mut(COMMIT_AT);
        commit.copy_from_slice(&COMMIT);
        let (fields, crc) = front.split_at_mut(CRC_AT);
        fields[..4].copy_from_slice(&MAGIC);
        fields[4..6].copy_from_slice(&VERSION.to_le_bytes());
        fields[6] = self.slot;
        fields[8..12].copy_from_slice(&self.address.to_le_bytes());
        fields[12..16].copy_from_slice(&self.sequence.to_le_bytes());
        fields[16..20].copy_from_slice(&self.model_len.to_le_bytes());
        fields[20..24].copy_from_slice(&self.model_crc.to_le_bytes());
        crc.copy_from_slice(&CRC.checksum(fields).to_le_bytes());
        bytes
    }

    /// Decodes a header with its commit word.
    ///
    /// # Errors
    /// [`Fault::Empty`] if there is neither its magic nor its commit word; [`Fault::Unfinished`], [`Fault::Header`],
    /// [`Fault::Version`].
    pub fn from_bytes(bytes: &[u8; HEADER_LEN]) -> Result<Self, Fault> {
        let (committed, begun) = (bytes[COMMIT_AT..] == COMMIT, bytes[..4] == MAGIC);
        match (committed, begun) {
            (false, false) => return Err(Fault::Empty),
            (false, true) => return Err(Fault::Unfinished),
            (true, _) => (),
        }
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if CRC.checksum(&bytes[..CRC_AT]) != word(CRC_AT) || !begun {
            return Err(Fault::Header);
        }
        if u16::from_le_bytes([bytes[4], bytes[5]]) != VERSION {
            return Err(Fault::Version);
        }
        let (address, sequence, model_len, model_crc) = (word(8), word(12), word(16), word(20));
        Ok(Self { slot: bytes[6], address, sequence, model_len, model_crc })
    }
}
