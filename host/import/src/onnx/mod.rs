//! ONNX, opsets 7 and newer: messages of onnx.proto, read field by field.
//!
//! | message | fields read |
//! |---|---|
//! | Model | 1 ir_version, 7 graph, 8 opset_import |
//! | Graph | 1 node, 5 initializer, 11 input, 12 output |
//! | Node | 1 input, 2 output, 3 name, 4 op_type, 5 attribute, 7 domain |
//! | Attribute | 1 name, 2 f, 3 i, 4 s, 5 t, 7 floats, 8 ints, 9 strings |
//! | Tensor | 1 dims, 2 data_type, 4-7, 10, 11 data by type, 8 name, 9 raw_data, 13 external_data, 14 data_location |
//! | ValueInfo | 1 name, 2 type: 1 tensor: 2 shape: 1 dim: 1 dim_value |

mod attributes;
mod ops;
mod tensor;
mod wire;
mod write;

use crate::error::Fault;
use crate::graph::{Graph, Input};
use crate::lower::lower;
use crate::network::Network;
use std::path::Path;
use wire::Fields;

pub use write::write;

/// Reads a model; `folder` contains its external data.
pub(crate) fn read(bytes: &[u8], folder: Option<&Path>) -> Result<Network, Fault> {
    lower(&graph(bytes, folder)?)
}

/// Whether bytes start like an ONNX model: its version, then a text with the producer's name.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    matches!(bytes, [0x08, 3..=20, 0x12, len, rest @ ..] if *len < 64 && rest.iter().take(usize::from(*len)).all(|byte| (32..127).contains(byte)))
}

fn graph(bytes: &[u8], folder: Option<&Path>) -> Result<Graph, Fault> {
    let mut fields = Fields::of(bytes);
    let (mut found, mut opset, mut labels) = (None, 0, None);
    while let Some((field, value)) = fields.next()? {
        match field {
            7 => found = Some(value.bytes()),
            8 => opset = opset.max(version(value.bytes())?),
            14 => labels = labels_of(value.bytes())?.or(labels),
            _ => {}
        }
    }
    let Some(found) = found else { return Err(Fault::broken("ONNX", "it has no graph")) };
    let mut graph = Graph { labels: labels.unwrap_or_default(), ..Graph::default() };
    let (mut inputs, mut nodes) = (Vec::new(), Vec::new());
    let mut fields = Fields::of(found);
    let mut store = tensor::Store::new(folder);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => nodes.push(value.bytes()),
            5 => {
                let (name, tensor) = store.read(value.bytes())?;
                graph.constant(name, tensor);
            }
            11 => inputs.push(input(value.bytes())?),
            12 => graph.outputs.push(input(value.bytes())?.name),
            15 => return Err(Fault::Unread("sparse weights; export the model with dense ones".into())),
            _ => {}
        }
    }
    for message in nodes {
        ops::node(&mut graph, message, opset, &mut store)?;
    }
    // Older files name their weights among the inputs.
    graph.inputs = inputs.into_iter().filter(|input| !graph.constants.contains_key(&input.name)).collect();
    Ok(graph)
}

/// The version of the main set of operators; 0 for others.
fn version(message: &[u8]) -> Result<u64, Fault> {
    let mut fields = Fields::of(message);
    let (mut main, mut version) = (true, 0);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => main = value.bytes().is_empty() || value.bytes() == b"ai.onnx",
            2 => version = value.number(),
            _ => {}
        }
    }
    Ok(if main { version } else { 0 })
}

/// The names of the classes, if this metadata entry has them in the form that Foldnet writes.
fn labels_of(message: &[u8]) -> Result<Option<Vec<String>>, Fault> {
    let (key, text) = tensor::entry(message)?;
    Ok((key == write::LABELS).then(|| serde_json::from_str(&text).ok()).flatten())
}

/// A ValueInfo: name and, if all sizes after the batch are numbers, the sizes of an example.
fn input(message: &[u8]) -> Result<Input, Fault> {
    let mut fields = Fields::of(message);
    let (mut name, mut dims) = (String::new(), Vec::new());
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => name = value.text(),
            2 => dims = sizes(value.bytes())?,
            _ => {}
        }
    }
    let shape = dims.get(1..).and_then(|example| example.iter().copied().collect());
    Ok(Input { name, shape, batch: dims.first().copied().flatten() })
}

/// The sizes of a value, batch first; `None` for symbolic sizes.
fn sizes(kind: &[u8]) -> Result<Vec<Option<usize>>, Fault> {
    let Some(tensor) = only(kind, 1)? else { return Ok(Vec::new()) };
    let Some(shape) = only(tensor, 2)? else { return Ok(Vec::new()) };
    let mut dims = Vec::new();
    let mut fields = Fields::of(shape);
    while let Some((field, value)) = fields.next()? {
        if field == 1 {
            let mut size = None;
            let mut dim = Fields::of(value.bytes());
            while let Some((field, value)) = dim.next()? {
                if field == 1 {
                    size = usize::try_from(value.number()).ok().filter(|&size| size > 0);
                }
            }
            dims.push(size);
        }
    }
    Ok(dims)
}

/// The last message with this field number.
fn only(message: &[u8], wanted: u64) -> Result<Option<&[u8]>, Fault> {
    let mut fields = Fields::of(message);
    let mut found = None;
    while let Some((field, value)) = fields.next()? {
        if field == wanted {
            found = Some(value.bytes());
        }
    }
    Ok(found)
}
