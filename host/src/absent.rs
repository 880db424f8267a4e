//! Figures that a task may not have: NaN in memory, left out of JSON.

/// The figure that is not there.
pub(crate) const fn nan() -> f64 {
    f64::NAN
}

/// Whether a figure is not there.
pub(crate) fn is_nan(value: &f64) -> bool {
    value.is_nan()
}
