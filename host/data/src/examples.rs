//! Examples in memory: owned ([`Examples`]) and borrowed ([`View`]).

use std::ops::Range;

use crate::shape::Shape;
use crate::targets::{Targets, TargetsRef};
use crate::values::{Values, ValuesRef};

/// `N` examples of one shape, with their targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    /// `[N][height][width][channels]`
    pub inputs: Values,
    /// Correct answers.
    pub targets: Targets,
    /// Shape of one example.
    pub shape: Shape,
}

impl Examples {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All examples, borrowed.
    pub fn view(&self) -> View<'_> {
        View { inputs: self.inputs.view(), targets: self.targets.view(), shape: self.shape }
    }

    /// The examples of `range`, borrowed. Panics if the range ends past `len()`.
    pub fn slice(&self, range: Range<usize>) -> View<'_> {
        self.view().slice(range)
    }

    /// Keeps only the first `examples`.
    pub fn truncate(&mut self, examples: usize) {
        self.inputs.truncate(examples * self.shape.inputs());
        self.targets.truncate(examples);
    }
}

/// Borrowed examples, laid out as in [`Examples`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View<'a> {
    /// `[N][height][width][channels]`
    pub inputs: ValuesRef<'a>,
    /// Correct answers.
    pub targets: TargetsRef<'a>,
    /// Shape of one example.
    pub shape: Shape,
}

impl<'a> View<'a> {
    /// Grey images, with `pixels` as `[N][height][width]`, and their classes `[N]`.
    pub const fn images(pixels: &'a [u8], classes: &'a [u16], height: usize, width: usize) -> Self {
        let shape = Shape::image(height, width);
        Self { inputs: ValuesRef::U8(pixels), targets: TargetsRef::Classes(classes), shape }
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.inputs.len() / self.shape.inputs()
    }

    /// Whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Inputs of example `index`. Panics if `index >= len()`.
    pub fn example(&self, index: usize) -> ValuesRef<'a> {
        let size = self.shape.inputs();
        self.inputs.slice(index * size..(index + 1) * size)
    }

    /// Whether these are images: bytes in a shape suitable for drawing.
    pub fn is_images(&self) -> bool {
        self.shape.is_image() && self.inputs.u8().is_some()
    }

    /// What examples are called: `images` or `examples`.
    pub fn unit(&self) -> &'static str {
        if self.is_images() { "images" } else { "examples" }
    }

    /// Pixels of image `index`, `[height][width][channels]`. Panics if `index >= len()` or the inputs are not `u8`.
    pub fn image(&self, index: usize) -> &'a [u8] {
        self.example(index).u8().expect("images are of bytes")
    }

    /// The examples of `range`. Panics if the range ends past `len()`.
    pub fn slice(&self, range: Range<usize>) -> View<'a> {
        let size = self.shape.inputs();
        let inputs = self.inputs.slice(range.start * size..range.end * size);
        View { inputs, targets: self.targets.slice(range), ..*self }
    }

    /// The classes, `[N]`.
    ///
    /// # Errors
    /// If the set has none.
    pub fn classes(&self) -> Result<&'a [u16], WrongKind> {
        self.targets.classes().ok_or(WrongKind::NoClasses)
    }

    /// The values to estimate, `[N][outputs]`.
    ///
    /// # Errors
    /// If the set has none.
    pub fn values(&self) -> Result<&'a [f32], WrongKind> {
        self.targets.values().ok_or(WrongKind::NoValues)
    }

    /// The inputs as bytes.
    ///
    /// # Errors
    /// If they have another type.
    pub fn bytes(&self) -> Result<&'a [u8], WrongKind> {
        self.inputs.u8().ok_or(WrongKind::NoBytes(self.inputs.input_type().name()))
    }
}

/// A set is of a kind that an operation does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongKind {
    /// Inputs are not `u8`, which is required.
    #[error("the set's inputs are {0}, but this step needs u8; give a set of u8 images")]
    NoBytes(&'static str),
    /// Targets are not classes, which are required.
    #[error("the set has no classes, which this step needs; give a set with a class for every example")]
    NoClasses,
    /// Targets are not values, which are required.
    #[error("the set has no values to estimate, which this step needs; give a set with numbers as --target")]
    NoValues,
}
