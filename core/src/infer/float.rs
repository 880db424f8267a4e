//! A layer of 32-bit floats, summed in the order that [the format](super) specifies.

use super::memory::Memory;
use crate::model::{Model, Sections};
use core::ops::Range;

/// Number of partial sums of a dot product.
const LANES: usize = 8;

/// Bytes per weight.
const WORD: usize = 4;

/// Runs an example through these layers; `even` and `odd` take the outputs of even and odd layers; `odd` also takes the
/// inputs.
pub(super) fn run(model: &Model, layers: Range<usize>, memory: Memory) {
    let Memory { even, odd, .. } = memory;
    let (mut x, mut y) = (odd, even);
    for (index, (layer, sections)) in model.layers().enumerate() {
        let (inputs, units) = (layer.inputs(), layer.units());
        let (Some(input), Some(output)) = (x.get(..inputs), y.get_mut(..units)) else { return };
        if layers.contains(&index) {
            dense(sections, input, layer.relu, output);
        }
        core::mem::swap(&mut x, &mut y);
    }
}

/// `y [O] = kernel [O][I] x [I] + bias [O]`, then ReLU if `relu` is set. `x` and `y` are bits of `f32`.
fn dense(sections: Sections, x: &[u32], relu: bool, y: &mut [u32]) {
    let rows = sections.weights.chunks_exact(x.len().max(1) * WORD);
    for ((y, bias), row) in y.iter_mut().zip(sections.rows.chunks_exact(WORD)).zip(rows) {
        let z = dot(row, x) + float(bias);
        // Not `max`: a NaN, which no checked model gives, must come out the same everywhere.
        *y = if relu && z < 0.0 { 0 } else { z.to_bits() };
    }
}

/// `sum_i row[i] x[i]`
fn dot(row: &[u8], x: &[u32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (w_chunks, x_chunks) = (row.chunks_exact(LANES * WORD), x.chunks_exact(LANES));
    let (w_rest, x_rest) = (w_chunks.remainder(), x_chunks.remainder());
    for (w, x) in w_chunks.zip(x_chunks) {
        add_products(&mut lanes, w, x);
    }
    add_products(&mut lanes, w_rest, x_rest);
    let [l0, l1, l2, l3, l4, l5, l6, l7] = lanes;
    ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7))
}

#[inline(always)]
fn add_products(lanes: &mut [f32; LANES], w: &[u8], x: &[u32]) {
    for (lane, (w, x)) in lanes.iter_mut().zip(w.chunks_exact(WORD).zip(x)) {
        *lane += float(w) * f32::from_bits(*x);
    }
}

/// The float in the four bytes `bytes`.
#[inline(always)]
fn float(bytes: &[u8]) -> f32 {
    f32::from_le_bytes(bytes.try_into().unwrap_or([0; WORD]))
}
