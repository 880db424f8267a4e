//! From real scales to the rows of a model file, and a layer's outputs in exactly the device's arithmetic.

use foldnet_core::infer::{MULTIPLIER_ONE, Row, requantize};

/// With multiplier and shift a real multiplier below 1 is represented; the smallest one is `2^-31`.
const MAX_SHIFT: u8 = 30;

/// The largest ratio of two scales that a multiplier can express.
const LARGEST: f64 = (MULTIPLIER_ONE - 1) as f64 / MULTIPLIER_ONE as f64;

/// Largest magnitude of a bias; the weights use the rest of the 32 bits.
pub(super) const MAX_BIAS: f64 = (1u32 << 29) as f64;

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
pub(super) fn multiplier(real: f64) -> (u16, u8) {
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

/// Sums of products of `weights [O][I]` with `images [N][I]`, without bias: `[N][O]`. `inputs * 255 * 127` is within 32
/// bits for everything that [`check`](super::error::check) accepts.
pub(super) fn products(images: &[u8], inputs: usize, weights: &[i8]) -> Vec<i32> {
    let weights: Vec<i16> = weights.iter().map(|&weight| i16::from(weight)).collect();
    let mut image = vec![0i16; inputs];
    let mut sums = Vec::with_capacity(images.len() / inputs * (weights.len() / inputs));
    for bytes in images.chunks_exact(inputs) {
        image.iter_mut().zip(bytes).for_each(|(wide, &byte)| *wide = i16::from(byte));
        sums.extend(weights.chunks_exact(inputs).map(|row| dot(row, &image)));
    }
    sums
}

fn dot(weights: &[i16], image: &[i16]) -> i32 {
    weights.iter().zip(image).map(|(&w, &x)| i32::from(w) * i32::from(x)).sum()
}

/// The device's outputs for `products [N][O]`, before they are clamped.
pub(super) fn outputs(products: &[i32], rows: &[Row]) -> Vec<i32> {
    let rows = rows.iter().cycle();
    products.iter().zip(rows).map(|(sum, row)| requantize(sum + row.bias, row.multiplier, row.shift)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::Dice;
    use super::*;

    #[test]
    fn multipliers_are_good_to_15_bits() {
        let mut dice = Dice(7);
        let random: Vec<f64> = (0..100_000).map(|_| 2.0f64.powf(-31.0 * dice.unit())).collect();
        for real in random.into_iter().chain([0.5, 0.25, LARGEST, 0.999_99 / 2.0, 2.0f64.powi(-31)]) {
            let real = real.min(LARGEST);
            let (multiplier, shift) = multiplier(real);
            assert!((16_384..=32_767).contains(&multiplier) && shift <= 30, "{real}: {multiplier} {shift}");
            let found = f64::from(multiplier) / 32_768.0 / f64::from(1u32 << shift);
            assert!((found / real - 1.0).abs() <= 2.0f64.powi(-15), "{real}: {multiplier} {shift}");
        }
        assert_eq!(multiplier(2.0f64.powi(-32)), (0, 0));
        assert_eq!(multiplier(0.0), (0, 0));
    }

    #[test]
    fn outputs_are_the_real_ones_rounded() {
        let mut dice = Dice(8);
        for _ in 0..20_000 {
            let scale = 2.0f64.powf(-20.0 * dice.unit());
            let real = RealRow { scale, bias: 300.0 * dice.signed() };
            let (step, sum) = (1.0 / LARGEST, (dice.signed() * 255.0 / scale).round());
            let found = outputs(&[sum as i32], &[row(real, step)])[0];
            let expected = (sum * scale + real.bias) / step;
            // Half a step; half an accumulator's for the bias, and a whole one (half a unit behind the multiplier) for
            // rounding down; 15 bits of the multiplier.
            let slack = 0.5 + 1.5 * scale + expected.abs().max(600.0) * 2.0f64.powi(-15);
            assert!((f64::from(found) - expected).abs() <= slack, "{real:?} {sum}: {found} {expected}");
        }
    }

    #[test]
    fn rows_that_are_bias_alone_give_it() {
        for bias in [0.0f64, 1.0, -3.0, 1e-9, 254.9, -1e6, 77.4] {
            let scale = (bias.abs() / (MAX_BIAS / 2.0)).max(f64::MIN_POSITIVE);
            let found = outputs(&[0], &[row(RealRow { scale, bias }, 1.0)])[0];
            assert!((f64::from(found) - bias).abs() <= 0.5 + bias.abs() * 2.0f64.powi(-15), "{bias}: {found}");
        }
    }

    #[test]
    fn products_are_sums() {
        assert_eq!(products(&[1, 2, 255, 0], 2, &[127, -1, 3, 4, 0, 1]), [125, 11, 2, 32_385, 765, 0]);
    }
}
