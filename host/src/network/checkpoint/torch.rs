//! PyTorch's names: the tensors of a `state_dict`, sorted into the same [`Layers`] as Keras's.
//!
//! | in the file | shape | becomes |
//! |---|---|---|
//! | `LAYER.weight` with two dimensions, `LAYER.bias` | `[O][I]`, `[O]` | a Dense's kernel (Keras has it as `[I][O]`) and bias |
//! | `LAYER.weight`, `.bias`, `.running_mean`, `.running_var` | `[O]` | a BatchNormalization's gamma, beta and moving statistics |
//! | `num_batches_tracked`, `n_averaged`, `total_ops`, `total_params` | any | nothing: counters |
//!
//! `LAYER` is any path: `0`, `net.0`, `fc1`, `model.head`. A `state_dict` saved by safetensors has lost its order. So
//! layers of a kind are ordered by number if their paths only differ in numbers (`net.0`, `net.3`), and otherwise by
//! shape: each Dense has as many inputs as the previous one has units, and the BatchNormalizations must have the widths
//! of their positions. If more than one order fits, the file is refused.

use super::error::Fault;
use super::layers::{Group, LayerKind, Layers, Origin, unknown_names};
use super::pixels::{PIXEL_MEAN, PIXEL_STD};
use super::tensor::Tensor;
use std::collections::BTreeMap;

/// More layers of a kind than any network here has; for this many, no order is searched.
const MOST: usize = foldnet_core::layer::MAX_DENSE + 1;

/// Maximum number of positions tried in the search for the order, a few milliseconds; if more are needed, the names are
/// not meaningful.
const TRIES: usize = 20_000;

/// Counters of PyTorch and tools around it.
const COUNTERS: [&str; 4] = ["num_batches_tracked", "n_averaged", "total_ops", "total_params"];

/// Whether the tensors are a `state_dict`: no name is Keras's, and some layer has a weight.
pub(super) fn is(tensors: &[Tensor]) -> bool {
    tensors.iter().any(|tensor| tensor.name.ends_with(".weight")) && tensors.iter().all(|t| !t.name.contains('/'))
}

/// A layer's variables by PyTorch's names.
type Variables<'f> = BTreeMap<String, Tensor<'f>>;

/// Sorts the tensors.
///
/// # Errors
/// If a name is unknown, or the order of layers is not determined.
pub(super) fn sort(tensors: Vec<Tensor<'_>>) -> Result<Layers<'_>, Fault> {
    let mut named = Sorted { layers: Layers { origin: Origin::Torch, ..Layers::default() }, ..Sorted::default() };
    for tensor in tensors {
        let (path, variable) = tensor.name.rsplit_once('.').unwrap_or(("", &tensor.name));
        if COUNTERS.contains(&variable) {
            continue;
        }
        let elsewhere = tensor.name.contains("parametrizations.")
            || ["weight_orig", "weight_mask", "weight_g", "weight_v"].contains(&variable);
        if elsewhere {
            return Err(Fault::Reparametrized { name: tensor.name });
        }
        let known = LayerKind::ALL.into_iter().flat_map(LayerKind::variables).any(|(_, torch)| *torch == variable);
        let place = (known && !path.is_empty()).then(|| (path.to_owned(), variable.to_owned()));
        named.take(tensor, place);
    }
    named.ordered()
}

/// Like [`sort`], for Keras's variables under layers of any name; kernels are transposed to PyTorch's layout on the
/// way.
pub(super) fn sort_keras(tensors: Vec<Tensor<'_>>) -> Result<Layers<'_>, Fault> {
    let mut named = Sorted::default();
    for tensor in tensors {
        let name = tensor.name.split(':').next().unwrap_or_default();
        let (path, variable) = name.rsplit_once('/').unwrap_or(("", name));
        let torch = LayerKind::ALL.into_iter().flat_map(LayerKind::variables).find(|(keras, _)| *keras == variable);
        let place = torch.filter(|_| !path.is_empty()).map(|(_, torch)| (path.to_owned(), (*torch).to_owned()));
        let transposed = variable == "kernel" && place.is_some();
        named.take(if transposed { tensor.transposed() } else { tensor }, place);
    }
    named.ordered()
}

/// Tensors by the layers that they belong to.
#[derive(Default)]
struct Sorted<'f> {
    layers: Layers<'f>,
    groups: BTreeMap<String, Variables<'f>>,
    unknown: Vec<String>,
}

impl<'f> Sorted<'f> {
    /// Adds a tensor under its layer and variable, if its name contains them.
    fn take(&mut self, tensor: Tensor<'f>, place: Option<(String, String)>) {
        match (place, tensor.name.as_str()) {
            (None, PIXEL_MEAN) => self.layers.pixel_mean = Some(tensor),
            (None, PIXEL_STD) => self.layers.pixel_std = Some(tensor),
            (Some((path, variable)), _) => drop(self.groups.entry(path).or_default().insert(variable, tensor)),
            (None, _) => self.unknown.push(tensor.name),
        }
    }

    /// The layers of each kind, in the order given by names or shapes.
    fn ordered(self) -> Result<Layers<'f>, Fault> {
        let Self { mut layers, groups, mut unknown } = self;
        let (mut dense, mut norms) = (Vec::new(), Vec::new());
        for (path, variables) in groups {
            let rank = variables.get("weight").map(|tensor| tensor.shape.len());
            let tracked = variables.contains_key("running_mean") || variables.contains_key("running_var");
            match (rank, tracked) {
                (Some(2), false) => dense.push((path, variables)),
                (_, true) => norms.push((path, variables)),
                _ => unknown.extend(variables.into_values().map(|tensor| tensor.name)),
            }
        }
        if !unknown.is_empty() {
            return Err(unknown_names(unknown));
        }
        let widths = |variables: &Variables| variables.get("weight").and_then(Tensor::rows_cols).unwrap_or_default();
        let dense = ordered(dense, |at, before, next| at == 0 || widths(before).0 == widths(next).1)?;
        let places: Vec<usize> = dense.iter().map(|(_, variables)| widths(variables).1).collect();
        let first_place = dense.len().saturating_sub(norms.len());
        let place = |at: usize| places.get(first_place + at).copied();
        let norms = ordered(norms, |at, _, next| next.values().find_map(Tensor::len) == place(at))?;
        layers.dense = groups_of(layers.origin, LayerKind::Dense, dense);
        layers.batch_norm = groups_of(layers.origin, LayerKind::BatchNorm, norms);
        Ok(layers)
    }
}

/// A layer's path with its variables.
type Named<'f> = (String, Variables<'f>);

/// The layers of one kind in order; `fits(place, before, next)` says whether `next` may be at a position.
fn ordered<'f>(
    layers: Vec<Named<'f>>,
    fits: impl Fn(usize, &Variables, &Variables) -> bool,
) -> Result<Vec<Named<'f>>, Fault> {
    let mut layers = layers;
    layers.sort_by_cached_key(|(path, _)| numbers(path));
    if layers.len() > MOST {
        return Ok(layers);
    }
    let texts = layers.iter().map(|(path, _)| text(path)).collect();
    let mut search = Search {
        layers: &layers,
        texts,
        fits: &fits,
        order: Vec::new(),
        found: Vec::new(),
        tries: TRIES,
        numbered: true,
    };
    search.extend();
    if search.found.is_empty() {
        // Numbers that contradict the shapes reflect the order of creation.
        search.numbered = false;
        search.extend();
    }
    let alike = search.texts.windows(2).all(|pair| pair[0] == pair[1]);
    match &search.found[..] {
        // Nothing fits: later checks report which shape is wrong.
        [] if alike && search.tries > 0 => Ok(layers),
        [] if search.tries > 0
            && layers
                .iter()
                .any(|(_, variables)| variables.contains_key("weight") && !variables.contains_key("running_mean")) =>
        {
            Ok(layers)
        }
        [order] => {
            let order = order.clone();
            let mut slots: Vec<Option<Named>> = order.iter().map(|_| None).collect();
            for (from, layer) in layers.into_iter().enumerate() {
                let to = order.iter().position(|&at| at == from).unwrap_or(from);
                slots[to] = Some(layer);
            }
            Ok(slots.into_iter().flatten().collect())
        }
        _ => Err(Fault::Order { names: layers.into_iter().map(|(path, _)| path).collect::<Vec<_>>().join(", ") }),
    }
}

/// Searches all orders that fit, up to two, which shows that there is more than one.
struct Search<'a, 'f, F> {
    layers: &'a [Named<'f>],
    /// Their paths without numbers.
    texts: Vec<String>,
    fits: &'a F,
    order: Vec<usize>,
    found: Vec<Vec<usize>>,
    /// Number of positions that may still be tried.
    tries: usize,
    /// Whether numbers determine an order.
    numbered: bool,
}

impl<F: Fn(usize, &Variables, &Variables) -> bool> Search<'_, '_, F> {
    fn extend(&mut self) {
        let at = self.order.len();
        if at == self.layers.len() {
            self.found.push(self.order.clone());
            return;
        }
        for next in 0..self.layers.len() {
            let free = !self.order.contains(&next) && self.in_turn(next);
            self.tries = self.tries.saturating_sub(1);
            if self.tries == 0 {
                return;
            }
            let before = self.order.last().copied().unwrap_or(next);
            if free && self.found.len() < 2 && (self.fits)(at, &self.layers[before].1, &self.layers[next].1) {
                self.order.push(next);
                self.extend();
                self.order.pop();
            }
        }
    }

    /// Whether all layers whose paths have the same text and lower numbers are placed already.
    fn in_turn(&self, next: usize) -> bool {
        let waits = |at: usize| self.texts[at] == self.texts[next] && !self.order.contains(&at);
        !self.numbered || (0..next).all(|at| !waits(at))
    }
}

/// A path without its numbers.
fn text(path: &str) -> String {
    path.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#")
}

/// The numbers in a path, each by its value.
fn numbers(path: &str) -> Vec<(usize, String)> {
    let digits = path.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    // Compare by number of digits, then digit by digit, so that numbers of any length are ordered.
    digits.map(|part| part.trim_start_matches('0')).map(|part| (part.len(), part.to_owned())).collect()
}

/// The groups with Keras's names for variables, which later checks use.
fn groups_of(origin: Origin, kind: LayerKind, layers: Vec<Named>) -> Vec<Group> {
    let named = layers.into_iter().zip(0..);
    named.map(|((path, variables), number)| group(origin, kind, number, path, variables)).collect()
}

fn group(origin: Origin, kind: LayerKind, number: u64, path: String, variables: Variables<'_>) -> Group<'_> {
    let mut renamed = BTreeMap::new();
    for (variable, tensor) in variables {
        let known = kind.variables().iter().find(|(_, torch)| *torch == variable);
        if let Some((keras, _)) = known {
            let tensor = if kind == LayerKind::Dense && *keras == "kernel" { tensor.transposed() } else { tensor };
            renamed.insert((*keras).to_owned(), tensor);
        }
    }
    Group::of(origin, path, kind, number, renamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_ordered_by_value() {
        let mut paths = ["net.10", "net.9", "net.1.2", "net.1.10"];
        paths.sort_by_key(|path| numbers(path));
        assert_eq!(paths, ["net.1.2", "net.1.10", "net.9", "net.10"]);
        assert_eq!((text("net.0.fc12"), text("net.31.fc1")), ("net.#.fc".into(), "net.#.fc".into()));
        assert_ne!(text("fc1"), text("bn1"));
    }
}
