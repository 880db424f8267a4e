//! The oracle of all kernels: every weight on its own, in plain Rust.

use super::{Kernel, Kind, Sums};
use crate::infer::layout::Width;
use crate::infer::source::Source;

/// Plain Rust, for any target.
#[derive(Debug)]
pub struct Portable;

impl Kernel for Portable {
    const KIND: Kind = Kind::Portable;
    /// Inputs in order, a byte each.
    type List<'s> = &'s [u8];

    fn list<'s>(_: Width, source: &Source, memory: &'s mut [u32]) -> &'s [u8] {
        let bytes: &mut [u8] = bytemuck::must_cast_slice_mut(memory);
        let bytes = bytes.get_mut(..source.inputs()).unwrap_or_default();
        bytes.iter_mut().enumerate().for_each(|(i, byte)| *byte = source.at(i));
        bytes
    }

    fn sums(width: Width, x: &&[u8], block: &[u32], sums: &mut Sums) {
        for (row, sum) in sums.iter_mut().take(width.rows()).enumerate() {
            *sum = dot(width, row, x.iter().copied(), block);
        }
    }
}

/// `sum_i weight[row][i] x[i]`, wrapping only where the exporter's bound ([`Row::fits`](crate::infer::Row::fits)) was not kept.
pub(crate) fn dot(width: Width, row: usize, x: impl Iterator<Item = u8>, block: &[u32]) -> i32 {
    let term = |(input, x): (usize, u8)| {
        let place = width.place(row, input);
        block.get(place.word).map_or(0, |&word| place.unpack(u32::from_le(word)) * i32::from(x))
    };
    x.enumerate().map(term).fold(0, i32::wrapping_add)
}
