//! What the network itself says about its inputs: the bounds of their type, and mean and standard deviation if a
//! standardization or a first BatchNormalization has them; and examples drawn from that.

use super::undescribed::Undescribed;
use crate::network::checkpoint::{Checkpoint, PixelStatistics};
use foldnet_core::{BatchNorm, Layer};
use foldnet_data::InputType;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Maximum variance of a bounded value, as a fraction of the largest possible one `(mean - low)(high - mean)`, at which
/// only the bounds themselves would occur.
const MOST_VARIANCE: f64 = 0.95;

/// A raw input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Marginal {
    pub(super) mean: f64,
    /// Not negative.
    pub(super) std: f64,
}

/// All raw inputs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    pub(super) inputs: Vec<Marginal>,
    /// Whether mean and deviation are those of each input in training, rather than just a starting point.
    pub(super) known: bool,
    /// Lowest and highest raw value.
    pub(super) bounds: [f64; 2],
    /// Whether raw values are whole numbers.
    pub(super) whole: bool,
    /// Number of leading layers that `inputs` already describes: the network's first BatchNormalization.
    pub(super) layers: usize,
}

impl Source {
    /// Reads the source from `checkpoint`.
    ///
    /// # Errors
    /// If it does not describe inputs that have no bounds.
    pub(super) fn of(checkpoint: &Checkpoint) -> Result<Self, Undescribed> {
        let input = checkpoint.about.input.0;
        let (bounds, bytes) = match input {
            InputType::U8 => ([0.0, 255.0], true),
            InputType::I8 => ([-128.0, 127.0], true),
            InputType::I16 => ([f64::from(i16::MIN), f64::from(i16::MAX)], false),
            InputType::U16 => ([0.0, f64::from(u16::MAX)], false),
            InputType::F32 => ([f64::from(f32::MIN), f64::from(f32::MAX)], false),
        };
        let held = first_norm(checkpoint)?;
        let layers = usize::from(held.is_some());
        let stated = held.or_else(|| standardization(checkpoint, bytes));
        let known = stated.is_some();
        let inputs = match stated {
            Some(inputs) => inputs,
            // All byte values equally likely.
            None if bytes => vec![Marginal { mean: (bounds[0] + bounds[1]) / 2.0, std: 73.9 }; checkpoint.inputs()],
            None => return Err(Undescribed::Inputs { input }),
        };
        Ok(Self { inputs, known, bounds, whole: input != InputType::F32, layers })
    }

    /// Draws a raw value of an input.
    pub(super) fn draw(&self, input: usize, rng: &mut ChaCha8Rng) -> f64 {
        let Marginal { mean, std } = self.inputs[input];
        let [low, high] = self.bounds;
        // A float has no bounds.
        if !self.whole {
            return mean + std * normal(rng);
        }
        let (range, place) = (high - low, ((mean - low) / (high - low)).clamp(0.0, 1.0));
        let most = place * (1.0 - place);
        let variance = (std / range).powi(2).min(MOST_VARIANCE * most);
        if variance <= 0.0 {
            return low + range * place;
        }
        let both = most / variance - 1.0;
        low + range * beta(place * both, (1.0 - place) * both, rng)
    }

    /// The nearest value of the input's type.
    pub(super) fn nearest(&self, value: f64) -> f64 {
        let value = value.clamp(self.bounds[0], self.bounds[1]);
        if self.whole { value.round() } else { value }
    }
}

/// The statistics of a BatchNormalization in first position, in raw values.
fn first_norm(checkpoint: &Checkpoint) -> Result<Option<Vec<Marginal>>, Undescribed> {
    let network = checkpoint.network();
    let Some(first) = network.placed().next().filter(|first| matches!(first.layer, Layer::BatchNorm { .. })) else {
        return Ok(None);
    };
    let norms = checkpoint.params[first.range()].chunks_exact(BatchNorm::VALUES);
    let scaling = checkpoint.pixels.scaling();
    let raw = |(input, norm): (usize, &[f32])| {
        let norm = BatchNorm::from_array([norm[0], norm[1], norm[2], norm[3]]);
        let (scale, shift) = scaling.affine(input);
        let mean = (f64::from(norm.moving_mean) - shift) / scale;
        Marginal { mean, std: f64::from(norm.moving_variance).max(0.0).sqrt() / scale.abs() }
    };
    Ok(Some(norms.enumerate().map(raw).collect()))
}

/// Mean and deviation from a standardization. A single pair for all inputs of bytes is just a range, such as -1 to 1,
/// and tells nothing.
fn standardization(checkpoint: &Checkpoint, bytes: bool) -> Option<Vec<Marginal>> {
    let (mean, std, full) = match &checkpoint.pixels {
        PixelStatistics::Standardized { mean, std } => (mean, std, 255.0),
        PixelStatistics::Values { mean, std } => (mean, std, 1.0),
        PixelStatistics::Raw | PixelStatistics::Unit => return None,
    };
    let one = |values: &[f32]| values.iter().all(|value| Some(value) == values.first());
    if bytes && mean.len() > 1 && one(mean) && one(std) {
        return None;
    }
    let pairs = mean.iter().zip(std);
    Some(pairs.map(|(&mean, &std)| Marginal { mean: full * f64::from(mean), std: full * f64::from(std) }).collect())
}

/// Uniform over 0 to 1, both left out.
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (f64::from(rng.next_u32()) + 0.5) / 4_294_967_296.0
}

/// Standard normal, by Box and Muller.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (-2.0 * unit(rng).ln()).sqrt() * (std::f64::consts::TAU * unit(rng)).cos()
}

/// A value from the beta distribution with the given mean and variance within bounds.
fn beta(a: f64, b: f64, rng: &mut ChaCha8Rng) -> f64 {
    // In logarithms, because for a small shape nearly all values underflow f64.
    let (x, y) = (log_gamma_variate(a, rng), log_gamma_variate(b, rng));
    1.0 / (1.0 + (y - x).exp())
}

/// The logarithm of a value of a gamma distribution, by Marsaglia and Tsang (2000); below a shape of 1 as
/// `gamma(shape + 1) u^(1/shape)`.
fn log_gamma_variate(shape: f64, rng: &mut ChaCha8Rng) -> f64 {
    if shape < 1.0 {
        return log_gamma_variate(shape + 1.0, rng) + unit(rng).ln() / shape;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && unit(rng).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return (d * v).ln();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    fn measured(source: &Source) -> (f64, f64) {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let values: Vec<f64> = (0..200_000).map(|_| source.draw(0, &mut rng)).collect();
        assert!(values.iter().all(|&value| value.is_finite()));
        if source.whole {
            assert!(values.iter().all(|value| (source.bounds[0]..=source.bounds[1]).contains(value)));
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
    }

    #[test]
    fn draws_have_the_mean_and_the_deviation() {
        let check = |whole, bounds, mean, std| {
            let inputs = vec![Marginal { mean, std }];
            let (found_mean, found_std) = measured(&Source { inputs, known: true, bounds, whole, layers: 0 });
            assert!((found_mean - mean).abs() <= 0.02 * std, "{mean} {std}: {found_mean}");
            assert!((found_std - std).abs() <= 0.05 * std, "{mean} {std}: {found_std}");
        };
        check(true, [0.0, 255.0], 127.5, 73.9);
        check(true, [0.0, 255.0], 3.0, 20.0);
        check(true, [0.0, 255.0], 250.0, 12.0);
        check(true, [-128.0, 127.0], 0.0, 0.0);
        check(true, [-32768.0, 32767.0], -12.0, 400.0);
        check(false, [f64::from(f32::MIN), f64::from(f32::MAX)], -3.0, 1e-3);
    }

    #[test]
    fn what_is_impossible_within_bounds_stays_within_them() {
        let inputs = vec![Marginal { mean: 5.0, std: 500.0 }];
        let (mean, _) = measured(&Source { inputs, known: true, bounds: [0.0, 255.0], whole: true, layers: 0 });
        assert!((mean - 5.0).abs() < 0.5, "{mean}");
    }
}
