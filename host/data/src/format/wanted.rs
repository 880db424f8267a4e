//! What a model takes, when examples without labels are read for it.

use crate::shape::Shape;
use crate::values::InputType;

/// The inputs that a model takes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Type of its inputs.
    pub input: InputType,
    /// Shape of one example.
    pub shape: Shape,
    /// Names of its channels, or empty.
    pub channels: &'a [String],
    /// Number of samples from the start of one window to the next, at least 1; by default the length of a window.
    pub step: Option<usize>,
    /// Column of a table that identifies the recording, if it has one.
    pub group: Option<&'a str>,
}
