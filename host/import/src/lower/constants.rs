//! Computes constant expressions.

use crate::graph::{Arithmetic, Op, Unary};
use crate::tensor::{Data, Tensor, elements};

/// The value of a node whose inputs are all constant; `None` for unsupported operations.
pub(super) fn evaluate(op: &Op, inputs: &[&Tensor]) -> Option<Tensor> {
    let first = *inputs.first()?;
    match op {
        Op::Pass => Some(first.clone()),
        Op::Unary(unary) => Some(map(first, |value| apply(*unary, value))),
        Op::Arithmetic(arithmetic) => combine(*arithmetic, first, inputs.get(1)?),
        Op::Transpose(perm) => {
            let rank = first.shape.len();
            let perm: Option<Vec<usize>> = match perm {
                Some(perm) => perm.iter().map(|&axis| usize::try_from(axis).ok()).collect(),
                None => Some((0..rank).rev().collect()),
            };
            first.transposed(&perm?)
        }
        Op::Reshape => reshape(first, inputs.get(1)?.ints()?),
        Op::ReshapeExample(sizes) => reshape(first, sizes),
        // Axes of size 1 do not matter to what uses constants, and lead nowhere else.
        Op::Resize => {
            let shape = first.shape.iter().copied().filter(|&size| size != 1).collect();
            Some(Tensor { shape, data: first.data.clone() })
        }
        Op::Flatten { .. } => Some(Tensor { shape: vec![first.len()], data: first.data.clone() }),
        _ => None,
    }
}

fn map(tensor: &Tensor, apply: impl Fn(f32) -> f32) -> Tensor {
    Tensor { shape: tensor.shape.clone(), data: Data::F32(tensor.floats().into_iter().map(apply).collect()) }
}

fn apply(unary: Unary, value: f32) -> f32 {
    match unary {
        Unary::Sqrt => value.sqrt(),
        Unary::InverseSqrt => 1.0 / value.sqrt(),
        Unary::Reciprocal => 1.0 / value,
        Unary::Neg => -value,
    }
}

fn reshape(tensor: &Tensor, sizes: &[i64]) -> Option<Tensor> {
    let known: Option<Vec<usize>> =
        sizes.iter().filter(|&&size| size > 0).map(|&size| usize::try_from(size).ok()).collect();
    let known = elements(&known?)?.max(1);
    let sizes = sizes.iter().enumerate().map(|(axis, &size)| match size {
        0 => tensor.shape.get(axis).copied(),
        -1 => Some(tensor.len() / known),
        size => usize::try_from(size).ok(),
    });
    let shape: Vec<usize> = sizes.collect::<Option<_>>()?;
    (elements(&shape) == Some(tensor.len())).then(|| Tensor { shape, data: tensor.data.clone() })
}

/// Combines two constants of the same shape, or one with a single number.
fn combine(arithmetic: Arithmetic, a: &Tensor, b: &Tensor) -> Option<Tensor> {
    let operation = |a: f32, b: f32| match arithmetic {
        Arithmetic::Add => a + b,
        Arithmetic::Sub => a - b,
        Arithmetic::Mul => a * b,
        Arithmetic::Div => a / b,
    };
    match (a.single(), b.single()) {
        (_, Some(b)) => Some(map(a, |a| operation(a, b))),
        (Some(a), _) => Some(map(b, |b| operation(a, b))),
        _ if a.len() == b.len() && squeezed(a) == squeezed(b) => {
            let values = a.floats().into_iter().zip(b.floats()).map(|(a, b)| operation(a, b)).collect();
            let shape = if a.shape.len() >= b.shape.len() { &a.shape } else { &b.shape };
            Some(Tensor { shape: shape.clone(), data: Data::F32(values) })
        }
        _ => None,
    }
}

fn squeezed(tensor: &Tensor) -> Vec<usize> {
    tensor.shape.iter().copied().filter(|&size| size != 1).collect()
}
