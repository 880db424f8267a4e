//! What a file contains: a network, or tensors without a graph.

use crate::network::Network;

/// The contents of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Imported {
    /// A network from a file that describes it completely.
    Network(Network),
    /// Tensors from a file with neither order nor activations.
    Tensors(Bare),
}

/// Tensors without a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Bare {
    /// In the file's order.
    pub tensors: Vec<BareTensor>,
}

/// A named tensor of floats.
#[derive(Debug, Clone, PartialEq)]
pub struct BareTensor {
    /// As in the file.
    pub name: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Their number follows from the shape.
    pub values: Vec<f32>,
}
