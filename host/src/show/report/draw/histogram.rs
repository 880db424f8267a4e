//! Distributions of values as SVG bars; two on one axis for comparison.

use super::format::number;
use crate::show::report::gather::values::{Axis, Histogram};
use maud::{Markup, html};
use std::fmt::Write;

const WIDTH: f64 = 260.0;
const HEIGHT: f64 = 120.0;
/// Bottom of the bars.
const BASE: f64 = 98.0;
/// Top of the tallest bar.
const TOP: f64 = 6.0;
/// Margin beside the bars.
const SIDE: f64 = 4.0;

/// Bars of `histogram`; `label` is for screen readers.
pub fn histogram(histogram: &Histogram, label: &str) -> Markup {
    let tallest = histogram.tallest() as f64;
    let heights: Vec<f64> = histogram.counts.iter().map(|&count| count as f64 / tallest).collect();
    frame(histogram, label, html! { path.bars d=(bars(&heights)) {} })
}

/// Both on one axis: `after` as bars, `before` as an outline. Heights are square roots of shares, so that rare values
/// remain visible.
pub fn compared(before: &Histogram, after: &Histogram, label: &str) -> Markup {
    let shares = |histogram: &Histogram| {
        let all = histogram.counts.iter().sum::<usize>().max(1) as f64;
        histogram.counts.iter().map(|&count| (count as f64 / all).sqrt()).collect::<Vec<f64>>()
    };
    let (before_heights, after_heights) = (shares(before), shares(after));
    let tallest = before_heights.iter().chain(&after_heights).copied().fold(0.0, f64::max);
    let scaled = |heights: Vec<f64>| heights.iter().map(|height| height / tallest).collect::<Vec<f64>>();
    let (old, new) = (outline(&scaled(before_heights)), bars(&scaled(after_heights)));
    frame(after, label, html! { path.bars d=(new) {} path.outline d=(old) {} })
}

/// Both on one axis: `normal` as bars, `abnormal` as an outline, each scaled by its own total, and a line at the
/// threshold.
pub fn scores(normal: &Histogram, abnormal: Option<&Histogram>, threshold: Option<f64>, label: &str) -> Markup {
    let shares = |histogram: &Histogram| {
        let all = histogram.counts.iter().sum::<usize>().max(1) as f64;
        histogram.counts.iter().map(|&count| count as f64 / all).collect::<Vec<f64>>()
    };
    let (bars_of, outline_of) = (shares(normal), abnormal.map(shares).unwrap_or_default());
    let tallest = bars_of.iter().chain(&outline_of).copied().fold(f64::MIN_POSITIVE, f64::max);
    let scaled = |heights: &[f64]| heights.iter().map(|height| height / tallest).collect::<Vec<f64>>();
    let content = html! {
        path.bars d=(bars(&scaled(&bars_of))) {}
        @if !outline_of.is_empty() { path.outline d=(outline(&scaled(&outline_of))) {} }
        @if let Some(x) = threshold.and_then(|threshold| place(normal, threshold)) {
            path.threshold d=(format!("M{x:.1} {TOP}V{BASE}")) {}
        }
    };
    frame(normal, label, content)
}

/// Position of a value, if it is on the axis.
fn place(histogram: &Histogram, value: f64) -> Option<f64> {
    let Histogram { axis, from, to, .. } = *histogram;
    let share = match axis {
        Axis::Linear => (value - from) / (to - from),
        Axis::Logarithmic => (value / from).ln() / (to / from).ln(),
    };
    (0.0..=1.0).contains(&share).then_some(SIDE + share * (WIDTH - 2.0 * SIDE))
}

fn frame(histogram: &Histogram, label: &str, content: Markup) -> Markup {
    let middle = match histogram.axis {
        Axis::Linear => (histogram.from + histogram.to) / 2.0,
        Axis::Logarithmic => (histogram.from * histogram.to).sqrt(),
    };
    let places =
        [(SIDE, "start", histogram.from), (WIDTH / 2.0, "middle", middle), (WIDTH - SIDE, "end", histogram.to)];
    html! {
        svg.plot role="img" aria-label=(label) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) {
            (content)
            path.axis d=(format!("M{SIDE} {BASE}H{}", WIDTH - SIDE)) {}
            @for (x, anchor, value) in places {
                path.axis d=(format!("M{x} {BASE}v4")) {}
                text x=(x) y=(HEIGHT - 4.0) text-anchor=(anchor) { (number(value)) }
            }
        }
    }
}

/// The left edge of a bin, out of `count`.
fn left(bin: usize, count: usize) -> f64 {
    SIDE + (WIDTH - 2.0 * SIDE) * bin as f64 / count as f64
}

/// The top of a bar with a height of 0 to 1; one that is not empty is always visible.
fn top(height: f64) -> f64 {
    if height > 0.0 { (BASE - height * (BASE - TOP)).min(BASE - 1.5) } else { BASE }
}

fn bars(heights: &[f64]) -> String {
    let mut path = String::new();
    for (bin, &height) in heights.iter().enumerate().filter(|(_, height)| **height > 0.0) {
        let (from, to) = (left(bin, heights.len()) + 0.5, left(bin + 1, heights.len()) - 0.5);
        // Writing to a `String` cannot fail.
        let _ = write!(path, "M{from:.1} {BASE}V{:.1}H{to:.1}V{BASE}Z", top(height));
    }
    path
}

fn outline(heights: &[f64]) -> String {
    let mut path = format!("M{SIDE} {BASE}");
    for (bin, &height) in heights.iter().enumerate() {
        let _ = write!(path, "V{:.1}H{:.1}", top(height), left(bin + 1, heights.len()));
    }
    path + &format!("V{BASE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_has_its_place_on_the_axis() {
        let check = |axis, value, expected| {
            let histogram = Histogram { axis, from: 1.0, to: 100.0, counts: Vec::new() };
            assert_eq!(place(&histogram, value), expected, "{axis:?} {value}");
        };
        check(Axis::Logarithmic, 10.0, Some(130.0));
        check(Axis::Linear, 50.5, Some(130.0));
        check(Axis::Linear, 0.5, None);
        check(Axis::Logarithmic, 101.0, None);
    }

    #[test]
    fn bars_are_as_tall_as_counts() {
        assert_eq!(bars(&[0.0, 1.0]), "M130.5 98V6.0H255.5V98Z");
        assert_eq!(bars(&[0.5, 0.0]), "M4.5 98V52.0H129.5V98Z");
        assert_eq!(bars(&[0.001, 0.0]), "M4.5 98V96.5H129.5V98Z", "what there is can be seen");
        assert_eq!(outline(&[0.5, 0.0]), "M4 98V52.0H130.0V98.0H256.0V98");
    }
}
