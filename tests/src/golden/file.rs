//! The JSON of a golden run, as written by `make_golden.py`, and the position of each of Keras's variables in core's
//! parameter buffer.
//!
//! Keras stores a kernel `[I][O]`, core `[O][I]`; Keras has four variables `[O]` for a BatchNormalization, core one
//! `[O][4]`. Everything is converted to core's order once, here.

use foldnet_core::train::{Adam, Momentum, Sgd};
use foldnet_core::{Layer, Network, Shape};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A run recorded from Keras.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Name of the file it came from.
    pub file: String,
    /// `I` of the network.
    pub inputs: usize,
    /// The network.
    pub layers: Vec<Layer>,
    /// Learning rate of every step.
    pub learning_rate: f32,
    /// The optimizer.
    pub optimizer: Rule,
    /// Maximum norm of all gradients together, if they were clipped.
    pub clip_norm: Option<f32>,
    /// Keras's variables, in its order.
    pub variables: Vec<Variable>,
    /// Parameters before the first step, in core's order.
    pub initial: Vec<f32>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Inputs for inference at the end, `[N][I]`.
    pub x_eval: Vec<f32>,
    /// Probabilities inferred by Keras, `[N][C]`.
    pub probabilities: Vec<f32>,
}

impl Run {
    /// The network.
    pub fn network(&self) -> Network<'_> {
        Network::of(&self.layers, Shape::count(self.inputs))
    }
}

/// One step: the batch and its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `[N][I]`
    pub x: Vec<f32>,
    /// Labels, `[N]`.
    pub y: Vec<u16>,
    /// Mean loss of the batch.
    pub loss: f64,
    /// Fraction of the batch classified correctly.
    pub accuracy: f64,
    /// Parameters after the step, in core's order.
    pub params: Vec<f32>,
}

/// An optimizer in core.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Without momentum.
    Sgd(Sgd),
    /// With momentum, plain or Nesterov's.
    Momentum(Momentum),
    /// Adam and AdamW.
    Adam(Adam),
}

/// An optimizer, with the names of Keras's arguments.
#[derive(Deserialize, Default, Clone)]
struct JsonOptimizer {
    kind: String,
    #[serde(default)]
    momentum: f32,
    #[serde(default)]
    nesterov: bool,
    #[serde(default)]
    weight_decay: f32,
    global_clipnorm: Option<f32>,
}

impl JsonOptimizer {
    /// # Errors
    /// If core has no such optimizer. With momentum, Keras's weight decay differs from core's.
    fn rule(&self) -> Result<Rule, String> {
        let Self { momentum, nesterov, weight_decay, .. } = *self;
        match self.kind.as_str() {
            "" | "SGD" if momentum == 0.0 => Ok(Rule::Sgd(Sgd { weight_decay })),
            "SGD" if weight_decay == 0.0 => Ok(Rule::Momentum(Momentum { momentum, nesterov, weight_decay })),
            "Adam" | "AdamW" => Ok(Rule::Adam(Adam { weight_decay, ..Adam::ADAM })),
            kind => Err(format!("optimizer {kind}: not one that core has")),
        }
    }
}

/// A variable in Keras.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    layer: usize,
    kind: &'static str,
    name: &'static str,
    /// Length of a row, 0 for a vector.
    cols: usize,
    /// Position in core's buffer of every value, in Keras's order.
    pub places: Vec<usize>,
}

impl Variable {
    /// Names a value for a message: layer, variable and index as in Keras.
    pub fn element(&self, index: usize) -> String {
        let index = match self.cols {
            0 => format!("[{index}]"),
            cols => format!("[{}][{}]", index / cols, index % cols),
        };
        format!("layer {} ({}), {}{index}", self.layer, self.kind, self.name)
    }
}

#[derive(Deserialize)]
struct Json {
    inputs: usize,
    learning_rate: f32,
    #[serde(default)]
    optimizer: JsonOptimizer,
    layers: Vec<JsonLayer>,
    initial: Vec<BTreeMap<String, Values>>,
    steps: Vec<JsonStep>,
    x_eval: Vec<Vec<f32>>,
    probabilities: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct JsonStep {
    x: Vec<Vec<f32>>,
    y: Vec<u16>,
    loss: f64,
    accuracy: f64,
    variables: Vec<BTreeMap<String, Values>>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum JsonLayer {
    Dense { units: u32, activation: Activation, use_bias: bool },
    BatchNormalization { momentum: f32, epsilon: f32 },
    Activation { activation: Activation },
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Activation {
    Linear,
    Relu,
    Softmax,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    Vector(Vec<f32>),
    Matrix(Vec<Vec<f32>>),
}

impl Values {
    fn flat(&self) -> Vec<f32> {
        match self {
            Self::Vector(values) => values.clone(),
            Self::Matrix(rows) => rows.concat(),
        }
    }
}

/// Every `*.json` of a folder, by name.
///
/// # Errors
/// If the folder cannot be read, or contains no golden run: a test without cases must not pass.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| format!("{}: cannot be listed ({error}); is it a folder?", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(format!("{}: no golden run (*.json) in it; make_golden.py writes them", folder.display()));
    }
    files.sort();
    Ok(files)
}

/// Reads one run.
///
/// # Errors
/// A line that names the file and what is wrong in it.
pub fn read(path: &Path) -> Result<Run, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    parse(&file, &text)
}

/// Reads one run from the text of the file called `file`.
///
/// # Errors
/// A line that names the file and what is wrong in it.
pub fn parse(file: &str, text: &str) -> Result<Run, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| format!("{file}: not a golden run: {error}"))?;
    let layers = json.layers.iter().flat_map(core_layers).collect::<Vec<_>>();
    let network = Network::new(&layers, Shape::count(json.inputs)).map_err(|error| format!("{file}: {error}"))?;
    let variables = variables(&json.layers, json.inputs);
    let mut steps = Vec::new();
    for (index, step) in json.steps.iter().enumerate() {
        let place = |error| format!("{file}: step {}: {error}", index + 1);
        let params = in_core_order(&variables, &step.variables).map_err(place)?;
        let x = rows(&step.x, step.y.len(), json.inputs).map_err(place)?;
        steps.push(Step { x, y: step.y.clone(), loss: step.loss, accuracy: step.accuracy, params });
    }
    if steps.is_empty() {
        return Err(format!("{file}: has no steps"));
    }
    let (n, classes) = (json.x_eval.len(), network.outputs());
    Ok(Run {
        file: file.to_owned(),
        inputs: json.inputs,
        learning_rate: json.learning_rate,
        optimizer: json.optimizer.rule().map_err(|error| format!("{file}: {error}"))?,
        clip_norm: json.optimizer.global_clipnorm,
        initial: in_core_order(&variables, &json.initial).map_err(|error| format!("{file}: initial: {error}"))?,
        x_eval: rows(&json.x_eval, n, json.inputs).map_err(|error| format!("{file}: x_eval: {error}"))?,
        probabilities: rows(&json.probabilities, n, classes)
            .map_err(|error| format!("{file}: probabilities: {error}"))?,
        layers,
        variables,
        steps,
    })
}

fn rows(values: &[Vec<f32>], rows: usize, cols: usize) -> Result<Vec<f32>, String> {
    if values.len() != rows || rows == 0 || values.iter().any(|row| row.len() != cols) {
        return Err(format!("the values must be {rows} rows of {cols}, and at least one row"));
    }
    Ok(values.concat())
}

/// Converts a Keras layer to one or two of core's.
fn core_layers(layer: &JsonLayer) -> Vec<Layer> {
    let activation = |activation| match activation {
        Activation::Linear => None,
        Activation::Relu => Some(Layer::Relu),
        Activation::Softmax => Some(Layer::Softmax),
    };
    match *layer {
        JsonLayer::Dense { units, activation: then, use_bias } => {
            [Layer::Dense { units, bias: use_bias }].into_iter().chain(activation(then)).collect()
        }
        JsonLayer::BatchNormalization { momentum, epsilon } => vec![Layer::BatchNorm { momentum, epsilon }],
        JsonLayer::Activation { activation: then } => activation(then).into_iter().collect(),
    }
}

/// The variables of all layers, each with its positions in core's buffer.
fn variables(layers: &[JsonLayer], mut inputs: usize) -> Vec<Variable> {
    const BATCH_NORM: [&str; 4] = ["gamma", "beta", "moving_mean", "moving_variance"];
    let (mut variables, mut next) = (Vec::new(), 0);
    for (layer, json) in layers.iter().enumerate() {
        match *json {
            JsonLayer::Dense { units, use_bias, .. } => {
                let units = units as usize;
                let kernel = (0..inputs * units).map(|i| next + (i % units) * inputs + i / units).collect();
                variables.push(Variable { layer, kind: "Dense", name: "kernel", cols: units, places: kernel });
                next += inputs * units;
                if use_bias {
                    let bias = (next..next + units).collect();
                    variables.push(Variable { layer, kind: "Dense", name: "bias", cols: 0, places: bias });
                    next += units;
                }
                inputs = units;
            }
            JsonLayer::BatchNormalization { .. } => {
                for (field, name) in BATCH_NORM.into_iter().enumerate() {
                    let places = (0..inputs).map(|unit| next + 4 * unit + field).collect();
                    variables.push(Variable { layer, kind: "BatchNormalization", name, cols: 0, places });
                }
                next += 4 * inputs;
            }
            JsonLayer::Activation { .. } => {}
        }
    }
    variables
}

/// Keras's values in core's order.
fn in_core_order(variables: &[Variable], values: &[BTreeMap<String, Values>]) -> Result<Vec<f32>, String> {
    let count: usize = values.iter().map(BTreeMap::len).sum();
    if count != variables.len() {
        return Err(format!("{count} variables, where the layers have {}", variables.len()));
    }
    let mut params = vec![f32::NAN; variables.iter().map(|variable| variable.places.len()).sum()];
    for variable in variables {
        let place = || format!("layer {} ({}), {}", variable.layer, variable.kind, variable.name);
        let found = values.get(variable.layer).and_then(|layer| layer.get(variable.name));
        let flat = found.ok_or_else(|| format!("{} is missing", place()))?.flat();
        if flat.len() != variable.places.len() {
            return Err(format!("{} has {} values instead of {}", place(), flat.len(), variable.places.len()));
        }
        for (&position, value) in variable.places.iter().zip(flat) {
            params[position] = value;
        }
    }
    Ok(params)
}
