//! The one graph that every format becomes: nodes that compute values from values, by name.

use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A network as its file describes it.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// What the user gives.
    pub(crate) inputs: Vec<Input>,
    /// Values that the file holds.
    pub(crate) constants: BTreeMap<String, Rc<Tensor>>,
    pub(crate) nodes: Vec<Node>,
    /// Names of the values that come out.
    pub(crate) outputs: Vec<String>,
    /// Names of the classes, where the file has them beside the graph.
    pub(crate) labels: Vec<String>,
}

/// An input: its sizes without the batch, where the file says them.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) shape: Option<Vec<usize>>,
}

/// One computation.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// What the file calls it.
    pub(crate) kind: String,
    pub(crate) op: Op,
    /// Names of values; an empty name is an input left out.
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
}

/// What a node computes of its inputs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    /// `alpha x kernel + beta bias` of x, a kernel `[I][O]` (`[O][I]` where `turned`) and an optional bias.
    Dense {
        turned: bool,
        alpha: f32,
        beta: f32,
    },
    /// The product of x and a matrix `[I][O]`.
    MatMul,
    /// Element by element, with the constant repeated where its size is 1.
    Arithmetic(Arithmetic),
    /// Of x, gamma, beta, mean and variance, along `axis` of the example (the last by default).
    BatchNorm {
        momentum: f32,
        epsilon: f32,
        axis: Option<usize>,
    },
    Relu,
    /// Of x, and optional bounds.
    Clip,
    Softmax {
        axis: i64,
        log: bool,
    },
    Sigmoid,
    /// The class; of x.
    ArgMax,
    /// Nothing at inference.
    Pass,
    /// Everything in a row, from this axis (of the batch and the example) on.
    Flatten {
        axis: i64,
    },
    /// Of x, to the sizes of the second input, the batch among them.
    Reshape,
    /// To these sizes of an example; -1 is what is left.
    ReshapeExample(Vec<i64>),
    /// Only axes of size 1 come or go; to these sizes of a constant where it is one.
    Resize,
    /// The order of axes, the batch among them.
    Transpose(Option<Vec<i64>>),
    /// The sizes of x.
    Sizes,
    /// Parts or lists of sizes.
    OfSizes,
    /// Of a constant, element by element.
    Unary(Unary),
    /// Along the last axis: of a probability and what is left of 1.
    Concat,
    /// Names of classes for their numbers, or a table of them with the probabilities.
    Classes(Vec<String>),
    /// Each row divided by its sum: nothing, of probabilities.
    Normalize,
    /// Not to be represented: why, and what the network could use instead.
    Refused(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Sqrt,
    InverseSqrt,
    Reciprocal,
    Neg,
}

/// What to use in place of an activation.
pub(crate) const ACTIVATION: &str = "is an activation that does not fold; train the network with ReLU in its place";
/// What to use in place of other norms.
pub(crate) const NORM: &str =
    "computes its statistics anew for every example; train with BatchNormalization in its place";
/// What to use in place of convolutions and the like.
pub(crate) const CONVOLUTION: &str =
    "is no dense layer; Foldnet runs networks of Dense layers only, so train with Flatten and Dense in its place";
/// What to use in place of two branches.
pub(crate) const BRANCH: &str =
    "joins two branches; Foldnet runs a chain of layers, so train the network without the second branch";
/// For what is known of nowhere.
pub(crate) const UNKNOWN: &str = "is not known to Foldnet; use Dense, BatchNormalization, ReLU, sums and products with constants, and Softmax or Sigmoid at the end";
/// For quantized graphs.
pub(crate) const QUANTIZED: &str =
    "belongs to a quantized graph; export the float network, which Foldnet quantizes itself";

/// Why a kind of layer, in whatever spelling, cannot be represented.
pub(crate) fn refusal(kind: &str) -> &'static str {
    let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    if has(&["layernorm", "groupnorm", "instancenorm", "rmsnorm", "unitnorm", "lpnorm", "lrn"]) {
        NORM
    } else if has(&["conv", "pool", "lstm", "gru", "rnn", "attention", "embedding", "einsum"]) {
        CONVOLUTION
    } else if has(&["quant"]) {
        QUANTIZED
    } else if has(&["concat", "residual", "average", "maximum", "minimum"])
        || ["add", "sum", "subtract", "multiply", "dot"].contains(&&kind[..])
    {
        BRANCH
    } else if has(&[
        "relu",
        "elu",
        "tanh",
        "swish",
        "silu",
        "mish",
        "soft",
        "sigmoid",
        "sign",
        "erf",
        "shrink",
        "exponential",
        "glu",
        "logistic",
    ]) {
        ACTIVATION
    } else {
        UNKNOWN
    }
}

impl Graph {
    /// Takes a constant under a name of its own.
    pub(crate) fn constant(&mut self, name: impl Into<String>, tensor: Tensor) -> String {
        let name = name.into();
        self.constants.insert(name.clone(), Rc::new(tensor));
        name
    }

    /// Adds a node with one output of the node's name.
    pub(crate) fn push(&mut self, name: &str, kind: &str, op: Op, inputs: Vec<String>, output: &str) {
        let (name, kind, outputs) = (name.to_owned(), kind.to_owned(), vec![output.to_owned()]);
        self.nodes.push(Node { name, kind, op, inputs, outputs });
    }
}
