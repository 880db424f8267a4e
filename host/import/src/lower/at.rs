//! A node where the trace meets it.

use super::shapes::Flow;
use crate::error::Fault;
use crate::graph::Node;

/// A node, and the value that it works on.
pub(super) struct At<'n> {
    /// Its attributes and the names of its inputs.
    pub(super) node: &'n Node,
    /// Position, shape and order of the value.
    pub(super) flow: Flow,
}

impl At<'_> {
    /// The error that names this node.
    pub(super) fn refused(&self, why: impl Into<String>) -> Fault {
        Fault::refused(&self.node.name, &self.node.kind, why)
    }
}
