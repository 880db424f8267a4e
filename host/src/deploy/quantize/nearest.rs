//! Rounding to whole numbers.

/// The nearest whole number, ties to even, for a value within `-2^51..=2^51`, in two additions on every processor.
pub(super) fn rint(value: f64) -> f64 {
    const MAGIC: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52: f64 has no fractions there
    (value + MAGIC) - MAGIC
}

#[cfg(test)]
mod tests {
    use super::rint;

    #[test]
    fn rounds_to_the_nearest() {
        for (value, expected) in [(0.4, 0.0), (0.6, 1.0), (-0.6, -1.0), (1.5, 2.0), (2.5, 2.0), (-127.3, -127.0)] {
            assert_eq!(rint(value), expected, "{value}");
        }
    }
}
