//! Object headers of both versions: a list of messages, in one or more blocks.

use super::file::{BUDGET, FORMAT, Hdf5};
use crate::bytes::Cursor;
use crate::error::Fault;

pub(super) const DATASPACE: u16 = 1;
pub(super) const LINK_INFO: u16 = 2;
pub(super) const DATATYPE: u16 = 3;
pub(super) const LINK: u16 = 6;
pub(super) const LAYOUT: u16 = 8;
pub(super) const FILTERS: u16 = 11;
pub(super) const ATTRIBUTE: u16 = 12;
const CONTINUATION: u16 = 16;
pub(super) const SYMBOL_TABLE: u16 = 17;
pub(super) const ATTRIBUTE_INFO: u16 = 21;

/// A message of a header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    /// Whether its contents are stored elsewhere.
    pub(super) shared: bool,
    pub(super) body: &'a [u8],
}

/// The messages of an object, in order.
#[derive(Debug)]
pub(super) struct ObjectHeader<'a> {
    pub(super) messages: Vec<Message<'a>>,
}

impl<'a> ObjectHeader<'a> {
    /// The first message of this kind.
    pub(super) fn message(&self, kind: u16) -> Option<Message<'a>> {
        self.messages.iter().copied().find(|message| message.kind == kind)
    }

    /// A cursor in the first message of this kind.
    pub(super) fn require(&self, kind: u16, name: &str) -> Result<Cursor<'a>, Fault> {
        let Some(message) = self.message(kind) else {
            return Err(Fault::broken(FORMAT, format!("an object has no {name}")));
        };
        if message.shared {
            return Err(Fault::Unread(format!("an HDF5 file with a shared {name}; save the model again from Keras")));
        }
        Ok(Cursor::new(FORMAT, message.body, 0))
    }
}

/// Position of the messages in a block.
struct Block<'a> {
    cursor: Cursor<'a>,
    len: u64,
}

/// Reads the header at an address.
pub(super) fn header<'a>(file: Hdf5<'a>, address: u64) -> Result<ObjectHeader<'a>, Fault> {
    let mut cursor = file.cursor(address)?;
    if file.cursor(address)?.take(4).is_ok_and(|mark| mark == b"OHDR") {
        return second(file, cursor);
    }
    if cursor.u8()? != 1 {
        return Err(cursor.broken("an object header of an unknown version"));
    }
    cursor.skip(1)?;
    let count = usize::from(cursor.u16()?);
    cursor.skip(4)?;
    let len = u64::from(cursor.u32()?);
    cursor.skip(4)?;
    let mut messages = Vec::new();
    let mut blocks = vec![Block { cursor, len }];
    while let Some(Block { mut cursor, len }) = blocks.pop() {
        let end = cursor.at().saturating_add(len);
        while messages.len() < count && cursor.at().saturating_add(8) <= end {
            let (kind, size, flags) = (cursor.u16()?, cursor.u16()?, cursor.u8()?);
            cursor.skip(3)?;
            push(
                file,
                &mut messages,
                &mut blocks,
                Message { kind, shared: flags & 2 != 0, body: cursor.take(size.into())? },
            )?;
        }
    }
    Ok(ObjectHeader { messages })
}

/// Version 2, whose blocks have a signature and a checksum.
fn second<'a>(file: Hdf5<'a>, mut cursor: Cursor<'a>) -> Result<ObjectHeader<'a>, Fault> {
    cursor.expect(b"OHDR\x02")?;
    let flags = cursor.u8()?;
    cursor.skip(if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 })?;
    let len = cursor.uint(1 << (flags & 3))?;
    let ordered = flags & 4 != 0;
    let head: u64 = if ordered { 6 } else { 4 };
    let (mut messages, mut first) = (Vec::new(), true);
    let mut blocks = vec![Block { cursor, len }];
    while let Some(Block { mut cursor, len }) = blocks.pop() {
        let mut end = cursor.at().saturating_add(len);
        if !std::mem::take(&mut first) {
            cursor.expect(b"OCHK")?;
            end = end.saturating_sub(4);
        }
        while cursor.at().saturating_add(head) <= end {
            let (kind, size, flags) = (cursor.u8()?, cursor.u16()?, cursor.u8()?);
            cursor.skip(if ordered { 2 } else { 0 })?;
            let body = cursor.take(size.into())?;
            push(file, &mut messages, &mut blocks, Message { kind: kind.into(), shared: flags & 2 != 0, body })?;
        }
    }
    Ok(ObjectHeader { messages })
}

/// Adds a message, or the block that it points to.
fn push<'a>(
    file: Hdf5<'a>,
    messages: &mut Vec<Message<'a>>,
    blocks: &mut Vec<Block<'a>>,
    message: Message<'a>,
) -> Result<(), Fault> {
    if messages.len() >= BUDGET {
        return Err(Fault::broken(FORMAT, "a cyclic or oversized object header"));
    }
    messages.push(message);
    if message.kind == CONTINUATION {
        let mut cursor = Cursor::new(FORMAT, message.body, 0);
        let (address, len) = (cursor.uint(file.offsets)?, cursor.uint(file.lengths)?);
        blocks.push(Block { cursor: file.cursor(address)?, len });
    }
    Ok(())
}
