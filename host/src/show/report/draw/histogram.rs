//! Distributions of values as SVG bars; two on one axis for comparison.

use crate::show::format::number;
use crate::show::plot::{Frame, drawing, text};
use crate::show::report::gather::values::{Axis, Histogram};
use maud::{Markup, html};

const SIZE: (f64, f64) = (260.0, 120.0);
/// From the bottom of the bars to the top of the tallest.
const FRAME: Frame = Frame { left: 4.0, right: 256.0, top: 6.0, bottom: 98.0 };

/// Bars of `histogram`; `label` is for screen readers.
pub fn histogram(histogram: &Histogram, label: &str) -> Markup {
    let [heights] = scaled([histogram.counts.iter().map(|&count| count as f64).collect()]);
    frame(histogram, label, html! { path.bars d=(bars(&heights)) {} })
}

/// Both on one axis: `after` as bars, `before` as an outline. Heights are square roots of shares, so that rare values
/// remain visible.
pub fn compared(before: &Histogram, after: &Histogram, label: &str) -> Markup {
    let roots = |histogram| shares(histogram).iter().map(|share| share.sqrt()).collect();
    let [old, new] = scaled([before, after].map(roots));
    frame(after, label, html! { path.bars d=(bars(&new)) {} path.outline d=(outline(&old)) {} })
}

/// Both on one axis: `normal` as bars, `abnormal` as an outline, each scaled by its own total, and a line at the
/// threshold.
pub fn scores(normal: &Histogram, abnormal: Option<&Histogram>, threshold: Option<f64>, label: &str) -> Markup {
    let [bars_of, outline_of] = scaled([shares(normal), abnormal.map(shares).unwrap_or_default()]);
    let content = html! {
        path.bars d=(bars(&bars_of)) {}
        @if !outline_of.is_empty() { path.outline d=(outline(&outline_of)) {} }
        @if let Some(x) = threshold.and_then(|threshold| place(normal, threshold)) {
            path.threshold d=(format!("M{x:.1} {}V{}", FRAME.top, FRAME.bottom)) {}
        }
    };
    frame(normal, label, content)
}

/// The fraction of the values in each bin.
fn shares(histogram: &Histogram) -> Vec<f64> {
    let all = histogram.counts.iter().sum::<usize>().max(1) as f64;
    histogram.counts.iter().map(|&count| count as f64 / all).collect()
}

/// The heights of all bars, relative to the tallest.
fn scaled<const N: usize>(heights: [Vec<f64>; N]) -> [Vec<f64>; N] {
    let tallest = heights.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    heights.map(|heights| heights.iter().map(|height| height / tallest).collect())
}

/// Position of a value, if it is on the axis.
fn place(histogram: &Histogram, value: f64) -> Option<f64> {
    let share = histogram.share(value);
    (0.0..=1.0).contains(&share).then(|| FRAME.x(share))
}

fn frame(histogram: &Histogram, label: &str, content: Markup) -> Markup {
    let (Histogram { axis, from, to, .. }, Frame { left, right, bottom, .. }) = (histogram, FRAME);
    let middle = match axis {
        Axis::Linear => (from + to) / 2.0,
        Axis::Logarithmic => (from * to).sqrt(),
    };
    let content = html! {
        (content)
        path.axis d=(format!("M{left} {bottom}H{right}")) {}
        @for (x, anchor, value) in [(left, "start", *from), (FRAME.x(0.5), "middle", middle), (right, "end", *to)] {
            path.axis d=(format!("M{x} {bottom}v4")) {}
            (text(x, SIZE.1 - 4.0, anchor, number(value)))
        }
    };
    drawing("plot", SIZE, label, content)
}

/// The left edge of a bin, out of `count`.
fn left(bin: usize, count: usize) -> f64 {
    FRAME.x(bin as f64 / count as f64)
}

/// The top of a bar with a height of 0 to 1; one that is not empty is always visible.
fn top(height: f64) -> f64 {
    if height > 0.0 { FRAME.y(height).min(FRAME.bottom - 1.5) } else { FRAME.bottom }
}

fn bars(heights: &[f64]) -> String {
    let base = FRAME.bottom;
    let bar = |(bin, &height): (usize, &f64)| {
        let (from, to) = (left(bin, heights.len()) + 0.5, left(bin + 1, heights.len()) - 0.5);
        format!("M{from:.1} {base}V{:.1}H{to:.1}V{base}Z", top(height))
    };
    heights.iter().enumerate().filter(|(_, height)| **height > 0.0).map(bar).collect()
}

fn outline(heights: &[f64]) -> String {
    let step = |(bin, &height)| format!("V{:.1}H{:.1}", top(height), left(bin + 1, heights.len()));
    let steps: String = heights.iter().enumerate().map(step).collect();
    format!("M{} {}{steps}V{}", FRAME.left, FRAME.bottom, FRAME.bottom)
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
