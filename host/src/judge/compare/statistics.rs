//! Mean and spread, and two paired tests: McNemar's test over images, Student's interval over seeds.

use serde::Serialize;

/// A difference is significant if the probability of one at least this large, between equals, is below this.
pub const LEVEL: f64 = 0.05;

/// Mean and spread of at least one number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanDeviation {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the sample (divided by n - 1); 0 for a single number.
    pub sd: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl MeanDeviation {
    /// Statistics of `values`, which must not be empty.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 };
        let (min, max) = (f64::min, f64::max);
        let fold = |of: fn(f64, f64) -> f64| values.iter().copied().reduce(of).unwrap_or(mean);
        Self { mean, sd, min: fold(min), max: fold(max) }
    }
}

/// Two-sided p-value of McNemar's exact test: the probability that, for two equally good models, the images on which
/// exactly one is right are split as unevenly as `only_a` to `only_b`, or more so. With `n` such images in total and
/// `k` the smaller count, it is `2 sum_{i <= k} C(n, i) / 2^n`, at most 1.
pub fn mcnemar(only_a: usize, only_b: usize) -> f64 {
    let (n, fewer) = (only_a + only_b, only_a.min(only_b));
    // ln C(n, i), from one i to the next; in logarithms, because 2^n overflows an f64 from n = 1,024 on.
    let mut ln_choose = 0.0;
    let mut tail = 0.0;
    for i in 0..=fewer {
        tail += (ln_choose - n as f64 * std::f64::consts::LN_2).exp();
        ln_choose += ((n - i) as f64 / (i + 1) as f64).ln();
    }
    f64::min(2.0 * tail, 1.0)
}

/// Mean of paired differences with its 95 % interval by Student's t.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Mean of the differences.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Whether the interval excludes 0.
    pub significant: bool,
}

impl Difference {
    /// The interval of `differences`; `None` for fewer than two, which have no spread.
    pub fn of(differences: &[f64]) -> Option<Self> {
        let freedom = differences.len().checked_sub(1).filter(|&freedom| freedom > 0)?;
        let MeanDeviation { mean, sd, .. } = MeanDeviation::of(differences);
        // Beyond 30, the last value is slightly too wide, which errs on the safe side.
        let t = STUDENT_975[freedom.min(STUDENT_975.len()) - 1];
        let reach = t * sd / (differences.len() as f64).sqrt();
        let (low, high) = (mean - reach, mean + reach);
        Some(Self { mean, low, high, significant: low > 0.0 || high < 0.0 })
    }
}

/// The .975 quantile of Student's t for 1 to 30 degrees of freedom.
const STUDENT_975: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_spread_by_hand() {
        assert_eq!(MeanDeviation::of(&[2.0]), MeanDeviation { mean: 2.0, sd: 0.0, min: 2.0, max: 2.0 });
        assert_eq!(MeanDeviation::of(&[1.0, 3.0, 5.0]), MeanDeviation { mean: 3.0, sd: 2.0, min: 1.0, max: 5.0 });
    }

    #[test]
    fn mcnemar_by_hand() {
        let check = |only_a, only_b, expected: f64| {
            let p = mcnemar(only_a, only_b);
            assert!((p / expected - 1.0).abs() < 1e-9, "{only_a} to {only_b}: {p}, not {expected}");
        };
        check(0, 0, 1.0);
        check(3, 3, 1.0);
        check(0, 5, 2.0 / 32.0);
        check(1, 9, 22.0 / 1024.0);
        check(9, 1, 22.0 / 1024.0);
        // Computed with Python integers; 2^n overflows an f64.
        check(600, 500, 0.0028195449914364275);
        check(1900, 2100, 0.0016492663751356998);
    }

    #[test]
    fn an_interval_by_hand() {
        assert_eq!(Difference::of(&[1.0]), None);
        let found = Difference::of(&[1.0, 2.0, 3.0]).expect("three");
        let reach = 4.303 / 3f64.sqrt();
        assert!((found.low - (2.0 - reach)).abs() < 1e-12 && (found.high - (2.0 + reach)).abs() < 1e-12);
        assert!(!found.significant && Difference::of(&[1.0, 1.1, 1.2]).expect("three").significant);
    }
}
