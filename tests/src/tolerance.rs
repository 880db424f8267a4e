//! Every tolerance of the tests across crates, each with its reason. Results that can be exact are compared with `==`,
//! and have no entry here.

/// How far apart two values may be, with the reason.
#[derive(Debug, Clone, Copy)]
pub struct Tolerance {
    /// Name for messages.
    pub name: &'static str,
    /// Largest `|a - b| / max(|a|, |b|, scale)`, with a `scale` that the reason names.
    pub value: f64,
    /// Why this much, and what was measured.
    pub reason: &'static str,
}

impl Tolerance {
    /// `|a - b| / max(|a|, |b|, scale)`; 0 when equal, infinite if either is NaN.
    pub fn deviation(a: f64, b: f64, scale: f64) -> f64 {
        if a == b {
            return 0.0;
        }
        let deviation = (a - b).abs() / a.abs().max(b.abs()).max(scale);
        if deviation.is_nan() { f64::INFINITY } else { deviation }
    }

    /// The deviation of `a` from `b`.
    ///
    /// # Errors
    /// A line with both values if the difference exceeds the tolerance.
    pub fn check(&self, a: f64, b: f64, scale: f64) -> Result<f64, String> {
        let deviation = Self::deviation(a, b, scale);
        if deviation <= self.value {
            return Ok(deviation);
        }
        Err(format!(
            "{a:e} instead of {b:e}, a deviation of {deviation:.1e} (scale {scale:.1e}); {} allows {:.1e}: {}",
            self.name, self.value, self.reason
        ))
    }
}

/// The largest magnitude: the `scale` of a variable.
pub fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |max, value| value.abs().max(max))
}

/// A variable after a step, against Keras. `scale` is the largest magnitude in Keras's variable.
pub const GOLDEN_VARIABLE: Tolerance = Tolerance {
    name: "GOLDEN_VARIABLE",
    value: 2e-6,
    reason: "Keras and core add the same f32 terms in different orders, so values agree to a few ulp (6e-8) of the \
             sums' terms. Elements near 0 keep the absolute error of the terms that cancelled in them, hence the variable's \
             own scale. Worst seen: 3.4e-7 in the runs committed, 7.6e-7 in one of 38 steps, 3.0e-7 in one of \
             784-300-100-10, 7.6e-7 with momentum, 3.7e-7 with Adam",
};

/// Loss of a batch, against Keras. `scale` is 0.
pub const GOLDEN_LOSS: Tolerance = Tolerance {
    name: "GOLDEN_LOSS",
    value: 2e-6,
    reason: "a mean of logarithms, each accurate to a few ulp (6e-8). Worst seen: 4.9e-7",
};

/// A class probability at inference, against Keras. `scale` is 1, the sum of the probabilities.
pub const GOLDEN_PROBABILITY: Tolerance = Tolerance {
    name: "GOLDEN_PROBABILITY",
    value: 2e-6,
    reason: "an absolute error in a logit is a relative error in a probability; logits here are accurate to a few ulp \
             of their terms. Worst seen: 7.7e-7",
};

/// A gradient, against central differences in f64. `scale` is the largest gradient of the network.
pub const GRADIENT: Tolerance = Tolerance {
    name: "GRADIENT",
    value: 2e-5,
    reason: "f32 versus f64: a few ulp (6e-8) of the network's largest gradient, times 1 / standard deviation (up to \
             10 in the cases that are drawn) for each BatchNormalization in a row. Worst seen in 3,000 random networks: 1.8e-5; \
             half of them stay below 3e-7",
};

/// Loss of a batch, against the oracle. `scale` is 1.
pub const ORACLE_LOSS: Tolerance = Tolerance {
    name: "ORACLE_LOSS",
    value: 3e-6,
    reason: "f32 against f64, some ulp (6e-8) of the logits, times 1 / standard deviation as in GRADIENT. Worst seen: \
             1.2e-6",
};

/// A moving statistic after a step, against the oracle. `scale` is 1.
pub const MOVING: Tolerance =
    Tolerance { name: "MOVING", value: 2e-6, reason: "f32 against f64, as ORACLE_LOSS. Worst seen: 4.7e-7" };

/// A logit at inference, against the oracle. `scale` is 1.
pub const ORACLE_LOGIT: Tolerance = Tolerance {
    name: "ORACLE_LOGIT",
    value: 3e-6,
    reason: "f32 against f64: sums of at most 6 terms, a few layers deep; the moving variances are at least 0.5, so \
             nothing blows up. Worst seen: 8.7e-7",
};

/// The folded network against the unfolded one, both in f64. `scale` is roundings times magnitudes, as below.
pub const FOLD_EXACT: Tolerance = Tolerance {
    name: "FOLD_EXACT",
    value: 2.0 / (1u64 << 53) as f64,
    reason: "the fold is exact algebra, so both sides differ only by f64 rounding: at most one unit of \
             rounding (2^-53) for every rounding a summed term goes through, relative to the sum of the magnitudes of \
             all terms, once for each side. Worst seen: a quarter of it",
};

/// A logit of core in f32, of `predict` or of a folded model file, against the same network in f64. `scale` is the
/// standard deviation of the rounding error, in units of rounding.
pub const FOLD_ROUNDED: Tolerance = Tolerance {
    name: "FOLD_ROUNDED",
    value: 4.0 / (1u64 << 24) as f64,
    reason: "independent f32 roundings of one unit (2^-24) each, propagated through the layers from every \
             product and partial sum, give that standard deviation. True ones are spread evenly up to the unit, so \
             deviations are a root of three smaller, and 4 stands at 7 of them. Worst seen: 2.7",
};

/// Accuracy that 8-bit weights may lose, as a share of the images.
pub const LOST_AT_8_BITS: Tolerance = Tolerance {
    name: "LOST_AT_8_BITS",
    value: 0.003,
    reason: "of the classes that change, about as many become right as wrong; only a chance surplus remains. Most seen \
             on 26 networks: 0.0009",
};

/// Accuracy that 4-bit weights may lose, as a share of the images.
pub const LOST_AT_4_BITS: Tolerance = Tolerance {
    name: "LOST_AT_4_BITS",
    value: 0.005,
    reason: "as LOST_AT_8_BITS, with more classes changed. Most seen on 26 networks: 0.0016",
};

/// Accuracy that 2-bit weights may lose, as a share of the images.
pub const LOST_AT_2_BITS: Tolerance = Tolerance {
    name: "LOST_AT_2_BITS",
    value: 0.035,
    reason: "weights of -1, 0 and 1 cannot represent a network without loss. Most seen on 26 networks: 0.0163, with \
             two hidden layers of 32",
};

/// Classes that 8-bit weights may change, as a share of the images.
pub const CHANGED_AT_8_BITS: Tolerance = Tolerance {
    name: "CHANGED_AT_8_BITS",
    value: 0.015,
    reason: "images whose top two logits are close change class first. Most seen on 26 networks: 0.0102",
};

/// Classes that 4-bit weights may change, as a share of the images.
pub const CHANGED_AT_4_BITS: Tolerance =
    Tolerance { name: "CHANGED_AT_4_BITS", value: 0.04, reason: "as CHANGED_AT_8_BITS; most seen: 0.0244" };

/// Classes that 2-bit weights may change, as a share of the images.
pub const CHANGED_AT_2_BITS: Tolerance =
    Tolerance { name: "CHANGED_AT_2_BITS", value: 0.1, reason: "as CHANGED_AT_8_BITS; most seen: 0.08" };

/// Error of the last layer of an exported network on the images that its 8-bit weights were fitted to, relative to its
/// outputs (`foldnet::deploy::quantize::QuantizedLayer::error`): the median over random networks.
pub const LAST_ERROR_AT_8_BITS: Tolerance = Tolerance {
    name: "LAST_ERROR_AT_8_BITS",
    value: 0.004,
    reason: "rounding error after up to six layers; six images are enough to fit all of a layer's weights. \
             Seen: 0.0022 over 60 networks",
};

/// The same at 4 bits.
pub const LAST_ERROR_AT_4_BITS: Tolerance =
    Tolerance { name: "LAST_ERROR_AT_4_BITS", value: 0.015, reason: "as LAST_ERROR_AT_8_BITS; seen: 0.0076" };

/// The same at 2 bits.
pub const LAST_ERROR_AT_2_BITS: Tolerance =
    Tolerance { name: "LAST_ERROR_AT_2_BITS", value: 0.08, reason: "as LAST_ERROR_AT_8_BITS; seen: 0.0414" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_relative_to_the_largest_of_the_three() {
        assert_eq!(Tolerance::deviation(1.0, 1.0, 0.0), 0.0);
        assert_eq!(Tolerance::deviation(0.0, 0.0, 0.0), 0.0);
        assert_eq!(Tolerance::deviation(1.0, 2.0, 0.0), 0.5);
        assert_eq!(Tolerance::deviation(1.0, 2.0, 4.0), 0.25);
        assert_eq!(Tolerance::deviation(0.0, -1.0, 0.0), 1.0);
    }

    #[test]
    fn no_tolerance_lets_a_nan_or_an_infinity_pass() {
        for bad in [f64::NAN, f64::INFINITY] {
            assert!(GOLDEN_VARIABLE.check(bad, 1.0, 1.0).is_err(), "{bad}");
            assert!(GOLDEN_VARIABLE.check(1.0, bad, 1.0).is_err(), "{bad}");
        }
        assert!(GOLDEN_VARIABLE.check(1.0, 1.0 + 2.0 * GOLDEN_VARIABLE.value, 0.0).is_err());
        assert!(GOLDEN_VARIABLE.check(1.0, 1.0 + 0.5 * GOLDEN_VARIABLE.value, 0.0).is_ok());
    }
}
