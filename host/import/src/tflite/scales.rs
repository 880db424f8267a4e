//! The scales of the integers of each FULLY_CONNECTED.

use super::flat::{List, Table};
use super::ops::{FULLY_CONNECTED, builtin, fused};
use super::tensor::{Quantization, lowest, quantization};
use crate::error::Fault;
use crate::network::Scales;

/// Activations that are fused to an operator, from schema.fbs.
const NONE: u64 = 0;
const RELU: u64 = 1;

/// The scales of every FULLY_CONNECTED, in order; empty if one has none.
pub(super) fn of_dense(model: &Table, subgraph: &Table) -> Result<Vec<Scales>, Fault> {
    let (tensors, operators, codes) = (subgraph.list(0, 4)?, subgraph.list(3, 4)?, model.list(1, 4)?);
    let mut dense = Vec::new();
    for index in 0..operators.len {
        let operator = operators.table(index)?;
        if builtin(&operator, &codes)? == FULLY_CONNECTED {
            dense.push(operator);
        }
    }
    let last = dense.len().saturating_sub(1);
    let scales = dense.iter().enumerate().map(|(index, operator)| of_operator(operator, &tensors, index == last));
    Ok(scales.collect::<Result<Option<_>, _>>()?.unwrap_or_default())
}

/// The scales of an operator, which is the `last` or a hidden one.
fn of_operator(operator: &Table, tensors: &List, last: bool) -> Result<Option<Scales>, Fault> {
    let (inputs, outputs) = (operator.list(1, 4)?.numbers(4)?, operator.list(2, 4)?.numbers(4)?);
    let (Some(&kernel), Some(&output)) = (inputs.get(1), outputs.first()) else { return Ok(None) };
    let kernel = tensors.table(kernel)?;
    let units = kernel.list(0, 4)?.ints()?.first().and_then(|&units| usize::try_from(units).ok()).unwrap_or(0);
    let Some(Quantization { scales, .. }) = quantization(&kernel)? else { return Ok(None) };
    let rows = match scales[..] {
        [all] if units <= crate::error::MAX_FILE as usize / 4 => vec![all; units],
        _ => scales,
    };
    if !rows.iter().all(is_usable) {
        return Ok(None);
    }
    let output = tensors.table(output)?;
    let step = match (quantization(&output)?, lowest(&output)?, fused(operator)?) {
        (Some(Quantization { scales, .. }), Some(_), NONE) if last => scales.first().copied(),
        (Some(Quantization { scales, zeros, .. }), Some(lowest), RELU) if zeros.first() == Some(&lowest) => {
            scales.first().copied()
        }
        _ => None,
    };
    Ok(Some(Scales { rows, output: step.filter(is_usable) }))
}

/// Whether a real value is one that a step may have.
fn is_usable(scale: &f32) -> bool {
    scale.is_finite() && *scale > 0.0
}
