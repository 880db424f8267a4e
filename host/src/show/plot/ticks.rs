//! The range of some values, and the round ones to label on an axis, with their texts.

use crate::show::format::{number, percent};

/// Maximum number of decimal digits on an axis.
const MOST_DIGITS: f64 = 9.0;

/// Maximum number of labels on an axis of epochs.
const MOST_EPOCHS: usize = 8;

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
        let span = if most > least { most - least } else { most.abs().max(0.1) };
        // Steps that f64 can resolve at any magnitude of the values.
        let span = span.max(1e-12 * least.abs().max(most.abs())).max(1e-300);
        let power = 10f64.powf((span / 4.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|part| part * power).into_iter().find(|step| span / step <= 4.5);
        let step = step.unwrap_or(power);
        let (from, to) = ((least / step).floor(), (most / step).ceil());
        let to = if to > from { to } else { from + 1.0 };
        let at = (from as i64..=to as i64).map(|n| n as f64 * step).collect();
        Self { from: from * step, to: to * step, step, at }
    }

    /// Position of a value: 0 is `from`, 1 is `to`.
    pub(crate) fn share(&self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }

    /// Decimal digits that the labels need once values are multiplied by `scale`; `None` if 9 are not enough.
    pub(crate) fn digits(&self, scale: f64) -> Option<usize> {
        let digits = (-(self.step * scale).log10().floor()).max(0.0);
        (digits <= MOST_DIGITS).then_some(digits as usize)
    }
}

/// Unit of the values on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A cross-entropy.
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

    /// A value as text on an axis with `ticks`.
    pub(super) fn tick(self, value: f64, ticks: &Ticks) -> String {
        match (self, ticks.digits(1.0)) {
            (Self::Nats, None) => number(value),
            (Self::Nats, Some(digits)) => format!("{value:.digits$}"),
            (Self::Share, _) => format!("{:.*}\u{a0}%", ticks.digits(100.0).unwrap_or(9), value * 100.0),
        }
    }
}

/// The smallest and the largest of the finite values, if there are any.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).map(|value| (value, value)).reduce(|(a, b), (v, _)| (a.min(v), b.max(v)))
}

/// The epochs to label on the axis, from 0: all, or round ones.
pub(crate) fn named_epochs(epochs: usize) -> impl Iterator<Item = usize> {
    let round = (0..).flat_map(|power| [1, 2, 5].map(|part| part * 10usize.pow(power)));
    let step = round.take_while(|&step| step <= epochs).find(|step| epochs / step <= MOST_EPOCHS).unwrap_or(1);
    (0..epochs).filter(move |epoch| (epoch + 1) % step == 0)
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
        check(&[2.0], &[2.0, 2.5]);
        check(&[0.0], &[0.0, 0.05]);
        check(&[f64::NAN, 2.0, f64::INFINITY], &[2.0, 2.5]);
        check(&[], &[0.0, 0.05]);
    }

    #[test]
    fn any_finite_values_have_an_axis() {
        for values in [[5e-324, 1e-323], [0.0, 5e-324], [1.0, 1.0 + f64::EPSILON], [1e300, 2e300], [-1e-310, 0.0]] {
            let ticks = Ticks::around(values.into_iter());
            assert!((1..=7).contains(&ticks.at.len()) && ticks.step > 0.0, "{values:?}: {:?}", ticks.at);
            assert!(values.iter().all(|&value| ticks.share(value).is_finite()), "{values:?}");
        }
    }

    #[test]
    fn texts_have_the_digits_of_their_step() {
        let ticks = |step| Ticks { from: 0.0, to: 1.0, step, at: Vec::new() };
        assert_eq!([2.0, 0.2, 0.05].map(|step| ticks(step).digits(1.0)), [Some(0), Some(1), Some(2)]);
        assert_eq!([0.02, 0.005].map(|step| ticks(step).digits(100.0)), [Some(0), Some(1)]);
        assert_eq!(ticks(1e-12).digits(1.0), None);
        let tick = |unit: Unit, value, step| unit.tick(value, &ticks(step)).replace('\u{a0}', " ");
        assert_eq!([0.35, 0.4].map(|value| tick(Unit::Nats, value, 0.05)), ["0.35", "0.40"]);
        assert_eq!([2.0, 0.2].map(|step| tick(Unit::Nats, 4.0, step)), ["4", "4.0"]);
        assert_eq!([0.02, 0.005].map(|step| tick(Unit::Share, 0.86, step)), ["86 %", "86.0 %"]);
        for (unit, value, step) in [(Unit::Nats, 5e-324, 1e-300), (Unit::Nats, 1e300, 1e299), (Unit::Share, 0.5, 1e-15)]
        {
            assert!(tick(unit, value, step).len() < 400, "{value}");
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
        check(9, &[2, 4, 6, 8]);
        check(30, &[5, 10, 15, 20, 25, 30]);
        check(1_000, &[200, 400, 600, 800, 1_000]);
    }
}
