//! Accuracy and loss of a checkpoint or a model file on labelled images.

pub use crate::judge::metrics::Metrics;

use crate::absent::is_nan;
use crate::judge::metrics::{anomaly, classification, regression};
use crate::network::checkpoint::Checkpoint;
use crate::run::{Outputs, answers, run_model};
use foldnet_core::{Compute, Model};
use foldnet_data::{Task, View, WrongKind};
use foldnet_sim::described;
use serde::Serialize;

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

/// Evaluates a model file on labelled examples according to its task; `names` are those of the classes in order.
///
/// # Errors
/// If the set has no answers for the task, or an output is not a number.
pub fn evaluate_model(model: &Model, view: View, names: &[String]) -> anyhow::Result<(Outputs, Evaluation)> {
    let outputs = run_model(model, view).finite()?;
    let evaluation = outputs.by_task(described::task(model), view, names, model.threshold())?;
    Ok((outputs, evaluation))
}

impl Outputs {
    /// The evaluation of real values; the loss is the mean squared error.
    fn of_values(&self, targets: &[f32]) -> Evaluation {
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
}
