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

/// A reshape of batch and example to constant sizes, or sizes computed from the input's; `batch` is the size of a batch,
/// if the file fixes it.
pub(super) fn reshape(at: &At, constants: &[&Tensor], batch: Option<usize>) -> Result<Flow, Fault> {
    let Some(sizes) = constants.first() else { return Ok(Flow { shape: None, ..at.flow.clone() }) };
    let sizes = sizes.ints().filter(|sizes| !sizes.is_empty()).ok_or_else(|| at.refused("has no sizes"))?;
    let old = at.flow.sizes();
    let kept = |place: usize, size: i64| if size == 0 { old.get(place).map_or(0, |&size| size as i64) } else { size };
    let example: Vec<i64> = sizes.iter().enumerate().skip(1).map(|(place, &size)| kept(place - 1, size)).collect();
    let only_batch = match sizes {
        // Everything in one row, of a network with one value per example.
        [_] if at.flow.count == 1 => Some(Flow { shape: Some(Vec::new()), ..at.flow.clone() }),
        [examples, ..] if *examples >= -1 => {
            // The remaining size can only belong to the example if the batch size is known to be unchanged.
            let stays = *examples == 0 || usize::try_from(*examples) == Ok(batch.unwrap_or(1));
            let known = stays || example.iter().all(|&size| size >= 0);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Node, Op};
    use crate::tensor::Data;

    #[test]
    fn a_reshape_leaves_examples_whole() {
        let node = Node {
            name: "view".into(),
            kind: "Reshape".into(),
            op: Op::Reshape,
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        let check = |batch: Option<usize>, sizes: &[i64], expected: Option<&[usize]>| {
            let at = At { node: &node, flow: Flow::new(0, vec![4, 6], 24) };
            let sizes = Tensor::of(vec![sizes.len()], Data::I64(sizes.to_vec())).unwrap();
            let shape = reshape(&at, &[&sizes], batch).ok().and_then(|flow| flow.shape);
            assert_eq!(shape.as_deref(), expected, "{sizes:?} of a batch of {batch:?}");
        };
        for (batch, sizes) in
            [(None, [-1, 24]), (None, [0, -1]), (None, [1, -1]), (Some(2), [2, -1]), (Some(2), [2, 24])]
        {
            check(batch, &sizes, Some(&[24]));
        }
        // PyTorch's newer exporter writes the batch of its example into the sizes.
        check(None, &[2, 24], Some(&[24]));
        check(None, &[2, 8, 3], Some(&[8, 3]));
        for (batch, sizes) in
            [(None, [2, -1]), (Some(2), [1, -1]), (Some(4), [8, 12]), (None, [-2, 24]), (None, [-1, -1])]
        {
            check(batch, &sizes, None);
        }
    }
}
