//! Initial weights as in Keras's notebook: `he_normal` for every Dense except the last, `glorot_uniform` for the last,
//! biases 0, and a BatchNormalization that changes nothing.

use crate::layer::Layer;
use crate::math::{self, BatchNorm};
use crate::network::{Network, Placed};
use rand_core::Rng;

/// Standard deviation of a standard normal distribution truncated at two standard deviations.
const TRUNCATED_STD: f32 = 0.879_625_7;

/// Fills `params`, of length [`Network::params`], with fresh weights.
///
/// The same generator in the same state gives the same weights on every machine.
pub fn initialize(network: Network, params: &mut [f32], rng: &mut impl Rng) {
    let last = network.layers().iter().rposition(|layer| matches!(layer, Layer::Dense { .. }));
    for place in network.placed() {
        let Some(values) = params.get_mut(place.range()) else { return };
        match place.layer {
            Layer::Dense { .. } => dense(place, Some(place.index) == last, values, rng),
            Layer::BatchNorm { .. } => {
                values
                    .chunks_exact_mut(BatchNorm::VALUES)
                    .for_each(|v| v.copy_from_slice(&BatchNorm::INITIAL.to_array()));
            }
            _ => {}
        }
    }
}

fn dense(place: Placed, last: bool, values: &mut [f32], rng: &mut impl Rng) {
    let (kernel, bias) = values.split_at_mut(place.inputs * place.outputs);
    bias.fill(0.0);
    if last {
        glorot_uniform(kernel, place.inputs, place.outputs, rng);
    } else {
        he_normal(kernel, place.inputs, rng);
    }
}

/// Normal with standard deviation `sqrt(2 / fan_in)` after truncation at two standard deviations (He et al. 2015, in
/// Keras's form).
fn he_normal(kernel: &mut [f32], fan_in: usize, rng: &mut impl Rng) {
    let std = math::sqrt(2.0 / fan_in as f32) / TRUNCATED_STD;
    kernel.iter_mut().for_each(|w| *w = std * truncated_normal(rng));
}

/// Uniform within `+-sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio 2010).
fn glorot_uniform(kernel: &mut [f32], fan_in: usize, fan_out: usize, rng: &mut impl Rng) {
    let limit = math::sqrt(6.0 / (fan_in + fan_out) as f32);
    kernel.iter_mut().for_each(|w| *w = limit * (2.0 * uniform(rng) - 1.0));
}

/// Uniform in (0, 1), never 0.
fn uniform(rng: &mut impl Rng) -> f32 {
    ((rng.next_u32() >> 8) as f32 + 0.5) / 16_777_216.0
}

/// Standard normal by Box and Muller, redrawn beyond two standard deviations.
fn truncated_normal(rng: &mut impl Rng) -> f32 {
    loop {
        let radius = math::sqrt(-2.0 * math::ln(uniform(rng)));
        let z = radius * math::cos(2.0 * core::f32::consts::PI * uniform(rng));
        if z.abs() <= 2.0 {
            return z;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    const COUNT: usize = 20_000;

    fn moments(values: &[f32]) -> (f64, f64, f32) {
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / COUNT as f64;
        let variance =
            values.iter().map(|&v| (f64::from(v) - mean) * (f64::from(v) - mean)).sum::<f64>() / COUNT as f64;
        (mean, math::sqrt_f64(variance), values.iter().fold(0.0, |max, v| v.abs().max(max)))
    }

    #[test]
    fn he_normal_has_the_stated_deviation_and_cut() {
        let mut w = [0.0; COUNT];
        he_normal(&mut w, 50, &mut ChaCha8Rng::seed_from_u64(1));
        let (mean, std, largest) = moments(&w);
        // Standard errors at 20,000 draws: 0.0014 of the mean, 0.001 of the deviation.
        assert!(mean.abs() < 0.006 && (std - 0.2).abs() < 0.004, "{mean} {std}");
        assert!((0.44..=0.4548).contains(&largest), "{largest}");
    }

    #[test]
    fn glorot_uniform_fills_its_range() {
        let mut w = [0.0; COUNT];
        glorot_uniform(&mut w, 40, 10, &mut ChaCha8Rng::seed_from_u64(1));
        let (mean, std, largest) = moments(&w);
        assert!(mean.abs() < 0.006 && (std - 0.2).abs() < 0.004, "{mean} {std}");
        assert!((0.346..=0.3465).contains(&largest), "{largest}");
    }
}
