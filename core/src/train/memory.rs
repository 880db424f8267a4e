//! A network's memory, split into the parts of its layers.

use super::params::{Params, cut};

/// A network's parameters with the optimizer's state, and the workspace; or the part of both that belongs to some
/// stages.
#[derive(Debug)]
pub(super) struct Memory<'a> {
    pub(super) params: Params<'a>,
    pub(super) workspace: &'a mut [f32],
}

impl<'a> Memory<'a> {
    /// Splits off the given numbers of parameters and workspace values.
    pub(super) fn take(&mut self, [params, workspace]: [usize; 2]) -> Memory<'a> {
        Memory { params: self.params.take(params), workspace: cut(&mut self.workspace, workspace) }
    }
}
