//! Writes ONNX: opset 13, IR version 7, one node per layer, weights within the file.

use crate::network::{Affine, Layer};

/// The bytes of an ONNX model with `inputs` values, which takes `[N][I]` floats under the name `input` and outputs
/// `[N][O]` under the name `output`; `affine` comes before the layers. Equal networks give equal bytes.
pub fn write(inputs: usize, affine: Option<&Affine>, layers: &[Layer], labels: &[String]) -> Vec<u8> {
    let mut graph = GraphBytes { graph: Message::default(), last: "input".into(), width: inputs, count: 0 };
    if let Some(Affine { scale, shift }) = affine {
        for (kind, weight, values) in [("Mul", "scale", scale), ("Add", "shift", shift)] {
            let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
            graph.node(kind, &[(weight, &[values.len()], &values)], &[]);
        }
    }
    layers.iter().for_each(|layer| graph.layer(layer));
    if !matches!(layers.last(), Some(Layer::Softmax { .. } | Layer::Sigmoid)) {
        graph.node("Identity", &[], &[]);
    }
    let GraphBytes { mut graph, last, width, .. } = graph;
    // Gives the last value its public name.
    let mut rename = Message::default();
    rename.text(1, &last).text(2, "output").text(3, "output").text(4, "Identity");
    graph.message(1, &rename).text(2, "foldnet");
    graph.message(11, &value("input", inputs)).message(12, &value("output", width));
    let mut opset = Message::default();
    opset.text(1, "").number(2, 13);
    let mut model = Message::default();
    model.number(1, 7).text(2, "foldnet").text(3, env!("CARGO_PKG_VERSION")).message(7, &graph).message(8, &opset);
    if !labels.is_empty() {
        let mut entry = Message::default();
        entry.text(1, LABELS).text(2, &serde_json::json!(labels).to_string());
        model.message(14, &entry);
    }
    model.0
}

/// Key of the metadata entry with the names of the classes, a list in JSON.
pub(super) const LABELS: &str = "labels";

/// A message of protocol buffers that grows.
#[derive(Debug, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value > 127 {
            self.0.push(value as u8 | 128);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(&mut self, field: u64, value: u64) -> &mut Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn float(&mut self, field: u64, value: f32) -> &mut Self {
        self.varint(field << 3 | 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) -> &mut Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    fn text(&mut self, field: u64, text: &str) -> &mut Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(&mut self, field: u64, message: &Self) -> &mut Self {
        self.bytes(field, &message.0)
    }
}

enum Attribute {
    Int(&'static str, i64),
    Float(&'static str, f32),
}

struct GraphBytes {
    graph: Message,
    /// The output of the layers so far.
    last: String,
    width: usize,
    count: usize,
}

impl GraphBytes {
    fn layer(&mut self, layer: &Layer) {
        match layer {
            Layer::Dense { units, kernel, bias } => {
                let shape = [*units, self.width];
                let zeros = vec![0.0; *units];
                let bias = bias.as_ref().unwrap_or(&zeros);
                self.width = *units;
                self.node(
                    "Gemm",
                    &[("kernel", &shape, kernel), ("bias", &[*units], bias)],
                    &[Attribute::Int("transB", 1)],
                );
            }
            Layer::BatchNorm { momentum, epsilon, gamma, beta, mean, variance } => {
                let shape = [self.width];
                let weights = [("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance)];
                self.node(
                    "BatchNormalization",
                    &weights.map(|(name, values)| (name, &shape[..], &values[..])),
                    &[Attribute::Float("epsilon", *epsilon), Attribute::Float("momentum", *momentum)],
                );
            }
            Layer::Relu => self.node("Relu", &[], &[]),
            Layer::Softmax { log } => {
                self.node(if *log { "LogSoftmax" } else { "Softmax" }, &[], &[Attribute::Int("axis", -1)]);
            }
            Layer::Sigmoid => self.node("Sigmoid", &[], &[]),
        }
    }

    /// Adds a node with the last value and weights as inputs.
    fn node(&mut self, kind: &str, weights: &[(&str, &[usize], &[f32])], attributes: &[Attribute]) {
        let name = format!("{}_{}", kind.to_lowercase(), self.count);
        self.count += 1;
        let mut node = Message::default();
        node.text(1, &self.last);
        for (weight, shape, values) in weights {
            let weight = format!("{name}/{weight}");
            node.text(1, &weight);
            self.graph.message(5, &tensor(&weight, shape, values));
        }
        node.text(2, &name).text(3, &name).text(4, kind);
        for attribute in attributes {
            let mut message = Message::default();
            match attribute {
                Attribute::Int(name, value) => message.text(1, name).number(3, *value as u64).number(20, 2),
                Attribute::Float(name, value) => message.text(1, name).float(2, *value).number(20, 1),
            };
            node.message(5, &message);
        }
        self.graph.message(1, &node);
        self.last = name;
    }
}

fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Message {
    let mut tensor = Message::default();
    for &size in shape {
        tensor.number(1, size as u64);
    }
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor.number(2, 1).text(8, name).bytes(9, &raw);
    tensor
}

/// A ValueInfo of `[N][width]` floats.
fn value(name: &str, width: usize) -> Message {
    let (mut batch, mut size, mut shape) = (Message::default(), Message::default(), Message::default());
    batch.text(2, "N");
    size.number(1, width as u64);
    shape.message(1, &batch).message(1, &size);
    let (mut tensor, mut kind, mut value) = (Message::default(), Message::default(), Message::default());
    tensor.number(1, 1).message(2, &shape);
    kind.message(1, &tensor);
    value.text(1, name).message(2, &kind);
    value
}
