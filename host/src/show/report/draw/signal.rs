//! A sensor example as SVG lines: one per channel, over the samples, all on one axis.

use foldnet_data::{Shape, ValuesRef};
use maud::{Markup, html};
use std::fmt::Write;

const WIDTH: f64 = 150.0;
const HEIGHT: f64 = 104.0;
/// Margin above and below the lines.
const MARGIN: f64 = 4.0;

/// Number of channels distinguished by their stroke; further ones look the same.
const STROKES: usize = 4;

/// Lines of `example`; `description` is for screen readers.
pub fn signal(example: ValuesRef, shape: Shape, description: &str) -> Markup {
    let lines = channels(example, shape);
    let all = || lines.iter().flatten().copied();
    let (low, high) = (all().fold(f32::INFINITY, f32::min), all().fold(f32::NEG_INFINITY, f32::max));
    html! {
        svg.signal role="img" aria-label=(description) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) {
            @for (channel, values) in lines.iter().enumerate() {
                path class=(format!("channel c{}", channel % STROKES)) d=(path(values, low, high)) {}
            }
        }
    }
}

/// The samples of each channel. Values without an order in time give one line over the values.
fn channels(example: ValuesRef, shape: Shape) -> Vec<Vec<f32>> {
    let Shape { height, width, channels } = shape;
    let at = |index: usize| example.get(index);
    match (height * width, channels) {
        // Rows of single values: one channel per row, as in arrays [channels][samples].
        (_, 1) if height > 1 && width > 1 => {
            (0..height).map(|row| (0..width).map(|sample| at(row * width + sample)).collect()).collect()
        }
        (samples, channels) if samples > 1 => {
            (0..channels).map(|channel| (0..samples).map(|s| at(s * channels + channel)).collect()).collect()
        }
        (_, values) => vec![(0..values).map(at).collect()],
    }
}

fn path(values: &[f32], low: f32, high: f32) -> String {
    let span = f64::from(high - low);
    let mut path = String::new();
    for (sample, &value) in values.iter().enumerate() {
        let share = if span > 0.0 { f64::from(value - low) / span } else { 0.5 };
        let x = WIDTH * sample as f64 / (values.len().max(2) - 1) as f64;
        let y = HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN);
        // Writing to a `String` cannot fail.
        let _ = write!(path, "{}{x:.1} {y:.1}", if sample == 0 { 'M' } else { 'L' });
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_a_line() {
        let check = |shape, expected: &[&[f32]]| {
            assert_eq!(channels(ValuesRef::I16(&[1, 2, 3, 4, 5, 6]), shape), expected, "{shape}");
        };
        check(Shape::window(3, 2), &[&[1.0, 3.0, 5.0], &[2.0, 4.0, 6.0]]);
        check(Shape { height: 2, width: 3, channels: 1 }, &[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]]);
        check(Shape::features(6), &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]);
    }

    #[test]
    fn lines_fill_the_frame() {
        assert_eq!(path(&[-1.0, 1.0], -1.0, 1.0), "M0.0 100.0L150.0 4.0");
        assert_eq!(path(&[7.0], 7.0, 7.0), "M0.0 52.0");
    }
}
