//! From the names of a file's tensors to layers in order.
//!
//! Keras calls a variable `scope/.../layer/variable`: any number of scopes (`sequential_1`, `model/encoder`), a layer of
//! kind and number (`dense`, `dense_1`, ...; no number counts as 0), and a variable. Layers of a kind are ordered by
//! number; which number comes first, and gaps, mean nothing. PyTorch's names are sorted into the same
//! [`Layers`] by [`torch`](super::torch).

use super::error::Fault;
use super::tensor::Tensor;
use super::torch;
use foldnet_core::Layer;
use std::collections::BTreeMap;

/// Kinds of layers that have variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LayerKind {
    Dense,
    BatchNorm,
}

/// Variables of a BatchNormalization, in the order of core's parameters.
pub(super) const BATCH_NORM: [&str; 4] = ["gamma", "beta", "moving_mean", "moving_variance"];

/// Mean of `pixel / 255` over the training images, `[I]`.
pub(super) const PIXEL_MEAN: &str = "pixel_mean";

/// Standard deviation of `pixel / 255` over the training images, `[I]`.
pub(super) const PIXEL_STD: &str = "pixel_std";

impl LayerKind {
    fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::BatchNorm => "batch_normalization",
        }
    }

    fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Dense => &["kernel", "bias"],
            Self::BatchNorm => &BATCH_NORM,
        }
    }

    /// Keras's names of the variables with PyTorch's.
    pub(super) fn torch(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Dense => &[("kernel", "weight"), ("bias", "bias")],
            Self::BatchNorm => &[
                ("gamma", "weight"),
                ("beta", "bias"),
                ("moving_mean", "running_mean"),
                ("moving_variance", "running_var"),
            ],
        }
    }

    /// What Keras calls the layer of this kind and number.
    pub(super) fn layer(self, number: u64) -> String {
        match number {
            0 => self.name().into(),
            _ => format!("{}_{number}", self.name()),
        }
    }
}

/// The variables of one layer.
#[derive(Debug, Clone)]
pub(super) struct Group<'f> {
    /// Scopes and layer, such as `sequential/dense_3`.
    path: String,
    kind: LayerKind,
    pub(super) number: u64,
    /// By Keras's names.
    variables: BTreeMap<String, Tensor<'f>>,
    origin: Origin,
}

impl<'f> Group<'f> {
    /// A layer at `path`, in the spelling of `origin`.
    pub(super) fn of(
        origin: Origin,
        path: String,
        kind: LayerKind,
        number: u64,
        variables: BTreeMap<String, Tensor<'f>>,
    ) -> Self {
        Self { path, kind, number, variables, origin }
    }

    /// The name in the file of a variable that Keras calls so.
    fn name(&self, variable: &str) -> String {
        let torch = self.kind.torch().iter().find(|(keras, _)| *keras == variable).map_or(variable, |(_, torch)| torch);
        match self.origin {
            Origin::Keras => format!("{}/{variable}", self.path),
            Origin::Torch => format!("{}.{torch}", self.path),
        }
    }

    pub(super) fn get(&self, variable: &str) -> Option<&Tensor<'f>> {
        self.variables.get(variable)
    }

    pub(super) fn require(&self, variable: &str) -> Result<&Tensor<'f>, Fault> {
        self.get(variable).ok_or_else(|| Fault::Missing { name: self.name(variable) })
    }

    /// What the next layer of this kind would be called.
    pub(super) fn next_path(&self) -> String {
        let scopes = self.path.strip_suffix(&self.kind.layer(self.number)).unwrap_or_default();
        format!("{scopes}{}", self.kind.layer(self.number.saturating_add(1)))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.values().map(|tensor| tensor.name.as_str())
    }
}

/// Whose names a file has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Origin {
    /// Keras's, and our own.
    #[default]
    Keras,
    /// PyTorch's.
    Torch,
}

impl Origin {
    /// A BatchNormalization with the defaults of the tool. PyTorch's momentum is the share of the new value.
    pub(super) fn batch_norm(self) -> Layer {
        match self {
            Self::Keras => Layer::batch_norm(),
            Self::Torch => Layer::BatchNorm { momentum: 1.0 - 0.1, epsilon: 1e-5 },
        }
    }
}

/// What a file holds, each kind of layer in order.
#[derive(Debug, Default)]
pub(super) struct Layers<'f> {
    pub(super) origin: Origin,
    pub(super) dense: Vec<Group<'f>>,
    pub(super) batch_norm: Vec<Group<'f>>,
    pub(super) pixel_mean: Option<Tensor<'f>>,
    pub(super) pixel_std: Option<Tensor<'f>>,
}

/// Sorts the tensors.
///
/// # Errors
/// When a name means nothing here, or a layer comes under two paths.
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
/// When variables were saved without the layers that they belong to, or there is none of a Dense.
fn check_bare(tensors: &[Tensor]) -> Result<(), Fault> {
    let bare = |tensor: &&Tensor| ["kernel", "bias", "gamma", "beta"].contains(&&tensor.name[..]);
    match tensors.iter().find(bare) {
        Some(tensor) => Err(Fault::WithoutLayer { name: tensor.name.clone() }),
        None => Ok(()),
    }
}

/// Whether the kernels of Keras's numbers go from one width to the next, or some could not be told.
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
    // Another order can only help where the inner widths are the same.
    let scopes = kernels.windows(2).any(|pair| pair[0].0 == pair[1].0);
    straight || scopes || !inner_widths_agree(&kernels.iter().map(|(.., shape)| *shape).collect::<Vec<_>>())
}

/// Whether all widths but one of the inputs and one of the units are the same.
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
    let kind =
        [LayerKind::Dense, LayerKind::BatchNorm].into_iter().find(|kind| kind.variables().contains(&variable))?;
    let number = match layer.strip_prefix(kind.name())? {
        "" => 0,
        rest => rest.strip_prefix('_')?.parse().ok()?,
    };
    // Keras writes numbers plainly: `dense_07` and `dense_+7` are other people's names.
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

/// Maximum number of names listed in a message.
const LISTED: usize = 4;

/// The fault of tensors that fit nowhere.
pub(super) fn unknown_names(names: Vec<String>) -> Fault {
    let more = names.len().saturating_sub(LISTED);
    let mut text = names[..names.len() - more].join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    Fault::Unknown { names: text }
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
        assert!(names(4).starts_with("t0, t1, t2, t3: no Dense"), "{}", names(4));
        assert!(names(6).starts_with("t0, t1, t2, t3 and 2 more: no Dense"), "{}", names(6));
    }
}
