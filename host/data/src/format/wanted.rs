//! What a model takes, when examples without labels are read for it.

use crate::error::InputProblem;
use crate::options::Options;
use crate::shape::Shape;
use crate::values::InputType;

/// How recordings are cut into windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cut<'a> {
    /// Number of samples from the start of one window to the next, at least 1; by default the length of a window.
    pub step: Option<usize>,
    /// Column of a table that identifies the recording.
    pub group: Option<&'a str>,
}

impl<'a> From<&'a Options> for Cut<'a> {
    fn from(options: &'a Options) -> Self {
        Self { step: options.step, group: options.group.as_deref() }
    }
}

/// The inputs that a model takes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Type of its inputs.
    pub input: InputType,
    /// Shape of one example.
    pub shape: Shape,
    /// Names of its channels, or empty.
    pub channels: &'a [String],
    /// How recordings must be cut; refused for a file without recordings.
    pub cut: Cut<'a>,
    /// How recordings are cut where `cut` does not say; the file may lack them and the column.
    pub usual: Cut<'a>,
}

impl<'a> Wanted<'a> {
    pub(super) fn step(&self) -> Option<usize> {
        self.cut.step.or(self.usual.step)
    }

    pub(super) fn group(&self) -> Option<&'a str> {
        self.cut.group.or(self.usual.group)
    }

    /// Refuses to cut a file whose examples are whole.
    pub(super) fn check_uncut(&self) -> Result<(), InputProblem> {
        let (step, group) = (self.cut.step.map(|_| "--step"), self.cut.group.map(|_| "--group"));
        step.or(group).map_or(Ok(()), |flag| Err(InputProblem::NoRecording(flag)))
    }
}
