//! Writes a model into the slot that is not running, through any NOR flash driver. [The parent module](super) describes
//! the order of the steps.
//!
//! # Requirements on the driver
//!
//! * Its write and read sizes are powers of two of at most 32 and 64 bytes; larger ones do not compile.
//! * `ERASE_SIZE` is the size of the smallest erase block in the room. If block sizes differ (16 KB, 64 KB and 128 KB
//!   on an STM32F4), `erase(from, to)` accepts every range that begins and ends at block boundaries, and erases all
//!   blocks within. A slot is erased in one such call from its first to its last byte; [`super::Room::split`] puts the
//!   boundary where blocks end. Each word is written once between two erasures.
//! * A block is erased again even if it reads as erased, because an interrupted erasure may look finished but not last.

use super::boot::Running;
use super::header::{COMMIT_AT, SlotHeader};
use super::room::{HEADER_LEN, Region, Room};
use crate::model::{CRC, MAGIC};
use core::fmt;
use embedded_storage::nor_flash::NorFlash;

/// Largest unit of writing: a multiple of every accepted `WRITE_SIZE`.
const UNIT: usize = COMMIT_AT;

/// Largest unit of reading: a multiple of every accepted `READ_SIZE`.
const CHUNK: usize = HEADER_LEN;

/// The CRC residue of bytes that end with their own checksum, little-endian.
const WITH_CRC: u32 = crc::CRC_32_ISO_HDLC.residue ^ crc::CRC_32_ISO_HDLC.xorout;

/// Reason why a model was not written, or could not be verified. The previous model still boots; only after
/// [`Unconfirmed`](Self::Unconfirmed) may it be the new one, which is then complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WriteError<E> {
    /// The model is larger than the slot; nothing was erased.
    TooLarge {
        /// Size of the largest model that fits, in bytes.
        available: u32,
    },
    /// The running model leaves no free slot, because it occupies more than its half of the room; nothing was erased.
    NoFreeSlot,
    /// The slot does not begin and end at boundaries of erase blocks; nothing was erased.
    Borders,
    /// More bytes arrived than were announced; the slot can no longer be finished.
    TooMany,
    /// Fewer bytes arrived than were announced.
    TooFew {
        /// Number of missing bytes.
        missing: u32,
    },
    /// The bytes in flash are not a complete model: damaged in transit, or not a model file.
    Damaged,
    /// The header in flash is not the one written: the flash is worn out, or was not erased.
    Header,
    /// The flash driver's error.
    Flash(E),
    /// The model and its header are in flash, but the commit word could not be written or read back. Boot again:
    /// [`super::boot`] says which model runs, the previous or the new one; both are complete.
    Unconfirmed,
}

impl<E: fmt::Debug> fmt::Display for WriteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::TooLarge { available } => write!(f, "the model is larger than the {available} bytes of the slot"),
            Self::NoFreeSlot => write!(f, "the running model takes more than half of the region, so no slot is free"),
            Self::Borders => write!(f, "the slot is not aligned to erase blocks"),
            Self::TooMany => write!(f, "more bytes arrived than announced"),
            Self::TooFew { missing } => write!(f, "{missing} bytes of the model are missing"),
            Self::Damaged => write!(f, "the data in flash is not a complete model"),
            Self::Header => write!(f, "the slot's header in flash differs from what was written"),
            Self::Flash(error) => write!(f, "the flash driver failed: {error:?}"),
            Self::Unconfirmed => {
                write!(f, "the new model is in flash, but may not be committed: reboot to find out")
            }
        }
    }
}

impl<E: fmt::Debug> core::error::Error for WriteError<E> {}

/// A model being written to a slot. If dropped before [`Writer::finish`], it leaves a slot that does not boot.
#[derive(Debug)]
pub struct Writer<'f, F> {
    flash: &'f mut F,
    /// Start of the room in the driver's address space.
    offset: u32,
    /// The slot's place in the room.
    place: Region,
    /// The header to be written; its checksum is that of the last four bytes received.
    header: SlotHeader,
    /// Number of bytes received.
    came: u32,
    /// Whether more bytes arrived than were announced.
    too_many: bool,
    /// The received bytes that are not in flash yet: the last `came % UNIT`.
    unit: [u8; UNIT],
}

impl<'f, F: NorFlash> Writer<'f, F> {
    /// Erases the slot of `room` that is not running, for a model file of `model_len` bytes. `offset` is the start of
    /// the room in the driver's addresses; `running` is the result of [`super::boot`], `None` if nothing boots.
    ///
    /// # Errors
    /// [`WriteError::TooLarge`], [`WriteError::NoFreeSlot`], [`WriteError::Borders`], [`WriteError::Flash`].
    pub fn new(
        flash: &'f mut F,
        offset: u32,
        room: &Room,
        running: Option<Running>,
        model_len: u32,
    ) -> Result<Self, WriteError<F::Error>> {
        const {
            assert!(F::WRITE_SIZE.is_power_of_two() && F::WRITE_SIZE <= UNIT);
            assert!(F::READ_SIZE.is_power_of_two() && F::READ_SIZE <= CHUNK);
        }
        let (slot, place) = free_slot(room, running, model_len)?;
        let address = room.slot_address(slot).ok_or(WriteError::NoFreeSlot)?;
        let (start, end) = (offset.wrapping_add(place.offset), offset.wrapping_add(place.end()));
        let block = F::ERASE_SIZE as u32;
        if start.checked_rem(block) != Some(0) || end.checked_rem(block) != Some(0) {
            return Err(WriteError::Borders);
        }
        let header = SlotHeader { slot, address, sequence: 0, model_len, model_crc: 0 };
        let mut writer = Self { flash, offset, place, header, came: 0, too_many: false, unit: [0xFF; UNIT] };
        let kept = match (running, room.slot(1)) {
            (Some(running), _) => running.sequence,
            (None, Some(other)) if !other.overlaps(&place) => writer.sequence_behind()?,
            (None, _) => 0,
        };
        writer.header.sequence = kept.wrapping_add(1);
        writer.flash.erase(start, end).map_err(WriteError::Flash)?;
        Ok(writer)
    }

    /// The slot being written, 0 or 1.
    pub fn slot(&self) -> u8 {
        self.header.slot
    }

    /// Takes the next bytes of the model file, any number at a time.
    ///
    /// # Errors
    /// [`WriteError::TooMany`], [`WriteError::Flash`]; the slot then cannot be finished.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError<F::Error>> {
        for &byte in bytes {
            if self.came >= self.header.model_len {
                self.too_many = true;
                return Err(WriteError::TooMany);
            }
            let filled = self.came as usize % UNIT;
            if let Some(place) = self.unit.get_mut(filled) {
                *place = byte;
            }
            self.header.model_crc = self.header.model_crc >> 8 | u32::from(byte) << 24;
            self.came += 1;
            if filled + 1 == UNIT {
                self.flush(UNIT)?;
            }
        }
        Ok(())
    }

    /// Verifies the contents of flash, and makes the slot the one that boots next. Returns its position and sequence,
    /// as [`super::boot`] will find it.
    ///
    /// # Errors
    /// [`WriteError::TooFew`], [`WriteError::TooMany`], [`WriteError::Damaged`], [`WriteError::Header`],
    /// [`WriteError::Flash`]; [`WriteError::Unconfirmed`].
    pub fn finish(mut self) -> Result<Running, WriteError<F::Error>> {
        if self.too_many {
            return Err(WriteError::TooMany);
        }
        match self.header.model_len - self.came {
            0 => (),
            missing => return Err(WriteError::TooFew { missing }),
        }
        match self.came as usize % UNIT {
            0 => (),
            filled => self.flush(filled)?,
        }
        self.check_model()?;
        let bytes = self.header.to_bytes();
        let (front, commit) = bytes.split_at(COMMIT_AT);
        self.put(0, front)?;
        self.check_header(front)?;
        // From here on the slot may boot, whatever the driver says.
        self.put(COMMIT_AT as u32, commit)
            .and_then(|()| self.check_header(&bytes))
            .map_err(|_| WriteError::Unconfirmed)?;
        let place = Region { len: HEADER_LEN as u32 + self.came, ..self.place };
        Ok(Running { slot: Some(self.header.slot), sequence: self.header.sequence, place })
    }

    /// Writes the first `filled` bytes of the unit to flash; the last of them is the last byte received.
    fn flush(&mut self, filled: usize) -> Result<(), WriteError<F::Error>> {
        let unit = self.unit;
        self.unit = [0xFF; UNIT];
        let words = unit.get(..filled.next_multiple_of(F::WRITE_SIZE)).unwrap_or(&unit);
        self.put(HEADER_LEN as u32 + self.came - filled as u32, words)
    }

    /// Writes `bytes` at offset `at` of the slot.
    fn put(&mut self, at: u32, bytes: &[u8]) -> Result<(), WriteError<F::Error>> {
        self.flash.write(self.offset.wrapping_add(self.place.offset + at), bytes).map_err(WriteError::Flash)
    }

    /// Sequence number in the other slot's header, even if its model does not boot; 0 if there is none.
    fn sequence_behind(&mut self) -> Result<u32, WriteError<F::Error>> {
        let mut found = [0; CHUNK];
        self.get(self.place.len, &mut found, CHUNK)?;
        Ok(SlotHeader::from_bytes(&found).map_or(0, |header| header.sequence))
    }

    /// Checks that the data in flash starts like a model and matches its trailing checksum.
    fn check_model(&mut self) -> Result<(), WriteError<F::Error>> {
        let (mut digest, mut chunk, mut done) = (CRC.digest(), [0; CHUNK], 0);
        while done < self.came {
            let len = (self.came - done).min(CHUNK as u32) as usize;
            self.get(HEADER_LEN as u32 + done, &mut chunk, len)?;
            if done == 0 && chunk[..MAGIC.len()] != MAGIC {
                return Err(WriteError::Damaged);
            }
            digest.update(chunk.get(..len).unwrap_or(&chunk));
            done += len as u32;
        }
        if digest.finalize() == WITH_CRC { Ok(()) } else { Err(WriteError::Damaged) }
    }

    /// Checks that the header in flash starts with `expected`.
    fn check_header(&mut self, expected: &[u8]) -> Result<(), WriteError<F::Error>> {
        let mut found = [0; CHUNK];
        self.get(0, &mut found, CHUNK)?;
        if found.starts_with(expected) { Ok(()) } else { Err(WriteError::Header) }
    }

    /// Reads at least `len` bytes, from `at` in the slot on, into the front of `chunk`.
    fn get(&mut self, at: u32, chunk: &mut [u8; CHUNK], len: usize) -> Result<(), WriteError<F::Error>> {
        let words = chunk.get_mut(..len.next_multiple_of(F::READ_SIZE)).unwrap_or_default();
        self.flash.read(self.offset.wrapping_add(self.place.offset + at), words).map_err(WriteError::Flash)
    }
}

/// The slot that is not running, and its place for a model of `model_len` bytes: the whole room only if nothing is
/// running.
fn free_slot<E>(room: &Room, running: Option<Running>, model_len: u32) -> Result<(u8, Region), WriteError<E>> {
    let Some(running) = running else {
        let available = room.whole().model_len();
        return room.place(0, model_len).map(|place| (0, place)).ok_or(WriteError::TooLarge { available });
    };
    let number = u8::from(running.slot != Some(1));
    let slot = room.slot(number).ok_or(WriteError::NoFreeSlot)?;
    if slot.overlaps(&running.place) {
        return Err(WriteError::NoFreeSlot);
    }
    let available = slot.model_len();
    if model_len > available { Err(WriteError::TooLarge { available }) } else { Ok((number, slot)) }
}
