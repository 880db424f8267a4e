//! Nodes that change the shape of an example, but none of its values.

use super::at::At;
use super::shapes::Flow;
use crate::error::Fault;
use crate::tensor::Tensor;

/// Flattens all values of an example.
pub(super) fn flatten(at: &At, axis: i64) -> Result<Flow, Fault> {
    let rank = at.flow.sizes().len() as i64 + 1;
    let axis = if axis < 0 { axis + rank } else { axis };
    if axis == 0 {
        return Err(at.refused("puts all examples of a batch in one row"));
    }
    Ok(Flow { shape: Some(vec![at.flow.count]), ..at.flow.clone() })
}

/// A reshape of batch and example to constant sizes, or sizes computed from the input's.
pub(super) fn reshape(at: &At, constants: &[&Tensor]) -> Result<Flow, Fault> {
    let Some(sizes) = constants.first() else { return Ok(Flow { shape: None, ..at.flow.clone() }) };
    let sizes = sizes.ints().filter(|sizes| !sizes.is_empty()).ok_or_else(|| at.refused("has no sizes"))?;
    let old = at.flow.sizes();
    let kept = |place: usize, size: i64| if size == 0 { old.get(place).map_or(0, |&size| size as i64) } else { size };
    let example: Vec<i64> = sizes.iter().enumerate().skip(1).map(|(place, &size)| kept(place - 1, size)).collect();
    let only_batch = match sizes {
        // Everything in one row, of a network with one value per example.
        [_] if at.flow.count == 1 => Some(Flow { shape: Some(Vec::new()), ..at.flow.clone() }),
        [batch, ..] if matches!(batch, -1..=1) => {
            // An example cannot have what is left, if the batch has it.
            let known = *batch != -1 || example.iter().all(|&size| size >= 0);
            at.flow.reshaped(&example).filter(|_| known)
        }
        _ => None,
    };
    only_batch.ok_or_else(|| {
        at.refused(format!("to {sizes:?} does not keep the {} values of an example together", at.flow.count))
    })
}

/// Permutes the axes of an example.
pub(super) fn transpose(at: &At, perm: Option<&[i64]>) -> Result<Flow, Fault> {
    let rank = at.flow.sizes().len();
    let reversed: Vec<i64> = (0..=rank as i64).rev().collect();
    let perm = perm.unwrap_or(&reversed);
    let example = perm.get(1..).unwrap_or_default().iter().map(|&axis| usize::try_from(axis - 1).ok());
    let example: Option<Vec<usize>> = example.collect();
    let moved = example.filter(|_| perm.first() == Some(&0)).and_then(|example| at.flow.transposed(&example));
    moved.ok_or_else(|| {
        at.refused(format!("to the order {perm:?} mixes examples; export the network with its examples in rows"))
    })
}
