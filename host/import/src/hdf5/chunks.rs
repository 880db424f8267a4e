//! Chunked data, located by a version-1 B-tree and packed with deflate and shuffle.

use super::file::{BUDGET, FORMAT, Hdf5, UNDEFINED};
use crate::bytes::Cursor;
use crate::error::{Fault, MAX_FILE};
use crate::zip::inflate;

const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER32: u16 = 3;

/// All bytes of a data set of this shape; `cursor` must be just past the layout's class.
pub(super) fn read(
    file: Hdf5,
    cursor: &mut Cursor,
    filters: Option<&[u8]>,
    shape: &[usize],
    size: usize,
) -> Result<Vec<u8>, Fault> {
    let rank = usize::from(cursor.u8()?).checked_sub(1).filter(|&rank| rank == shape.len() && rank > 0);
    let rank = rank.ok_or_else(|| cursor.broken("a chunk rank that differs from the data's"))?;
    let tree = cursor.uint(file.offsets)?;
    let chunk: Vec<usize> = (0..rank).map(|_| Ok(cursor.u32()? as usize)).collect::<Result<_, Fault>>()?;
    let chunk_len = chunk.iter().try_fold(size, |product, &side| product.checked_mul(side));
    let Some(chunk_len) = chunk_len.filter(|&len| len > 0 && len as u64 <= MAX_FILE) else {
        return Err(cursor.broken("an invalid chunk size"));
    };
    let filters = filters.map(pipeline).transpose()?.unwrap_or_default();
    let mut out = vec![0; shape.iter().product::<usize>() * size];
    let mut budget = BUDGET;
    let mut work = out.len().saturating_mul(4).saturating_add(1 << 20);
    let mut waiting = if tree == UNDEFINED { vec![] } else { vec![tree] };
    while let Some(address) = waiting.pop() {
        let mut cursor = file.cursor(address)?;
        cursor.expect(b"TREE\x01")?;
        let (level, entries) = (cursor.u8()?, cursor.u16()?);
        cursor.skip(2 * u64::from(file.offsets))?;
        for _ in 0..entries {
            budget = budget.checked_sub(1).ok_or_else(|| cursor.broken("a cyclic or oversized tree"))?;
            let (packed, mask) = (cursor.u32()?, cursor.u32()?);
            let offset: Vec<u64> = (0..=rank).map(|_| cursor.u64()).collect::<Result<_, _>>()?;
            let child = cursor.uint(file.offsets)?;
            if level > 0 {
                waiting.push(child);
                continue;
            }
            work = work.checked_sub(chunk_len).ok_or_else(|| cursor.broken("more chunks than data"))?;
            let raw = unpack(file.cursor(child)?.take(packed.into())?, &filters, mask, chunk_len, size)?;
            place(&mut out, shape, &raw, &chunk, &offset, size);
        }
    }
    Ok(out)
}

/// The filters, in the order in which they were applied.
fn pipeline(body: &[u8]) -> Result<Vec<u16>, Fault> {
    let mut cursor = Cursor::new(FORMAT, body, 0);
    let (version, count) = (cursor.u8()?, cursor.u8()?);
    cursor.skip(if version == 1 { 6 } else { 0 })?;
    let mut filters = Vec::new();
    for _ in 0..count {
        let id = cursor.u16()?;
        let name = if version == 1 || id >= 256 { cursor.u16()? } else { 0 };
        cursor.skip(2)?;
        let values = u64::from(cursor.u16()?);
        let name = if version == 1 { u64::from(name).next_multiple_of(8) } else { name.into() };
        cursor.skip(name + 4 * values + if version == 1 && values % 2 == 1 { 4 } else { 0 })?;
        if ![DEFLATE, SHUFFLE, FLETCHER32].contains(&id) {
            return Err(Fault::Unread(format!("HDF5 data packed by filter {id}; only gzip and shuffle are read")));
        }
        filters.push(id);
    }
    Ok(filters)
}

/// Reverses the filters, the last first; those in `mask` were skipped for this chunk.
fn unpack(packed: &[u8], filters: &[u16], mask: u32, len: usize, size: usize) -> Result<Vec<u8>, Fault> {
    let mut data = packed.to_vec();
    for (index, filter) in filters.iter().enumerate().rev() {
        if index < 32 && mask >> index & 1 == 1 {
            continue;
        }
        data = match *filter {
            DEFLATE => inflate(flate2::read::ZlibDecoder::new(&data[..]), len as u64 + 4)?,
            SHUFFLE => unshuffle(&data, size),
            _ => {
                data.truncate(data.len().saturating_sub(4));
                data
            }
        };
    }
    if data.len() < len {
        return Err(Fault::broken(FORMAT, "a truncated chunk"));
    }
    Ok(data)
}

/// Reassembles elements from all first bytes, all second bytes, and so on.
fn unshuffle(data: &[u8], size: usize) -> Vec<u8> {
    let count = data.len() / size.max(1);
    let mut out: Vec<u8> = (0..count).flat_map(|at| (0..size).map(move |byte| data[byte * count + at])).collect();
    out.extend_from_slice(&data[count * size..]);
    out
}

/// Copies a chunk's rows to their positions; parts beyond the data are skipped.
fn place(out: &mut [u8], shape: &[usize], raw: &[u8], chunk: &[usize], offset: &[u64], size: usize) {
    let rank = shape.len();
    let Some(&width) = chunk.last() else { return };
    let rows = chunk[..rank - 1].iter().product::<usize>();
    for row in 0..rows {
        let (mut rest, mut at, mut stride, mut inside) = (row, 0_usize, 1_usize, true);
        for axis in (0..rank).rev() {
            let within = if axis == rank - 1 { 0 } else { rest % chunk[axis] };
            rest = if axis == rank - 1 { rest } else { rest / chunk[axis] };
            let place = usize::try_from(offset[axis]).unwrap_or(usize::MAX).saturating_add(within);
            inside &= place < shape[axis];
            at = at.wrapping_add(place.wrapping_mul(stride));
            stride = stride.saturating_mul(shape[axis]);
        }
        if inside {
            let first = usize::try_from(offset[rank - 1]).unwrap_or(usize::MAX);
            let len = width.min(shape[rank - 1].saturating_sub(first)) * size;
            if let (Some(to), Some(from)) =
                (out.get_mut(at * size..at * size + len), raw.get(row * width * size..row * width * size + len))
            {
                to.copy_from_slice(from);
            }
        }
    }
}
