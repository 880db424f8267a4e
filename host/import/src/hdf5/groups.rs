//! Groups: names and addresses of their members.

use super::file::{BUDGET, FORMAT, Hdf5, UNDEFINED};
use super::header::{LINK, LINK_INFO, ObjectHeader, SYMBOL_TABLE};
use crate::bytes::Cursor;
use crate::error::Fault;

/// Maximum length of a child's name.
const MAX_NAME: usize = 1024;

/// Names and addresses, in the order of the tree (by name) or of the links.
pub(super) fn children(file: Hdf5, header: &ObjectHeader) -> Result<Vec<(String, u64)>, Fault> {
    if header.message(SYMBOL_TABLE).is_some() {
        let mut cursor = header.require(SYMBOL_TABLE, "symbol table")?;
        return symbols(file, cursor.uint(file.offsets)?, cursor.uint(file.offsets)?);
    }
    if let Some(message) = header.message(LINK_INFO) {
        let mut cursor = Cursor::new(FORMAT, message.body, 0);
        cursor.skip(1)?;
        let flags = cursor.u8()?;
        cursor.skip(if flags & 1 != 0 { 8 } else { 0 })?;
        if cursor.uint(file.offsets)? != all_ones(file.offsets) {
            return Err(Fault::Unread(
                "an HDF5 group in the newest layout (a fractal heap); save the model from Keras".into(),
            ));
        }
    }
    let links = header.messages.iter().filter(|message| message.kind == LINK);
    links.filter_map(|message| link(file, message.body).transpose()).collect()
}

fn all_ones(width: u8) -> u64 {
    if width == 8 { UNDEFINED } else { (1 << (8 * u32::from(width))) - 1 }
}

/// A hard link; other links are not needed here.
fn link(file: Hdf5, body: &[u8]) -> Result<Option<(String, u64)>, Fault> {
    let mut cursor = Cursor::new(FORMAT, body, 0);
    cursor.skip(1)?;
    let flags = cursor.u8()?;
    let kind = if flags & 8 != 0 { cursor.u8()? } else { 0 };
    cursor.skip(if flags & 4 != 0 { 8 } else { 0 } + u64::from(flags & 0x10 != 0))?;
    let len = cursor.uint(1 << (flags & 3))?;
    let name = String::from_utf8_lossy(cursor.take(len)?).into_owned();
    Ok(if kind == 0 { Some((name, cursor.uint(file.offsets)?)) } else { None })
}

/// The symbols below a B-tree, with names from a local heap.
fn symbols(file: Hdf5, tree: u64, heap: u64) -> Result<Vec<(String, u64)>, Fault> {
    let mut cursor = file.cursor(heap)?;
    cursor.expect(b"HEAP\x00")?;
    cursor.skip(3)?;
    let size = cursor.uint(file.lengths)?;
    cursor.skip(file.lengths.into())?;
    let names = cursor.uint(file.offsets)?;
    let names = file.cursor(names)?.take(size)?;
    let (mut found, mut budget) = (Vec::new(), BUDGET);
    let mut waiting = vec![tree];
    while let Some(address) = waiting.pop() {
        budget = budget.checked_sub(1).ok_or_else(|| Fault::broken(FORMAT, "a cyclic or oversized group"))?;
        let mut cursor = file.cursor(address)?;
        if file.cursor(address)?.take(4)? == b"SNOD" {
            cursor.skip(6)?;
            for _ in 0..cursor.u16()? {
                budget = budget.checked_sub(1).ok_or_else(|| Fault::broken(FORMAT, "a cyclic or oversized group"))?;
                found.push(symbol(file, &mut cursor, names)?);
            }
            continue;
        }
        cursor.expect(b"TREE\x00")?;
        cursor.skip(1)?;
        let entries = cursor.u16()?;
        cursor.skip(2 * u64::from(file.offsets) + u64::from(file.lengths))?;
        let mut below = Vec::new();
        for _ in 0..entries {
            below.push(cursor.uint(file.offsets)?);
            cursor.skip(file.lengths.into())?;
        }
        waiting.extend(below.into_iter().rev());
    }
    Ok(found)
}

/// An entry of a symbol table node.
fn symbol(file: Hdf5, cursor: &mut Cursor, names: &[u8]) -> Result<(String, u64), Fault> {
    let (name, address) = (cursor.uint(file.offsets)?, cursor.uint(file.offsets)?);
    cursor.skip(24)?;
    let name = usize::try_from(name).ok().and_then(|name| names.get(name..));
    let name = name.map(|name| name.iter().copied().take(MAX_NAME).take_while(|&byte| byte != 0).collect::<Vec<u8>>());
    let name = name.ok_or_else(|| cursor.broken("a name outside its heap"))?;
    Ok((String::from_utf8_lossy(&name).into_owned(), address))
}
