//! The graph that every format is converted to: nodes that compute values from values, by name.

use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A network as its file describes it.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Inputs given by the user.
    pub(crate) inputs: Vec<Input>,
    /// Constants in the file.
    pub(crate) constants: BTreeMap<String, Rc<Tensor>>,
    pub(crate) nodes: Vec<Node>,
    /// Names of the output values.
    pub(crate) outputs: Vec<String>,
    /// Names of the classes, if the file has them outside the graph.
    pub(crate) labels: Vec<String>,
}

/// An input, with its sizes without the batch if the file has them.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) name: String,
    /// The sizes of an example.
    pub(crate) shape: Option<Vec<usize>>,
    /// The size of a batch, if the file fixes it.
    pub(crate) batch: Option<usize>,
}

/// One computation.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// The operation's name in the file.
    pub(crate) kind: String,
    pub(crate) op: Op,
    /// Names of values; an empty name is an omitted input.
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
}

/// The operation of a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    /// `alpha x kernel + beta bias` of x, a kernel `[I][O]` (`[O][I]` if `transposed`) and an optional bias.
    Dense {
        transposed: bool,
        alpha: f32,
        beta: f32,
    },
    /// The product of x and a matrix `[I][O]`.
    MatMul,
    /// Elementwise, with a constant repeated if its size is 1.
    Arithmetic(Arithmetic),
    /// BatchNormalization of x with gamma, beta, mean and variance, along `axis` of the example (by default the last).
    BatchNorm {
        momentum: f32,
        epsilon: f32,
        axis: Option<usize>,
    },
    Relu,
    /// Clips x to optional bounds.
    Clip,
    Softmax {
        axis: i64,
        log: bool,
    },
    Sigmoid,
    /// The class with the largest value of x.
    ArgMax,
    /// Has no effect at inference.
    Pass,
    /// Flattens everything from this axis (counted with the batch) on.
    Flatten {
        axis: i64,
    },
    /// Reshapes x to the sizes in the second input, including the batch.
    Reshape,
    /// Reshapes an example to these sizes; -1 is inferred.
    ReshapeExample(Vec<i64>),
    /// Only adds or removes axes of size 1; for a constant, to these sizes.
    Resize,
    /// Permutes the axes, including the batch.
    Transpose(Option<Vec<i64>>),
    /// The sizes of x.
    Sizes,
    /// Parts or lists of sizes.
    OfSizes,
    /// Applied elementwise to a constant.
    Unary(Unary),
    /// Concatenates along the last axis: a probability and its complement to 1.
    Concat,
    /// Names of classes for their numbers, or a table of them with the probabilities.
    Classes(Vec<String>),
    /// Divides each row by its sum, which has no effect on probabilities.
    Normalize,
    /// Not supported: why, and what the network could use instead.
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

/// What to use instead of an activation.
pub(crate) const ACTIVATION: &str = "is an unsupported activation; train the network with ReLU instead";
/// What to use instead of other norms.
pub(crate) const NORM: &str = "computes its statistics for each example; train with BatchNormalization instead";
/// What to use instead of convolutions and similar layers.
pub(crate) const CONVOLUTION: &str =
    "is not a dense layer; Foldnet only runs networks of Dense layers, so train with Flatten and Dense instead";
/// What to use instead of two branches.
pub(crate) const BRANCH: &str =
    "joins two branches; Foldnet runs a chain of layers, so train the network without the second branch";
/// For unknown layers.
pub(crate) const UNKNOWN: &str = "is not supported; use Dense, BatchNormalization, ReLU, sums and products with \
    constants, and Softmax or Sigmoid at the end";
/// For quantized graphs.
pub(crate) const QUANTIZED: &str =
    "belongs to a quantized graph; export the float network, which Foldnet quantizes itself";

/// The reason why a kind of layer, in any format's spelling, is not supported.
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
    /// Adds a constant under its own name.
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
