//! Model slots: two places in flash for the model, so that its weights are replaced in the field and power may fail at
//! any moment. What boots is the old model or the new one, whole.
//!
//! # Format, version 1
//!
//! A slot is a header of 64 bytes, then a model file ([`crate::model`]), byte by byte. Little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | magic `FSLT` |
//! | 4..6 | version, `u16`, 1 |
//! | 6 | number of the slot it was written for: 0 or 1 |
//! | 7 | 0 |
//! | 8..12 | address of the header's first byte, `u32`, as the processor sees it |
//! | 12..16 | sequence, `u32`: of two slots the one with the later sequence is the newer |
//! | 16..20 | bytes of the model file, `u32` |
//! | 20..24 | the model file's checksum, its last four bytes |
//! | 24..28 | 0 |
//! | 28..32 | CRC-32 (ISO-HDLC) of bytes 0..28 |
//! | 32..64 | commit word: `Foldnet: this slot is complete.` and a line feed |
//!
//! The commit word is written last and has 32 bytes of its own, as many as any flash programs at once: nothing is ever
//! programmed twice between two erasures. Sequences wrap around: `a` is later than `b` if `a - b`, modulo 2^32, is
//! below 2^31 and not 0; of equals slot 0 is the newer.
//!
//! # Where slots lie
//!
//! A [`Room`] is the flash that belongs to models. Slot 0 begins where it begins, slot 1 where its second part begins.
//! A model that one part holds leaves the other one for its successor. A larger one goes into slot 0 and has the whole
//! room; then there is no slot 1, and no update that survives a loss of power. A bare model file at the front of the
//! room, put there by a debugger, boots where no slot does.
//!
//! # An update
//!
//! The writer (feature `slot-writer`) takes the slot that does not run, and in this order: erases all of it, writes the
//! model, reads all of it back, writes the header, reads it back, writes the commit word, reads it back. A slot without
//! its whole commit word does not boot; one whose model has changed since does not, either ([`boot`] computes the
//! model's checksum every time), and the other one boots. The new sequence is one past that of the slot that is kept.
//! Until the commit word stands, the slot that is written is none, or the older of two: cut short anywhere, the update
//! leaves the kept slot in charge. A cut commit word reads as whole or not, the model before it is whole in both cases.

mod boot;
mod header;
#[cfg(feature = "slot-writer")]
mod write;

pub use boot::{Boot, BootError, Running, Slots, bare, boot};
pub use header::{Fault, HEADER_LEN, SlotHeader};
#[cfg(feature = "slot-writer")]
pub use write::{WriteError, Writer};

/// Where a slot, or a model in it, lies in a [`Room`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Region {
    /// From the room's first byte, in bytes.
    pub offset: u32,
    /// Bytes.
    pub len: u32,
}

impl Region {
    /// Bytes of the largest model file of a slot here.
    pub const fn model_len(&self) -> u32 {
        self.len.saturating_sub(HEADER_LEN as u32)
    }

    /// From the room's first byte to behind the last one here, in bytes.
    pub const fn end(&self) -> u32 {
        self.offset.saturating_add(self.len)
    }

    /// Whether a byte lies in both.
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.offset < other.end() && other.offset < self.end()
    }
}

/// The flash that belongs to models. Firmware has it as a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Room {
    address: u32,
    len: u32,
    /// Bytes of slot 0 where there are two.
    first: u32,
    /// Bytes of slot 1, right behind.
    second: u32,
}

impl Room {
    /// A room of `len` bytes from `address`, a multiple of 16, with two slots of the same size, as many erase blocks of
    /// `block` bytes each as there are; with a `block` of more than half the room there is one slot.
    pub const fn halves(address: u32, len: u32, block: u32) -> Self {
        let half = match (len / 2).checked_div(block) {
            Some(blocks) => blocks * block,
            None => 0,
        };
        Self { address, len, first: half, second: half }
    }

    /// A room from `address`, a multiple of 16, whose slots have `first` and `second` bytes: for erase blocks of
    /// different sizes. Both must begin and end at the border of a block.
    pub const fn split(address: u32, first: u32, second: u32) -> Self {
        Self { address, len: first.saturating_add(second), first, second }
    }

    /// Address of the first byte.
    pub const fn address(&self) -> u32 {
        self.address
    }

    /// Slot 0 or 1 where there are two of them; none for any other number, and no slot 1 in a room for one.
    pub const fn slot(&self, number: u8) -> Option<Region> {
        match (number, self.second) {
            (0, _) => Some(Region { offset: 0, len: self.first }),
            (1, 1..) => Some(Region { offset: self.first, len: self.second }),
            _ => None,
        }
    }

    /// The only slot, where there is one.
    pub const fn whole(&self) -> Region {
        Region { offset: 0, len: self.len }
    }

    /// The place that slot `number` has with a model file of `model_len` bytes: one of two slots, or for slot 0 the
    /// whole room where that alone is large enough. None where it does not fit.
    pub const fn place(&self, number: u8, model_len: u32) -> Option<Region> {
        match self.slot(number) {
            Some(slot) if model_len <= slot.model_len() => Some(slot),
            Some(_) if number == 0 && model_len <= self.whole().model_len() => Some(self.whole()),
            _ => None,
        }
    }

    /// How many models of `model_len` bytes have a slot at the same time: 2, so that they can be updated safely, 1 or 0.
    pub const fn slots_for(&self, model_len: u32) -> u8 {
        let second = self.place(1, model_len).is_some();
        match self.place(0, model_len) {
            Some(place) if place.len == self.first && second => 2,
            Some(_) => 1,
            None => 0,
        }
    }

    /// Address of the first byte of slot `number`.
    pub const fn slot_address(&self, number: u8) -> Option<u32> {
        match self.slot(number) {
            Some(slot) => Some(self.address.wrapping_add(slot.offset)),
            None => None,
        }
    }
}
