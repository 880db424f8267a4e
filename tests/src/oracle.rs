//! An independent network in f64: forward pass, loss, moving statistics and inference of any layer list, written as
//! naively as the equations, one example after the other; and the gradient of its loss by central differences.
//!
//! It shares with `foldnet-core` the layer list and the order of the parameter buffer, and no arithmetic.

use foldnet_core::Layer;

/// A batch: examples `[N]` of `[I]` values, and a label for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// `[N][I]`
    pub x: Vec<Vec<f64>>,
    /// `[N]`
    pub labels: Vec<usize>,
}

/// What a forward pass in training comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// Mean cross-entropy of the batch.
    pub loss: f64,
    /// Values before Softmax, `[N][C]`.
    pub logits: Vec<Vec<f64>>,
    /// The parameters with the moving statistics moved.
    pub moved: Vec<f64>,
    /// Everything that went into a ReLU, in order of layer and example.
    pub relu_inputs: Vec<f64>,
    /// The batch's variance of every unit of every BatchNormalization, but for units that are 0 in all examples.
    pub variances: Vec<f64>,
}

/// Which statistics a BatchNormalization uses.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Training,
    Inference,
}

/// The forward pass of training: statistics of the batch.
pub fn train(layers: &[Layer], params: &[f64], batch: &Batch) -> Pass {
    let mut pass = forward(layers, params, &batch.x, Mode::Training);
    let n = batch.labels.len() as f64;
    pass.loss = pass.logits.iter().zip(&batch.labels).map(|(z, &label)| cross_entropy(z, label)).sum::<f64>() / n;
    pass
}

/// Logits `[N][C]` with the moving statistics.
pub fn infer(layers: &[Layer], params: &[f64], x: &[Vec<f64>]) -> Vec<Vec<f64>> {
    forward(layers, params, x, Mode::Inference).logits
}

/// `-ln(exp(z_label) / sum_c exp(z_c))`
fn cross_entropy(z: &[f64], label: usize) -> f64 {
    let max = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    z.iter().map(|z| (z - max).exp()).sum::<f64>().ln() - (z[label] - max)
}

fn forward(layers: &[Layer], params: &[f64], x: &[Vec<f64>], mode: Mode) -> Pass {
    let (logits, moved) = (x.to_vec(), params.to_vec());
    let mut pass = Pass { loss: f64::NAN, logits, moved, relu_inputs: Vec::new(), variances: Vec::new() };
    let mut next = 0;
    for layer in layers {
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
            Layer::QuantizedRelu { step } => {
                let step = f64::from(step);
                let quantized = |x: f64| step * ((x / step).clamp(0.0, 255.0) + 0.5).floor();
                x.iter_mut().flatten().for_each(|x| *x = quantized(*x));
            }
            // The oracle drops nothing.
            Layer::Softmax | Layer::Sigmoid | Layer::Dropout { .. } => {}
        }
    }
    assert_eq!(next, params.len(), "the layers' parameters and the buffer's length");
    pass
}

/// Replaces every example by `kernel x + bias`, with the parameters that begin at `start`; where they end.
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

struct Norm {
    momentum: f64,
    epsilon: f64,
    mode: Mode,
}

impl Norm {
    /// Normalizes every unit in place, with the parameters that begin at `start`; where they end. In training the
    /// moving statistics among `params` move: `moving = moving momentum + batch's (1 - momentum)`. The variances of
    /// units that are not all 0 are appended to `variances`.
    fn forward(&self, x: &mut [Vec<f64>], params: &mut [f64], start: usize, variances: &mut Vec<f64>) -> usize {
        let (units, n) = (x[0].len(), x.len() as f64);
        for unit in 0..units {
            let [gamma, beta, moving_mean, moving_variance] = &mut params[start + 4 * unit..start + 4 * unit + 4]
            else {
                unreachable!("a range of four")
            };
            let (mut mean, mut variance) = (*moving_mean, *moving_variance);
            if self.mode == Mode::Training {
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
    /// `dL/dp` of every parameter; none where a ReLU had its kink within the difference.
    pub values: Vec<Option<f64>>,
}

impl Gradient {
    /// How many parameters were skipped for a kink.
    pub fn skipped(&self) -> usize {
        self.values.iter().filter(|value| value.is_none()).count()
    }
}

/// Half the distance of the two points of a central difference: the error of truncation goes with its square (1e-12
/// times the third derivative), that of rounding with its inverse (1e-16 / 1e-6).
const STEP: f64 = 1e-6;

/// Differentiates the loss with respect to every parameter, moving statistics included (theirs is 0).
pub fn gradient(layers: &[Layer], params: &[f64], batch: &Batch) -> Gradient {
    let signs = |pass: &Pass| pass.relu_inputs.iter().map(|x| *x > 0.0).collect::<Vec<_>>();
    let here = signs(&train(layers, params, batch));
    let mut moved = params.to_vec();
    let values = (0..params.len()).map(|place| {
        let mut at = |value| {
            moved[place] = value;
            train(layers, &moved, batch)
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
