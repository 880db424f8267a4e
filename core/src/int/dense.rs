//! An integer layer: every row through the kernel, then requantized.

use super::kernel::{Width, dot};
use super::requantize::{Row, requantize};

/// `y [O] = clamp(requantize(kernel [O][I] x [I] + bias [O]), 0, 255)`: a layer with ReLU that is not the last.
pub(crate) fn hidden(width: Width, rows: &[u8], weights: &[u8], x: &[u8], inputs: usize, y: &mut [u8]) {
    for (y, z) in y.iter_mut().zip(outputs(width, rows, weights, x, inputs)) {
        *y = z.clamp(0, 255) as u8;
    }
}

/// Logits `z [O]`, each the bits of an `i32`; with `relu` none below 0.
pub(crate) fn last(width: Width, rows: &[u8], weights: &[u8], x: &[u8], inputs: usize, relu: bool, z: &mut [u32]) {
    for (out, z) in z.iter_mut().zip(outputs(width, rows, weights, x, inputs)) {
        *out = if relu { z.max(0) as u32 } else { z as u32 };
    }
}

/// The requantized sums, row by row.
fn outputs(width: Width, rows: &[u8], weights: &[u8], x: &[u8], inputs: usize) -> impl Iterator<Item = i32> {
    let weights = weights.chunks_exact(width.row_len(inputs).max(1));
    rows.chunks_exact(Row::LEN).zip(weights).map(move |(row, weights)| {
        let row = Row::from_bytes(row.try_into().unwrap_or_default());
        requantize(row.bias.wrapping_add(dot(width, weights, x)), row.multiplier, row.shift)
    })
}
