//! Layers in the order of a Sequential or a functional model, with nested ones in place.

use super::config::{Entry, FORMAT};
use super::weights::Weights;
use crate::error::Fault;
use crate::graph::{Graph, Input};
use serde_json::Value;
use std::collections::BTreeMap;

/// The graph of a model's configuration.
pub(super) fn graph(config: &Value, weights: &Weights) -> Result<Graph, Fault> {
    let model = Entry::of(config)?;
    if !model.is_model() {
        return Err(model.refused("is a custom class; export it as ONNX, or save a Sequential or functional model"));
    }
    let mut build = Build { graph: Graph::default(), weights, scope: Vec::new(), made: 0 };
    let outputs = build.model(&model, None)?;
    let mut graph = build.graph;
    graph.outputs = outputs;
    Ok(graph)
}

/// A graph under construction.
pub(super) struct Build<'w, 'f> {
    pub(super) graph: Graph,
    pub(super) weights: &'w Weights<'f>,
    /// Names of the surrounding models, without the outermost.
    pub(super) scope: Vec<String>,
    made: usize,
}

/// An argument of a layer's call: values and numbers, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    Value(String),
    Number(f64),
}

impl Build<'_, '_> {
    /// A unique name for a value.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        self.made += 1;
        format!("{name}#{}", self.made)
    }

    /// Adds a model's layers; `given` are its inputs, `None` for the outermost model. Returns its outputs.
    fn model(&mut self, model: &Entry, given: Option<Vec<String>>) -> Result<Vec<String>, Fault> {
        if self.scope.len() > 8 || self.made > 100_000 {
            return Err(Fault::broken(FORMAT, "models nested too deeply"));
        }
        if model.class == "Sequential" { self.sequential(model, given) } else { self.functional(model, given) }
    }

    fn input(&mut self, name: &str, shape: Option<Vec<usize>>) -> String {
        self.graph.inputs.push(Input { name: name.to_owned(), shape, batch: None });
        name.to_owned()
    }

    fn sequential(&mut self, model: &Entry, given: Option<Vec<String>>) -> Result<Vec<String>, Fault> {
        let layers = model.layers()?;
        let mut value = match given {
            Some(mut given) if given.len() == 1 => given.remove(0),
            Some(_) => return Err(model.refused("takes only one input")),
            None => {
                let first = layers.first().ok_or_else(|| model.refused("has no layers"))?;
                let shape = first.shape().or_else(|| model.shape());
                let name = if first.class == "InputLayer" { first.name() } else { "input" };
                self.input(name, shape)
            }
        };
        let mut folders = Folders::default();
        for layer in &layers {
            let folder = folders.next(layer.class);
            if layer.class != "InputLayer" {
                let outputs = self.call(layer, &folder, &[Argument::Value(value)])?;
                value = outputs.into_iter().next().ok_or_else(|| layer.refused("has no output"))?;
            }
        }
        Ok(vec![value])
    }

    fn functional(&mut self, model: &Entry, given: Option<Vec<String>>) -> Result<Vec<String>, Fault> {
        let layers = model.layers()?;
        let mut values: BTreeMap<(String, u64), Vec<String>> = BTreeMap::new();
        for (place, (name, _)) in ends(model, "input_layers")?.into_iter().enumerate() {
            let value = match &given {
                Some(given) => {
                    given.get(place).cloned().ok_or_else(|| model.refused("is called with too few inputs"))?
                }
                None => {
                    let layer = layers.iter().find(|layer| layer.name() == name);
                    let shape = layer.and_then(Entry::shape);
                    self.input(&name, shape)
                }
            };
            values.insert((name, 0), vec![value]);
        }
        // Calls whose arguments are available come first; the list is in order of creation.
        let mut waiting = Vec::new();
        let mut folders = Folders::default();
        for layer in &layers {
            let folder = folders.next(layer.class);
            let nodes = layer.whole.get("inbound_nodes").and_then(Value::as_array);
            for (index, node) in nodes.into_iter().flatten().enumerate() {
                waiting.push((*layer, folder.clone(), index as u64, arguments(node)?));
            }
        }
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut later = Vec::new();
            for (layer, folder, index, arguments) in waiting {
                match ready(&arguments, &values) {
                    Some(arguments) => {
                        let outputs = self.call(&layer, &folder, &arguments)?;
                        values.insert((layer.name().to_owned(), index), outputs);
                    }
                    None => later.push((layer, folder, index, arguments)),
                }
            }
            if later.len() == before {
                let (layer, ..) = &later[0];
                return Err(layer.refused("is called with a value that no layer produces"));
            }
            waiting = later;
        }
        let find = |(name, node): (String, u64)| {
            values
                .get(&(name.clone(), node))
                .and_then(|outputs| outputs.first())
                .cloned()
                .ok_or_else(|| Fault::broken(FORMAT, format!("no output of {name}")))
        };
        ends(model, "output_layers")?.into_iter().map(find).collect()
    }

    /// Adds one call of a layer or of a nested model.
    fn call(&mut self, layer: &Entry, folder: &str, arguments: &[Argument]) -> Result<Vec<String>, Fault> {
        if !layer.is_model() {
            return self.layer(layer, folder, arguments).map(|value| vec![value]);
        }
        let given = arguments.iter().map(|argument| match argument {
            Argument::Value(value) => Ok(value.clone()),
            Argument::Number(_) => Err(layer.refused("is called with a number")),
        });
        let given = given.collect::<Result<_, _>>()?;
        self.scope.push(layer.name().to_owned());
        let outputs = self.model(layer, Some(given));
        self.scope.pop();
        outputs
    }
}

/// Names of the layers' folders in a file of weights where Keras 3 writes no names: kind and number.
#[derive(Debug, Default)]
struct Folders(BTreeMap<String, usize>);

impl Folders {
    fn next(&mut self, class: &str) -> String {
        let snake = snake_case(class);
        let count = self.0.entry(snake.clone()).or_default();
        *count += 1;
        if *count == 1 { snake } else { format!("{snake}_{}", *count - 1) }
    }
}

/// `BatchNormalization` becomes `batch_normalization`, `ReLU` becomes `re_lu`, as in Keras.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut out = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let after_small = index > 0 && !letters[index - 1].is_uppercase();
        let before_small = index > 0 && letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_small || before_small) {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// The layers and calls at the start or end of a model: `["a", 0, 0]`, a list of these, or a dictionary of them.
fn ends(model: &Entry, key: &str) -> Result<Vec<(String, u64)>, Fault> {
    let mut found = Vec::new();
    if let Some(value) = model.config.get(key) {
        histories(value, &mut found);
    }
    if found.is_empty() { Err(model.refused(format!("has no {key}"))) } else { Ok(found) }
}

fn histories(value: &Value, out: &mut Vec<(String, u64)>) {
    match value {
        Value::Array(list) => match &list[..] {
            [Value::String(name), node, tensor] if node.is_u64() && tensor.is_u64() => {
                out.push((name.clone(), node.as_u64().unwrap_or(0)));
            }
            _ => list.iter().for_each(|value| histories(value, out)),
        },
        Value::Object(table) => table.values().for_each(|value| histories(value, out)),
        _ => {}
    }
}

/// An argument before its value is known.
#[derive(Debug, Clone)]
enum Wanted {
    Of(String, u64),
    Number(f64),
}

/// The arguments of a call, in order; those that are neither values nor numbers do not change a layer's output.
fn arguments(node: &Value) -> Result<Vec<Wanted>, Fault> {
    let mut out = Vec::new();
    match node {
        // Keras 3: {"args": [...], "kwargs": {...}}
        Value::Object(call) => {
            for value in [call.get("args"), call.get("kwargs")].into_iter().flatten() {
                keras_tensors(value, &mut out);
            }
        }
        // Keras 2: [["name", node, tensor, {kwargs}], ...], or one of them alone.
        Value::Array(list) => {
            let single = matches!(list.first(), Some(Value::String(_)));
            let calls: Vec<&Value> = if single { vec![node] } else { list.iter().collect() };
            for call in calls {
                let Some([Value::String(name), node, _, rest @ ..]) = call.as_array().map(|call| &call[..]) else {
                    return Err(Fault::broken(FORMAT, "a call that names no layer"));
                };
                out.push(Wanted::Of(name.clone(), node.as_u64().unwrap_or(0)));
                for value in rest
                    .iter()
                    .filter_map(Value::as_object)
                    .flat_map(|table| table.iter())
                    .filter(|(key, _)| *key == "y" || *key == "x")
                {
                    match value.1.as_f64() {
                        Some(number) => out.push(Wanted::Number(number)),
                        None => {
                            let mut found = Vec::new();
                            histories(value.1, &mut found);
                            out.extend(found.into_iter().map(|(name, node)| Wanted::Of(name, node)));
                        }
                    }
                }
            }
        }
        _ => return Err(Fault::broken(FORMAT, "a malformed call")),
    }
    Ok(out)
}

fn keras_tensors(value: &Value, out: &mut Vec<Wanted>) {
    match value {
        Value::Number(number) => out.extend(number.as_f64().map(Wanted::Number)),
        Value::Array(list) => list.iter().for_each(|value| keras_tensors(value, out)),
        Value::Object(table) => match table.get("config").and_then(|config| config.get("keras_history")) {
            Some(history) => {
                let mut found = Vec::new();
                histories(history, &mut found);
                out.extend(found.into_iter().map(|(name, node)| Wanted::Of(name, node)));
            }
            None if table.get("class_name").is_some() => {
                out.extend(
                    table
                        .get("config")
                        .and_then(|config| config.get("value"))
                        .and_then(Value::as_f64)
                        .map(Wanted::Number),
                );
            }
            None => table.values().for_each(|value| keras_tensors(value, out)),
        },
        _ => {}
    }
}

/// The arguments, if all are known.
fn ready(wanted: &[Wanted], values: &BTreeMap<(String, u64), Vec<String>>) -> Option<Vec<Argument>> {
    let known = |wanted: &Wanted| match wanted {
        Wanted::Number(number) => Some(Argument::Number(*number)),
        Wanted::Of(name, node) => values.get(&(name.clone(), *node))?.first().cloned().map(Argument::Value),
    };
    wanted.iter().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_become_folders() {
        for (class, folder) in [
            ("Dense", "dense"),
            ("BatchNormalization", "batch_normalization"),
            ("ReLU", "re_lu"),
            ("InputLayer", "input_layer"),
        ] {
            assert_eq!(snake_case(class), folder);
        }
        let mut folders = Folders::default();
        assert_eq!(["Dense", "Flatten", "Dense"].map(|class| folders.next(class)), ["dense", "flatten", "dense_1"]);
    }
}
