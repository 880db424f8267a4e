//! TensorFlow Lite, float and int8: tables of schema.fbs, read field by field.
//!
//! | table | fields read |
//! |---|---|
//! | Model | 1 operator_codes, 2 subgraphs, 4 buffers |
//! | OperatorCode | 0 deprecated_builtin_code, 1 custom_code, 3 builtin_code |
//! | SubGraph | 0 tensors, 1 inputs, 2 outputs, 3 operators |
//! | Tensor | 0 shape, 1 type, 2 buffer, 3 name, 4 quantization (2 scale, 3 zero_point, 6 quantized_dimension), 7 shape_signature |
//! | Operator | 0 opcode_index, 1 inputs, 2 outputs, 4 builtin_options |
//!
//! Whole numbers with a scale are read as the real numbers that they stand for. The scales of FULLY_CONNECTED are read
//! as well, so that a later quantization to 8 bits can use them.

mod flat;
mod ops;
mod scales;
mod tensor;

use crate::error::Fault;
use crate::graph::{Graph, Input};
use crate::lower::lower;
use crate::network::{Network, Range};
use flat::Table;
use tensor::name;

/// Maximum number of tensors and operators in a file.
const MAX_ITEMS: u64 = 4096;

/// Reads a model.
pub(crate) fn read(bytes: &[u8]) -> Result<Network, Fault> {
    let model = Table::root(bytes)?;
    let graphs = model.list(2, 4)?;
    if graphs.len != 1 {
        return Err(Fault::Unread(format!("{} subgraphs; convert the model without control flow", graphs.len)));
    }
    let graph_table = graphs.table(0)?;
    let (graph, range) = graph(&model, &graph_table)?;
    let network = lower(&graph)?;
    Ok(Network { given: range, scales: scales::of_dense(&model, &graph_table)?, ..network })
}

fn graph(model: &Table, subgraph: &Table) -> Result<(Graph, Option<Range>), Fault> {
    let (tensors, operators, buffers) = (subgraph.list(0, 4)?, subgraph.list(3, 4)?, model.list(4, 4)?);
    if tensors.len > MAX_ITEMS || operators.len > MAX_ITEMS {
        return Err(Fault::Unread(format!(
            "{} tensors and {} operators, more than {MAX_ITEMS}",
            tensors.len, operators.len
        )));
    }
    let mut graph = Graph::default();
    let mut numbers = 0;
    for index in 0..tensors.len {
        let tensor = tensors.table(index)?;
        if let Some(constant) = tensor::constant(&tensor, &buffers)? {
            numbers += constant.len() as u64;
            if 4 * numbers > crate::error::MAX_FILE {
                return Err(Fault::TooLarge { bytes: 4 * numbers });
            }
            graph.constant(name(index), constant);
        }
    }
    let mut range = None;
    for index in subgraph.list(1, 4)?.numbers(4)? {
        let tensor = tensors.table(index)?;
        let shape = tensor.list(0, 4)?.ints()?;
        let example =
            shape.get(1..).map(|example| example.iter().map(|&size| usize::try_from(size).unwrap_or(0)).collect());
        let batch = shape.first().and_then(|&size| usize::try_from(size).ok());
        range = tensor::range(&tensor)?;
        graph.inputs.push(Input { name: name(index), shape: example, batch });
    }
    graph.outputs = subgraph.list(2, 4)?.numbers(4)?.into_iter().map(name).collect();
    let codes = model.list(1, 4)?;
    for index in 0..operators.len {
        ops::operator(&mut graph, &operators.table(index)?, &codes, &tensors)?;
    }
    Ok((graph, range))
}
