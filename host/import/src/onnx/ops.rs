//! The operation of each ONNX operator.

use super::attributes::Attributes;
use super::tensor::Store;
use super::wire::Fields;
use crate::error::Fault;
use crate::graph::{Arithmetic, Graph, Node, Op, Unary, refusal};
use crate::tensor::Tensor;

/// Adds a NodeProto.
pub(super) fn node(graph: &mut Graph, message: &[u8], opset: u64, store: &mut Store) -> Result<(), Fault> {
    let mut node =
        Node { name: String::new(), kind: String::new(), op: Op::Pass, inputs: Vec::new(), outputs: Vec::new() };
    let (mut attributes, mut domain) = (Attributes::default(), String::new());
    let mut fields = Fields::of(message);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => node.inputs.push(value.text()),
            2 => node.outputs.push(value.text()),
            3 => node.name = value.text(),
            4 => node.kind = value.text(),
            5 => attributes.take(value.bytes(), store)?,
            7 => domain = value.text(),
            _ => {}
        }
    }
    if node.name.is_empty() {
        node.name = node.outputs.first().cloned().unwrap_or_default();
    }
    match (&domain[..], &node.kind[..]) {
        ("" | "ai.onnx", "Constant") => {
            let constant = attributes
                .constant()
                .ok_or_else(|| Fault::refused(&node.name, "Constant", "has no supported value"))?;
            graph.constant(node.outputs.first().cloned().unwrap_or_default(), constant);
        }
        ("" | "ai.onnx", _) => {
            node.op = main(&mut node, &attributes, opset);
            axes(graph, &mut node, &attributes);
            graph.nodes.push(node);
        }
        ("ai.onnx.ml", _) => learning(graph, node, &attributes)?,
        _ => {
            node.op = Op::Refused(refusal(&node.kind));
            node.kind = format!("{domain}.{}", node.kind);
            graph.nodes.push(node);
        }
    }
    Ok(())
}

/// An operator of the main set.
fn main(node: &mut Node, attributes: &Attributes, opset: u64) -> Op {
    // Before opset 13 it covers all remaining axes, which is the same for two-dimensional data.
    let axis = attributes.int("axis", if opset < 13 { 1 } else { -1 });
    match &node.kind[..] {
        "Gemm" if attributes.int("transA", 0) == 0 => Op::Dense {
            transposed: attributes.int("transB", 0) != 0,
            alpha: attributes.float("alpha", 1.0),
            beta: attributes.float("beta", 1.0),
        },
        "Gemm" => Op::Refused("has its examples in columns (transA); export the network with examples in rows"),
        "MatMul" => Op::MatMul,
        "Add" => Op::Arithmetic(Arithmetic::Add),
        "Sub" => Op::Arithmetic(Arithmetic::Sub),
        "Mul" => Op::Arithmetic(Arithmetic::Mul),
        "Div" => Op::Arithmetic(Arithmetic::Div),
        "Sum" if node.inputs.len() == 2 => Op::Arithmetic(Arithmetic::Add),
        "Sum" if node.inputs.len() == 1 => Op::Pass,
        "BatchNormalization" if attributes.int("training_mode", 0) == 0 => Op::BatchNorm {
            momentum: attributes.float("momentum", 0.9),
            epsilon: attributes.float("epsilon", 1e-5),
            axis: Some(0),
        },
        "BatchNormalization" => Op::Refused("is in training mode; export the model for inference (model.eval())"),
        "Relu" => Op::Relu,
        "LeakyRelu" | "ThresholdedRelu" if attributes.float("alpha", 1.0) == 0.0 => Op::Relu,
        "Clip" => Op::Clip,
        "Max" if node.inputs.len() == 2 => Op::Clip,
        "Softmax" => Op::Softmax { axis, log: false },
        "LogSoftmax" => Op::Softmax { axis, log: true },
        "Sigmoid" => Op::Sigmoid,
        "ArgMax" if matches!(attributes.int("axis", 0), 1 | -1) => Op::ArgMax,
        "ArgMax" => Op::Refused("is not along the outputs of an example; use axis 1"),
        "Identity" | "Cast" | "CastLike" => {
            node.inputs.truncate(1);
            Op::Pass
        }
        "Dropout" => {
            node.inputs.truncate(1);
            Op::Pass
        }
        "Flatten" => Op::Flatten { axis: attributes.int("axis", 1) },
        "Reshape" => Op::Reshape,
        "Squeeze" | "Unsqueeze" => {
            node.inputs.truncate(1);
            Op::Resize
        }
        "Transpose" => Op::Transpose(attributes.ints("perm").map(<[i64]>::to_vec)),
        "Shape" | "Size" => Op::Sizes,
        "Gather" | "Slice" | "ConstantOfShape" | "Range" | "Expand" => Op::OfSizes,
        "Concat" => Op::Concat,
        "Sqrt" => Op::Unary(Unary::Sqrt),
        "Reciprocal" => Op::Unary(Unary::Reciprocal),
        "Neg" => Op::Unary(Unary::Neg),
        kind => Op::Refused(refusal(kind)),
    }
}

/// Adds inputs that older opsets and one-sided operators write as attributes or omit.
fn axes(graph: &mut Graph, node: &mut Node, attributes: &Attributes) {
    let made = |what: &str| format!("{}/{what}", node.outputs.first().map(String::as_str).unwrap_or_default());
    match &node.kind[..] {
        "Clip" if attributes.has("min") || attributes.has("max") => {
            let bounds = [("min", f32::MIN), ("max", f32::MAX)];
            let bounds = bounds.map(|(name, default)| (made(name), attributes.float(name, default)));
            node.inputs.truncate(1);
            for (name, bound) in bounds {
                node.inputs.push(graph.constant(name, Tensor::scalar(bound)));
            }
        }
        // The larger of x and a constant: a bound from below.
        "Max" if node.op == Op::Clip => {
            let constant = node.inputs.iter().position(|input| graph.constants.contains_key(input));
            match constant {
                Some(0) => node.inputs.swap(0, 1),
                Some(_) => {}
                None => node.op = Op::Refused(refusal("Maximum")),
            }
        }
        "Reshape" if node.inputs.len() == 1 => {
            let sizes = attributes.ints("shape").unwrap_or_default().to_vec();
            let sizes = Tensor { shape: vec![sizes.len()], data: crate::tensor::Data::I64(sizes) };
            let name = made("shape");
            node.inputs.push(graph.constant(name, sizes));
        }
        _ => {}
    }
}

/// An operator of scikit-learn's set.
fn learning(graph: &mut Graph, mut node: Node, attributes: &Attributes) -> Result<(), Fault> {
    let output = node.outputs.first().cloned().unwrap_or_default();
    match &node.kind[..] {
        "Scaler" => {
            let (offset, scale) = (attributes.floats("offset").to_vec(), attributes.floats("scale").to_vec());
            let one = |values: Vec<f32>, default: f32| {
                if values.is_empty() { Tensor::scalar(default) } else { Tensor::vector(values) }
            };
            let offset = graph.constant(format!("{output}/offset"), one(offset, 0.0));
            let scale = graph.constant(format!("{output}/scale"), one(scale, 1.0));
            let between = format!("{output}/difference");
            let x = node.inputs.first().cloned().unwrap_or_default();
            graph.push(&node.name, "Scaler", Op::Arithmetic(Arithmetic::Sub), vec![x, offset], &between);
            graph.push(&node.name, "Scaler", Op::Arithmetic(Arithmetic::Mul), vec![between, scale], &output);
            return Ok(());
        }
        "LinearClassifier" | "LinearRegressor" => return linear(graph, &node, attributes),
        // The first input is a table of classes, the second says which.
        "ArrayFeatureExtractor" => node.op = Op::Classes(Vec::new()),
        "ZipMap" | "LabelEncoder" => node.op = Op::Classes(names(attributes)),
        "Normalizer" if attributes.text("norm") == "L1" => node.op = Op::Normalize,
        kind => node.op = Op::Refused(refusal(kind)),
    }
    graph.nodes.push(node);
    Ok(())
}

/// Names of classes among a node's attributes.
fn names(attributes: &Attributes) -> Vec<String> {
    for key in ["classlabels_strings", "values_strings"] {
        if !attributes.texts(key).is_empty() {
            return attributes.texts(key).to_vec();
        }
    }
    let numbers =
        ["classlabels_int64s", "classlabels_ints", "values_int64s"].into_iter().find_map(|key| attributes.ints(key));
    numbers.unwrap_or_default().iter().map(i64::to_string).collect()
}

/// A linear model: one Dense, and the operation after it.
fn linear(graph: &mut Graph, node: &Node, attributes: &Attributes) -> Result<(), Fault> {
    let refused = |why: &str| Err(Fault::refused(&node.name, &node.kind, why));
    let (weights, bias) = (attributes.floats("coefficients").to_vec(), attributes.floats("intercepts").to_vec());
    let names = names(attributes);
    let classifier = node.kind == "LinearClassifier";
    let rows = if classifier { names.len() } else { attributes.int("targets", 1).clamp(0, 1 << 20) as usize };
    let after = attributes.text("post_transform");
    let (rows, width) = (rows.max(1), weights.len() / rows.max(1));
    if width == 0 || width * rows != weights.len() {
        return refused("has coefficients that do not match its classes");
    }
    let [mut weights, mut bias] = [weights, bias];
    // Binary logistic regression: the two rows are negatives of each other, so softmax would double the logit.
    if classifier && rows == 2 && after == "LOGISTIC" {
        weights.drain(..width);
        bias.drain(..bias.len() / 2);
    } else if !matches!(after, "" | "NONE" | "SOFTMAX") {
        return refused("outputs one Sigmoid per class; fit it with a multinomial loss");
    }
    let rows = weights.len() / width;
    let output = |place: usize| node.outputs.get(place).cloned().unwrap_or_default();
    let scores = format!("{}/scores", output(0));
    let kernel = graph.constant(format!("{scores}/coefficients"), Tensor::new(vec![rows, width], weights)?);
    let mut inputs = vec![node.inputs.first().cloned().unwrap_or_default(), kernel];
    if !bias.is_empty() {
        inputs.push(graph.constant(format!("{scores}/intercepts"), Tensor::vector(bias)));
    }
    graph.push(&node.name, &node.kind, Op::Dense { transposed: true, alpha: 1.0, beta: 1.0 }, inputs, &scores);
    let answer = if classifier { format!("{scores}/answer") } else { output(0) };
    match after {
        "SOFTMAX" => graph.push(&node.name, "SOFTMAX", Op::Softmax { axis: -1, log: false }, vec![scores], &answer),
        "LOGISTIC" => graph.push(&node.name, "LOGISTIC", Op::Sigmoid, vec![scores], &answer),
        _ => graph.push(&node.name, &node.kind, Op::Pass, vec![scores], &answer),
    }
    if classifier {
        graph.push(&node.name, &node.kind, Op::Classes(names.clone()), vec![answer.clone()], &output(0));
        graph.push(&node.name, &node.kind, Op::Classes(names), vec![answer], &output(1));
    }
    Ok(())
}
