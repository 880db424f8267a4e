//! From real scales to the rows of a model file.

use foldnet_core::quantized::{MULTIPLIER_ONE, Row};

/// With multiplier and shift a real multiplier below 1 is represented; the smallest one is `2^-31`.
const MAX_SHIFT: u8 = 30;

/// The largest ratio of two scales that a multiplier can express.
pub(crate) const LARGEST: f64 = (MULTIPLIER_ONE - 1) as f64 / MULTIPLIER_ONE as f64;

/// Largest magnitude of a bias; the weights use the rest of the 32 bits.
pub(crate) const MAX_BIAS: f64 = (1u32 << 29) as f64;

/// The real values of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RealRow {
    /// Real value of one step of the accumulator; above 0.
    pub(crate) scale: f64,
    /// Real bias.
    pub(crate) bias: f64,
}

impl RealRow {
    /// A row whose output is always `value`; only the bias is used.
    pub(crate) fn constant(value: f64) -> Self {
        Self { scale: (value.abs() / (MAX_BIAS / 2.0)).max(f64::MIN_POSITIVE), bias: value }
    }
}

/// The smallest step of the outputs that rows with these scales can be requantized to.
pub(crate) fn least_step(rows: &[RealRow]) -> f64 {
    rows.iter().map(|row| row.scale).fold(0.0, f64::max) / LARGEST
}

/// Multiplier in `2^14..2^15` and shift nearest to a real multiplier in `2^-31..1`; zeros below.
pub(crate) fn multiplier(real: f64) -> (u16, u8) {
    let (mut mantissa, mut shift) = (real, 0);
    while mantissa < 0.5 && shift < MAX_SHIFT {
        mantissa *= 2.0;
        shift += 1;
    }
    if mantissa < 0.5 {
        return (0, 0);
    }
    let rounded = (mantissa * f64::from(MULTIPLIER_ONE)).round() as u16;
    match (rounded < MULTIPLIER_ONE, shift) {
        (true, _) => (rounded, shift),
        (false, 0) => (MULTIPLIER_ONE - 1, 0),
        (false, _) => (MULTIPLIER_ONE / 2, shift - 1),
    }
}

/// The row of the model file, with outputs in steps of `step`. [`requantize`] rounds down at 15 bits first, by half a
/// unit on average; the bias compensates for it.
pub(crate) fn row(real: RealRow, step: f64) -> Row {
    let (multiplier, shift) = multiplier(real.scale / step);
    let rounded_down = if multiplier == 0 { 0.0 } else { 0.5 * f64::from(MULTIPLIER_ONE) / f64::from(multiplier) };
    let bias = (real.bias / real.scale + rounded_down).round().clamp(-MAX_BIAS, MAX_BIAS) as i32;
    Row { bias, multiplier, shift, worst: 0 }
}
