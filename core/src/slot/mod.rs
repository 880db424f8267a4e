//! Model slots: two places in flash for the model, so that its weights can be replaced in the field while power may
//! fail at any moment. What boots is the complete old model or the complete new one.
//!
//! # Format, version 1
//!
//! A slot is a header of 64 bytes, followed by the bytes of a model file ([`crate::model`]). Little-endian.
//!
//! | bytes | contents |
//! |---|---|
//! | 0..4 | magic `FSLT` |
//! | 4..6 | version, `u16`, 1 |
//! | 6 | number of the slot it was written for: 0 or 1 |
//! | 7 | 0 |
//! | 8..12 | address of the header's first byte as the processor sees it, `u32` |
//! | 12..16 | sequence, `u32`: of two slots, the one with the later sequence is newer |
//! | 16..20 | length of the model file in bytes, `u32` |
//! | 20..24 | the model file's checksum, which is its last four bytes |
//! | 24..28 | 0 |
//! | 28..32 | CRC-32 (ISO-HDLC) of bytes 0..28 |
//! | 32..64 | commit word: `Foldnet: this slot is complete.` and a line feed |
//!
//! The commit word is written last. It has 32 bytes of its own, as many as any flash programs at once, so nothing is
//! ever programmed twice between two erasures. Sequences wrap around: `a` is later than `b` if `a - b`, modulo 2^32, is
//! below 2^31 and not 0. If both are equal, slot 0 is the newer one.
//!
//! # Position of the slots
//!
//! A [`Room`] is the flash reserved for models. Slot 0 begins at its start, slot 1 at the start of its second part. A
//! model that fits into one part leaves the other for its successor. A larger one goes into slot 0 and occupies the
//! whole room; then there is no slot 1, and no update that survives a loss of power. A bare model file at the start of
//! the room, put there with a debugger, boots if no slot does.
//!
//! # An update
//!
//! The writer (feature `slot-writer`) uses the slot that is not running. In this order, it erases the slot, writes the
//! model, reads all of it back, writes the header, reads it back, writes the commit word, and reads it back. A slot
//! without its complete commit word does not boot. Neither does one whose model has changed since ([`boot`] computes
//! the model's checksum every time); the other one then boots. The new sequence is one higher than that of the kept
//! slot. Until the commit word is written, the new slot is invalid or the older of the two, so an update that is cut
//! short anywhere leaves the kept slot in charge. An interrupted commit word reads as complete or not; the model before
//! it is complete in both cases.

mod boot;
mod header;
mod room;
#[cfg(feature = "slot-writer")]
mod write;

pub use boot::{Boot, BootError, Running, bare, boot};
pub use header::{Fault, SlotHeader};
pub use room::{HEADER_LEN, Region, Room};
#[cfg(feature = "slot-writer")]
pub use write::{WriteError, Writer};
