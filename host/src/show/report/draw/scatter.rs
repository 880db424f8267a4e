//! Predicted against true values, as SVG points with the line on which the two are equal.

use super::format::number;
use maud::{Markup, html};
use std::fmt::Write;

const SIZE: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 292.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 252.0;

/// Maximum number of points; if there are more, evenly spaced ones are drawn.
const MOST: usize = 1_500;

/// A point for each pair of `targets` and `values` `[N]`, at least one; `label` is for screen readers.
pub fn scatter(targets: &[f32], values: &[f32], label: &str) -> Markup {
    let all = || targets.iter().chain(values).map(|value| f64::from(*value));
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let (low, high) = if low < high { (low, high) } else { (low - 1.0, low + 1.0) };
    html! {
        svg.plot role="img" aria-label=(label) viewBox=(format!("0 0 {SIZE} {SIZE}")) {
            path.grid d=(format!("M{LEFT} {BOTTOM}L{RIGHT} {TOP}")) {}
            path.axis d=(format!("M{LEFT} {TOP}V{BOTTOM}H{RIGHT}")) {}
            path.bars d=(points(targets, values, low, high)) {}
            text x=(LEFT - 6.0) y=(BOTTOM) text-anchor="end" { (number(low)) }
            text x=(LEFT - 6.0) y=(TOP + 10.0) text-anchor="end" { (number(high)) }
            text x=(LEFT) y=(BOTTOM + 17.0) text-anchor="start" { (number(low)) }
            text x=(RIGHT) y=(BOTTOM + 17.0) text-anchor="end" { (number(high)) }
            text x=((LEFT + RIGHT) / 2.0) y=(BOTTOM + 17.0) text-anchor="middle" { "true" }
            text x=(LEFT + 8.0) y=(TOP + 10.0) { "predicted" }
        }
    }
}

fn points(targets: &[f32], values: &[f32], low: f64, high: f64) -> String {
    let step = targets.len().div_ceil(MOST).max(1);
    let share = |value: f32| (f64::from(value) - low) / (high - low);
    let mut path = String::new();
    for (&target, &value) in targets.iter().zip(values).step_by(step) {
        let (x, y) = (LEFT + share(target) * (RIGHT - LEFT), BOTTOM - share(value) * (BOTTOM - TOP));
        // Writing to a `String` cannot fail.
        let _ = write!(path, "M{:.1} {y:.1}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0Z", x - 2.0);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_and_the_highest_are_in_the_corners() {
        let found = points(&[0.0, 10.0], &[0.0, 10.0], 0.0, 10.0);
        assert_eq!(found, "M54.0 252.0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0ZM290.0 8.0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0Z");
    }
}
