//! The oracle's losses, each by its definition: probabilities first, then their logarithms.

use foldnet_core::train::Loss;

/// The goal of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// The loss to minimize.
    pub loss: Loss,
    /// The targets.
    pub answers: Answers,
    /// Weight of each class; empty: all are 1.
    pub weights: Vec<f32>,
    /// Seed of Dropout in the first step.
    pub seed: u32,
}

/// Correct answers for all examples.
#[derive(Debug, Clone, PartialEq)]
pub enum Answers {
    /// The labels of the batch.
    Classes,
    /// The labels and a teacher's logits, `[N][C]`.
    Taught(Vec<f32>),
    /// Values, `[N][O]`.
    Values(Vec<f32>),
    /// The inputs.
    Inputs,
}

impl Default for Goal {
    /// Cross-entropy.
    fn default() -> Self {
        Self { loss: Loss::CROSS_ENTROPY, answers: Answers::Classes, weights: Vec::new(), seed: 0 }
    }
}

impl Goal {
    /// Mean loss of outputs `z [N][O]` on the inputs `x [N][I]` with these labels.
    pub(super) fn loss(&self, z: &[Vec<f64>], x: &[Vec<f64>], labels: &[usize]) -> f64 {
        let examples = z.iter().enumerate().map(|(n, z)| match &self.answers {
            Answers::Classes => self.weight(labels[n]) * self.of_class(z, labels[n]),
            Answers::Taught(logits) => self.weight(labels[n]) * self.taught(z, labels[n], &row(logits, n, z.len())),
            Answers::Values(values) => self.of_values(z, &row(values, n, z.len())),
            Answers::Inputs => self.of_values(z, &x[n]),
        });
        examples.sum::<f64>() / z.len() as f64
    }

    fn weight(&self, label: usize) -> f64 {
        self.weights.get(label).map_or(1.0, |&weight| f64::from(weight))
    }

    fn of_class(&self, z: &[f64], label: usize) -> f64 {
        match self.loss {
            Loss::CrossEntropy { label_smoothing } => {
                let (smoothing, classes) = (f64::from(label_smoothing), z.len() as f64);
                let target = |class| if class == label { 1.0 - smoothing } else { 0.0 } + smoothing / classes;
                softmax(z, 1.0).iter().enumerate().map(|(class, p)| -target(class) * p.ln()).sum()
            }
            Loss::BinaryCrossEntropy => binary(z[0], label as f64),
            other => panic!("{other:?} is not a loss of classes"),
        }
    }

    fn taught(&self, z: &[f64], label: usize, teacher: &[f64]) -> f64 {
        let Loss::Distillation { alpha, temperature } = self.loss else { panic!("{:?} has no teacher", self.loss) };
        let (alpha, temperature) = (f64::from(alpha), f64::from(temperature));
        let (p, q) = (softmax(teacher, temperature), softmax(z, temperature));
        let divergence: f64 = p.iter().zip(&q).map(|(p, q)| p * (p / q).ln()).sum();
        alpha * -softmax(z, 1.0)[label].ln() + (1.0 - alpha) * temperature * temperature * divergence
    }

    fn of_values(&self, z: &[f64], values: &[f64]) -> f64 {
        let one = |(&z, &value): (&f64, &f64)| match self.loss {
            Loss::BinaryCrossEntropy => binary(z, value),
            Loss::MeanSquaredError => (z - value).powi(2),
            Loss::Huber { delta } => {
                let (error, delta) = ((z - value).abs(), f64::from(delta));
                if error <= delta { error * error / 2.0 } else { delta * (error - delta / 2.0) }
            }
            other => panic!("{other:?} is not a loss of values"),
        };
        z.iter().zip(values).map(one).sum::<f64>() / z.len() as f64
    }
}

fn row(values: &[f32], n: usize, len: usize) -> Vec<f64> {
    values[n * len..(n + 1) * len].iter().map(|&value| f64::from(value)).collect()
}

fn softmax(z: &[f64], temperature: f64) -> Vec<f64> {
    let sum: f64 = z.iter().map(|z| (z / temperature).exp()).sum();
    z.iter().map(|z| (z / temperature).exp() / sum).collect()
}

/// `-t ln p - (1 - t) ln(1 - p)`, with `p` the sigmoid of `z`.
fn binary(z: f64, target: f64) -> f64 {
    let p = 1.0 / (1.0 + (-z).exp());
    -target * p.ln() - (1.0 - target) * (1.0 - p).ln()
}
