//! An integer layer: every block goes through the kernel, then every row is requantized.
//!
//! # Wide layers
//!
//! A layer with a row beyond the kernel's [bound](crate::quantized::bound) is *wide*. Its inputs are processed in
//! strips, short enough that no sum of a strip exceeds any kernel's bound. The exporter knows the weights and stores
//! the number of strips in the file. Without it a strip has 256 inputs, which are within the bound for all weights:
//! `256 * 127 * 255 < 2^23` at 8 bits, `256 * 7 * 255 < 2^23 / 17` at 4, `256 * 255 < 2^21 / 17` at 2. The list of a
//! strip is shorter than the list of all inputs; the sums of the strips are accumulated in the remaining memory. If
//! that is too small for all blocks, the blocks are processed in groups, each of which goes through all strips. So a
//! wide layer needs no extra memory. Without the feature `wide`, parsing refuses such a layer.
//!
//! With the feature `low-ram`, layers whose list would be long are processed in the same way (`super::strips`).
//!
//! The instruction counts for large inputs are in `tests/instructions.golden`. With strips of 256, a 3136-32-10 network
//! at 8 bits with weights of any size took 83,453 instructions on the M4, 171,688 on the M3, 253,744 on the M0 and
//! 216,368 on RV32IMC. At 2 bits on the M4 it took 77,495, compared with 3.37 million when exceeding one kernel's bound
//! sent the whole first layer to the portable kernel.

use super::kernel::{Current, Kernel, Sums};
use super::layer::Dense;
use super::requantize::{requantize, requantize_to_byte};
use super::source::Source;
#[cfg(feature = "low-ram")]
use super::strips;
#[cfg(not(feature = "low-ram"))]
use crate::quantized::BitWidth;
use crate::quantized::layout::MAX_ROWS;
use crate::quantized::{KernelKind, Row};

/// `y [O] = clamp(requantize(kernel [O][I] x [I] + bias [O]), 0, 255)`: a layer with ReLU that is not the last.
pub(crate) fn hidden(dense: &Dense, source: &Source, list: &mut [u32], y: &mut [u8]) {
    let Dense { rows, weights, traits, .. } = *dense;
    let width = dense.width();
    let slow = dense.in_strips(source, list) || KernelKind::CURRENT.needs_steady() && traits.unsteady;
    if Current::MAKES_BYTES && !slow {
        Current::bytes(width, &Current::list(width, source, list), weights, rows, y);
        return;
    }
    #[cfg(feature = "low-ram")]
    if dense.in_strips(source, list) {
        let mut out = y;
        return strips::each_group(dense, source, list, &mut |rows: &[[u32; 2]], sums: &[i32]| {
            let count = rows.len().min(out.len());
            let (of_group, behind) = core::mem::take(&mut out).split_at_mut(count);
            Current::requantize(rows, sums, of_group);
            out = behind;
        });
    }
    let mut out = y;
    each_block(dense, source, list, |rows, sums| put_rows(rows, sums, &mut out, requantize_to_byte));
}

/// Logits `z [O]`, each the bits of an `i32`; with `relu`, negative ones become 0.
pub(crate) fn last(dense: &Dense, source: &Source, list: &mut [u32], relu: bool, z: &mut [u32]) {
    let mut out = z;
    each_block(dense, source, list, |rows, sums| {
        put_rows(rows, sums, &mut out, |acc, row| {
            let z = requantize(acc, row.multiplier, row.shift);
            if relu { z.max(0) as u32 } else { z as u32 }
        });
    });
}

/// Calls `put` with the rows of each block and their sums. If the kernel has its own path for hidden layers, the
/// remaining calls are rare or short, so this is compiled once for all of them.
#[inline(always)]
fn each_block(dense: &Dense, source: &Source, list: &mut [u32], mut put: impl FnMut(&[[u32; 2]], &GroupSums)) {
    if Current::MAKES_BYTES {
        sums_of_blocks::<dyn FnMut(&[[u32; 2]], &GroupSums)>(dense, source, list, &mut put);
    } else {
        sums_of_blocks(dense, source, list, &mut put);
    }
}

/// Processes the blocks one by one; in wide layers, in groups of blocks.
fn sums_of_blocks<P>(dense: &Dense, source: &Source, list: &mut [u32], put: &mut P)
where
    P: FnMut(&[[u32; 2]], &GroupSums) + ?Sized,
{
    #[cfg(feature = "low-ram")]
    if dense.in_strips(source, list) {
        return strips::each_group(dense, source, list, put);
    }
    let Dense { mut rows, mut weights, .. } = *dense;
    let width = dense.width();
    let (block_words, block_rows) = (width.block_words(source.inputs()).max(1), width.rows());
    let mut put_next = move |sums: &Sums| {
        let of_block;
        (of_block, rows) = split(rows, block_rows);
        put(of_block, sums);
    };
    #[cfg(not(feature = "low-ram"))]
    if dense.is_wide(source) {
        // At least 1, so that the linker can prove that `chunks` does not panic.
        for group in weights.chunks((wide_group(width, dense.strip, list) * block_words).max(1)) {
            wide_sums(width, dense.strip, source, list, group).iter().for_each(&mut put_next);
        }
        return;
    }
    let list = Current::list(width, source, list);
    let mut sums = [[0; MAX_ROWS]; Current::AT_ONCE];
    while !weights.is_empty() {
        let (group, behind) = split(weights, block_words * Current::AT_ONCE);
        weights = behind;
        Current::sums_of_blocks(width, &list, group, block_words, &mut sums);
        sums.iter().for_each(&mut put_next);
    }
}

/// Sums of the rows of a block.
#[cfg(not(feature = "low-ram"))]
type GroupSums = Sums;
/// Sums of the rows of one or more blocks.
#[cfg(feature = "low-ram")]
type GroupSums = [i32];

/// Requantizes the sums of a block's rows to the front of `out`, and advances `out` past them.
#[inline(always)]
fn put_rows<T>(rows: &[[u32; 2]], sums: &[i32], out: &mut &mut [T], put: impl Fn(i32, Row) -> T) {
    let count = rows.len().min(out.len());
    let Some((of_block, behind)) = core::mem::take(out).split_at_mut_checked(count) else { return };
    for ((&row, &sum), out) in rows.iter().zip(sums).zip(of_block) {
        let row = Row::from_words(row);
        *out = put(row.bias.wrapping_add(sum), row);
    }
    *out = behind;
}

/// Splits off the first `len` elements, or all if there are fewer.
#[inline(always)]
fn split<T>(of: &[T], len: usize) -> (&[T], &[T]) {
    of.split_at(len.min(of.len()))
}

/// Number of blocks of a wide layer whose sums fit into `memory`.
#[cfg(not(feature = "low-ram"))]
fn wide_group(width: BitWidth, strip: usize, memory: &[u32]) -> usize {
    let room = memory.len().saturating_sub(KernelKind::CURRENT.list_words(width, strip));
    (room / MAX_ROWS / Current::AT_ONCE).max(1) * Current::AT_ONCE
}

/// The sums of a group of blocks of a wide layer, in `memory`.
#[cfg(not(feature = "low-ram"))]
#[cold]
#[inline(never)]
fn wide_sums<'s>(width: BitWidth, strip: usize, source: &Source, memory: &'s mut [u32], blocks: &[u32]) -> &'s [Sums] {
    let (inputs, stride) = (source.inputs(), width.block_words(source.inputs()));
    let len = KernelKind::CURRENT.list_words(width, strip).min(memory.len());
    let Some((list, sums)) = memory.split_at_mut_checked(len) else { return &[] };
    let len = sums.len() / MAX_ROWS * MAX_ROWS;
    let sums = sums.get_mut(..len).unwrap_or_default();
    let sums: &mut [Sums] = bytemuck::try_cast_slice_mut(sums).unwrap_or_default();
    let count = sums.len().min(blocks.len() / stride.max(1));
    let sums = sums.get_mut(..count).unwrap_or_default();
    sums.fill([0; MAX_ROWS]);
    for start in (0..inputs).step_by(strip.max(1)) {
        let list = Current::list(width, &source.part(start, strip), list);
        let mut blocks = blocks.get(width.block_words(start)..).unwrap_or_default();
        for sums in sums.chunks_mut(Current::AT_ONCE) {
            let mut of_strip = [[0; MAX_ROWS]; Current::AT_ONCE];
            let into = of_strip.get_mut(..sums.len()).unwrap_or_default();
            Current::sums_of_blocks(width, &list, blocks, stride.max(1), into);
            let all = sums.as_flattened_mut().iter_mut();
            all.zip(of_strip.as_flattened()).for_each(|(sum, of_strip)| *sum = sum.wrapping_add(*of_strip));
            blocks = blocks.get(stride * Current::AT_ONCE..).unwrap_or_default();
        }
    }
    sums
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::super::kernel::dot;
    use super::super::source::{Listed, Order};
    use super::*;
    use crate::dice::Dice;
    use crate::quantized::{BitWidth, Traits};

    const WIDE: Traits = Traits { wide: true, unsteady: false };

    /// More than one strip.
    const INPUTS: usize = 301;

    /// Words for the largest block, and for the largest list.
    const WORDS: usize = 453 + 612;

    /// The maximum number of inputs with the largest weights, and other cases, compared with sums over unpacked
    /// weights.
    pub(crate) fn wide_layers_are_exact() {
        static ORDER: [u16; INPUTS] = order();
        for width in [BitWidth::Eight, BitWidth::Four, BitWidth::Two] {
            for (extreme, listed) in [(true, true), (true, false), (false, true), (false, false)] {
                let order = if listed { Order::Listed(Listed::new(&ORDER).unwrap()) } else { Order::Plain(INPUTS) };
                check(width, extreme, order);
            }
        }
    }

    /// Words of memory of a layer.
    fn list_words(width: BitWidth, inputs: usize, units: usize) -> usize {
        match cfg!(feature = "low-ram") {
            true => KernelKind::CURRENT.low_ram_words(width, inputs, units),
            false => KernelKind::CURRENT.list_words(width, inputs),
        }
    }

    const fn order() -> [u16; INPUTS] {
        let (mut order, mut i) = ([0; INPUTS], 0);
        while i < INPUTS {
            order[i] = ((i * 7 + 3) % INPUTS) as u16;
            order[i] = order[i].to_le();
            i += 1;
        }
        order
    }

    #[inline(never)]
    fn check(width: BitWidth, extreme: bool, order: Order) {
        let (mut x, mut words, mut dice) = ([255u8; INPUTS], [0xa5a5_a5a5; WORDS], Dice(1));
        let mut next = || dice.bits() >> 8;
        if !extreme {
            x.iter_mut().for_each(|x| *x = next() as u8 & if next() % 3 == 0 { 0 } else { 255 });
        }
        let (block, list) = words.split_at_mut(width.block_words(INPUTS));
        block.fill(0);
        for (row, input) in (0..width.rows()).flat_map(|row| (0..INPUTS.next_multiple_of(2)).map(move |i| (row, i))) {
            let (place, largest) = (width.place(row, input), width.max_weight());
            let any = ((next() % (2 * largest as u32 + 1)) as i32 - i32::from(largest)) as i8;
            let weight = if extreme { [largest, -largest][row % 3 % 2] } else { any };
            block[place.word] |= place.pack(if input < INPUTS { weight } else { 0 });
        }
        block.iter_mut().for_each(|word| *word = word.to_le());
        let source = Source::new(&x, order);
        let rows = [Row { multiplier: 32_767, shift: 1, ..Row::default() }; MAX_ROWS].map(|row| {
            let [a, b, c, d, rest @ ..] = row.to_bytes();
            [u32::from_ne_bytes([a, b, c, d]), u32::from_ne_bytes(rest)]
        });
        let dense = Dense { width, rows: &rows[..width.rows()], weights: block, traits: WIDE, strip: 128 };
        let mut found = [0; MAX_ROWS];
        let list_words = list_words(width, INPUTS, width.rows());
        last(&dense, &source, &mut list[..list_words], false, &mut found[..width.rows()]);
        for (row, &found) in found[..width.rows()].iter().enumerate() {
            let expected = dot(width, row, (0..INPUTS).map(|i| source.at(i)), block);
            assert_eq!(found as i32, requantize(expected, 32_767, 1), "{width:?}, row {row}, extreme {extreme}");
        }
    }

    /// Many blocks: groups of blocks that share the memory, and a last group that is not full.
    #[cfg(test)]
    #[test]
    fn groups_of_blocks_take_all_strips_in_turn() {
        extern crate std;
        use crate::quantized::bound::strip_len;
        use std::vec;
        for (width, inputs, units, strips) in [
            (BitWidth::Eight, 300, 500, 0),
            (BitWidth::Four, 1_001, 411, 0),
            (BitWidth::Two, 600, 900, 0),
            (BitWidth::Eight, 1_001, 70, 2),
            (BitWidth::Four, 999, 70, 3),
            (BitWidth::Two, 258, 700, 2),
        ] {
            let block_words = width.block_words(inputs);
            let (blocks, mut dice) = (usize::div_ceil(units, width.rows()), Dice(7));
            let mut next = || dice.bits() >> 9;
            let x: vec::Vec<u8> = (0..inputs).map(|_| next() as u8).collect();
            // Any bits but the most negative weight, which has no neighbour in the same half.
            let weights: vec::Vec<u32> = (0..blocks * block_words).map(|_| pattern(width, next())).collect();
            let row = Row { multiplier: 32_767, ..Row::default() }.to_bytes();
            let row = [0, u32::from_ne_bytes([row[4], row[5], row[6], row[7]])];
            let rows = vec![row; units];
            let (dense, source) = (
                Dense { width, rows: &rows, weights: &weights, traits: WIDE, strip: strip_len(inputs, strips) },
                Source::new(&x, Order::Plain(inputs)),
            );
            let mut list = vec![0xa5a5_a5a5; list_words(width, inputs, units)];
            let mut found = vec![0; units];
            last(&dense, &source, &mut list, false, &mut found);
            for (unit, &found) in found.iter().enumerate() {
                let block = &weights[unit / width.rows() * block_words..][..block_words];
                let sum = dot(width, unit % width.rows(), x.iter().copied(), block);
                assert_eq!(found as i32, requantize(sum, 32_767, 0), "{width:?}, unit {unit}");
            }
        }
    }

    /// A word of weights 0 and 1, chosen by the bits of `any`.
    #[cfg(test)]
    fn pattern(width: BitWidth, any: u32) -> u32 {
        let rows = 0..width.fields();
        let places = rows.flat_map(|row| [width.place(row, 0), width.place(row, 1)]).enumerate();
        places.fold(0, |word, (bit, place)| word | place.pack((any >> bit & 1) as i8)).to_le()
    }
}
