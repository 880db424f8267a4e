//! A network's memory, cut into what belongs to its layers.

use super::params::{Params, cut};

/// A network's parameters with the optimizer's state, and the workspace; or what of both belongs to some stages.
#[derive(Debug)]
pub(super) struct Memory<'a> {
    pub(super) params: Params<'a>,
    pub(super) workspace: &'a mut [f32],
}

impl<'a> Memory<'a> {
    /// Cuts off the first values of the parameters and of the workspace.
    pub(super) fn take(&mut self, [params, workspace]: [usize; 2]) -> Memory<'a> {
        Memory { params: self.params.take(params), workspace: cut(&mut self.workspace, workspace) }
    }
}
