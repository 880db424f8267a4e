//! Accuracy and loss of a checkpoint or a model file on labelled images.

use crate::absent::is_nan;
use crate::deploy::trained::integer_model;
pub use crate::judge::metrics::Metrics;
use crate::judge::metrics::{anomaly, classification, regression, scores};
use crate::network::checkpoint::Checkpoint;
use crate::train::examples::Picked;
use foldnet_core::infer::{Answer, Input};
use foldnet_core::model::HeadKind;
use foldnet_core::train::predict;
use foldnet_core::{Compute, Inference, Layer, Model};
use foldnet_data::{Task, ValuesRef, View, WrongKind, text};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Number of images run through a checkpoint at once.
const BATCH: usize = 250;

/// Logits of a set of images, `[images][classes]`, with related results.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outputs {
    /// Real values of the logits. A single sigmoid gives two, 0 and its own logit, whose softmax is the sigmoid.
    pub logits: Vec<f32>,
    /// `C`
    pub classes: usize,
    /// Anomaly score of every example as a device computes it, `[images]`; empty except for model files that
    /// reconstruct.
    pub scores: Vec<Scored>,
    /// SHA-256 over the logits of a model file as a device would send them, little-endian, image by image.
    pub logits_sha256: Option<String>,
}

/// An anomaly score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scored {
    /// Mean squared error in the units of training.
    pub score: f32,
    /// Whether it is above the threshold; `None` if there is none.
    pub above: Option<bool>,
}

/// Results for one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerClass {
    /// Name of the class.
    pub label: String,
    /// Number of images of the class.
    pub images: usize,
    /// Fraction of them classified correctly (recall).
    pub accuracy: f64,
    /// Fraction of the images assigned to the class that belong to it.
    pub precision: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
}

/// The result of `evaluate`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Number of images.
    pub images: usize,
    /// Mean cross-entropy, in nats, or mean squared error.
    pub loss: f64,
    /// Fraction of the images classified correctly; NaN, and not written, for other tasks.
    #[serde(skip_serializing_if = "is_nan")]
    pub accuracy: f64,
    /// The results for every class.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub per_class: Vec<PerClass>,
    /// The metrics of the task.
    pub metrics: Metrics,
    /// See [`Outputs::logits_sha256`]; only for model files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logits_sha256: Option<String>,
}

/// Runs a trained network, unfolded, with its moving statistics.
///
/// # Panics
/// If the images do not have the network's size: see [`ImageSize`](crate::network::open::ImageSize).
pub fn run_checkpoint<C: Compute>(checkpoint: &Checkpoint, view: View, compute: &C) -> Outputs {
    if checkpoint.about.quantized.is_some() {
        return run_integers(checkpoint, view);
    }
    let seen = checkpoint.seen(view);
    let view = seen.view();
    let (network, inputs) = (checkpoint.network(), checkpoint.inputs);
    assert_eq!(view.shape.inputs(), inputs, "inputs of an example and of the network");
    let [scale, shift] = checkpoint.standardization();
    let classes = network.outputs();
    let mut workspace = vec![0.0; network.predict_workspace(BATCH)];
    let (mut logits, mut columns) = (Vec::with_capacity(view.len() * classes), vec![0.0; classes * BATCH]);
    let order: Vec<u32> = (0..view.len() as u32).collect();
    for picked in order.chunks(BATCH) {
        let pixels = Picked { inputs: view.inputs, picked, scale: &scale, shift: &shift };
        let columns = &mut columns[..classes * picked.len()];
        predict(compute, network, &checkpoint.params, &mut workspace, &pixels, columns)
            .expect("a checkpoint is a network, and the buffers are made for it");
        for example in 0..picked.len() {
            logits.extend(columns[example..].iter().step_by(picked.len()));
        }
    }
    let (logits, classes) = two_classes(logits, classes, network.layers().last() == Some(&Layer::Sigmoid));
    Outputs { logits, classes, ..Outputs::default() }
}

/// Expands the logits `[N]` of one sigmoid to those of two classes; returns other logits unchanged.
fn two_classes(logits: Vec<f32>, classes: usize, sigmoid: bool) -> (Vec<f32>, usize) {
    if sigmoid { (logits.into_iter().flat_map(|z| [0.0, z]).collect(), 2) } else { (logits, classes) }
}

/// Runs a network that was trained in integers with the device's code, on the model that export makes of it.
fn run_integers(checkpoint: &Checkpoint, view: View) -> Outputs {
    let file = integer_model(checkpoint).expect("reading a checkpoint has looked at its integers");
    let model = Model::parse(&file).expect("what is written can be read");
    Outputs { logits_sha256: None, ..run_model(&model, view) }
}

/// Runs a model file, image by image, as a device does.
///
/// # Panics
/// If the images do not have the model's size: see [`Model::inputs`].
pub fn run_model(model: &Model, view: View) -> Outputs {
    assert_eq!(view.shape.inputs(), model.inputs(), "image size and model");
    let (mut logits, mut digest, mut scores) = (Vec::new(), Sha256::new(), Vec::new());
    let known = model.threshold().is_some();
    let mut each = |answer: Answer, outputs: foldnet_core::infer::Outputs| {
        if let Answer::Score { score, above } = answer {
            scores.push(Scored { score: score.value(), above: known.then_some(above) });
        }
        logits.extend(outputs.values());
        outputs.words().iter().for_each(|word| digest.update(word.to_le_bytes()));
    };
    match view.inputs {
        ValuesRef::U8(values) => run_values(model, values, &mut each),
        ValuesRef::I8(values) => run_values(model, values, &mut each),
        ValuesRef::I16(values) => run_values(model, values, &mut each),
        ValuesRef::U16(values) => run_values(model, values, &mut each),
        ValuesRef::F32(values) => run_values(model, values, &mut each),
    }
    let sha256 = text::hex(&digest.finalize());
    let (logits, classes) = two_classes(logits, model.outputs(), model.head() == HeadKind::Sigmoid);
    Outputs { logits, classes, scores, logits_sha256: Some(sha256) }
}

/// Runs a model on examples of its type, one after the other.
fn run_values<I: Input>(model: &Model, values: &[I], each: &mut dyn FnMut(Answer, foldnet_core::infer::Outputs)) {
    let mut scratch = vec![0; model.scratch_words()];
    let mut inference = Inference::<I>::new(model.clone(), &mut scratch)
        .expect("the door has seen that the types agree, and the scratch memory is as long as declared");
    for example in values.chunks_exact(model.inputs()) {
        let answer = inference.run(example).expect("chunks of this length");
        each(answer, inference.outputs());
    }
}

/// The outputs of a checkpoint, with scores if it reconstructs its inputs.
///
/// # Errors
/// If an output is infinite or not a number.
pub fn answers<C: Compute>(checkpoint: &Checkpoint, view: View, compute: &C) -> Result<Outputs, NotFinite> {
    with_scores(run_checkpoint(checkpoint, view, compute), checkpoint, view).finite()
}

/// `outputs` of a checkpoint for `view`, with scores if it reconstructs its inputs.
pub fn with_scores(mut outputs: Outputs, checkpoint: &Checkpoint, view: View) -> Outputs {
    if checkpoint.about.task == Task::Reconstruct && outputs.scores.is_empty() {
        let scores = scores(&outputs.logits, &checkpoint.standardized(view), outputs.classes);
        let above = |score: f32| checkpoint.about.threshold.map(|threshold| score > threshold);
        outputs.scores = scores.into_iter().map(|score| Scored { score, above: above(score) }).collect();
    }
    outputs
}

/// Evaluates a checkpoint on labelled examples according to its task; `names` are those of the classes in order.
///
/// # Errors
/// If the set has no answers for the task.
pub fn evaluate<C: Compute>(
    checkpoint: &Checkpoint,
    view: View,
    names: &[String],
    compute: &C,
) -> anyhow::Result<(Outputs, Evaluation)> {
    let outputs = answers(checkpoint, view, compute)?;
    let evaluation = outputs.by_task(checkpoint.about.task, view, names, checkpoint.about.threshold)?;
    Ok((outputs, evaluation))
}

/// Evaluates a model file on labelled examples according to its head; `names` are those of the classes in order.
///
/// # Errors
/// If the set has no answers for the head, or an output is not a number.
pub fn evaluate_model(model: &Model, view: View, names: &[String]) -> anyhow::Result<(Outputs, Evaluation)> {
    let outputs = run_model(model, view).finite()?;
    let evaluation = match model.head() {
        HeadKind::Softmax | HeadKind::Sigmoid => outputs.evaluation(view.classes()?, names),
        HeadKind::Values => outputs.of_values(view.values()?),
        HeadKind::Reconstruction => outputs.of_scores(model.threshold(), view),
    };
    Ok((outputs, evaluation))
}

/// A logit is infinite or not a number, so classes, losses and differences would be meaningless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a logit of example {example} (counted from 0) is infinite or not a number: the weights are too large to compute with; \
     train again with a smaller --learning-rate, or go back to a checkpoint of before"
)]
pub struct NotFinite {
    /// The first such example.
    pub example: usize,
}

impl Outputs {
    /// Returns the outputs if every logit is a number.
    ///
    /// # Errors
    /// If one is infinite or NaN, which comparisons would silently ignore.
    pub fn finite(self) -> Result<Self, NotFinite> {
        match self.logits.iter().position(|logit| !logit.is_finite()) {
            Some(at) => Err(NotFinite { example: at / self.classes }),
            None => Ok(self),
        }
    }

    /// The class of every image: that of the largest logit, the first if several are equal.
    pub fn predictions(&self) -> Vec<u16> {
        let largest = |row: &[f32]| {
            let best = (0, f32::NEG_INFINITY);
            row.iter().enumerate().fold(best, |best, (class, &z)| if z > best.1 { (class, z) } else { best }).0 as u16
        };
        self.logits.chunks_exact(self.classes).map(largest).collect()
    }

    /// The largest difference of any logit; NaN if a difference is undefined, as between two infinities.
    pub fn largest_deviation(&self, other: &Self) -> f32 {
        let larger = |max: f32, difference: f32| if difference > max || difference.is_nan() { difference } else { max };
        let differences = self.logits.iter().zip(&other.logits).map(|(a, b)| (a - b).abs());
        differences.fold(0.0, |max, difference| if max.is_nan() { max } else { larger(max, difference) })
    }

    /// Number of images with a different class in `other`.
    pub fn changed(&self, other: &Self) -> usize {
        self.predictions().iter().zip(other.predictions()).filter(|(a, b)| **a != *b).count()
    }

    /// Fraction of the images whose class equals their label.
    pub fn accuracy(&self, labels: &[u16]) -> f64 {
        let correct = self.predictions().iter().zip(labels).filter(|(class, label)| class == label).count();
        correct as f64 / labels.len() as f64
    }

    /// Mean cross-entropy of the softmax of the logits.
    pub fn loss(&self, labels: &[u16]) -> f64 {
        let losses = self.logits.chunks_exact(self.classes).zip(labels).map(|(row, &label)| {
            let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = row.iter().map(|z| f64::from(z - max).exp()).sum();
            sum.ln() - f64::from(row[usize::from(label)] - max)
        });
        losses.sum::<f64>() / labels.len() as f64
    }

    /// The evaluation of real values; the loss is the mean squared error.
    pub fn of_values(&self, targets: &[f32]) -> Evaluation {
        let found = regression(&self.logits, targets, self.classes);
        self.other(targets.len() / self.classes, found.rmse.powi(2), Metrics::Regression(found))
    }

    /// The evaluation of [`scores`](Self::scores); the loss is their mean.
    pub fn of_scores(&self, threshold: Option<f32>, view: View) -> Evaluation {
        let scores: Vec<f32> = self.scores.iter().map(|scored| scored.score).collect();
        let loss = scores.iter().map(|score| f64::from(*score)).sum::<f64>() / scores.len() as f64;
        let found = anomaly(&scores, view.targets.classes(), threshold);
        self.other(scores.len(), loss, Metrics::Anomaly(found))
    }

    fn other(&self, images: usize, loss: f64, metrics: Metrics) -> Evaluation {
        let logits_sha256 = self.logits_sha256.clone();
        Evaluation { images, loss, accuracy: f64::NAN, per_class: Vec::new(), metrics, logits_sha256 }
    }

    /// The evaluation according to the task; `names` are those of the classes in order, `threshold` is for scores.
    ///
    /// # Errors
    /// If `view` has no answers for the task.
    pub fn by_task(
        &self,
        task: Task,
        view: View,
        names: &[String],
        threshold: Option<f32>,
    ) -> Result<Evaluation, WrongKind> {
        Ok(match task {
            Task::Classify => self.evaluation(view.classes()?, names),
            Task::Regress => self.of_values(view.values()?),
            Task::Reconstruct => self.of_scores(threshold, view),
        })
    }

    /// The evaluation of classes; `names` are theirs in order.
    pub fn evaluation(&self, labels: &[u16], names: &[String]) -> Evaluation {
        let predictions = self.predictions();
        let found = classification(&predictions, labels, names.len().max(self.classes));
        let of_class = |class: usize| PerClass {
            label: names[class].clone(),
            images: found.confusion[class].iter().sum(),
            accuracy: found.recall[class],
            precision: found.precision[class],
            f1: found.f1[class],
        };
        Evaluation {
            images: labels.len(),
            loss: self.loss(labels),
            accuracy: self.accuracy(labels),
            per_class: (0..names.len()).map(of_class).collect(),
            metrics: Metrics::Classification(found),
            logits_sha256: self.logits_sha256.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outputs;

    #[test]
    fn a_small_set_by_hand() {
        let outputs = Outputs { logits: vec![1.0, 1.0, 0.0, 3.0, 2.0, 0.0], classes: 2, ..Outputs::default() };
        assert_eq!(outputs.predictions(), [0, 1, 0]);
        let evaluation = outputs.evaluation(&[0, 1, 1], &["a".into(), "b".into()]);
        let loss = (2f64.ln() + (1.0 + (-3f64).exp()).ln() + (1.0 + (2f64).exp()).ln()) / 3.0;
        assert!((evaluation.loss - loss).abs() < 1e-12);
        assert_eq!(evaluation.accuracy, 2.0 / 3.0);
        assert_eq!(
            evaluation.per_class.iter().map(|c| (c.images, c.accuracy)).collect::<Vec<_>>(),
            [(1, 1.0), (2, 0.5)]
        );
        let other = Outputs { logits: vec![1.0, 1.5, 0.0, 3.0, 2.0, 0.0], ..outputs.clone() };
        assert_eq!((outputs.changed(&other), outputs.largest_deviation(&other)), (1, 0.5));
    }

    #[test]
    fn no_evidence_passes_over_a_nan() {
        let of = |logits: [f32; 4]| Outputs { logits: logits.to_vec(), classes: 2, ..Outputs::default() };
        let good = of([1.0, 2.0, 3.0, 4.0]);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..4 {
                let mut logits = [9.0; 4];
                logits[at] = bad;
                let bad = of(logits);
                assert!(!bad.largest_deviation(&good).is_finite() && bad.largest_deviation(&bad).is_nan());
                assert_eq!(bad.finite().expect_err("not finite").example, at / 2);
            }
        }
        assert_eq!(good.clone().finite(), Ok(good));
    }
}
