//! The layer list of bare tensors, whose file contains neither order nor activations: as specified by the user, never
//! guessed.
//!
//! `--norm` implies a stack of Dense with ReLU between them and Softmax at the end. With `n` Dense and `b`
//! BatchNormalizations, whose widths must match their positions:
//!
//! | `b` | `--norm none` | `--norm after` | `--norm before` |
//! |---|---|---|---|
//! | 0 | Dense, ReLU; ... Dense | refused | refused |
//! | `n` | refused | BN; Dense, ReLU, BN; ... Dense | BN; Dense, BN, ReLU; ... Dense |
//! | `n - 1` | refused | Dense, ReLU, BN; ... Dense | Dense, BN, ReLU; ... Dense |
//! | other | refused | refused | refused |
//!
//! `--layers` gives any other list, layer by layer ([`words`](super::words)).

use super::error::Fault;
use super::layers::{BATCH_NORM, Group, Layers};
use super::tensor::Tensor;
use super::words;
use crate::network::architecture::{NormPlacement, stack};
use foldnet_core::Layer;
use foldnet_core::layer::Role;

/// Number of inputs, then the units of each Dense.
///
/// A width appears in several tensors. If they disagree, the most frequent one is used, so that a later check names the
/// odd one out. Pixel statistics that match neither side of the first kernel have one vote between them: they were added to
/// the file and are more likely to be wrong. `inputs` is the first width according to metadata.
///
/// # Errors
/// If there is no Dense, one has no kernel, or a width is unknown.
pub(super) fn widths(found: &Layers, inputs: Option<usize>) -> Result<Vec<usize>, Fault> {
    let kernels = kernels(found)?;
    let first = kernels.first().ok_or(Fault::NoDense)?;
    let norms = norms_by_width(found);
    let rows = |kernel: &Tensor| kernel.rows_cols().map(|(rows, _)| rows);
    // A single value applies to all pixels and does not reveal their number.
    let length = |tensor: &Tensor| tensor.len().filter(|&len| len != 1);
    let [mean, std] = [&found.pixel_mean, &found.pixel_std].map(|tensor| tensor.as_ref().and_then(length));
    let std = std.filter(|len| first.shape.contains(len));
    let votes = [rows(first), mean, std, norms[0], inputs];
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

/// The width of the BatchNormalization for the inputs, then after each Dense, if the counts determine it.
fn norms_by_width(found: &Layers) -> Vec<Option<usize>> {
    let (dense, norms) = (found.dense.len(), found.batch_norm.iter().map(|norm| Some(norm_width(norm))));
    match dense - norms.len().min(dense) {
        0 => norms.chain([None]).take(dense).chain([None]).collect(),
        1 => [None].into_iter().chain(norms).chain([None]).collect(),
        _ => vec![None; dense + 1],
    }
}

/// Checks that each kernel connects consecutive widths, before BatchNormalizations are blamed.
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

/// The most frequent vote, the first if several are equal.
fn most_frequent(votes: &[Option<usize>]) -> Option<usize> {
    let count = |width: usize| votes.iter().flatten().filter(|&&vote| vote == width).count();
    // `max_by_key` returns the last of equal elements.
    votes.iter().rev().flatten().copied().max_by_key(|&width| count(width))
}

/// The layer list for tensors of these `widths`.
///
/// # Errors
/// If no list matches, or more than one does and `norm` does not decide, see the table above.
pub(super) fn layers(found: &Layers, widths: &[usize], norm: NormPlacement) -> Result<Vec<Layer>, Fault> {
    check_chain(found, widths)?;
    let bias: Vec<bool> = found.dense.iter().map(|dense| dense.get("bias").is_some()).collect();
    let norms: Vec<usize> = found.batch_norm.iter().map(norm_width).collect();
    // A width beyond u32 is beyond what `layer::validate` lets pass.
    let units = widths[1..].iter().map(|&units| u32::try_from(units).unwrap_or(u32::MAX));
    let dense: Vec<Layer> = units.zip(&bias).map(|(units, &bias)| Layer::Dense { units, bias }).collect();
    if widths.last() == Some(&1) {
        let layers = words::of(&stack(&dense, false, norm)).replace("softmax", "sigmoid");
        return Err(Fault::OneOutput { layers });
    }
    if norms.is_empty() != (norm == NormPlacement::Without) {
        return Err(Fault::NormUnfit { norm });
    }
    if norms.is_empty() {
        return Ok(stack(&dense, false, norm));
    }
    let input_norm = if norms == widths[..dense.len()] {
        true
    } else if norms == widths[1..dense.len()] {
        false
    } else {
        return Err(misfit(found, &norms, widths, norm));
    };
    Ok(stack(&dense, input_norm, norm))
}

/// A list with as many layers of each kind as the file, for the user to correct.
pub(super) fn example(found: &Layers) -> String {
    let hidden = found.dense.len().saturating_sub(1);
    let first = found.batch_norm.len().saturating_sub(hidden);
    let mut layers = vec![Layer::batch_norm(); first];
    for at in 0..hidden {
        layers.push(Layer::dense(1));
        layers.extend((first + at < found.batch_norm.len()).then_some(Layer::batch_norm()));
        layers.push(Layer::Relu);
    }
    layers.extend([Layer::dense(1), Layer::Softmax]);
    words::of(&layers)
}

/// The list that the user specifies, with the units and biases of the tensors.
///
/// # Errors
/// If its numbers of Dense and BatchNormalizations are not those of the file.
pub(super) fn spelled(found: &Layers, widths: &[usize], list: &[Layer]) -> Result<Vec<Layer>, Fault> {
    check_chain(found, widths)?;
    let count = |role: Role| list.iter().filter(|layer| layer.role() == role).count();
    let (dense, norms) = (count(Role::Dense), count(Role::Norm));
    if (dense, norms) != (found.dense.len(), found.batch_norm.len()) {
        return Err(Fault::Listed { said: [dense, norms], found: [found.dense.len(), found.batch_norm.len()] });
    }
    let units = widths[1..].iter().map(|&units| u32::try_from(units).unwrap_or(u32::MAX));
    let mut dense =
        units.zip(&found.dense).map(|(units, group)| Layer::Dense { units, bias: group.get("bias").is_some() });
    let layer = |layer: &Layer| match layer.role() {
        Role::Dense => dense.next(),
        Role::Head => Some(Layer::Softmax),
        _ => Some(*layer),
    };
    Ok(list.iter().filter_map(layer).collect())
}

/// The width of most of its variables; 0 if none is a vector.
fn norm_width(norm: &Group) -> usize {
    most_frequent(&BATCH_NORM.map(|variable| norm.get(variable).and_then(Tensor::len))).unwrap_or(0)
}

fn misfit(found: &Layers, norms: &[usize], widths: &[usize], norm: NormPlacement) -> Fault {
    let (placed, layers) = (format!(" with --norm {norm}"), example(found));
    Fault::Misfit { norms: format!("{norms:?}"), widths: format!("{widths:?}"), placed, layers }
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
