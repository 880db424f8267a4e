//! Follows the values from the input through the nodes; each step refers to the previous one.

use super::at::At;
use super::constants::evaluate;
use super::rearrange::{flatten, reshape, transpose};
use super::shapes::Flow;
use crate::error::Fault;
use crate::graph::{Arithmetic, BRANCH, Graph, Node, Op, refusal};
use crate::tensor::Tensor;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Maximum number of nodes in a graph.
const MAX_NODES: usize = 4096;
/// Maximum number of values in all steps together, so that a small file cannot exhaust memory.
const MAX_NUMBERS: usize = 32 << 20;
/// Maximum number of features of an input.
const MAX_INPUTS: usize = 1 << 20;

/// The reason why a Sigmoid of several values is refused.
const SIGMOID: &str = "applies to several values; Foldnet only supports Sigmoid on a single output, so train with ReLU \
    inside and Softmax at the end";

/// An operation on the data; its values are in the order of the features after the previous step.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Input,
    /// `scale x + shift`, per feature.
    Affine {
        scale: Vec<f64>,
        shift: Vec<f64>,
    },
    /// `kernel` `[O][I]`.
    Dense {
        units: usize,
        kernel: Vec<f32>,
        bias: Option<Vec<f32>>,
    },
    BatchNorm {
        momentum: f32,
        epsilon: f32,
        gamma: Vec<f32>,
        beta: Vec<f32>,
        mean: Vec<f32>,
        variance: Vec<f32>,
    },
    Relu,
    Softmax {
        log: bool,
    },
    Sigmoid,
    /// `1 - p` of a sigmoid.
    Complement,
    /// `[1 - p, p]` of a sigmoid.
    Both,
    ArgMax,
    /// Names of classes, if the file has them.
    Classes(Vec<String>),
}

/// A step of the chain, with its node.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) before: Option<usize>,
    pub(super) what: What,
    pub(super) name: String,
    pub(super) kind: String,
}

#[derive(Debug, Clone)]
enum Value {
    Constant(Rc<Tensor>),
    Data(Flow),
    /// Computed from sizes, including the batch.
    Sizes,
}

/// All steps, and the flows at the graph's outputs.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) steps: Vec<Step>,
    pub(super) outputs: Vec<(String, Flow)>,
    /// Sizes of an example.
    pub(super) shape: Vec<usize>,
    /// The size of a batch, if the file fixes it.
    batch: Option<usize>,
    values: BTreeMap<String, Value>,
    numbers: usize,
}

/// Follows a graph from its input to its outputs.
///
/// # Errors
/// If it does not have exactly one input, or its outputs need a node that cannot be part of a chain of layers.
pub(super) fn trace(graph: &Graph) -> Result<Trace, Fault> {
    let [input] = &graph.inputs[..] else {
        let names: Vec<&str> = graph.inputs.iter().map(|input| &input.name[..]).collect();
        let why = format!("are {} inputs; Foldnet supports one, so concatenate them before training", names.len());
        return Err(Fault::refused(&names.join(", "), "Input", why));
    };
    if graph.nodes.len() > MAX_NODES {
        return Err(Fault::Unread(format!("{} nodes exceed the limit of {MAX_NODES}", graph.nodes.len())));
    }
    let shape = input.shape.clone().or_else(|| first_width(graph)).ok_or_else(|| {
        Fault::refused(&input.name, "Input", "does not state its size; save the model with its input shape")
    })?;
    let count = crate::tensor::elements(&shape).filter(|count| (1..=MAX_INPUTS).contains(count));
    let count = count.ok_or_else(|| {
        Fault::refused(&input.name, "Input", format!("has the shape {shape:?}; give 1 to {MAX_INPUTS} values"))
    })?;
    let start = Step { before: None, what: What::Input, name: input.name.clone(), kind: "Input".into() };
    let mut values: BTreeMap<String, Value> =
        graph.constants.iter().map(|(name, tensor)| (name.clone(), Value::Constant(tensor.clone()))).collect();
    values.insert(input.name.clone(), Value::Data(Flow::new(0, shape.clone(), count)));
    let mut trace = Trace { steps: vec![start], outputs: Vec::new(), shape, batch: input.batch, values, numbers: 0 };
    for node in needed(graph)? {
        trace.node(node)?;
    }
    for name in &graph.outputs {
        match trace.values.get(name) {
            Some(Value::Data(flow)) => trace.outputs.push((name.clone(), flow.clone())),
            _ => return Err(Fault::refused(name, "output", "does not depend on the input")),
        }
    }
    Ok(trace)
}

/// The first kernel's number of rows, if the file does not have the input's size.
fn first_width(graph: &Graph) -> Option<Vec<usize>> {
    let dense = graph.nodes.iter().find(|node| matches!(node.op, Op::Dense { .. } | Op::MatMul))?;
    let kernel = graph.constants.get(dense.inputs.get(1)?)?;
    let (rows, cols) = kernel.matrix()?;
    let transposed = matches!(dense.op, Op::Dense { transposed: true, .. });
    Some(vec![if transposed { cols } else { rows }])
}

/// The nodes that the outputs depend on, in topological order.
fn needed(graph: &Graph) -> Result<Vec<&Node>, Fault> {
    let makers: BTreeMap<&str, usize> = graph
        .nodes
        .iter()
        .enumerate()
        .flat_map(|(index, node)| node.outputs.iter().map(move |output| (&output[..], index)))
        .collect();
    let (mut order, mut done, mut open) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut waiting: Vec<(usize, bool)> =
        graph.outputs.iter().rev().filter_map(|name| makers.get(&name[..])).map(|&index| (index, false)).collect();
    while let Some((index, entered)) = waiting.pop() {
        let Some(node) = graph.nodes.get(index).filter(|_| !done.contains(&index)) else { continue };
        if entered {
            done.insert(index);
            order.push(node);
            continue;
        }
        if !open.insert(index) {
            return Err(Fault::refused(&node.name, &node.kind, "depends on itself"));
        }
        waiting.push((index, true));
        let before = node.inputs.iter().filter_map(|input| makers.get(&input[..]));
        waiting.extend(before.filter(|before| !done.contains(before)).map(|&before| (before, false)));
    }
    Ok(order)
}

impl Trace {
    fn node(&mut self, node: &Node) -> Result<(), Fault> {
        let mut given = Vec::new();
        for name in node.inputs.iter().filter(|name| !name.is_empty()) {
            let value = self.values.get(name);
            given.push(value.cloned().ok_or_else(|| {
                Fault::refused(&node.name, &node.kind, format!("uses {name}, which is missing from the file"))
            })?);
        }
        let value = self.value(node, &given)?;
        if let Some(output) = node.outputs.first() {
            self.values.insert(output.clone(), value);
        }
        Ok(())
    }

    fn value(&mut self, node: &Node, given: &[Value]) -> Result<Value, Fault> {
        let flows: Vec<&Flow> =
            given.iter().filter_map(|value| if let Value::Data(flow) = value { Some(flow) } else { None }).collect();
        let constants: Vec<&Tensor> = given
            .iter()
            .filter_map(|value| if let Value::Constant(tensor) = value { Some(&**tensor) } else { None })
            .collect();
        if let Op::Refused(why) = node.op {
            return Err(Fault::refused(&node.name, &node.kind, why));
        }
        if let Some(flow) = flows.first() {
            if node.op == Op::Sizes {
                return Ok(Value::Sizes);
            }
            let at = At { node, flow: (*flow).clone() };
            return match flows[..] {
                [_] => self.data(&at, &constants).map(Value::Data),
                [a, b] => self.both(&at, a, b).map(Value::Data),
                _ => Err(at.refused(BRANCH)),
            };
        }
        if constants.len() == given.len() && !given.is_empty() {
            self.spend(constants.iter().map(|tensor| tensor.len()).sum(), &node.name, &node.kind)?;
            if let Some(tensor) = evaluate(&node.op, &constants) {
                return Ok(Value::Constant(Rc::new(tensor)));
            }
        }
        if matches!(node.op, Op::Sizes | Op::OfSizes | Op::Concat)
            || given.iter().any(|value| matches!(value, Value::Sizes))
        {
            return Ok(Value::Sizes);
        }
        Err(Fault::refused(&node.name, &node.kind, refusal(&node.kind)))
    }

    /// A node with one value that depends on the input, and constants.
    fn data(&mut self, at: &At, constants: &[&Tensor]) -> Result<Flow, Fault> {
        match &at.node.op {
            Op::Pass => Ok(at.flow.clone()),
            Op::Normalize => self.normalized(at),
            Op::Dense { transposed, alpha, beta } => self.dense(at, constants, *transposed, [*alpha, *beta]),
            Op::MatMul => self.mat_mul(at, constants),
            Op::Arithmetic(arithmetic) => self.arithmetic(at, constants, *arithmetic),
            Op::BatchNorm { momentum, epsilon, axis } => self.batch_norm(at, [*momentum, *epsilon], *axis),
            Op::Relu => self.push(at, What::Relu),
            Op::Clip => self.clip(at, constants),
            Op::Softmax { axis, log } => self.softmax(at, *axis, *log),
            Op::Sigmoid if at.flow.count == 1 => self.push(at, What::Sigmoid),
            Op::Sigmoid => Err(at.refused(SIGMOID)),
            Op::ArgMax => Ok(Flow { shape: None, count: 1, ..self.push(at, What::ArgMax)? }),
            Op::Classes(names) => self.classes(at, constants, names),
            Op::Flatten { axis } => flatten(at, *axis),
            Op::Reshape => reshape(at, constants, self.batch),
            Op::ReshapeExample(sizes) => at
                .flow
                .reshaped(sizes)
                .ok_or_else(|| at.refused(format!("to {sizes:?} does not match {} values", at.flow.count))),
            Op::Resize => Ok(Flow { shape: Some(vec![at.flow.count]), ..at.flow.clone() }),
            Op::Transpose(perm) => transpose(at, perm.as_deref()),
            Op::Unary(crate::graph::Unary::Neg) => {
                let count = at.flow.count;
                self.push(at, What::Affine { scale: vec![-1.0; count], shift: vec![0.0; count] })
            }
            _ => Err(at.refused(refusal(&at.node.kind))),
        }
    }

    fn spend(&mut self, numbers: usize, name: &str, kind: &str) -> Result<(), Fault> {
        self.numbers = self.numbers.saturating_add(numbers);
        if self.numbers > MAX_NUMBERS {
            return Err(Fault::refused(name, kind, "makes the network too large for any microcontroller"));
        }
        Ok(())
    }

    fn push(&mut self, at: &At, what: What) -> Result<Flow, Fault> {
        let numbers = match &what {
            What::Dense { kernel, .. } => kernel.len(),
            What::Affine { scale, .. } => 2 * scale.len(),
            What::BatchNorm { mean, .. } => 4 * mean.len(),
            _ => 1,
        };
        self.spend(numbers, &at.node.name, &at.node.kind)?;
        let (name, kind) = (at.node.name.clone(), at.node.kind.clone());
        self.steps.push(Step { before: Some(at.flow.step), what, name, kind });
        Ok(at.flow.after(self.steps.len() - 1))
    }

    /// A node with two values that depend on the input: only scikit-learn's form for two classes.
    fn both(&mut self, at: &At, a: &Flow, b: &Flow) -> Result<Flow, Fault> {
        let complement =
            matches!(self.steps[a.step].what, What::Complement) && self.steps[a.step].before == Some(b.step);
        if at.node.op == Op::Concat && complement && b.count == 1 {
            let at = At { node: at.node, flow: b.clone() };
            return Ok(Flow { shape: Some(vec![2]), count: 2, ..self.push(&at, What::Both)? });
        }
        if matches!(at.node.op, Op::Classes(_)) {
            return self.push(at, What::Classes(Vec::new()));
        }
        Err(at.refused(BRANCH))
    }

    /// # Errors
    /// If the layer would only see a part of the example.
    fn check_flat(&self, at: &At, width: usize) -> Result<(), Fault> {
        if at.flow.is_flat(width) {
            return Ok(());
        }
        let sizes = at.flow.sizes();
        Err(at.refused(if at.flow.count == width || sizes.last() == Some(&width) {
            format!("works along the last axis of {sizes:?} only; put a Flatten before it")
        } else {
            format!("takes {width} values and gets {sizes:?}")
        }))
    }

    fn dense(
        &mut self,
        at: &At,
        constants: &[&Tensor],
        transposed: bool,
        [alpha, beta]: [f32; 2],
    ) -> Result<Flow, Fault> {
        let kernel = constants.first().filter(|_| at.node.inputs.len() > 1 && self.is_data(at, 0));
        let kernel = kernel.ok_or_else(|| at.refused("has no constant matrix as its second input"))?;
        let (rows, cols) =
            kernel.matrix().ok_or_else(|| at.refused(format!("has a kernel of the shape {:?}", kernel.shape)))?;
        let (inputs, units) = if transposed { (cols, rows) } else { (rows, cols) };
        self.check_flat(at, inputs)?;
        let bias = constants.get(1).map(|bias| {
            let spread = Flow::new(0, vec![units], units).spread(bias);
            let spread = spread
                .ok_or_else(|| at.refused(format!("has a bias of the shape {:?} for {units} units", bias.shape)))?;
            Ok(spread.into_iter().map(|value| value * beta).collect())
        });
        let bias = bias.transpose()?;
        let values = kernel.floats();
        let values: Vec<f32> = if transposed {
            values
        } else {
            (0..units).flat_map(|unit| values[unit..].iter().step_by(units).copied()).collect()
        };
        let kernel =
            values.chunks_exact(inputs).flat_map(|row| at.flow.in_step_order(row)).map(|value| value * alpha).collect();
        let flow = self.push(at, What::Dense { units, kernel, bias })?;
        Ok(Flow { shape: Some(vec![units]), count: units, order: None, ..flow })
    }

    /// Whether this input of the node depends on the network's input.
    fn is_data(&self, at: &At, place: usize) -> bool {
        let name = at.node.inputs.get(place);
        name.and_then(|name| self.values.get(name)).is_some_and(|value| matches!(value, Value::Data(_)))
    }

    fn mat_mul(&mut self, at: &At, constants: &[&Tensor]) -> Result<Flow, Fault> {
        if !self.is_data(at, 0) {
            return Err(at.refused("has the weights as its first input; give the examples in rows, then the weights"));
        }
        let Some(kernel) = constants.first() else { return Err(at.refused(BRANCH)) };
        let mut shape = kernel.shape.clone();
        while shape.len() > 2 && shape.first() == Some(&1) {
            shape.remove(0);
        }
        if shape.len() == 1 {
            shape.push(1);
        }
        let kernel = Tensor { shape, data: kernel.data.clone() };
        self.dense(at, &[&kernel], false, [1.0, 1.0])
    }

    fn arithmetic(&mut self, at: &At, constants: &[&Tensor], arithmetic: Arithmetic) -> Result<Flow, Fault> {
        let Some(constant) = constants.first() else { return Err(at.refused(BRANCH)) };
        let first = self.is_data(at, 0);
        if arithmetic == Arithmetic::Sub
            && !first
            && constant.single() == Some(1.0)
            && self.steps[at.flow.step].what == What::Sigmoid
        {
            return self.push(at, What::Complement);
        }
        let values = at.flow.spread(constant);
        let values = values.ok_or_else(|| {
            at.refused(format!(
                "takes a constant of the shape {:?} and values of {:?}",
                constant.shape,
                at.flow.sizes()
            ))
        })?;
        let constant: Vec<f64> = at.flow.in_step_order(&values).into_iter().map(f64::from).collect();
        let (ones, zeros) = (vec![1.0; constant.len()], vec![0.0; constant.len()]);
        let negative = |values: &[f64]| values.iter().map(|value| -value).collect::<Vec<_>>();
        let (scale, shift) = match (arithmetic, first) {
            (Arithmetic::Add, _) => (ones, constant),
            (Arithmetic::Sub, true) => (ones, negative(&constant)),
            (Arithmetic::Sub, false) => (negative(&ones), constant),
            (Arithmetic::Mul, _) => (constant, zeros),
            (Arithmetic::Div, true) => (constant.iter().map(|value| 1.0 / value).collect(), zeros),
            (Arithmetic::Div, false) => {
                return Err(at.refused("divides by a value that depends on the input, which Foldnet does not support"));
            }
        };
        if scale.iter().chain(&shift).any(|value| !value.is_finite()) {
            return Err(at.refused("has a constant with a non-finite result"));
        }
        self.push(at, What::Affine { scale, shift })
    }

    fn batch_norm(&mut self, at: &At, [momentum, epsilon]: [f32; 2], axis: Option<usize>) -> Result<Flow, Fault> {
        let rank = at.flow.sizes().len();
        let axis = axis.unwrap_or(rank.saturating_sub(1));
        let read = |place: usize, default: f32| -> Result<Vec<f32>, Fault> {
            let name = at.node.inputs.get(place).filter(|name| !name.is_empty());
            let tensor = match name.map(|name| self.values.get(name)) {
                None => Tensor::scalar(default),
                Some(Some(Value::Constant(tensor))) => (**tensor).clone(),
                _ => return Err(at.refused("has statistics that are not constant; export the model for inference")),
            };
            let mut shape = vec![1; rank];
            if let (Some(size), true) = (shape.get_mut(axis), tensor.len() != 1) {
                *size = tensor.len();
            }
            let sized = Tensor { shape, data: tensor.data };
            let spread = at.flow.spread(&sized);
            let spread = spread.ok_or_else(|| {
                at.refused(format!("has {} statistics for values of {:?}", sized.len(), at.flow.sizes()))
            })?;
            Ok(at.flow.in_step_order(&spread))
        };
        let (gamma, beta, mean, variance) = (read(1, 1.0)?, read(2, 0.0)?, read(3, 0.0)?, read(4, 1.0)?);
        if variance.iter().any(|&variance| !(variance >= 0.0 && variance + epsilon > 0.0)) {
            return Err(at.refused("has a variance that is not positive"));
        }
        self.push(at, What::BatchNorm { momentum, epsilon, gamma, beta, mean, variance })
    }

    fn clip(&mut self, at: &At, constants: &[&Tensor]) -> Result<Flow, Fault> {
        let bound = |place: usize, default: f32| -> Result<f32, Fault> {
            let given: Vec<usize> =
                (1..=2).filter(|&place| at.node.inputs.get(place).is_some_and(|name| !name.is_empty())).collect();
            let Some(index) = given.iter().position(|&other| other == place) else { return Ok(default) };
            constants
                .get(index)
                .and_then(|tensor| tensor.single())
                .ok_or_else(|| at.refused("has a bound that is not one constant"))
        };
        let (low, high) = (bound(1, f32::NEG_INFINITY)?, bound(2, f32::INFINITY)?);
        match (low, high) {
            (0.0, high) if high >= f32::MAX => self.push(at, What::Relu),
            (low, high) if low <= f32::MIN && high >= f32::MAX => Ok(at.flow.clone()),
            _ => Err(at.refused(format!(
                "clips values to {low} to {high}, which is not supported; train the network with ReLU instead"
            ))),
        }
    }

    fn softmax(&mut self, at: &At, axis: i64, log: bool) -> Result<Flow, Fault> {
        let (count, rank) = (at.flow.count, at.flow.sizes().len() as i64 + 1);
        let last = axis == -1 || axis == rank - 1 || (axis == 1 && at.flow.is_flat(count));
        if !last || !at.flow.is_flat(count) {
            return Err(at.refused("does not cover all outputs; Foldnet only supports Softmax over all of them"));
        }
        if count == 1 {
            return Err(at.refused("of one output is always 1; train with a Sigmoid, or with one output per class"));
        }
        self.push(at, What::Softmax { log })
    }

    /// Names of classes after a class or the probabilities.
    fn classes(&mut self, at: &At, constants: &[&Tensor], names: &[String]) -> Result<Flow, Fault> {
        let names = match constants.first() {
            Some(tensor) => match &tensor.data {
                crate::tensor::Data::Text(names) => names.clone(),
                crate::tensor::Data::I64(numbers) => numbers.iter().map(i64::to_string).collect(),
                crate::tensor::Data::F32(numbers) => numbers.iter().map(f32::to_string).collect(),
            },
            None => names.to_vec(),
        };
        self.push(at, What::Classes(names))
    }

    /// Rows divided by their sums, which has no effect on rows that sum to 1.
    fn normalized(&self, at: &At) -> Result<Flow, Fault> {
        let mut step = &self.steps[at.flow.step];
        while let (What::Classes(_), Some(before)) = (&step.what, step.before) {
            step = &self.steps[before];
        }
        match step.what {
            What::Softmax { log: false } | What::Both => Ok(at.flow.clone()),
            _ => Err(at.refused("divides by the sum of the values, which is not supported; train without it")),
        }
    }
}
