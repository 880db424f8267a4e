//! An independent network in f64: forward pass, loss, moving statistics and inference for any layer list, written as
//! directly as the equations, one example after the other; and the gradient of its loss by central differences.
//!
//! It shares only the layer list and the order of the parameter buffer with `foldnet-core`, no arithmetic.

mod loss;

pub use loss::{Answers, Goal};

use foldnet_core::Layer;

/// A batch: examples `[N]` of `[I]` values, and a label for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// `[N][I]`
    pub x: Vec<Vec<f64>>,
    /// `[N]`
    pub labels: Vec<usize>,
}

/// Results of a forward pass in training.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// Mean loss of the batch.
    pub loss: f64,
    /// Values before Softmax, `[N][C]`.
    pub logits: Vec<Vec<f64>>,
    /// The parameters with updated moving statistics.
    pub moved: Vec<f64>,
    /// All inputs of ReLUs, in the order of layer and example.
    pub relu_inputs: Vec<f64>,
    /// The batch's variance of every unit of every BatchNormalization, except for units that are 0 in all examples.
    pub variances: Vec<f64>,
    /// All inputs of quantized ReLUs, in the order of layer and example.
    quantized: Vec<f64>,
    /// Distance of each of them to the next value that is rounded differently, or at which the straight-through
    /// gradient begins or ends.
    pub to_edges: Vec<f64>,
}

/// Which statistics a BatchNormalization uses.
#[derive(Clone, Copy, PartialEq)]
enum Mode<'a> {
    Training {
        /// Seed of Dropout.
        seed: u32,
        /// The inputs of quantized ReLUs at the point where the gradient is taken. Near it they are treated as the
        /// straight lines that the straight-through gradient assumes.
        straight: Option<&'a [f64]>,
    },
    Inference,
}

/// The forward pass of training: statistics of the batch, and cross-entropy.
pub fn train(layers: &[Layer], params: &[f64], batch: &Batch) -> Pass {
    train_for(layers, params, batch, &Goal::default())
}

/// The forward pass of the first step of training for a goal.
pub fn train_for(layers: &[Layer], params: &[f64], batch: &Batch, goal: &Goal) -> Pass {
    pass(layers, params, batch, goal, None)
}

fn pass(layers: &[Layer], params: &[f64], batch: &Batch, goal: &Goal, straight: Option<&[f64]>) -> Pass {
    let mut pass = forward(layers, params, &batch.x, Mode::Training { seed: goal.seed, straight });
    pass.loss = goal.loss(&pass.logits, &batch.x, &batch.labels);
    pass
}

/// Logits `[N][C]` with the moving statistics.
pub fn infer(layers: &[Layer], params: &[f64], x: &[Vec<f64>]) -> Vec<Vec<f64>> {
    forward(layers, params, x, Mode::Inference).logits
}

fn forward(layers: &[Layer], params: &[f64], x: &[Vec<f64>], mode: Mode) -> Pass {
    let (logits, moved) = (x.to_vec(), params.to_vec());
    let mut pass = Pass {
        loss: f64::NAN,
        logits,
        moved,
        relu_inputs: Vec::new(),
        variances: Vec::new(),
        quantized: Vec::new(),
        to_edges: Vec::new(),
    };
    let mut next = 0;
    for (index, layer) in layers.iter().enumerate() {
        let x = &mut pass.logits;
        match *layer {
            Layer::Dense { units, bias } => next = dense(x, params, next, units as usize, bias),
            Layer::BatchNorm { momentum, epsilon } => {
                let norm = Norm { momentum: momentum.into(), epsilon: epsilon.into(), mode };
                next = norm.forward(x, &mut pass.moved, next, &mut pass.variances);
            }
            Layer::Relu => {
                pass.relu_inputs.extend(x.iter().flatten());
                x.iter_mut().flatten().for_each(|x| *x = if *x > 0.0 { *x } else { 0.0 });
            }
            Layer::QuantizedRelu { step } => quantize(&mut pass, step.into(), mode),
            Layer::Dropout { rate } => {
                if let Mode::Training { seed, .. } = mode {
                    drop_some(x, rate.into(), seed, index);
                }
            }
            Layer::Softmax | Layer::Sigmoid => {}
        }
    }
    assert_eq!(next, params.len(), "the layers' parameters and the buffer's length");
    pass
}

/// `step * clamp(round(x / step), 0, 255)` of every value, or its straight line.
fn quantize(pass: &mut Pass, step: f64, mode: Mode) {
    let quantized = |x: f64| step * ((x / step).clamp(0.0, 255.0) + 0.5).floor();
    for x in pass.logits.iter_mut().flatten() {
        let here = match mode {
            Mode::Training { straight: Some(straight), .. } => straight[pass.quantized.len()],
            _ => *x,
        };
        pass.quantized.push(*x);
        pass.to_edges.extend([here.abs(), (here - 255.0 * step).abs()]);
        let to_half = ((here / step).fract().abs() - 0.5).abs() * step;
        pass.to_edges.extend((here > 0.0 && here < 255.0 * step).then_some(to_half));
        let slope = if here > 0.0 && here < 255.0 * step { 1.0 } else { 0.0 };
        *x = quantized(here) + slope * (*x - here);
    }
}

/// Dropout in the first step of a training with this seed, for layer number `layer`: a value is dropped if a hash of
/// its number is below the rate's fraction of all hashes.
fn drop_some(x: &mut [Vec<f64>], rate: f64, seed: u32, layer: usize) {
    let step_key = hash(seed ^ hash(1));
    let key = hash(step_key ^ hash(layer as u32 + 1));
    let n = x.len();
    for (example, x) in x.iter_mut().enumerate() {
        for (unit, x) in x.iter_mut().enumerate() {
            let number = (unit * n + example) as u32;
            let drawn = hash(key.wrapping_add(number.wrapping_mul(0x9e37_79b9)));
            *x = if f64::from(drawn) < (rate * 4_294_967_296.0).floor() { 0.0 } else { *x / (1.0 - rate) };
        }
    }
}

/// Wellons's `lowbias32`.
fn hash(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// Replaces every example by `kernel x + bias`, with the parameters that begin at `start`; returns where they end.
fn dense(x: &mut [Vec<f64>], params: &[f64], start: usize, units: usize, bias: bool) -> usize {
    let inputs = x[0].len();
    let biases = start + units * inputs;
    for example in x {
        let unit = |unit: usize| {
            let row = &params[start + unit * inputs..start + (unit + 1) * inputs];
            let sum: f64 = row.iter().zip(example.iter()).map(|(w, x)| w * x).sum();
            if bias { sum + params[biases + unit] } else { sum }
        };
        *example = (0..units).map(unit).collect();
    }
    if bias { biases + units } else { biases }
}

struct Norm<'a> {
    momentum: f64,
    epsilon: f64,
    mode: Mode<'a>,
}

impl Norm<'_> {
    /// Normalizes every unit in place, with the parameters that begin at `start`; returns where they end. In training,
    /// the moving statistics among `params` are updated: `moving = moving momentum + batch's (1 - momentum)`. The
    /// variances of units that are not all 0 are appended to `variances`.
    fn forward(&self, x: &mut [Vec<f64>], params: &mut [f64], start: usize, variances: &mut Vec<f64>) -> usize {
        let (units, n) = (x[0].len(), x.len() as f64);
        for unit in 0..units {
            let [gamma, beta, moving_mean, moving_variance] = &mut params[start + 4 * unit..start + 4 * unit + 4]
            else {
                unreachable!("a range of four")
            };
            let (mut mean, mut variance) = (*moving_mean, *moving_variance);
            if matches!(self.mode, Mode::Training { .. }) {
                mean = x.iter().map(|x| x[unit]).sum::<f64>() / n;
                variance = x.iter().map(|x| (x[unit] - mean) * (x[unit] - mean)).sum::<f64>() / n;
                *moving_mean = *moving_mean * self.momentum + mean * (1.0 - self.momentum);
                *moving_variance = *moving_variance * self.momentum + variance * (1.0 - self.momentum);
            }
            if x.iter().any(|x| x[unit] != 0.0) {
                variances.push(variance);
            }
            for x in x.iter_mut() {
                x[unit] = *gamma * (x[unit] - mean) / (variance + self.epsilon).sqrt() + *beta;
            }
        }
        start + 4 * units
    }
}

/// The gradient of the loss by central differences.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradient {
    /// `dL/dp` of every parameter; `None` if a ReLU had its kink within the difference.
    pub values: Vec<Option<f64>>,
}

impl Gradient {
    /// Number of parameters skipped because of a kink.
    pub fn skipped(&self) -> usize {
        self.values.iter().filter(|value| value.is_none()).count()
    }
}

/// Half the distance between the two points of a central difference: the truncation error grows with its square (1e-12
/// times the third derivative), the rounding error with its inverse (1e-16 / 1e-6).
const STEP: f64 = 1e-6;

/// Differentiates the cross-entropy with respect to every parameter, moving statistics included (theirs is 0).
pub fn gradient(layers: &[Layer], params: &[f64], batch: &Batch) -> Gradient {
    gradient_for(layers, params, batch, &Goal::default())
}

/// The same for the loss of a goal, with straight-through gradients of quantized ReLUs.
pub fn gradient_for(layers: &[Layer], params: &[f64], batch: &Batch, goal: &Goal) -> Gradient {
    let signs = |pass: &Pass| pass.relu_inputs.iter().map(|x| *x > 0.0).collect::<Vec<_>>();
    let start = train_for(layers, params, batch, goal);
    let here = signs(&start);
    let mut moved = params.to_vec();
    let values = (0..params.len()).map(|place| {
        let mut at = |value| {
            moved[place] = value;
            pass(layers, &moved, batch, goal, Some(&start.quantized))
        };
        let (above, below) = (at(params[place] + STEP), at(params[place] - STEP));
        moved[place] = params[place];
        (signs(&above) == here && signs(&below) == here).then(|| (above.loss - below.loss) / (2.0 * STEP))
    });
    Gradient { values: values.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} instead of {b}");
    }

    /// Worked out by hand: z = (2 x0 - x1 + 0.5, x0), y = max(z, 0).
    #[test]
    fn a_small_network_by_hand() {
        let layers = [Layer::dense(2), Layer::Relu, Layer::Softmax];
        let params = [2.0, -1.0, 1.0, 0.0, 0.5, 0.0];
        let batch = Batch { x: vec![vec![1.0, 1.0], vec![-1.0, 2.0]], labels: vec![0, 1] };
        let pass = train(&layers, &params, &batch);
        assert_eq!(pass.relu_inputs, [1.5, 1.0, -3.5, -1.0]);
        assert_eq!(pass.logits, [[1.5, 1.0], [0.0, 0.0]]);
        close(pass.loss, ((1.0 + (-0.5f64).exp()).ln() + 2.0f64.ln()) / 2.0);
        let gradient = gradient(&layers, &params, &batch);
        let d = (1.0 / (1.0 + (-0.5f64).exp()) - 1.0) / 2.0;
        for (value, expected) in gradient.values.iter().zip([d, d, -d, -d, d, -d]) {
            assert!((value.unwrap() - expected).abs() < 1e-8, "{value:?} {expected}");
        }
    }

    /// Mean 3, biased variance 5: Keras's layer on the column 0, 2, 4, 6.
    #[test]
    fn batch_normalization_by_hand() {
        let layers = [Layer::BatchNorm { momentum: 0.75, epsilon: 0.5 }];
        let batch = Batch { x: [0.0, 2.0, 4.0, 6.0].map(|x| vec![x]).to_vec(), labels: vec![0; 4] };
        let pass = train(&layers, &[2.0, 1.0, 10.0, 20.0], &batch);
        let epsilon = 0.5;
        for (y, x) in pass.logits.iter().zip([0.0, 2.0, 4.0, 6.0f64]) {
            close(y[0], 2.0 * (x - 3.0) / (5.0f64 + epsilon).sqrt() + 1.0);
        }
        assert_eq!((pass.moved, pass.variances), (vec![2.0, 1.0, 8.25, 16.25], vec![5.0]));
        let y = infer(&layers, &[2.0, 1.0, 10.0, 20.0], &batch.x);
        close(y[3][0], 2.0 * (6.0 - 10.0) / 20.5f64.sqrt() + 1.0);
    }

    #[test]
    fn a_kink_within_the_difference_is_skipped() {
        let layers = [Layer::dense_without_bias(2), Layer::Relu];
        let batch = Batch { x: vec![vec![1.0]], labels: vec![0] };
        let gradient = gradient(&layers, &[0.5e-6, 1.0], &batch);
        assert_eq!((gradient.values[0], gradient.skipped()), (None, 1));
    }
}
