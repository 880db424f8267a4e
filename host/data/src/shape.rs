//! The shape of one example's inputs.

use std::fmt;

/// The shape of one example's inputs, `[height][width][channels]`. Core has its own `Shape`, of networks: this crate has
/// no internal dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Rows of an image, or samples of a window; at least 1.
    pub height: usize,
    /// Columns of an image; at least 1.
    pub width: usize,
    /// Number of values at each position: channels of a sensor, or columns of a table; at least 1.
    pub channels: usize,
}

impl Shape {
    /// Shape of a grey image.
    pub const fn image(height: usize, width: usize) -> Self {
        Self { height, width, channels: 1 }
    }

    /// Shape of one row of a table.
    pub const fn features(channels: usize) -> Self {
        Self { height: 1, width: 1, channels }
    }

    /// Shape of consecutive samples of a sensor.
    pub const fn window(samples: usize, channels: usize) -> Self {
        Self { height: samples, width: 1, channels }
    }

    /// Number of input values in one example.
    pub const fn inputs(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether both shapes have the same memory layout: the same sizes, ignoring axes of length 1.
    pub fn is_laid_out_as(self, other: Self) -> bool {
        let sizes = |shape: Self| [shape.height, shape.width, shape.channels].into_iter().filter(|&size| size != 1);
        sizes(self).eq(sizes(other))
    }

    /// Whether it is suitable for drawing as an image: more than one row and more than one column of single values.
    pub const fn is_image(self) -> bool {
        self.height > 1 && self.width > 1 && self.channels == 1
    }
}

impl fmt::Display for Shape {
    /// `28x28`, `32 samples of 9 channels`, `30 values`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self { height: 1, width: 1, channels } => write!(f, "{channels} values"),
            Self { height, width: 1, channels } if channels > 1 => write!(f, "{height} samples of {channels} channels"),
            Self { height, width, channels: 1 } => write!(f, "{height}x{width}"),
            Self { height, width, channels } => write!(f, "{height}x{width}x{channels}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_of_one_do_not_change_the_layout() {
        assert!(Shape::image(100, 6).is_laid_out_as(Shape::window(100, 6)));
        assert!(Shape::window(30, 1).is_laid_out_as(Shape::features(30)));
        assert!(!Shape::image(6, 100).is_laid_out_as(Shape::window(100, 6)));
        assert!(!Shape::features(600).is_laid_out_as(Shape::window(100, 6)));
    }

    #[test]
    fn shapes_are_told_in_their_own_words() {
        let cases = [
            (Shape::image(28, 28), "28x28"),
            (Shape::features(30), "30 values"),
            (Shape::window(32, 9), "32 samples of 9 channels"),
            (Shape { height: 8, width: 8, channels: 3 }, "8x8x3"),
        ];
        for (shape, text) in cases {
            assert_eq!(shape.to_string(), text);
        }
    }
}
