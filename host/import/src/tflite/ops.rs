//! The operation of each TFLite operator.

use super::flat::{FORMAT, List, Table};
use super::tensor::name;
use crate::error::Fault;
use crate::graph::{ACTIVATION, Arithmetic, Graph, Op, Unary, refusal};

/// The builtin operators that are supported, or refused with specific advice; from schema.fbs.
const BUILTIN: [(u64, &str); 62] = [
    (0, "ADD"),
    (1, "AVERAGE_POOL_2D"),
    (2, "CONCATENATION"),
    (3, "CONV_2D"),
    (4, "DEPTHWISE_CONV_2D"),
    (6, "DEQUANTIZE"),
    (7, "EMBEDDING_LOOKUP"),
    (FULLY_CONNECTED, "FULLY_CONNECTED"),
    (11, "L2_NORMALIZATION"),
    (13, "LOCAL_RESPONSE_NORMALIZATION"),
    (14, "LOGISTIC"),
    (16, "LSTM"),
    (17, "MAX_POOL_2D"),
    (18, "MUL"),
    (19, "RELU"),
    (20, "RELU_N1_TO_1"),
    (21, "RELU6"),
    (22, "RESHAPE"),
    (24, "RNN"),
    (25, "SOFTMAX"),
    (27, "SVDF"),
    (28, "TANH"),
    (32, "CUSTOM"),
    (34, "PAD"),
    (36, "GATHER"),
    (39, "TRANSPOSE"),
    (40, "MEAN"),
    (41, "SUB"),
    (42, "DIV"),
    (43, "SQUEEZE"),
    (44, "UNIDIRECTIONAL_SEQUENCE_LSTM"),
    (45, "STRIDED_SLICE"),
    (47, "EXP"),
    (49, "SPLIT"),
    (50, "LOG_SOFTMAX"),
    (53, "CAST"),
    (54, "PRELU"),
    (55, "MAXIMUM"),
    (56, "ARG_MAX"),
    (57, "MINIMUM"),
    (59, "NEG"),
    (65, "SLICE"),
    (67, "TRANSPOSE_CONV"),
    (70, "EXPAND_DIMS"),
    (73, "LOG"),
    (74, "SUM"),
    (75, "SQRT"),
    (76, "RSQRT"),
    (77, "SHAPE"),
    (78, "POW"),
    (83, "PACK"),
    (88, "UNPACK"),
    (92, "SQUARE"),
    (98, "LEAKY_RELU"),
    (101, "ABS"),
    (111, "ELU"),
    (114, "QUANTIZE"),
    (117, "HARD_SWISH"),
    (126, "BATCH_MATMUL"),
    (150, "GELU"),
    (152, "RELU_0_TO_1"),
    (99, "SQUARED_DIFFERENCE"),
];

/// The builtin operator of dense layers.
pub(super) const FULLY_CONNECTED: u64 = 9;

/// The builtin operator of a code; files by older converters have it in a byte.
fn number(code: &Table) -> Result<u64, Fault> {
    Ok(code.number(3, 4, 0)?.max(code.number(0, 1, 0)?))
}

/// The builtin operator of an operator.
pub(super) fn builtin(operator: &Table, codes: &List) -> Result<u64, Fault> {
    number(&codes.table(operator.number(0, 4, 0)?)?)
}

/// The activation that is fused to a dense layer or to arithmetic; 0 for none.
pub(super) fn fused(operator: &Table) -> Result<u64, Fault> {
    operator.table(4)?.map_or(Ok(0), |options| options.number(0, 1, 0))
}

/// Adds an operator, and the activation fused to it.
pub(super) fn operator(graph: &mut Graph, operator: &Table, codes: &List, tensors: &List) -> Result<(), Fault> {
    let code = codes.table(operator.number(0, 4, 0)?)?;
    let builtin = number(&code)?;
    let known = BUILTIN.iter().find(|(number, _)| *number == builtin).map(|(_, name)| (*name).to_owned());
    let kind = match known {
        Some(kind) if kind == "CUSTOM" => format!("CUSTOM {}", code.text(1)?),
        Some(kind) => kind,
        None => format!("operator {builtin}"),
    };
    let mut inputs: Vec<String> = operator
        .list(1, 4)?
        .ints()?
        .into_iter()
        .map(|index| u64::try_from(index).map_or(String::new(), name))
        .collect();
    let outputs = operator.list(2, 4)?.numbers(4)?;
    let Some(&output) = outputs.first() else {
        return Err(Fault::broken(FORMAT, "an operator without outputs"));
    };
    let own = tensors.table(output)?.text(3)?;
    let options = operator.table(4)?;
    let mut op = op(&kind, options.as_ref())?;
    if matches!(op, Op::Pass | Op::Resize | Op::Sizes) {
        inputs.truncate(1);
    }
    if let Op::Transpose(perm) = &mut op {
        *perm =
            inputs.get(1).and_then(|name| graph.constants.get(name)).and_then(|perm| perm.ints()).map(<[i64]>::to_vec);
        inputs.truncate(1);
    }
    if kind == "MAXIMUM" && !inputs.get(1).is_some_and(|input| graph.constants.contains_key(input)) {
        op = Op::Refused(refusal("Maximum"));
    }
    let fused = match &kind[..] {
        "FULLY_CONNECTED" | "ADD" | "SUB" | "MUL" | "DIV" => fused(operator)?,
        _ => 0,
    };
    if fused == 0 {
        graph.push(&own, &kind, op, inputs, &name(output));
        return Ok(());
    }
    let between = format!("{}/before", name(output));
    graph.push(&own, &kind, op, inputs, &between);
    let (kind, op) = match fused {
        1 => ("RELU", Op::Relu),
        2 => ("RELU_N1_TO_1", Op::Refused(ACTIVATION)),
        3 => ("RELU6", Op::Refused(ACTIVATION)),
        4 => ("TANH", Op::Refused(ACTIVATION)),
        _ => ("fused activation", Op::Refused(ACTIVATION)),
    };
    graph.push(&own, kind, op, vec![between], &name(output));
    Ok(())
}

fn op(kind: &str, options: Option<&Table>) -> Result<Op, Fault> {
    Ok(match kind {
        "FULLY_CONNECTED" => {
            let shuffled = options.map_or(Ok(0), |options| options.number(1, 1, 0))?;
            if shuffled != 0 {
                Op::Refused("has shuffled weights; convert the model again")
            } else {
                Op::Dense { transposed: true, alpha: 1.0, beta: 1.0 }
            }
        }
        "BATCH_MATMUL" => {
            let flags = options
                .map_or(Ok([0, 0]), |options| Ok::<_, Fault>([options.number(0, 1, 0)?, options.number(1, 1, 0)?]))?;
            match flags {
                [0, 0] => Op::MatMul,
                [0, _] => Op::Dense { transposed: true, alpha: 1.0, beta: 1.0 },
                _ => Op::Refused("has its examples in columns; convert the network with examples in rows"),
            }
        }
        "ADD" => Op::Arithmetic(Arithmetic::Add),
        "SUB" => Op::Arithmetic(Arithmetic::Sub),
        "MUL" => Op::Arithmetic(Arithmetic::Mul),
        "DIV" => Op::Arithmetic(Arithmetic::Div),
        "RELU" => Op::Relu,
        "MAXIMUM" => Op::Clip,
        "SOFTMAX" => {
            let beta =
                options.map_or(Ok(1.0), |options| Ok::<_, Fault>(f32::from_bits(options.number(0, 4, 0)? as u32)))?;
            if beta == 1.0 {
                Op::Softmax { axis: -1, log: false }
            } else {
                Op::Refused("has a temperature; scale the weights of the last layer instead")
            }
        }
        "LOG_SOFTMAX" => Op::Softmax { axis: -1, log: true },
        "LOGISTIC" => Op::Sigmoid,
        "ARG_MAX" => Op::ArgMax,
        "QUANTIZE" | "DEQUANTIZE" | "CAST" => Op::Pass,
        "RESHAPE" => Op::Reshape,
        "SQUEEZE" | "EXPAND_DIMS" => Op::Resize,
        "TRANSPOSE" => Op::Transpose(None),
        "SHAPE" => Op::Sizes,
        "STRIDED_SLICE" | "PACK" | "GATHER" | "SLICE" => Op::OfSizes,
        "CONCATENATION" => Op::Concat,
        "SQRT" => Op::Unary(Unary::Sqrt),
        "RSQRT" => Op::Unary(Unary::InverseSqrt),
        "NEG" => Op::Unary(Unary::Neg),
        kind => Op::Refused(refusal(kind)),
    })
}
