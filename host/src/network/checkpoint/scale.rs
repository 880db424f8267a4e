//! Integers that stand for a network's inputs with one scale, as in quantized data sets and benchmarks.

use super::pixels::PixelStatistics;
use std::str::FromStr;

/// The relation of an input to the value from a sensor or file: `x = (value - zero) step`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputScale {
    /// The input's change per step of the value; positive.
    pub step: f32,
    /// The value of an input of 0.
    pub zero: f32,
}

/// Range of steps for which statistics fit in 32-bit floats.
const STEPS: std::ops::RangeInclusive<f32> = 1e-12..=1e12;

/// The largest magnitude of `zero`: twice the range of 16 bits.
const MOST_ZERO: f32 = 131_072.0;

impl InputScale {
    /// The statistics of `inputs` raw values, where `pixels` are those of the inputs that they stand for.
    pub(crate) fn of(self, pixels: &PixelStatistics, inputs: usize) -> PixelStatistics {
        let (step, zero) = (f64::from(self.step), f64::from(self.zero));
        let scaling = pixels.scaling();
        // x = a (value - zero) step + b = (value - mean) / std
        let of = |input| {
            let (a, b) = scaling.affine(input);
            ((zero - b / (a * step)) as f32, (1.0 / (a * step)) as f32)
        };
        let (mean, std) = (0..inputs).map(of).unzip();
        PixelStatistics::Values { mean, std }
    }
}

/// The text is not a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "give the step, such as 0.05, or the step and the value that stands for 0, such as 0.05,-128 (TFLite's scale and zero_point)"
)]
pub struct NoInputScale;

impl FromStr for InputScale {
    type Err = NoInputScale;

    fn from_str(text: &str) -> Result<Self, NoInputScale> {
        let (step, zero) = text.split_once(',').unwrap_or((text, "0"));
        let number = |text: &str| text.trim().parse::<f32>().map_err(|_| NoInputScale);
        let (step, zero) = (number(step)?, number(zero)?);
        if STEPS.contains(&step) && zero.abs() <= MOST_ZERO { Ok(Self { step, zero }) } else { Err(NoInputScale) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_a_step_and_a_zero() {
        let check = |text: &str, expected: Option<(f32, f32)>| {
            let found = text.parse::<InputScale>().ok();
            assert_eq!(found.map(|scale| (scale.step, scale.zero)), expected, "{text:?}");
        };
        check("0.25", Some((0.25, 0.0)));
        check("0.25,-128", Some((0.25, -128.0)));
        check("0.25, 3.5", Some((0.25, 3.5)));
        for text in ["", ",", "0", "-1", "nan", "inf", "1e-30", "1e30", "1,nan", "1,inf", "1,1e9", "1,2,3", "a,b", "1,"]
        {
            check(text, None);
        }
    }

    #[test]
    fn values_stand_for_what_they_were_made_of() {
        let scale = InputScale { step: 0.25, zero: -100.0 };
        for pixels in [
            PixelStatistics::Raw,
            PixelStatistics::Unit,
            PixelStatistics::Standardized { mean: vec![0.5, 0.25], std: vec![0.125, 2.0] },
            PixelStatistics::Values { mean: vec![3.0, -8.0], std: vec![0.5, 16.0] },
        ] {
            let found = scale.of(&pixels, 2);
            for input in 0..2 {
                let ((a, b), (scale, shift)) = (pixels.scaling().affine(input), found.scaling().affine(input));
                for value in [-128.0, 0.0, 127.0] {
                    let (expected, found) = (a * (value + 100.0) * 0.25 + b, scale * value + shift);
                    assert!((expected - found).abs() < 1e-4 * expected.abs().max(1e-3), "{pixels:?} {value}");
                }
            }
        }
    }
}
