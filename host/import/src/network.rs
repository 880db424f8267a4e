//! The network read from a file.

use crate::error::clean;

/// A network as a chain of layers, in the order of its graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// The input's name.
    pub input: String,
    /// Sizes of an example; their product is `I`, at least 1.
    pub shape: Vec<usize>,
    /// The affine map applied to the inputs before the first layer.
    pub affine: Option<Affine>,
    /// The layers, each with its node.
    pub layers: Vec<Placed>,
    /// Names of the classes, one for each, or empty.
    pub labels: Vec<String>,
    /// The range of inputs, if the file states it.
    pub given: Option<Range>,
    /// Operations folded into a neighbour, one line each.
    pub folded: Vec<String>,
    /// The scales of each Dense, in order, if the file holds integers; otherwise empty.
    pub scales: Vec<Scales>,
}

/// The scales of a Dense in integers.
#[derive(Debug, Clone, PartialEq)]
pub struct Scales {
    /// Real value of one step of a weight in each row `[O]`.
    pub rows: Vec<f32>,
    /// Real value of one step of an output, if outputs are integers: of a hidden layer, bytes that begin at 0.
    pub output: Option<f32>,
}

/// `scale x + shift` per input, both `[I]` and finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Affine {
    /// `[I]`
    pub scale: Vec<f64>,
    /// `[I]`
    pub shift: Vec<f64>,
}

/// A layer and its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Name of the node.
    pub name: String,
    /// Its kind, as named in the file.
    pub kind: String,
    /// What it computes.
    pub layer: Layer,
}

/// A layer with its parameters, all finite.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// `z = kernel x + bias`
    Dense {
        /// `O`
        units: usize,
        /// `[O][I]`
        kernel: Vec<f32>,
        /// `[O]`, if any.
        bias: Option<Vec<f32>>,
    },
    /// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, each vector `[O]`.
    BatchNorm {
        /// Fraction of the old value in a new moving statistic.
        momentum: f32,
        /// Added to the variance; positive.
        epsilon: f32,
        /// Scale; 1 if the file has none.
        gamma: Vec<f32>,
        /// Offset; 0 if the file has none.
        beta: Vec<f32>,
        /// Moving mean.
        mean: Vec<f32>,
        /// Moving variance, at least `-epsilon`.
        variance: Vec<f32>,
    },
    /// `y = max(x, 0)`
    Relu,
    /// `p_c = exp(z_c) / sum exp(z)`; only as the last layer.
    Softmax {
        /// Whether the file outputs its logarithm.
        log: bool,
    },
    /// `p = 1 / (1 + exp(-z))` of one unit; only as the last layer.
    Sigmoid,
}

/// The range of inputs that a network expects, as far as the graph determines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Unscaled bytes, 0 to 255.
    Raw,
    /// 0 to 1.
    Unit,
}

impl Network {
    /// `I`
    pub fn inputs(&self) -> usize {
        self.shape.iter().product()
    }

    /// The range of inputs for which the first affine map was made. A scale much smaller than a standard deviation of
    /// values from 0 to 1 allows, or a subtraction of more than 1, implies 0 to 255; means from 0 to 1 with deviations
    /// of at most 1/2 imply 0 to 1. `None` if it is ambiguous.
    pub fn range(&self) -> Option<Range> {
        if self.given.is_some() {
            return self.given;
        }
        let Affine { scale, shift } = self.affine.as_ref()?;
        let (mut mean, mut deviation) = (f64::NEG_INFINITY, 0.0_f64);
        let mut low = f64::INFINITY;
        for (scale, shift) in scale.iter().zip(shift).filter(|(scale, _)| **scale > 0.0) {
            deviation = deviation.max(1.0 / scale);
            mean = mean.max(-shift / scale);
            low = low.min(-shift / scale);
        }
        if (mean > 1.5 || deviation > 4.0) && mean <= 255.0 && low >= -0.5 {
            Some(Range::Raw)
        } else if (0.0..=1.0).contains(&mean) && low >= 0.0 && deviation > 0.0 && deviation <= 0.51 {
            Some(Range::Unit)
        } else {
            None
        }
    }

    /// One line for each layer, safe for a terminal: its name, its kind, and its interpretation.
    pub fn understood(&self) -> Vec<String> {
        let mut width = self.inputs();
        let mut lines = vec![format!("{} (input): {} values, {}", clean(&self.input), width, sizes(&self.shape))];
        if let Some(affine) = &self.affine {
            lines.push(format!("input scale: {}", affine.describe()));
        }
        for placed in &self.layers {
            let what = placed.layer.describe(width);
            if let Layer::Dense { units, .. } = placed.layer {
                width = units;
            }
            lines.push(format!("{} ({}): {what}", clean(&placed.name), clean(&placed.kind)));
        }
        lines
    }

    /// The network's answer for one example, in f64: the oracle for faster implementations.
    ///
    /// Shorter examples are padded with zeros, longer ones truncated.
    pub fn answer(&self, example: &[f32]) -> Vec<f64> {
        let mut values: Vec<f64> = example.iter().map(|&value| value.into()).collect();
        values.resize(self.inputs(), 0.0);
        if let Some(Affine { scale, shift }) = &self.affine {
            for (value, (scale, shift)) in values.iter_mut().zip(scale.iter().zip(shift)) {
                *value = *value * scale + shift;
            }
        }
        self.layers.iter().fold(values, |values, placed| placed.layer.apply(values))
    }
}

fn sizes(shape: &[usize]) -> String {
    if shape.is_empty() { "one".into() } else { shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ") }
}

impl Affine {
    fn describe(&self) -> String {
        let one = |values: &[f64]| values.iter().all(|value| Some(value) == values.first());
        match (self.scale.first(), self.shift.first()) {
            (Some(scale), Some(shift)) if one(&self.scale) && one(&self.shift) => {
                format!("{} x + {}", *scale as f32, *shift as f32)
            }
            _ => "scale x + shift, one pair per input".into(),
        }
    }
}

impl Layer {
    fn describe(&self, width: usize) -> String {
        match self {
            Self::Dense { units, bias, .. } => {
                format!("Dense {width} -> {units}{}", if bias.is_some() { "" } else { " without bias" })
            }
            Self::BatchNorm { epsilon, .. } => format!("BatchNormalization of {width}, epsilon {epsilon}"),
            Self::Relu => "ReLU".into(),
            Self::Softmax { log: false } => "Softmax".into(),
            Self::Softmax { log: true } => "Softmax (the file answers with its logarithm)".into(),
            Self::Sigmoid => "Sigmoid".into(),
        }
    }

    fn apply(&self, values: Vec<f64>) -> Vec<f64> {
        match self {
            Self::Dense { units, kernel, bias } => {
                let rows = kernel.chunks_exact((kernel.len() / units.max(&1)).max(1)).enumerate();
                let dot = |row: &[f32]| {
                    row.iter().zip(&values).map(|(&weight, value)| f64::from(weight) * value).sum::<f64>()
                };
                let bias = |unit: usize| bias.as_ref().and_then(|bias| bias.get(unit)).map_or(0.0, |&bias| bias.into());
                rows.map(|(unit, row)| dot(row) + bias(unit)).collect()
            }
            Self::BatchNorm { epsilon, gamma, beta, mean, variance, .. } => {
                let at = |vector: &[f32], unit: usize| vector.get(unit).map_or(0.0, |&value| f64::from(value));
                let scale = |unit| at(gamma, unit) / (at(variance, unit) + f64::from(*epsilon)).sqrt();
                let norm = |(unit, value): (usize, f64)| (value - at(mean, unit)) * scale(unit) + at(beta, unit);
                values.into_iter().enumerate().map(norm).collect()
            }
            Self::Relu => values.into_iter().map(|value| value.max(0.0)).collect(),
            Self::Softmax { .. } => {
                let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let powers: Vec<f64> = values.iter().map(|value| (value - most).exp()).collect();
                let sum: f64 = powers.iter().sum();
                powers.into_iter().map(|power| power / sum).collect()
            }
            Self::Sigmoid => values.into_iter().map(|value| 1.0 / (1.0 + (-value).exp())).collect(),
        }
    }
}
