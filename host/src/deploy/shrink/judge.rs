//! The loss of a smaller network on examples with known answers: calibration and validation examples, never test
//! examples.

use crate::judge::metrics::rmse;
use crate::model::fold::FoldedLayer;
use crate::model::head::Head;
use foldnet_core::argmax;
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

/// Number of examples computed at once.
const BATCH: usize = 500;

/// Unit of a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Points of accuracy.
    Points,
    /// Percent of the root mean squared error.
    Percent,
}

/// The correct outputs.
#[derive(Debug, Clone)]
pub(super) enum Answers {
    /// Classes `[N]`.
    Classes(Vec<u16>),
    /// Values `[N][O]`.
    Values(Vec<f32>),
}

/// The loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Loss {
    /// Points of accuracy, or percent of the root of the mean squared error.
    pub(super) mean: f64,
    /// Standard error of the mean; 0 for values.
    pub(super) error: f64,
    /// Fraction of the examples whose class differs; 0 for values.
    pub(super) changed: f64,
    /// Accuracy, or root mean squared error, before and after.
    pub(super) measures: [f64; 2],
}

impl Loss {
    /// The mean of the losses on two sets of examples.
    pub(super) fn and(self, other: Self) -> Self {
        let mean = |a: f64, b: f64| (a + b) / 2.0;
        let measures = [0, 1].map(|at| mean(self.measures[at], other.measures[at]));
        let (lost, changed) = (mean(self.mean, other.mean), mean(self.changed, other.changed));
        Self { mean: lost, error: self.error.hypot(other.error) / 2.0, changed, measures }
    }

    /// Whether the loss is at most this.
    pub(super) fn is_within(&self, limit: f64) -> bool {
        self.mean <= limit
    }
}

impl Answers {
    /// The unit of a loss for these answers.
    pub(super) fn unit(&self) -> Unit {
        match self {
            Self::Classes(_) => Unit::Points,
            Self::Values(_) => Unit::Percent,
        }
    }

    /// The loss of outputs `after` relative to `before`, both `[N][O]`.
    pub(super) fn loss(&self, before: &[f32], after: &[f32]) -> Loss {
        match self {
            Self::Classes(classes) => of_classes(classes, before, after),
            Self::Values(targets) => {
                let measures = [rmse(before, targets), rmse(after, targets)];
                let [was, is] = measures;
                let mean = if was == is { 0.0 } else { 100.0 * (is / was - 1.0) };
                Loss { mean, error: 0.0, changed: 0.0, measures }
            }
        }
    }
}

fn of_classes(classes: &[u16], before: &[f32], after: &[f32]) -> Loss {
    let n = classes.len().max(1) as f64;
    let (mut right, mut changed, mut moved) = ([0.0; 2], 0.0, 0.0);
    let outputs = (before.len() / classes.len().max(1)).max(1);
    let rows = before.chunks_exact(outputs).zip(after.chunks_exact(outputs));
    for (&class, (before, after)) in classes.iter().zip(rows) {
        let found = [predicted(before), predicted(after)];
        let is_right = found.map(|found| found == class);
        changed += f64::from(u8::from(found[0] != found[1]));
        moved += f64::from(u8::from(is_right[0] != is_right[1]));
        (0..2).for_each(|at| right[at] += f64::from(u8::from(is_right[at])));
    }
    let mean = (right[0] - right[1]) / n;
    let variance = (moved / n - mean * mean).max(0.0);
    let measures = right.map(|right| right / n);
    Loss { mean: 100.0 * mean, error: 100.0 * (variance / n).sqrt(), changed: changed / n, measures }
}

/// The class of a row of outputs, the first if several are equal; for a single output, 1 if it is above 0.
fn predicted(row: &[f32]) -> u16 {
    if let [one] = row {
        return u16::from(*one > 0.0);
    }
    argmax(row.iter().copied()) as u16
}

/// The real outputs `[N][O]` of a folded network on activations `codes [N][I]`.
pub(super) fn outputs(layers: &[FoldedLayer], head: &Head, codes: &[u8]) -> Vec<f32> {
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else { return Vec::new() };
    let narrow: Vec<_> = layers
        .iter()
        .map(|layer| {
            let kernel = DMatrix::from_row_iterator(layer.units, layer.inputs, layer.kernel.iter().map(|&w| w as f32));
            (kernel, DVector::from_iterator(layer.units, layer.bias.iter().map(|&b| b as f32)), layer.relu)
        })
        .collect();
    let mut outputs = Vec::with_capacity(codes.len() / first.inputs * last.units);
    for codes in codes.chunks(BATCH * first.inputs) {
        let count = codes.len() / first.inputs;
        let mut x = DMatrix::from_iterator(first.inputs, count, codes.iter().map(|&code| f32::from(code)));
        for (kernel, bias, relu) in &narrow {
            x = kernel * x;
            x.column_iter_mut().for_each(|mut column| column += bias);
            if *relu {
                x.iter_mut().for_each(|z| *z = z.max(0.0));
            }
        }
        outputs.extend_from_slice(x.as_slice());
    }
    if let Head::Values(rows) = head {
        outputs.iter_mut().zip(rows.iter().cycle()).for_each(|(y, [scale, offset])| *y = *y * scale + offset);
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_hand() {
        let answers = Answers::Classes(vec![0, 1, 1, 0]);
        let before = [2.0, 1.0, 0.0, 3.0, 0.0, 1.0, 0.0, 1.0];
        let after = [2.0, 1.0, 4.0, 3.0, 0.0, 1.0, 0.0, 1.0];
        let loss = answers.loss(&before, &after);
        assert_eq!((loss.mean, loss.changed, loss.measures), (25.0, 0.25, [0.75, 0.5]));
        // One of four moved: sqrt((1/4 - 1/16) / 4).
        assert!((loss.error - 100.0 * (0.1875f64 / 4.0).sqrt()).abs() < 1e-9);
        assert!(!loss.is_within(24.9) && loss.is_within(25.0));
        let none = answers.loss(&before, &before);
        assert_eq!((none.mean, loss.and(none).mean, loss.and(none).measures), (0.0, 12.5, [0.75, 0.625]));
        assert_eq!(Answers::Classes(vec![1, 0]).loss(&[0.5, -0.5], &[0.5, -0.5]).measures, [1.0, 1.0]);
    }

    #[test]
    fn values_by_hand() {
        let answers = Answers::Values(vec![1.0, 2.0]);
        assert_eq!(answers.loss(&[2.0, 3.0], &[3.0, 4.0]).mean, 100.0);
        assert_eq!(answers.loss(&[2.0, 3.0], &[1.5, 2.5]).mean, -50.0);
        assert_eq!(answers.loss(&[1.0, 2.0], &[1.0, 2.0]).mean, 0.0);
        assert!(!answers.loss(&[1.0, 2.0], &[1.0, 2.5]).is_within(1e9));
    }

    #[test]
    fn outputs_are_those_of_the_layers() {
        let hidden =
            FoldedLayer { inputs: 2, units: 2, relu: true, kernel: vec![1.0, 2.0, -1.0, 0.0], bias: vec![0.5, 3.0] };
        let last = FoldedLayer { inputs: 2, units: 1, relu: false, kernel: vec![2.0, -10.0], bias: vec![1.0] };
        assert_eq!(outputs(&[hidden.clone(), last.clone()], &Head::Softmax, &[1, 2, 4, 0]), [-8.0, 10.0]);
        assert_eq!(outputs(&[hidden, last], &Head::Values(vec![[2.0, 1.0]]), &[1, 2]), [-15.0]);
    }
}
