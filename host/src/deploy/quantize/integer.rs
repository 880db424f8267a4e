//! A layer's outputs in exactly the device's arithmetic.

use foldnet_core::infer::requantize;
use foldnet_core::quantized::Row;

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
    use super::*;
    use crate::model::row::{LARGEST, MAX_BIAS, RealRow, multiplier, row};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn multipliers_are_good_to_15_bits() {
        let mut dice = ChaCha8Rng::seed_from_u64(7);
        let random: Vec<f64> = (0..100_000).map(|_| 2.0f64.powf(-31.0 * dice.random::<f64>())).collect();
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
        let mut dice = ChaCha8Rng::seed_from_u64(8);
        for _ in 0..20_000 {
            let scale = 2.0f64.powf(-20.0 * dice.random::<f64>());
            let real = RealRow { scale, bias: 300.0 * dice.random_range(-1.0..1.0f64) };
            let (step, sum) = (1.0 / LARGEST, (dice.random_range(-1.0..1.0f64) * 255.0 / scale).round());
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
