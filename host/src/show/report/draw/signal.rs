//! A sensor example as SVG lines: one per channel, over the samples, all on one axis.

use crate::show::plot::ticks::extent;
use crate::show::plot::{Frame, drawing, line};
use foldnet_data::{Shape, ValuesRef};
use maud::{Markup, html};

const WIDTH: f64 = 150.0;
const HEIGHT: f64 = 104.0;
const FRAME: Frame = Frame { left: 0.0, right: WIDTH, top: 4.0, bottom: HEIGHT - 4.0 };

/// Number of channels distinguished by their stroke; further ones look the same.
const STROKES: usize = 4;

/// Lines of `example`; `description` is for screen readers.
pub fn signal(example: ValuesRef, shape: Shape, description: &str) -> Markup {
    let lines = channels(example, shape);
    let range = extent(lines.iter().flatten().map(|&value| value.into())).unwrap_or_default();
    let content = html! {
        @for (channel, values) in lines.iter().enumerate() {
            path class=(format!("channel c{}", channel % STROKES)) d=(path(values, range)) {}
        }
    };
    drawing("signal", (WIDTH, HEIGHT), description, content)
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

fn path(values: &[f32], (low, high): (f64, f64)) -> String {
    let share = |value: f32| if high > low { (f64::from(value) - low) / (high - low) } else { 0.5 };
    let x = |sample: usize| FRAME.x(sample as f64 / (values.len().max(2) - 1) as f64);
    line(values.iter().enumerate().map(|(sample, &value)| (x(sample), FRAME.y(share(value)))))
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
        assert_eq!(path(&[-1.0, 1.0], (-1.0, 1.0)), "M0.0 100.0L150.0 4.0");
        assert_eq!(path(&[7.0], (7.0, 7.0)), "M0.0 52.0");
    }
}
