//! Figures that do not exist for every task or network: NaN, or a count of 0, in memory; left out of JSON.

/// The value of a missing figure.
pub(crate) const fn nan() -> f64 {
    f64::NAN
}

/// Whether a figure is missing.
pub(crate) fn is_nan(value: &f64) -> bool {
    value.is_nan()
}

/// Whether nothing was counted.
pub(crate) fn is_zero(count: &usize) -> bool {
    *count == 0
}
