//! Chooses the slot that boots, from flash as memory: the newest one that is whole.

use super::header::{Fault, HEADER_LEN, Header};
use super::{Place, Room};
use crate::model::{Model, ParseError};
use core::fmt;

/// Where the model file says how long it is: a little-endian `u32`.
const LENGTH_FIELD: core::ops::Range<usize> = 8..12;

/// A model that was found in a room, checked and open.
#[derive(Debug, Clone)]
pub struct Boot<'a> {
    /// The model.
    pub model: Model<'a>,
    /// Where it is: what an update must not touch.
    pub running: Running,
    /// Why the other slot was passed over; none where it is the older one or empty.
    pub other: Option<Fault>,
}

/// Where the model that runs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Its slot; none for a bare model at the front of the room.
    pub slot: Option<u8>,
    /// The slot's sequence; 0 for a bare model.
    pub sequence: u32,
    /// The bytes that it is, its header included.
    pub place: Place,
}

/// No model boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootError {
    /// Why neither slot does.
    pub slots: [Fault; 2],
    /// Why the front of the room is no bare model.
    pub bare: ParseError,
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

/// A slot whose header is right, and the bytes of its model.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    header: Header,
    bytes: &'a [u8],
    place: Place,
}

/// Opens the newest model of `room`, whose bytes `flash` begins with; the older one where the newest does not open, or
/// the bare model at the front where no slot does. `flash` begins at an address divisible by 4.
///
/// # Errors
/// When there is none.
pub fn boot<'a>(flash: &'a [u8], room: &Room) -> Result<Boot<'a>, BootError> {
    let (zero, one) = (look(flash, room, 0), look(flash, room, 1));
    let swapped = matches!((&zero, &one), (Ok(zero), Ok(one)) if one.header.is_newer(&zero.header));
    let (first, then) = if swapped { (one, zero) } else { (zero, one) };
    let first_fault = match first.and_then(open) {
        Ok(boot) => return Ok(Boot { other: then.err().filter(|fault| *fault != Fault::Empty), ..boot }),
        Err(fault) => fault,
    };
    let then_fault = match then.and_then(open) {
        Ok(boot) => return Ok(Boot { other: Some(first_fault).filter(|fault| *fault != Fault::Empty), ..boot }),
        Err(fault) => fault,
    };
    let slots = if swapped { [then_fault, first_fault] } else { [first_fault, then_fault] };
    let model = bare(flash).map_err(|bare| BootError { slots, bare })?;
    let running = Running { slot: None, sequence: 0, place: Place { offset: 0, len: model.bytes() as u32 } };
    Ok(Boot { model, running, other: slots.into_iter().find(|fault| *fault != Fault::Empty) })
}

/// Opens the model file at the front of `flash`, whatever lies behind it.
///
/// # Errors
/// Those of [`Model::parse`]. A model that says it is longer than `flash` is a [`ParseError::Length`].
pub fn bare(flash: &[u8]) -> Result<Model<'_>, ParseError> {
    let declared = flash.get(LENGTH_FIELD).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let len = declared.map_or(flash.len(), |len| flash.len().min(len as usize));
    // A length too small to hold a model tells nothing; the parser then says what is really wrong.
    let bytes = if len < LENGTH_FIELD.end { flash } else { flash.get(..len).unwrap_or(flash) };
    Model::parse(bytes)
}

/// Slot `number` by its header.
fn look<'a>(flash: &'a [u8], room: &Room, number: u8) -> Result<Candidate<'a>, Fault> {
    let slot = room.slot(number).ok_or(Fault::Empty)?;
    let bytes = flash.get(slot.offset as usize..).and_then(|bytes| bytes.split_first_chunk::<HEADER_LEN>());
    let (header, behind) = bytes.ok_or(Fault::Empty)?;
    let header = Header::from_bytes(header)?;
    if header.slot != number || Some(header.address) != room.slot_address(number) {
        return Err(Fault::WrongSlot);
    }
    room.place(number, header.model_len).ok_or(Fault::TooLarge)?;
    let bytes = behind.get(..header.model_len as usize).ok_or(Fault::TooLarge)?;
    let place = Place { offset: slot.offset, len: HEADER_LEN as u32 + header.model_len };
    Ok(Candidate { header, bytes, place })
}

/// Opens the model, its checksum included.
fn open(candidate: Candidate) -> Result<Boot, Fault> {
    let Candidate { header, bytes, place } = candidate;
    if bytes.last_chunk() != Some(&header.model_crc.to_le_bytes()) {
        return Err(Fault::Other);
    }
    let model = Model::parse(bytes).map_err(Fault::Model)?;
    let running = Running { slot: Some(header.slot), sequence: header.sequence, place };
    Ok(Boot { model, running, other: None })
}
