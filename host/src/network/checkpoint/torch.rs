//! PyTorch's names: the tensors of a `state_dict`, sorted into the same [`Layers`] as Keras's.
//!
//! | in the file | shape | what it becomes |
//! |---|---|---|
//! | `LAYER.weight` of two dimensions, `LAYER.bias` | `[O][I]`, `[O]` | a Dense's kernel (Keras has it as `[I][O]`) and bias |
//! | `LAYER.weight`, `.bias`, `.running_mean`, `.running_var` | `[O]` | a BatchNormalization's gamma, beta and moving statistics |
//! | `LAYER.num_batches_tracked` | none | nothing |
//!
//! `LAYER` is any path: `0`, `net.0`, `fc1`, `model.head`. A `state_dict` saved by safetensors has lost its order, so
//! layers of a kind are ordered by their numbers where their paths differ in numbers alone (`net.0`, `net.3`), and else
//! by what fits: each Dense takes as many inputs as the one before has units, and the BatchNormalizations are as wide as
//! their places. Where more than one order fits, the file is refused.

use super::error::Fault;
use super::names::{Group, Kind, Layers, Origin, PIXEL_MEAN, PIXEL_STD, unknown_names};
use super::tensor::Tensor;
use std::collections::BTreeMap;

/// More layers of a kind than any network here has; their order is not searched for.
const MOST: usize = 9;

/// What PyTorch counts for a momentum that it does not use by default.
const COUNTER: &str = "num_batches_tracked";

/// Whether the tensors are a `state_dict`: no name is Keras's, and some layer has a weight.
pub(super) fn is(tensors: &[Tensor]) -> bool {
    tensors.iter().any(|tensor| tensor.name.ends_with(".weight")) && tensors.iter().all(|t| !t.name.contains('/'))
}

/// A layer's variables by PyTorch's names.
type Variables<'f> = BTreeMap<String, Tensor<'f>>;

/// Sorts the tensors.
///
/// # Errors
/// When a name means nothing here, or the order of layers cannot be told.
pub(super) fn sort(tensors: Vec<Tensor<'_>>) -> Result<Layers<'_>, Fault> {
    let mut layers = Layers { origin: Origin::Torch, ..Layers::default() };
    let mut groups: BTreeMap<String, Variables> = BTreeMap::new();
    let mut unknown = Vec::new();
    for tensor in tensors {
        match tensor.name.rsplit_once('.') {
            None if tensor.name == PIXEL_MEAN => layers.pixel_mean = Some(tensor),
            None if tensor.name == PIXEL_STD => layers.pixel_std = Some(tensor),
            Some((path, variable @ ("weight" | "bias" | "running_mean" | "running_var" | COUNTER))) => {
                let (path, variable) = (path.to_owned(), variable.to_owned());
                groups.entry(path).or_default().insert(variable, tensor);
            }
            _ => unknown.push(tensor.name),
        }
    }
    let (mut dense, mut norms) = (Vec::new(), Vec::new());
    for (path, variables) in groups {
        let shape = |name: &str| variables.get(name).map(|tensor| tensor.shape.len());
        match (shape("weight"), variables.contains_key("running_mean") || variables.contains_key("running_var")) {
            (Some(2), false) => dense.push((path, variables)),
            (_, true) | (Some(1), false) => norms.push((path, variables)),
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
    layers.dense = groups_of(Kind::Dense, dense);
    layers.batch_norm = groups_of(Kind::BatchNorm, norms);
    Ok(layers)
}

/// A layer's path with its variables.
type Named<'f> = (String, Variables<'f>);

/// The layers of one kind in order; `fits(place, before, next)` says whether `next` may stand at a place.
fn ordered<'f>(
    layers: Vec<Named<'f>>,
    fits: impl Fn(usize, &Variables, &Variables) -> bool,
) -> Result<Vec<Named<'f>>, Fault> {
    let mut layers = layers;
    layers.sort_by_cached_key(|(path, _)| numbers(path));
    if layers.len() > MOST {
        return Ok(layers);
    }
    let mut search = Search { layers: &layers, fits: &fits, order: Vec::new(), found: Vec::new() };
    search.extend();
    match &search.found[..] {
        // Nothing fits: the checks behind say which shape is wrong.
        [] => Ok(layers),
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

/// All orders that fit, two being enough to know that there is more than one.
struct Search<'a, 'f, F> {
    layers: &'a [Named<'f>],
    fits: &'a F,
    order: Vec<usize>,
    found: Vec<Vec<usize>>,
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
            let before = self.order.last().copied().unwrap_or(next);
            if free && self.found.len() < 2 && (self.fits)(at, &self.layers[before].1, &self.layers[next].1) {
                self.order.push(next);
                self.extend();
                self.order.pop();
            }
        }
    }

    /// Whether all layers whose paths have the same text and lower numbers stand already.
    fn in_turn(&self, next: usize) -> bool {
        let path = &self.layers[next].0;
        let waits = |at: usize| text(&self.layers[at].0) == text(path) && !self.order.contains(&at);
        (0..next).all(|at| !waits(at))
    }
}

/// A path without its numbers.
fn text(path: &str) -> String {
    path.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#")
}

/// The numbers in a path, each by its value.
fn numbers(path: &str) -> Vec<(usize, String)> {
    let digits = path.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    // As many digits, then digit by digit: any length has its order.
    digits.map(|part| part.trim_start_matches('0')).map(|part| (part.len(), part.to_owned())).collect()
}

/// The same under Keras's names for variables, which the checks behind go by.
fn groups_of(kind: Kind, layers: Vec<Named>) -> Vec<Group> {
    let named = layers.into_iter().zip(0..);
    named.map(|((path, variables), number)| group(kind, number, path, variables)).collect()
}

fn group(kind: Kind, number: u64, path: String, variables: Variables<'_>) -> Group<'_> {
    let mut renamed = BTreeMap::new();
    for (variable, tensor) in variables {
        let known = kind.torch().iter().find(|(_, torch)| *torch == variable);
        if let Some((keras, _)) = known {
            let tensor = if kind == Kind::Dense && *keras == "kernel" { tensor.turned() } else { tensor };
            renamed.insert((*keras).to_owned(), tensor);
        }
    }
    Group::torch(path, kind, number, renamed)
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
