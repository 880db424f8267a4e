//! The layer list of a file that does not say it, from the tensors alone: ReLU between Dense, Softmax last, epsilon and
//! momentum Keras's defaults, and BatchNormalization where counts, widths and biases put it.
//!
//! With `n` Dense (`n - 1` of them hidden) and `b` BatchNormalizations, which must have the widths of their places:
//!
//! | `b` | without `--norm`, or with `--norm none` where `b` is 0 | `--norm after` | `--norm before` |
//! |---|---|---|---|
//! | 0 | no BatchNormalization | refused | refused |
//! | `n`, the first as wide as the inputs | `after`, if all hidden Dense have a bias | BN; Dense, ReLU, BN; ... Dense | BN; Dense, BN, ReLU; ... Dense |
//! | `n - 1` | `before`, if no hidden Dense has a bias | Dense, ReLU, BN; ... Dense | Dense, BN, ReLU; ... Dense |
//! | other | refused | refused | refused |
//!
//! Where the condition on biases fails, the same tensors fit both placements, and `--norm` must decide. So it must where
//! `b = n` and all widths are alike, for then the last BatchNormalization might stand behind the last Dense. Without a
//! hidden Dense there is one placement only.

use super::error::Fault;
use super::names::{BATCH_NORM, Group, Layers};
use super::tensor::Tensor;
use crate::network::architecture::{Norm, stack};
use foldnet_core::Layer;

/// Inputs, then the units of each Dense.
///
/// A width shows in several tensors. Where they disagree the most frequent counts, so that a later check names the odd
/// one out. `inputs` is what metadata says of the first.
///
/// # Errors
/// When there is no Dense, one has no kernel, or nothing tells a width.
pub(super) fn widths(found: &Layers, inputs: Option<usize>) -> Result<Vec<usize>, Fault> {
    let kernels = kernels(found)?;
    let first = kernels.first().ok_or(Fault::NoDense)?;
    let norms = norms_by_width(found);
    let rows = |kernel: &Tensor| kernel.rows_cols().map(|(rows, _)| rows);
    let statistics = [&found.pixel_mean, &found.pixel_std].map(|tensor| tensor.as_ref().and_then(Tensor::len));
    let votes = [rows(first), statistics[0], statistics[1], norms[0], inputs];
    let mut widths = vec![most_frequent(&votes).ok_or_else(|| no_matrix(first))?];
    for (index, kernel) in kernels.iter().enumerate() {
        let bias = found.dense[index].get("bias").and_then(Tensor::len);
        let next = kernels.get(index + 1).and_then(|kernel| rows(kernel));
        let votes = [kernel.rows_cols().map(|(_, cols)| cols), bias, next, norms[index + 1]];
        widths.push(most_frequent(&votes).ok_or_else(|| no_matrix(kernel))?);
    }
    Ok(widths)
}

fn kernels<'a>(found: &'a Layers) -> Result<Vec<&'a Tensor<'a>>, Fault> {
    found.dense.iter().map(|dense| dense.require("kernel")).collect()
}

/// For the inputs, then for each Dense: the width of the BatchNormalization that stands there, where the counts tell.
fn norms_by_width(found: &Layers) -> Vec<Option<usize>> {
    let (dense, norms) = (found.dense.len(), found.batch_norm.iter().map(|norm| Some(norm_width(norm))));
    match dense - norms.len().min(dense) {
        0 => norms.chain([None]).take(dense).chain([None]).collect(),
        1 => [None].into_iter().chain(norms).chain([None]).collect(),
        _ => vec![None; dense + 1],
    }
}

/// Checks that each kernel goes from one width to the next, before BatchNormalizations are blamed.
fn check_chain(found: &Layers, widths: &[usize]) -> Result<(), Fault> {
    let kernels = kernels(found)?;
    for (pair, groups) in kernels.windows(2).zip(found.dense.windows(2)) {
        let fits = pair[0].shape.last() == pair[1].shape.first();
        if !fits && groups[1].number - groups[0].number > 1 {
            return Err(Fault::Missing { name: format!("{}/kernel", groups[0].next_path()) });
        }
    }
    kernels.iter().zip(widths.windows(2)).try_for_each(|(kernel, shape)| kernel.check_shape(shape))
}

fn no_matrix(kernel: &Tensor) -> Fault {
    let (name, found) = (kernel.name.clone(), format!("{:?}", kernel.shape));
    Fault::Shape { name, found, expected: "[inputs, units]".into() }
}

/// The most frequent of the votes cast, the first among equals.
fn most_frequent(votes: &[Option<usize>]) -> Option<usize> {
    let count = |width: usize| votes.iter().flatten().filter(|&&vote| vote == width).count();
    // `max_by_key` gives the last among equals.
    votes.iter().rev().flatten().copied().max_by_key(|&width| count(width))
}

/// The layer list for tensors of these `widths`.
///
/// # Errors
/// When they fit no list, or more than one and `norm` does not decide, see the table above.
pub(super) fn layers(found: &Layers, widths: &[usize], norm: Option<Norm>) -> Result<Vec<Layer>, Fault> {
    check_chain(found, widths)?;
    let bias: Vec<bool> = found.dense.iter().map(|dense| dense.get("bias").is_some()).collect();
    let norms: Vec<usize> = found.batch_norm.iter().map(norm_width).collect();
    // A width beyond u32 is beyond what `layer::validate` lets pass.
    let units = widths[1..].iter().map(|&units| u32::try_from(units).unwrap_or(u32::MAX));
    let dense: Vec<Layer> = units.zip(&bias).map(|(units, &bias)| Layer::Dense { units, bias }).collect();
    if norms.is_empty() {
        return match norm {
            Some(norm @ (Norm::After | Norm::Before)) => Err(Fault::NormContradicts { norm }),
            Some(Norm::Without) | None => Ok(stack(&dense, false, Norm::Without)),
        };
    }
    if norm == Some(Norm::Without) {
        return Err(Fault::NormContradicts { norm: Norm::Without });
    }
    let input_norm = if norms == widths[..dense.len()] {
        true
    } else if norms == widths[1..dense.len()] {
        false
    } else {
        return Err(misfit(&norms, widths, norm));
    };
    let norm = match norm {
        Some(norm) => norm,
        None => placement(input_norm, &bias[..dense.len() - 1], norms == widths[1..])?,
    };
    Ok(stack(&dense, input_norm, norm))
}

/// Where the BatchNormalizations stand; `bias` of the hidden Dense, `at_outputs` if they would fit behind every Dense.
fn placement(input_norm: bool, bias: &[bool], at_outputs: bool) -> Result<Norm, Fault> {
    let why = match (input_norm, bias.contains(&true), bias.contains(&false)) {
        (true, ..) if at_outputs => "all widths are alike",
        (true, _, false) => return Ok(Norm::After),
        (false, false, _) => return Ok(Norm::Before),
        (_, true, true) => "some hidden Dense have a bias, some have none",
        (true, ..) => "one stands before the first Dense, yet the hidden Dense have no bias",
        (false, ..) => "none stands before the first Dense, yet the hidden Dense have a bias",
    };
    Err(Fault::Ambiguous { why })
}

/// The width most of its variables have; 0 if none is a vector.
fn norm_width(norm: &Group) -> usize {
    most_frequent(&BATCH_NORM.map(|variable| norm.get(variable).and_then(Tensor::len))).unwrap_or(0)
}

fn misfit(norms: &[usize], widths: &[usize], norm: Option<Norm>) -> Fault {
    let placed = norm.map_or(String::new(), |norm| format!(" with --norm {norm}"));
    Fault::Misfit { norms: format!("{norms:?}"), widths: format!("{widths:?}"), placed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odd_one_out_does_not_count() {
        let check = |votes: &[Option<usize>], expected| assert_eq!(most_frequent(votes), expected, "{votes:?}");
        check(&[Some(5), Some(5), Some(7)], Some(5));
        check(&[Some(7), Some(5), Some(5)], Some(5));
        check(&[Some(7), None, Some(5)], Some(7));
        check(&[None, None], None);
    }
}
