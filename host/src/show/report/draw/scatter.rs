//! Predicted against true values, as SVG points with the line on which the two are equal.

use crate::show::format::number;
use crate::show::plot::ticks::extent;
use crate::show::plot::{BELOW, Frame, disc, drawing, text};
use maud::{Markup, html};

const SIZE: (f64, f64) = (328.0, 300.0);
const FRAME: Frame = Frame { left: 84.0, right: 320.0, top: 8.0, bottom: 252.0 };

/// Maximum number of points; if there are more, evenly spaced ones are drawn.
const MOST: usize = 1_500;

/// A point for each pair of `targets` and `values` `[N]`, at least one; `label` is for screen readers.
pub fn scatter(targets: &[f32], values: &[f32], label: &str) -> Markup {
    let all = targets.iter().chain(values).map(|value| f64::from(*value));
    let (low, high) = extent(all).unwrap_or((0.0, 0.0));
    let (low, high) = if low < high { (low, high) } else { (low - 1.0, low + 1.0) };
    let Frame { left, right, top, bottom } = FRAME;
    let content = html! {
        path.grid d=(format!("M{left} {bottom}L{right} {top}")) {}
        path.axis d=(format!("M{left} {top}V{bottom}H{right}")) {}
        path.bars d=(points(targets, values, low, high)) {}
        (text(left - 6.0, bottom, "end", number(low)))
        (text(left - 6.0, top + 10.0, "end", number(high)))
        (text(left, bottom + BELOW, "start", number(low)))
        (text(right, bottom + BELOW, "end", number(high)))
        (FRAME.below(FRAME.x(0.5), "true"))
        (text(left + 8.0, top + 10.0, "start", "predicted"))
    };
    drawing("plot", SIZE, label, content)
}

fn points(targets: &[f32], values: &[f32], low: f64, high: f64) -> String {
    let step = targets.len().div_ceil(MOST).max(1);
    let share = |value: f32| (f64::from(value) - low) / (high - low);
    let pairs = targets.iter().zip(values).step_by(step);
    pairs.map(|(&target, &value)| disc((FRAME.x(share(target)), FRAME.y(share(value))), 2)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_and_the_highest_are_in_the_corners() {
        let found = points(&[0.0, 10.0], &[0.0, 10.0], 0.0, 10.0);
        assert_eq!(found, "M82.0 252.0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0ZM318.0 8.0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0Z");
    }
}
