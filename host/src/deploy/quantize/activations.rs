//! The step of a hidden layer's outputs: `u8`, zero point 0.

use super::images::ImageWeights;
use super::nearest::rint;

/// Largest activation.
const LEVELS: f64 = 255.0;

/// Number of steps tried, in equal distances down from the one at which nothing is clipped.
const STEPS: u32 = 60;

/// Approximate maximum number of values examined.
const SAMPLE: usize = 200_000;

/// The step that minimizes the weighted squared error of rounding and clipping `outputs [N][O]`, all at least 0; 0 if
/// none is above 0.
pub(crate) fn step(outputs: &[f64], units: usize, images: &ImageWeights) -> f64 {
    let largest = outputs.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return 0.0;
    }
    let every = outputs.len().div_ceil(SAMPLE);
    let weight = |index: usize| f64::from(images.weights[index / units]);
    let cost = |step: f64| -> f64 {
        let sample = outputs.iter().enumerate().step_by(every);
        sample.map(|(index, y)| weight(index) * (step * rint((y / step).min(LEVELS)) - y).powi(2)).sum()
    };
    let steps = (1..=STEPS).map(|part| largest / LEVELS * f64::from(part) / f64::from(STEPS));
    let costs = steps.map(|step| (cost(step), step));
    costs.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(largest / LEVELS, |(_, step)| step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn equal_weights(count: usize) -> ImageWeights {
        ImageWeights { weights: vec![1; count], total: count as f64 }
    }

    fn cost(outputs: &[f64], step: f64) -> f64 {
        outputs.iter().map(|y| ((y / step).round().min(LEVELS) * step - y).powi(2)).sum()
    }

    #[test]
    fn is_close_to_brute_force() {
        let mut dice = ChaCha8Rng::seed_from_u64(6);
        for power in [1, 3, 12] {
            let outputs: Vec<f64> = (0..4_000).map(|_| dice.random::<f64>().powi(power) * 30.0).collect();
            let found = step(&outputs, 4, &equal_weights(1_000));
            let steps = (1..=20_000).map(|part| 30.0 / 255.0 * f64::from(part) / 20_000.0);
            let best = steps.map(|step| cost(&outputs, step)).fold(f64::INFINITY, f64::min);
            assert!(cost(&outputs, found) <= 1.05 * best, "{power}: {} {best}", cost(&outputs, found));
        }
    }

    #[test]
    fn images_that_count_little_are_clipped() {
        let mut outputs: Vec<f64> = (0..1_000).map(|n| f64::from(n) / 1_000.0).collect();
        outputs[0] = 1.2;
        let mut images = equal_weights(1_000);
        images.weights = vec![128; 1_000];
        assert!(step(&outputs, 1, &images) > 1.15 / 255.0);
        images.weights[0] = 1;
        assert!(step(&outputs, 1, &images) < 1.1 / 255.0);
    }

    #[test]
    fn nothing_above_zero_has_no_step() {
        assert_eq!(step(&[0.0; 6], 2, &equal_weights(3)), 0.0);
    }
}
