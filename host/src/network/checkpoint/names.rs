//! From the names of a file's tensors to layers in order.
//!
//! Keras names a variable `scope/.../layer/variable`: any number of scopes (`sequential_1`, `model/encoder`), a layer
//! with its kind and number (`dense`, `dense_1`, ...; no number counts as 0), and a variable. Layers of a kind are
//! ordered by number; the first number and gaps have no meaning. PyTorch's names are sorted into the same [`Layers`] by
//! [`torch`](super::torch).

use super::error::Fault;
use super::layers::{Group, LayerKind, Layers, Origin, unknown_names};
use super::pixels::{PIXEL_MEAN, PIXEL_STD};
use super::tensor::Tensor;
use super::torch;
use std::collections::BTreeMap;

/// Sorts the tensors.
///
/// # Errors
/// If a name is unknown, or a layer occurs under two paths.
pub(super) fn sort(tensors: Vec<Tensor<'_>>) -> Result<Layers<'_>, Fault> {
    check_bare(&tensors)?;
    let keras =
        |tensor: &Tensor| [PIXEL_MEAN, PIXEL_STD].contains(&&tensor.name[..]) || variable(&tensor.name).is_some();
    if !tensors.iter().all(keras) || !chained(&tensors) {
        return torch::sort_keras(tensors);
    }
    let (mut layers, mut groups, mut unknown) = (Layers::default(), BTreeMap::new(), Vec::new());
    for tensor in tensors {
        match (tensor.name.as_str(), variable(&tensor.name)) {
            (PIXEL_MEAN, _) => layers.pixel_mean = Some(tensor),
            (PIXEL_STD, _) => layers.pixel_std = Some(tensor),
            (_, Some((path, (kind, number), variable))) => {
                let (path, variable) = (path.to_owned(), variable.to_owned());
                let fresh =
                    Group { path: path.clone(), kind, number, variables: BTreeMap::new(), origin: Origin::Keras };
                add(groups.entry((kind, number)).or_insert(fresh), &path, variable, tensor)?;
            }
            (_, None) => unknown.push(tensor.name),
        }
    }
    if !unknown.is_empty() {
        return Err(unknown_names(unknown));
    }
    for ((kind, _), group) in groups {
        match kind {
            LayerKind::Dense => layers.dense.push(group),
            LayerKind::BatchNorm => layers.batch_norm.push(group),
        }
    }
    Ok(layers)
}

/// # Errors
/// If variables were saved without their layers, or there is none of a Dense.
fn check_bare(tensors: &[Tensor]) -> Result<(), Fault> {
    let bare = |tensor: &&Tensor| ["kernel", "bias", "gamma", "beta"].contains(&&tensor.name[..]);
    match tensors.iter().find(bare) {
        Some(tensor) => Err(Fault::WithoutLayer { name: tensor.name.clone() }),
        None => Ok(()),
    }
}

/// Whether the kernels, in the order of Keras's numbers, connect consecutive widths; also true if some widths are
/// unknown.
fn chained(tensors: &[Tensor]) -> bool {
    let kernel = |tensor: &Tensor| match variable(&tensor.name) {
        Some((path, (LayerKind::Dense, number), "kernel")) => {
            tensor.rows_cols().map(|shape| (number, path.to_owned(), shape))
        }
        _ => None,
    };
    let mut kernels: Vec<_> = tensors.iter().filter_map(kernel).collect();
    kernels.sort();
    let straight = kernels.windows(2).all(|pair| pair[0].2.1 == pair[1].2.0 || pair[0].0 == pair[1].0);
    // A different order can only help if the inner widths agree.
    let scopes = kernels.windows(2).any(|pair| pair[0].0 == pair[1].0);
    straight || scopes || !inner_widths_agree(&kernels.iter().map(|(.., shape)| *shape).collect::<Vec<_>>())
}

/// Whether all widths agree, except for one of the inputs and one of the units.
fn inner_widths_agree(shapes: &[(usize, usize)]) -> bool {
    let mut units: Vec<usize> = shapes.iter().map(|shape| shape.1).collect();
    let mut left = 0;
    for (inputs, _) in shapes {
        match units.iter().position(|width| width == inputs) {
            Some(at) => drop(units.swap_remove(at)),
            None => left += 1,
        }
    }
    left <= 1
}

/// Path, kind and number of the layer, and variable.
fn variable(name: &str) -> Option<(&str, (LayerKind, u64), &str)> {
    let (path, variable) = name.rsplit_once('/')?;
    let layer = path.rsplit_once('/').map_or(path, |(_, layer)| layer);
    let has = |kind: &LayerKind| kind.variables().iter().any(|(keras, _)| *keras == variable);
    let kind = LayerKind::ALL.into_iter().find(has)?;
    let number = match layer.strip_prefix(kind.name())? {
        "" => 0,
        rest => rest.strip_prefix('_')?.parse().ok()?,
    };
    // Keras writes numbers plainly: `dense_07` and `dense_+7` are not names that Keras writes.
    let plain = layer == kind.layer(number);
    plain.then_some((path, (kind, number), variable))
}

fn add<'f>(group: &mut Group<'f>, path: &str, variable: String, tensor: Tensor<'f>) -> Result<(), Fault> {
    if group.path != path {
        return Err(Fault::TwoScopes { first: group.path.clone(), second: tensor.name });
    }
    group.variables.insert(variable, tensor);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let check = |name, expected| assert_eq!(variable(name), expected, "{name}");
        let (dense, norm) = (LayerKind::Dense, LayerKind::BatchNorm);
        check("dense/kernel", Some(("dense", (dense, 0), "kernel")));
        check("sequential_1/dense_3/bias", Some(("sequential_1/dense_3", (dense, 3), "bias")));
        check("model/foo/dense_10/kernel", Some(("model/foo/dense_10", (dense, 10), "kernel")));
        check("a/batch_normalization/beta", Some(("a/batch_normalization", (norm, 0), "beta")));
        let moving = "batch_normalization_12/moving_variance";
        check(moving, Some(("batch_normalization_12", (norm, 12), "moving_variance")));
        for name in ["kernel", "dense", "dense/gamma", "batch_normalization/kernel", "dense_x/kernel", "densely/bias"] {
            check(name, None);
        }
        for layer in ["dense_01", "dense_+1", "dense_", "dense_0", "dense_1/kernel", ""] {
            assert_eq!(variable(&format!("{layer}/kernel")), None, "{layer}");
        }
        check("dense_99999999999999999999/kernel", None);
    }

    #[test]
    fn the_list_of_strangers_is_short() {
        let names = |n: usize| unknown_names((0..n).map(|i| format!("t{i}")).collect()).to_string();
        assert!(names(4).starts_with("t0, t1, t2, t3: not part of a Dense"), "{}", names(4));
        assert!(names(6).starts_with("t0, t1, t2, t3 and 2 more: not part of a Dense"), "{}", names(6));
    }
}
