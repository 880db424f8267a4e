//! Chooses the slot to boot from memory-mapped flash: the newest complete one.

use super::header::{Fault, SlotHeader};
use super::room::{HEADER_LEN, Region, Room};
use crate::model::{Model, ParseError};
use core::fmt;

/// Position of the length in a model file: a little-endian `u32`.
const LENGTH_FIELD: core::ops::Range<usize> = 8..12;

/// A model found in a room, checked and open.
#[derive(Debug, Clone)]
pub struct Boot<'a> {
    /// The model.
    pub model: Model<'a>,
    /// Where it is: what an update must not touch.
    pub running: Running,
    /// Why the other slot was not used; `None` if it is merely older, or empty.
    pub other: Option<Fault>,
}

/// Position of the running model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Running {
    /// Its slot; `None` for a bare model at the start of the room.
    pub slot: Option<u8>,
    /// The slot's sequence; 0 for a bare model.
    pub sequence: u32,
    /// The bytes it occupies, including its header.
    pub place: Region,
}

/// No model boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BootError {
    /// Why neither slot boots.
    pub slots: [Fault; 2],
    /// Why the start of the room is not a bare model.
    pub bare: ParseError,
}

impl BootError {
    /// The single cause, if there is one: the fault of the slot that is not empty, or that of the bare model if both
    /// are empty. `None` if both slots have a fault.
    pub fn cause(&self) -> Option<Fault> {
        match self.slots {
            [Fault::Empty, Fault::Empty] => Some(Fault::Model(self.bare)),
            [fault, Fault::Empty] | [Fault::Empty, fault] => Some(fault),
            _ => None,
        }
    }
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self { slots: [Fault::Empty, Fault::Empty], bare } => bare.fmt(f),
            Self { slots: [zero, one], .. } => write!(f, "slot 0: {zero}; slot 1: {one}"),
        }
    }
}

impl core::error::Error for BootError {}

/// The models of a room in the order in which [`boot`] tries them.
#[derive(Debug, Clone, Copy)]
struct Slots<'a> {
    flash: &'a [u8],
    room: Room,
    slots: [Result<Candidate, Fault>; 2],
}

/// A slot with a valid header.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    sequence: u32,
    model_len: u32,
}

impl<'a> Slots<'a> {
    /// Reads the headers in `flash`, which begins with the bytes of `room`.
    fn new(flash: &'a [u8], room: Room) -> Self {
        let slots = [look(flash, &room, 0), look(flash, &room, 1)];
        Self { flash, room, slots }
    }

    /// The bytes of the newest model not passed over yet; finally the start of the room, for a bare model.
    fn newest(&self) -> &'a [u8] {
        match self.running() {
            Running { slot: None, .. } => front(self.flash),
            Running { place, .. } => bytes(self.flash, &place).unwrap_or_default(),
        }
    }

    /// The position of these bytes, which an update must not touch while they run.
    fn running(&self) -> Running {
        let (number, candidate) = match self.slots {
            [Ok(zero), Ok(one)] if is_later(one.sequence, zero.sequence) => (1, one),
            [Ok(slot), _] => (0, slot),
            [_, Ok(slot)] => (1, slot),
            _ => {
                let place = Region { offset: 0, len: front(self.flash).len() as u32 };
                return Running { slot: None, sequence: 0, place };
            }
        };
        let offset = self.room.slot(number).map_or(0, |slot| slot.offset);
        let place = Region { offset, len: HEADER_LEN as u32 + candidate.model_len };
        Running { slot: Some(number), sequence: candidate.sequence, place }
    }

    /// Passes over the newest model because it does not open, and goes on to the next.
    ///
    /// # Errors
    /// If there is none.
    fn pass_over(&mut self, error: ParseError) -> Result<(), BootError> {
        match (self.running().slot, &mut self.slots) {
            (Some(0), [slot, _]) | (Some(_), [_, slot]) => *slot = Err(Fault::Model(error)),
            (None, [Err(zero), Err(one)]) => return Err(BootError { slots: [*zero, *one], bare: error }),
            (None, _) => (),
        }
        Ok(())
    }

    /// Why a slot was passed over; `None` if both boot, or one is empty.
    fn passed_over(&self) -> Option<Fault> {
        self.slots.iter().filter_map(|slot| slot.err()).find(|fault| *fault != Fault::Empty)
    }
}

/// Opens the newest model of `room`, whose bytes `flash` begins with. Falls back to the older one, then to the bare
/// model at the start. `flash` must begin at an address divisible by 4.
///
/// # Errors
/// If no model opens.
pub fn boot<'a>(flash: &'a [u8], room: &Room) -> Result<Boot<'a>, BootError> {
    let mut slots = Slots::new(flash, *room);
    loop {
        match Model::parse(slots.newest()) {
            Ok(model) => return Ok(Boot { model, running: slots.running(), other: slots.passed_over() }),
            Err(error) => slots.pass_over(error)?,
        }
    }
}

/// Opens the model file at the start of `flash`, ignoring any bytes behind it.
///
/// # Errors
/// Those of [`Model::parse`]. A model whose declared length exceeds `flash` is a [`ParseError::Length`].
pub fn bare(flash: &[u8]) -> Result<Model<'_>, ParseError> {
    Model::parse(front(flash))
}

/// The bytes of the model file at the start of `flash`, according to its declared length.
fn front(flash: &[u8]) -> &[u8] {
    let declared = flash.get(LENGTH_FIELD).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let len = declared.map_or(flash.len(), |len| flash.len().min(len as usize));
    // A length too small for any model is meaningless; let the parser report the actual fault.
    if len < LENGTH_FIELD.end { flash } else { flash.get(..len).unwrap_or(flash) }
}

/// Reads the header of slot `number`.
fn look(flash: &[u8], room: &Room, number: u8) -> Result<Candidate, Fault> {
    let slot = room.slot(number).ok_or(Fault::Empty)?;
    let header = flash.get(slot.offset as usize..).and_then(|bytes| bytes.first_chunk::<HEADER_LEN>());
    let SlotHeader { slot: for_slot, address, sequence, model_len, model_crc } =
        SlotHeader::from_bytes(header.ok_or(Fault::Empty)?)?;
    if for_slot != number || Some(address) != room.slot_address(number) {
        return Err(Fault::WrongSlot);
    }
    room.place(number, model_len).ok_or(Fault::TooLarge)?;
    let place = Region { offset: slot.offset, len: HEADER_LEN as u32 + model_len };
    let model = bytes(flash, &place).ok_or(Fault::TooLarge)?;
    if model.last_chunk() != Some(&model_crc.to_le_bytes()) {
        return Err(Fault::Other);
    }
    Ok(Candidate { sequence, model_len })
}

/// The bytes of the model whose header and file are at `place`.
fn bytes<'a>(flash: &'a [u8], place: &Region) -> Option<&'a [u8]> {
    flash.get(place.offset as usize + HEADER_LEN..place.end() as usize)
}

/// Whether sequence `a` is later than `b`; sequences wrap around.
fn is_later(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}
