//! Two values over the epochs, as SVG lines that differ in colour, stroke and marker, each labelled at its end.

use super::format::{number, percent};
use crate::show::ticks::{Ticks, named_epochs};
use maud::{Markup, html};
use std::fmt::Write;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 258.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 192.0;

/// Minimum distance between the labels at the ends of two lines.
const APART: f64 = 30.0;

/// Maximum number of markers on a line.
const MOST_MARKS: usize = 24;

/// The values to draw.
pub struct Lines {
    /// Values in training, epoch by epoch.
    pub train: Vec<f64>,
    /// Values on the validation examples; may be empty.
    pub valid: Vec<f64>,
    /// The epoch to mark as the best, from 0.
    pub best: Option<usize>,
    /// Unit of the values.
    pub unit: Unit,
    /// Label for screen readers.
    pub label: String,
}

/// Unit of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A cross-entropy.
    Nats,
    /// A fraction of 1.
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

    /// A value as text on an axis with `ticks`.
    fn tick(self, value: f64, ticks: &Ticks) -> String {
        match (self, ticks.digits(1.0)) {
            (Self::Nats, None) => number(value),
            (Self::Nats, Some(digits)) => format!("{value:.digits$}"),
            (Self::Share, _) => format!("{:.*}\u{a0}%", ticks.digits(100.0).unwrap_or(9), value * 100.0),
        }
    }
}

/// The vertical position of a value.
fn y(ticks: &Ticks, value: f64) -> f64 {
    BOTTOM - ticks.share(value) * (BOTTOM - TOP)
}

/// Draws the lines.
pub fn lines(lines: &Lines) -> Markup {
    let ticks = Ticks::around(lines.train.iter().chain(&lines.valid).copied());
    let epochs = lines.train.len();
    let mut series = vec![("train", "training", &lines.train), ("valid", "validation", &lines.valid)];
    let last = |values: &[f64]| y(&ticks, values.last().copied().unwrap_or(ticks.from));
    let ends = ends([last(&lines.train), last(&lines.valid)]);
    series.retain(|(_, _, values)| !values.is_empty());
    html! {
        svg.plot.wide role="img" aria-label=(lines.label) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) {
            @for &tick in &ticks.at {
                path.grid d=(format!("M{LEFT} {:.1}H{RIGHT}", y(&ticks, tick))) {}
                text x=(LEFT - 8.0) y=(format!("{:.1}", y(&ticks, tick) + 4.0)) text-anchor="end" { (lines.unit.tick(tick, &ticks)) }
            }
            @for epoch in named_epochs(epochs) {
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

/// Positions of the labels at the ends of the lines, moved apart so that both are readable.
fn ends([train, valid]: [f64; 2]) -> [f64; 2] {
    let missing = (APART - (train - valid).abs()).max(0.0) / 2.0;
    let push = if train < valid { -missing } else { missing };
    // Neither leaves the plot.
    let shift = (TOP - f64::min(train + push, valid - push)).max(0.0);
    [train + push + shift, valid - push + shift]
}

/// Horizontal position of an epoch; the middle for a single one.
fn x(epoch: usize, epochs: usize) -> f64 {
    let share = if epochs > 1 { epoch as f64 / (epochs - 1) as f64 } else { 0.5 };
    LEFT + 10.0 + share * (RIGHT - LEFT - 20.0)
}

fn path(values: &[f64], ticks: &Ticks) -> String {
    let mut path = String::new();
    for (epoch, &value) in values.iter().enumerate() {
        // Writing to a `String` cannot fail.
        let _ =
            write!(path, "{}{:.1} {:.1}", if epoch == 0 { 'M' } else { 'L' }, x(epoch, values.len()), y(ticks, value));
    }
    path
}

/// A circle or a square at every value, or only at the last if there are many.
fn marks(values: &[f64], ticks: &Ticks, round: bool) -> String {
    let mut path = String::new();
    let first = if values.len() > MOST_MARKS { values.len() - 1 } else { 0 };
    for (epoch, &value) in values.iter().enumerate().skip(first) {
        let (x, y) = (x(epoch, values.len()), y(ticks, value));
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

    #[test]
    fn ticks_have_the_digits_of_their_step() {
        let ticks = |step| Ticks { from: 0.0, to: 1.0, step, at: Vec::new() };
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
    fn texts_at_the_ends_do_not_overlap() {
        for pair in [[100.0, 101.0], [101.0, 100.0], [50.0, 150.0], [15.0, 14.0], [60.0, 60.0]] {
            let [train, valid] = ends(pair);
            assert!((train - valid).abs() >= APART - 1e-9 && train.min(valid) >= TOP, "{pair:?}: {train} {valid}");
            assert!((train <= valid) == (pair[0] < pair[1]), "{pair:?}: in their order");
        }
    }
}
