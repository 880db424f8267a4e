//! Two values over the epochs, as SVG lines that differ in colour, stroke and marker, each named at its end.

use super::format::{number, percent};
use maud::{Markup, html};
use std::fmt::Write;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 258.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 192.0;

/// Between the texts at the ends of two lines.
const APART: f64 = 30.0;

/// Markers on a line, at most.
const MOST_MARKS: usize = 24;

/// Texts below the axis, at most.
const MOST_EPOCHS: usize = 8;

/// What is shown.
pub struct Lines {
    /// In training, epoch by epoch.
    pub train: Vec<f64>,
    /// On the validation examples; may be empty.
    pub valid: Vec<f64>,
    /// The epoch to mark as the best, from 0.
    pub best: Option<usize>,
    /// What values are.
    pub unit: Unit,
    /// What a screen reader says.
    pub label: String,
}

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A cross-entropy.
    Nats,
    /// A part of 1.
    Share,
}

impl Unit {
    /// A value as text, at the end of a line.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Nats => number(value),
            Self::Share => percent(value),
        }
    }

    /// A value as text on an axis in steps of `step`.
    fn tick(self, value: f64, step: f64) -> String {
        let digits = |step: f64| (-step.log10().floor()).clamp(0.0, MOST_DIGITS) as usize;
        match self {
            Self::Nats if step < 10f64.powf(-MOST_DIGITS) => number(value),
            Self::Nats => format!("{value:.*}", digits(step)),
            Self::Share => format!("{:.*}\u{a0}%", digits(step * 100.0), value * 100.0),
        }
    }
}

/// Most digits behind the point on an axis.
const MOST_DIGITS: f64 = 9.0;

/// The range of an axis, and where its texts stand.
struct Ticks {
    from: f64,
    to: f64,
    step: f64,
    at: Vec<f64>,
}

impl Ticks {
    /// Three to six round values around all of `values`.
    fn around(values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let span = if most > least { most - least } else { most.abs().max(0.1) };
        // Steps that f64 tells apart, at any size of the values.
        let span = span.max(1e-12 * least.abs().max(most.abs())).max(1e-300);
        let power = 10f64.powf((span / 4.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|part| part * power).into_iter().find(|step| span / step <= 4.5);
        let step = step.unwrap_or(power);
        let (from, to) = ((least / step).floor(), (most / step).ceil());
        let to = if to > from { to } else { from + 1.0 };
        let at = (from as i64..=to as i64).map(|n| n as f64 * step).collect();
        Self { from: from * step, to: to * step, step, at }
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - (value - self.from) / (self.to - self.from) * (BOTTOM - TOP)
    }
}

/// Draws them.
pub fn lines(lines: &Lines) -> Markup {
    let ticks = Ticks::around(lines.train.iter().chain(&lines.valid).copied());
    let epochs = lines.train.len();
    let mut series = vec![("train", "training", &lines.train), ("valid", "validation", &lines.valid)];
    let last = |values: &[f64]| ticks.y(values.last().copied().unwrap_or(ticks.from));
    let ends = ends([last(&lines.train), last(&lines.valid)]);
    series.retain(|(_, _, values)| !values.is_empty());
    html! {
        svg.plot.wide role="img" aria-label=(lines.label) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) {
            @for &tick in &ticks.at {
                path.grid d=(format!("M{LEFT} {:.1}H{RIGHT}", ticks.y(tick))) {}
                text x=(LEFT - 8.0) y=(format!("{:.1}", ticks.y(tick) + 4.0)) text-anchor="end" { (lines.unit.tick(tick, ticks.step)) }
            }
            @for epoch in named(epochs) {
                text x=(format!("{:.1}", x(epoch, epochs))) y=(BOTTOM + 18.0) text-anchor="middle" { (epoch + 1) }
            }
            text x=((LEFT + RIGHT) / 2.0) y=(HEIGHT - 4.0) text-anchor="middle" { "epoch" }
            @if let Some(best) = lines.best.filter(|&best| best < epochs) {
                path.best d=(format!("M{:.1} {TOP}V{BOTTOM}", x(best, epochs))) {}
                text x=(format!("{:.1}", x(best, epochs))) y=(TOP - 3.0) text-anchor="middle" { "best" }
            }
            @for ((class, name, values), end) in series.iter().zip(ends) {
                g class=(class) {
                    path.line d=(path(values, &ticks)) {}
                    path.marks d=(marks(values, &ticks, *class == "train")) {}
                    text.name x=(RIGHT + 10.0) y=(format!("{:.1}", end - 2.0)) { (name) }
                    text x=(RIGHT + 10.0) y=(format!("{:.1}", end + 12.0)) {
                        (values.last().map_or(String::new(), |&value| lines.unit.text(value)))
                    }
                }
            }
        }
    }
}

/// The epochs with a text below the axis, from 0: all, or round ones.
fn named(epochs: usize) -> impl Iterator<Item = usize> {
    let round = (0..).flat_map(|power| [1, 2, 5].map(|part| part * 10usize.pow(power)));
    let step = round.take_while(|&step| step <= epochs).find(|step| epochs / step <= MOST_EPOCHS).unwrap_or(1);
    (0..epochs).filter(move |epoch| (epoch + 1) % step == 0)
}

/// Where the texts at the ends of the lines stand, so that both can be read.
fn ends([train, valid]: [f64; 2]) -> [f64; 2] {
    let missing = (APART - (train - valid).abs()).max(0.0) / 2.0;
    let push = if train < valid { -missing } else { missing };
    // Neither leaves the plot.
    let shift = (TOP - f64::min(train + push, valid - push)).max(0.0);
    [train + push + shift, valid - push + shift]
}

/// The middle for a single epoch.
fn x(epoch: usize, epochs: usize) -> f64 {
    let share = if epochs > 1 { epoch as f64 / (epochs - 1) as f64 } else { 0.5 };
    LEFT + 10.0 + share * (RIGHT - LEFT - 20.0)
}

fn path(values: &[f64], ticks: &Ticks) -> String {
    let mut path = String::new();
    for (epoch, &value) in values.iter().enumerate() {
        // A string takes whatever is written.
        let _ =
            write!(path, "{}{:.1} {:.1}", if epoch == 0 { 'M' } else { 'L' }, x(epoch, values.len()), ticks.y(value));
    }
    path
}

/// A circle or a square at every value, or at the last where they are many.
fn marks(values: &[f64], ticks: &Ticks, round: bool) -> String {
    let mut path = String::new();
    let first = if values.len() > MOST_MARKS { values.len() - 1 } else { 0 };
    for (epoch, &value) in values.iter().enumerate().skip(first) {
        let (x, y) = (x(epoch, values.len()), ticks.y(value));
        let _ = match round {
            true => write!(path, "M{:.1} {y:.1}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z", x - 4.0),
            false => write!(path, "M{:.1} {:.1}h7v7h-7Z", x - 3.5, y - 3.5),
        };
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], expected: &[f64]) {
        let ticks = Ticks::around(values.iter().copied());
        assert_eq!(ticks.at.len(), expected.len(), "{values:?}: {:?}", ticks.at);
        assert!(ticks.at.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{values:?}: {:?}", ticks.at);
        assert!(values.iter().all(|&v| (TOP - 1e-9..=BOTTOM + 1e-9).contains(&ticks.y(v))), "{values:?}");
    }

    #[test]
    fn ticks_are_round_and_around_all_values() {
        check(&[0.371, 0.56], &[0.35, 0.4, 0.45, 0.5, 0.55, 0.6]);
        check(&[0.8, 0.9], &[0.8, 0.85, 0.9]);
        check(&[0.0, 10.0], &[0.0, 5.0, 10.0]);
        check(&[2.0], &[2.0, 2.5]);
        check(&[0.0], &[0.0, 0.05]);
    }

    #[test]
    fn any_finite_values_have_an_axis() {
        for values in [[5e-324, 1e-323], [0.0, 5e-324], [1.0, 1.0 + f64::EPSILON], [1e300, 2e300], [-1e-310, 0.0]] {
            let ticks = Ticks::around(values.into_iter());
            assert!((1..=7).contains(&ticks.at.len()) && ticks.step > 0.0, "{values:?}: {:?}", ticks.at);
            let texts: Vec<String> = ticks.at.iter().map(|&at| Unit::Nats.tick(at, ticks.step)).collect();
            assert!(values.iter().all(|&value| ticks.y(value).is_finite()), "{values:?}");
            assert!(texts.iter().all(|text| text.len() < 400), "{texts:?}");
        }
    }

    #[test]
    fn ticks_have_the_digits_of_their_step() {
        let tick = |unit: Unit, value, step| unit.tick(value, step).replace('\u{a0}', " ");
        assert_eq!([0.35, 0.4].map(|value| tick(Unit::Nats, value, 0.05)), ["0.35", "0.40"]);
        assert_eq!([2.0, 0.2].map(|step| tick(Unit::Nats, 4.0, step)), ["4", "4.0"]);
        assert_eq!([0.02, 0.005].map(|step| tick(Unit::Share, 0.86, step)), ["86 %", "86.0 %"]);
    }

    #[test]
    fn round_epochs_are_named() {
        let check = |epochs: usize, expected: &[usize]| {
            let found: Vec<usize> = named(epochs).map(|epoch| epoch + 1).collect();
            assert_eq!(found, expected, "{epochs} epochs");
        };
        check(1, &[1]);
        check(8, &[1, 2, 3, 4, 5, 6, 7, 8]);
        check(9, &[2, 4, 6, 8]);
        check(30, &[5, 10, 15, 20, 25, 30]);
        check(1_000, &[200, 400, 600, 800, 1_000]);
    }

    #[test]
    fn texts_at_the_ends_do_not_overlap() {
        for pair in [[100.0, 101.0], [101.0, 100.0], [50.0, 150.0], [15.0, 14.0], [60.0, 60.0]] {
            let [train, valid] = ends(pair);
            assert!((train - valid).abs() >= APART - 1e-9 && train.min(valid) >= TOP, "{pair:?}: {train} {valid}");
            assert!((train <= valid) == (pair[0] < pair[1]), "{pair:?}: in their order");
        }
    }
}
