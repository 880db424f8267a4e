//! The range of some values, and the round ones to label on an axis, with their texts.

use crate::show::format::{number, percent, power};

/// Smallest span of an axis, as a fraction of the largest value: values that differ less are drawn as a flat line, so
/// that labels remain short.
const NARROWEST: f64 = 1e-3;

/// Maximum number of characters of a number on an axis.
const MOST_CHARACTERS: usize = 7;

/// Maximum number of characters of all labels on an axis of epochs, with a space after each.
const MOST_OF_EPOCHS: usize = 25;

/// Rounding error of a multiple of a step, in steps.
const ROUNDING: f64 = 1e-9;

/// A range, and its round values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticks {
    /// At most the smallest value.
    pub(crate) from: f64,
    /// At least the largest value.
    pub(crate) to: f64,
    /// Distance between two labels.
    pub(crate) step: f64,
    /// Values to label.
    pub(crate) at: Vec<f64>,
}

impl Ticks {
    /// Two to six round values around all finite ones of `values`; around 0 if there are none.
    pub(crate) fn around(values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = extent(values).unwrap_or((0.0, 0.0));
        let largest = least.abs().max(most.abs());
        let span = if most > least { (most - least).max(NARROWEST * largest) } else { largest.max(0.1) };
        let span = span.max(1e-300);
        let power = 10f64.powf((span / 4.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|part| part * power).into_iter().find(|step| span / step <= 4.5);
        let step = step.unwrap_or(power);
        let (from, to) = ((least / step + ROUNDING).floor(), (most / step - ROUNDING).ceil());
        // A single value is at the end of its axis that is farther from 0.
        let (from, to) = match to > from {
            true => (from, to),
            false if from > 0.0 => (from - 1.0, from),
            false => (from, from + 1.0),
        };
        let at = (from as i64..=to as i64).map(|n| n as f64 * step).collect();
        Self { from: from * step, to: to * step, step, at }
    }

    /// Position of a value: 0 is `from`, 1 is `to`.
    pub(crate) fn share(&self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }

    /// The labels of all values, with as many decimal digits as they need to differ, and the power of 10 to multiply
    /// them with, if they would be too long otherwise.
    pub(crate) fn labels(&self, unit: Unit) -> (Vec<String>, Option<String>) {
        let (scale, sign) = match unit {
            Unit::Nats => (1.0, ""),
            Unit::Share => (100.0, "\u{a0}%"),
        };
        let numbers = |one: f64| -> Vec<String> {
            let digits = (-(self.step * scale / one).log10() - ROUNDING).ceil().max(0.0) as usize;
            self.at.iter().map(|value| format!("{:.digits$}", value * scale / one)).collect()
        };
        let largest = self.from.abs().max(self.to.abs()) * scale;
        let exponent = (largest.log10() + ROUNDING).floor() as i32;
        let (numbers, power) = match numbers(1.0) {
            plain if plain.iter().all(|text| text.len() <= MOST_CHARACTERS) => (plain, None),
            _ => (numbers(10f64.powi(exponent)), Some(power(exponent))),
        };
        (numbers.into_iter().map(|number| number + sign).collect(), power)
    }
}

/// Unit of the values on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A loss.
    Nats,
    /// A fraction of 1.
    Share,
}

impl Unit {
    /// A value as text.
    pub(crate) fn text(self, value: f64) -> String {
        match self {
            Self::Nats => number(value),
            Self::Share => percent(value),
        }
    }

    /// The value of this unit that is nearest to a number.
    pub(super) fn nearest(self, number: f64) -> f64 {
        let most = if self == Self::Share { 1.0 } else { f64::INFINITY };
        number.clamp(0.0, most)
    }
}

/// The smallest and the largest of the finite values, if there are any.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).map(|value| (value, value)).reduce(|(a, b), (v, _)| (a.min(v), b.max(v)))
}

/// The epochs to label on the axis, from 0: all, or the first and round ones.
pub(crate) fn named_epochs(epochs: usize) -> impl Iterator<Item = usize> {
    let width = epochs.to_string().len() + 1;
    let mut round = (0..).flat_map(|power| [1, 2, 5].map(|part| part * 10usize.pow(power)));
    let step = round.find(|step| epochs / step * width <= MOST_OF_EPOCHS).unwrap_or(1);
    (0..epochs).filter(move |epoch| *epoch == 0 || (epoch + 1) % step == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], expected: &[f64]) {
        let ticks = Ticks::around(values.iter().copied());
        assert_eq!(ticks.at.len(), expected.len(), "{values:?}: {:?}", ticks.at);
        assert!(ticks.at.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{values:?}: {:?}", ticks.at);
        let finite = values.iter().filter(|value| value.is_finite());
        assert!(finite.map(|&v| ticks.share(v)).all(|share| (-1e-9..=1.0 + 1e-9).contains(&share)), "{values:?}");
    }

    #[test]
    fn ticks_are_round_and_around_all_values() {
        check(&[0.371, 0.56], &[0.35, 0.4, 0.45, 0.5, 0.55, 0.6]);
        check(&[0.8, 0.9], &[0.8, 0.85, 0.9]);
        check(&[0.0, 10.0], &[0.0, 5.0, 10.0]);
        check(&[2.0], &[1.5, 2.0]);
        check(&[1.0, 1.0], &[0.5, 1.0]);
        check(&[0.0], &[0.0, 0.05]);
        check(&[f64::NAN, 2.0, f64::INFINITY], &[1.5, 2.0]);
        check(&[], &[0.0, 0.05]);
        check(&[0.500_000_01, 0.500_000_02], &[0.5, 0.5002]);
    }

    #[test]
    fn a_share_has_no_label_above_1() {
        for least in (0..=10_000).map(|n| f64::from(n) / 10_000.0) {
            let ticks = Ticks::around([least, 1.0].into_iter());
            assert!(ticks.to < 1.0 + 1e-9, "{least}: {:?}", ticks.at);
        }
    }

    #[test]
    fn any_finite_values_have_an_axis() {
        for values in [[5e-324, 1e-323], [0.0, 5e-324], [1.0, 1.0 + f64::EPSILON], [1e300, 2e300], [-1e-310, 0.0]] {
            let ticks = Ticks::around(values.into_iter());
            assert!((1..=7).contains(&ticks.at.len()) && ticks.step > 0.0, "{values:?}: {:?}", ticks.at);
            assert!(values.iter().all(|&value| ticks.share(value).is_finite()), "{values:?}");
        }
    }

    /// The labels around two values, and the power of 10.
    fn labels(values: [f64; 2], unit: Unit) -> (Vec<String>, Option<String>) {
        let (labels, power) = Ticks::around(values.into_iter()).labels(unit);
        let plain = |text: String| text.replace('\u{a0}', " ");
        (labels.into_iter().map(plain).collect(), power.map(plain))
    }

    #[test]
    fn labels_have_the_digits_of_their_step() {
        let check = |values, unit, expected: &[&str], power: Option<&str>| {
            let (found, found_power) = labels(values, unit);
            assert_eq!((found, found_power.as_deref()), (expected.iter().map(|&text| text.into()).collect(), power));
        };
        check([0.36, 0.41], Unit::Nats, &["0.36", "0.38", "0.40", "0.42"], None);
        check([2.0, 9.0], Unit::Nats, &["2", "4", "6", "8", "10"], None);
        check([0.86, 0.9], Unit::Share, &["86 %", "87 %", "88 %", "89 %", "90 %"], None);
        check([0.86, 0.87], Unit::Share, &["86.0 %", "86.5 %", "87.0 %"], None);
        check([0.99996, 1.0], Unit::Share, &["99.95 %", "100.00 %"], None);
        check([0.500_000_01, 0.500_000_02], Unit::Nats, &["0.5000", "0.5002"], None);
        check([12_345_678.0, 12_345_679.0], Unit::Nats, &["1.2345", "1.2350"], Some("× 10⁷"));
        check([3e-12, 8e-12], Unit::Nats, &["2", "4", "6", "8"], Some("× 10⁻¹²"));
        check([1e-300, 2e-300], Unit::Nats, &["1.0", "1.5", "2.0"], Some("× 10⁻³⁰⁰"));
        check([1e-300, 2e-300], Unit::Share, &["1.0 %", "1.5 %", "2.0 %"], Some("× 10⁻²⁹⁸"));
    }

    #[test]
    fn labels_are_short_and_differ() {
        for power in -310..=300 {
            let one = 10f64.powi(power);
            for factors in [[0.0, 1.0], [1.0, 1.0], [1.0, 1.0 + 1e-12], [9.994, 9.999], [1.234_567, 1.3], [7.0, 7.001]]
            {
                let values = factors.map(|factor| factor * one);
                for unit in [Unit::Nats, Unit::Share] {
                    let (labels, _) = labels(values, unit);
                    let (most, mut other) = (MOST_CHARACTERS + 2 * usize::from(unit == Unit::Share), labels.clone());
                    other.dedup();
                    assert_eq!(other, labels, "{values:?}");
                    assert!(labels.iter().all(|label| label.len() <= most), "{values:?}: {labels:?}");
                }
            }
        }
    }

    #[test]
    fn round_epochs_are_named() {
        let check = |epochs: usize, expected: &[usize]| {
            let found: Vec<usize> = named_epochs(epochs).map(|epoch| epoch + 1).collect();
            assert_eq!(found, expected, "{epochs} epochs");
        };
        check(1, &[1]);
        check(8, &[1, 2, 3, 4, 5, 6, 7, 8]);
        check(9, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        check(12, &[1, 2, 4, 6, 8, 10, 12]);
        check(30, &[1, 5, 10, 15, 20, 25, 30]);
        check(60, &[1, 10, 20, 30, 40, 50, 60]);
        check(800, &[1, 200, 400, 600, 800]);
        check(1_000, &[1, 200, 400, 600, 800, 1_000]);
    }
}
