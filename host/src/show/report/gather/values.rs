//! Summaries of many numbers: range and distribution.

use serde::Serialize;

/// Range of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MinMedianMax {
    /// The smallest.
    pub min: f64,
    /// The median; for an even number of values the upper of the two middle ones.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

impl MinMedianMax {
    /// Statistics of the finite values; zeros if there are none.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(0.0);
        Self { min: at(0), median: at(sorted.len() / 2), max: at(sorted.len().saturating_sub(1)) }
    }

    /// The largest as a multiple of the median; 0 if the median is 0.
    pub fn largest_over_median(&self) -> f64 {
        if self.median == 0.0 { 0.0 } else { self.max / self.median }
    }
}

/// Division of a histogram's axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Equal differences.
    Linear,
    /// Equal ratios; all values are above 0.
    Logarithmic,
}

/// Distribution of some values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// How the axis is divided.
    pub axis: Axis,
    /// Start of the first bin.
    pub from: f64,
    /// End of the last bin.
    pub to: f64,
    /// Number of values in each bin; the last includes its end.
    pub counts: Vec<usize>,
}

/// Number of bins.
const BINS: usize = 32;

/// Positive values whose ratio exceeds this are shown on a logarithmic axis.
const WIDE: f64 = 50.0;

impl Histogram {
    /// A histogram of the finite values, on the axis that suits them.
    pub fn of(values: &[f64]) -> Self {
        let MinMedianMax { min, max, .. } = MinMedianMax::of(values);
        let axis = if min > 0.0 && max / min > WIDE { Axis::Logarithmic } else { Axis::Linear };
        let (from, to) = if min == max { around(min) } else { (min, max) };
        Self::between(values, axis, from, to)
    }

    /// The distribution of the values between `from` and `to`, of which `from` is smaller and, on a logarithmic axis,
    /// above 0.
    pub fn between(values: &[f64], axis: Axis, from: f64, to: f64) -> Self {
        let mut histogram = Self { axis, from, to, counts: vec![0; BINS] };
        for &value in values.iter().filter(|&&value| (from..=to).contains(&value)) {
            let bin = (histogram.share(value) * BINS as f64) as usize;
            histogram.counts[bin.min(BINS - 1)] += 1;
        }
        histogram
    }

    /// Position of a value on the axis: 0 is `from`, 1 is `to`.
    pub fn share(&self, value: f64) -> f64 {
        match self.axis {
            Axis::Linear => (value - self.from) / (self.to - self.from),
            Axis::Logarithmic => (value / self.from).ln() / (self.to / self.from).ln(),
        }
    }
}

/// A range with `value` in its middle.
fn around(value: f64) -> (f64, f64) {
    let margin = if value == 0.0 { 1.0 } else { value.abs() / 10.0 };
    (value - margin, value + margin)
}

/// `values` as f64.
pub fn widened(values: impl IntoIterator<Item = f32>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_by_hand() {
        assert_eq!(MinMedianMax::of(&[3.0, -1.0, 10.0, 2.0]), MinMedianMax { min: -1.0, median: 3.0, max: 10.0 });
        assert_eq!(MinMedianMax::of(&[5.0]).largest_over_median(), 1.0);
        assert_eq!(MinMedianMax::of(&[0.0, 0.0, 3.0]).largest_over_median(), 0.0);
        assert_eq!(MinMedianMax::of(&[]), MinMedianMax { min: 0.0, median: 0.0, max: 0.0 });
    }

    fn check(values: &[f64], axis: Axis, filled: &[(usize, usize)]) {
        let histogram = Histogram::of(values);
        let found: Vec<_> = histogram.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
        assert_eq!((histogram.axis, found.as_slice()), (axis, filled), "{values:?}");
        assert_eq!(histogram.counts.iter().sum::<usize>(), values.len(), "every value is in a bin");
    }

    #[test]
    fn every_value_is_in_its_bin() {
        check(&[0.0, 32.0, 31.5, 1.0, 0.5], Axis::Linear, &[(0, 2), (1, 1), (31, 2)]);
        check(&[1.0, 65_536.0, 256.5, 255.5], Axis::Logarithmic, &[(0, 1), (15, 1), (16, 1), (31, 1)]);
        check(&[-3.0; 4], Axis::Linear, &[(16, 4)]);
        check(&[0.0; 2], Axis::Linear, &[(16, 2)]);
        assert_eq!(Histogram::of(&[0.0, 32.0, 31.5]).counts.iter().max(), Some(&2));
    }
}
