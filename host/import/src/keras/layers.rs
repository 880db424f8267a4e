//! The operation of each Keras layer.

use super::config::{Entry, FORMAT, integers, numbers};
use super::functional::{Argument, Build};
use crate::error::Fault;
use crate::graph::{Arithmetic, BRANCH, Op, UNKNOWN, refusal};
use crate::tensor::Tensor;
use serde_json::Value;

/// Lower bound that Normalization uses for deviations.
const NORMALIZATION_EPSILON: f32 = 1e-7;

/// Layers that have no effect at inference.
const NOTHING: [&str; 17] = [
    "Dropout",
    "SpatialDropout1D",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "ActivityRegularization",
    "Identity",
    "Cast",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "RandomContrast",
    "RandomBrightness",
    "RandomCrop",
    "RandomErasing",
    "Linear",
];

impl Build<'_, '_> {
    /// Adds a call of a layer; returns its output.
    pub(super) fn layer(&mut self, layer: &Entry, folder: &str, arguments: &[Argument]) -> Result<String, Fault> {
        let values: Vec<String> = arguments
            .iter()
            .filter_map(|argument| if let Argument::Value(value) = argument { Some(value.clone()) } else { None })
            .collect();
        let Some(x) = values.first().cloned() else { return Err(layer.refused("has no input")) };
        if let Some(arithmetic) = operator(layer) {
            return self.operator(layer, arithmetic, arguments);
        }
        if values.len() > 1 {
            return Err(layer.refused(BRANCH));
        }
        match layer.class {
            "Dense" => self.dense(layer, folder, x),
            "BatchNormalization" => self.batch_norm(layer, folder, x),
            "Normalization" => self.normalization(layer, folder, x),
            "Rescaling" => self.rescaling(layer, x),
            "Flatten" => {
                if layer.config.get("data_format").and_then(Value::as_str) == Some("channels_first") {
                    return Err(layer.refused("has its channels first; export the model as ONNX"));
                }
                Ok(self.unary(layer, layer.class, Op::Flatten { axis: 1 }, x))
            }
            "Reshape" => {
                let sizes = layer
                    .config
                    .get("target_shape")
                    .and_then(integers)
                    .ok_or_else(|| layer.refused("has no target_shape"))?;
                Ok(self.unary(layer, layer.class, Op::ReshapeExample(sizes), x))
            }
            "Permute" => {
                let dims = layer.config.get("dims").and_then(integers).ok_or_else(|| layer.refused("has no dims"))?;
                Ok(self.unary(layer, layer.class, Op::Transpose(Some([vec![0], dims].concat())), x))
            }
            "Activation" => self.activation(layer, layer.config.get("activation"), x),
            "ReLU" => self.relu(layer, x),
            "Softmax" => self.softmax(layer, x),
            class if NOTHING.contains(&class) => Ok(self.unary(layer, class, Op::Pass, x)),
            class => {
                let known = matches!(class, "Lambda" | "TFOpLambda" | "SlicingOpLambda");
                Err(layer.refused(if known {
                    "is code, not a layer; export the model as ONNX, or use Rescaling or Normalization"
                } else {
                    refusal(class)
                }))
            }
        }
    }

    fn unary(&mut self, layer: &Entry, kind: &str, op: Op, x: String) -> String {
        let output = self.fresh(layer.name());
        self.graph.push(layer.name(), kind, op, vec![x], &output);
        output
    }

    fn dense(&mut self, layer: &Entry, folder: &str, x: String) -> Result<String, Fault> {
        if layer.is_set("lora_rank") || layer.is_set("quantization_config") {
            return Err(layer.refused("is quantized or has a LoRA adapter; merge it and save the float model"));
        }
        let wanted: &[&str] = if layer.flag("use_bias", true) { &["kernel", "bias"] } else { &["kernel"] };
        let mut inputs = vec![x];
        for tensor in self.read(layer, folder, wanted)? {
            if tensor.ints().is_some() {
                return Err(layer.refused("has integer weights; save the float model, which Foldnet quantizes itself"));
            }
            let units = layer.config.get("units").and_then(Value::as_u64);
            if units.is_some_and(|units| tensor.shape.last().is_some_and(|&found| found as u64 != units)) {
                let (name, units) = (layer.name(), units.unwrap_or(0));
                let shape = &tensor.shape;
                let why =
                    format!("layer {name} has {units} units in the configuration, but weights of shape {shape:?}");
                return Err(Fault::broken(FORMAT, why));
            }
            let name = self.fresh(layer.name());
            inputs.push(self.graph.constant(name, tensor));
        }
        let output = self.fresh(layer.name());
        self.graph.push(
            layer.name(),
            layer.class,
            Op::Dense { transposed: false, alpha: 1.0, beta: 1.0 },
            inputs,
            &output,
        );
        self.activation(layer, layer.config.get("activation"), output)
    }

    fn read(&self, layer: &Entry, folder: &str, wanted: &[&str]) -> Result<Vec<Tensor>, Fault> {
        self.weights.variables(&self.scope, layer.name(), folder, wanted)
    }

    fn batch_norm(&mut self, layer: &Entry, folder: &str, x: String) -> Result<String, Fault> {
        if layer.is_set("renorm") {
            return Err(layer.refused("uses renorm; train with a plain BatchNormalization instead"));
        }
        let (scale, center) = (layer.flag("scale", true), layer.flag("center", true));
        let wanted: Vec<&str> =
            [scale.then_some("gamma"), center.then_some("beta"), Some("moving_mean"), Some("moving_variance")]
                .into_iter()
                .flatten()
                .collect();
        let mut found = self.read(layer, folder, &wanted)?.into_iter();
        let mut inputs = vec![x];
        for present in [scale, center, true, true] {
            let tensor = if present { found.next() } else { None };
            let name = self.fresh(layer.name());
            inputs.push(tensor.map_or(String::new(), |tensor| self.graph.constant(name, tensor)));
        }
        let axis = layer.config.get("axis").and_then(integers).unwrap_or_else(|| vec![-1]);
        let axis = match axis[..] {
            [-1] => None,
            [axis] if axis > 0 => usize::try_from(axis - 1).ok(),
            _ => return Err(layer.refused(format!("normalizes axes {axis:?}; use the last one"))),
        };
        let (momentum, epsilon) = (layer.number("momentum", 0.99) as f32, layer.number("epsilon", 1e-3) as f32);
        let output = self.fresh(layer.name());
        self.graph.push(layer.name(), layer.class, Op::BatchNorm { momentum, epsilon, axis }, inputs, &output);
        Ok(output)
    }

    /// `(x - mean) / max(sqrt(variance), epsilon)`
    fn normalization(&mut self, layer: &Entry, folder: &str, x: String) -> Result<String, Fault> {
        let given =
            |key: &str| {
                layer.config.get(key).filter(|value| !value.is_null()).map(|value| {
                    numbers(value).ok_or_else(|| layer.refused(format!("has a {key} that is not numeric")))
                })
            };
        let (mean, variance) = match (given("mean"), given("variance")) {
            (Some(mean), Some(variance)) => {
                let [mean, variance] = [mean?, variance?].map(|(shape, values)| Tensor::new(shape, values));
                (mean?, variance?)
            }
            _ => {
                let mut found = self.read(layer, folder, &["mean", "variance"])?.into_iter();
                let (Some(mean), Some(variance)) = (found.next(), found.next()) else {
                    return Err(layer.refused("has no statistics"));
                };
                (mean, variance)
            }
        };
        let deviations = variance.floats().iter().map(|variance| variance.sqrt().max(NORMALIZATION_EPSILON)).collect();
        let deviations = Tensor::new(variance.shape.clone(), deviations)?;
        let (mean, deviations) = (along(layer, mean)?, along(layer, deviations)?);
        let invert = layer.flag("invert", false);
        let steps = if invert {
            [(Arithmetic::Mul, deviations), (Arithmetic::Add, mean)]
        } else {
            [(Arithmetic::Sub, mean), (Arithmetic::Div, deviations)]
        };
        Ok(steps.into_iter().fold(x, |x, (arithmetic, tensor)| self.arithmetic(layer, arithmetic, x, tensor)))
    }

    fn arithmetic(&mut self, layer: &Entry, arithmetic: Arithmetic, x: String, tensor: Tensor) -> String {
        let (name, output) = (self.fresh(layer.name()), self.fresh(layer.name()));
        let constant = self.graph.constant(name, tensor);
        self.graph.push(layer.name(), layer.class, Op::Arithmetic(arithmetic), vec![x, constant], &output);
        output
    }

    fn rescaling(&mut self, layer: &Entry, x: String) -> Result<String, Fault> {
        let read = |key: &str, default: f32| -> Result<Tensor, Fault> {
            match layer.config.get(key).filter(|value| !value.is_null()) {
                None => Ok(Tensor::scalar(default)),
                Some(value) => {
                    let (shape, values) =
                        numbers(value).ok_or_else(|| layer.refused(format!("has a {key} that is not numeric")))?;
                    Tensor::new(shape, values)
                }
            }
        };
        let (scale, offset) = (read("scale", 1.0)?, read("offset", 0.0)?);
        let scaled = self.arithmetic(layer, Arithmetic::Mul, x, scale);
        Ok(self.arithmetic(layer, Arithmetic::Add, scaled, offset))
    }

    /// An activation by name, or as a separate layer.
    fn activation(&mut self, layer: &Entry, activation: Option<&Value>, x: String) -> Result<String, Fault> {
        let name = match activation {
            None | Some(Value::Null) => "linear",
            Some(Value::String(name)) => name,
            Some(other) => match (other.get("config"), other.get("class_name").and_then(Value::as_str)) {
                (Some(Value::String(name)), _) => name,
                (Some(_), Some(class)) => {
                    let inner = Entry::of(other)?;
                    return match class {
                        "ReLU" => self.relu(&inner, x),
                        "Softmax" => self.softmax(&inner, x),
                        _ => Err(Fault::refused(layer.name(), class, refusal(class))),
                    };
                }
                _ => return Err(layer.refused("has a malformed activation")),
            },
        };
        let op = match name {
            "linear" => return Ok(x),
            "relu" => Op::Relu,
            "softmax" => Op::Softmax { axis: -1, log: false },
            "log_softmax" => Op::Softmax { axis: -1, log: true },
            "sigmoid" => Op::Sigmoid,
            _ => {
                let why = refusal(name);
                return Err(Fault::refused(
                    layer.name(),
                    name,
                    if why == UNKNOWN { crate::graph::ACTIVATION } else { why },
                ));
            }
        };
        Ok(self.unary(layer, name, op, x))
    }

    fn relu(&mut self, layer: &Entry, x: String) -> Result<String, Fault> {
        if let Some(key) =
            ["max_value", "negative_slope", "alpha", "threshold"].into_iter().find(|key| layer.is_set(key))
        {
            return Err(layer.refused(format!("has a {key}, which is not supported; train with a plain ReLU instead")));
        }
        Ok(self.unary(layer, "ReLU", Op::Relu, x))
    }

    fn softmax(&mut self, layer: &Entry, x: String) -> Result<String, Fault> {
        let axis = match layer.config.get("axis").filter(|axis| !axis.is_null()).map(integers) {
            None => -1,
            Some(Some(axes)) if axes.len() == 1 => axes[0],
            _ => return Err(layer.refused("is over several axes; use the last one")),
        };
        Ok(self.unary(layer, "Softmax", Op::Softmax { axis, log: false }, x))
    }

    /// Adds `x / 255` and similar operators in a functional model.
    fn operator(&mut self, layer: &Entry, arithmetic: Arithmetic, arguments: &[Argument]) -> Result<String, Fault> {
        let mut inputs = Vec::new();
        for argument in arguments {
            inputs.push(match argument {
                Argument::Value(value) => value.clone(),
                Argument::Number(number) => {
                    let name = self.fresh(layer.name());
                    self.graph.constant(name, Tensor::scalar(*number as f32))
                }
            });
        }
        if inputs.len() != 2 || inputs.iter().all(|input| !self.graph.constants.contains_key(input)) {
            return Err(layer.refused(BRANCH));
        }
        let output = self.fresh(layer.name());
        self.graph.push(layer.name(), layer.class, Op::Arithmetic(arithmetic), inputs, &output);
        Ok(output)
    }
}

/// The operation of layers and function calls that add, subtract, multiply or divide.
fn operator(layer: &Entry) -> Option<Arithmetic> {
    let function = layer.config.get("function").and_then(Value::as_str).unwrap_or_default();
    let name = if layer.class == "TFOpLambda" { function } else { layer.class };
    match name {
        "Add" | "math.add" | "__operators__.add" => Some(Arithmetic::Add),
        "Subtract" | "math.subtract" => Some(Arithmetic::Sub),
        "Multiply" | "math.multiply" => Some(Arithmetic::Mul),
        "Divide" | "TrueDivide" | "math.truediv" | "math.divide" => Some(Arithmetic::Div),
        _ => None,
    }
}

/// Statistics with sizes for all axes of an example; `axis` says which ones they apply to.
fn along(layer: &Entry, tensor: Tensor) -> Result<Tensor, Fault> {
    if tensor.len() == 1 {
        return Ok(Tensor { shape: Vec::new(), ..tensor });
    }
    let axes = layer.config.get("axis").and_then(integers).unwrap_or_else(|| vec![-1]);
    // Statistics with a leading batch axis, or for the last axes only, broadcast along the others unchanged.
    let last = axes.iter().rev().enumerate().all(|(place, &axis)| axis == -1 - place as i64);
    let rank = layer.shape().map_or(0, |shape| shape.len() as i64);
    let all = rank > 0 && axes.iter().copied().eq(rank - axes.len() as i64 + 1..=rank);
    if last || all || tensor.shape.len() > axes.len() {
        return Ok(tensor);
    }
    Err(layer.refused(format!("normalizes axes {axes:?}; use the last ones")))
}
