//! The answers of a network, one for each example, as text and as JSON.

use crate::run::{Outputs, Scored};
use foldnet_core::softmax;
use foldnet_data::Task;
use serde_json::{Value, json};

/// The network's answer for one example.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// The class, and the probability of each class.
    Class {
        class: usize,
        /// `[C]`
        probabilities: Vec<f32>,
    },
    /// Real values, `[O]`.
    Values(Vec<f32>),
    /// The distance from normal examples.
    Score(Scored),
}

/// The context for printing answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    /// Names of the classes or values.
    pub(super) names: &'a [String],
    /// The threshold for scores.
    pub(super) threshold: Option<f32>,
}

impl Words<'_> {
    /// The name of a class or value, or its number.
    pub(super) fn name(&self, at: usize) -> String {
        self.names.get(at).cloned().unwrap_or_else(|| at.to_string())
    }

    /// Values with their names.
    pub(super) fn values(&self, values: &[f32]) -> String {
        let named = values.iter().enumerate().map(|(at, value)| format!("{} {value}", self.name(at)));
        named.collect::<Vec<_>>().join(", ")
    }
}

impl Answer {
    /// Answers for all examples; for reconstruction, `outputs` has scores.
    pub(super) fn all(task: Task, outputs: &Outputs) -> Vec<Self> {
        match task {
            Task::Classify => {
                let rows = outputs.logits.chunks_exact(outputs.classes).zip(outputs.predictions());
                rows.map(|(row, class)| {
                    let mut probabilities = row.to_vec();
                    softmax(&mut probabilities);
                    Self::Class { class: usize::from(class), probabilities }
                })
                .collect()
            }
            Task::Regress => {
                outputs.logits.chunks_exact(outputs.classes).map(|row| Self::Values(row.to_vec())).collect()
            }
            Task::Reconstruct => outputs.scores.iter().copied().map(Self::Score).collect(),
        }
    }

    /// Whether a score is above its threshold, if there is one.
    pub(super) fn above(&self) -> Option<bool> {
        match self {
            Self::Score(scored) => scored.above,
            Self::Class { .. } | Self::Values(_) => None,
        }
    }

    /// The answer as a line of text.
    pub(super) fn text(&self, words: &Words) -> String {
        match self {
            Self::Class { class, probabilities } => {
                format!("{} ({:.1} %)", words.name(*class), probabilities[*class] * 100.0)
            }
            Self::Values(values) => words.values(values),
            Self::Score(Scored { score, above }) => {
                let verdict = match (above, words.threshold) {
                    (Some(true), Some(threshold)) => format!(" - abnormal, above the threshold of {threshold:.4}"),
                    (Some(false), Some(threshold)) => format!(" - normal, not above the threshold of {threshold:.4}"),
                    _ => String::new(),
                };
                format!("score {score:.4}{verdict}")
            }
        }
    }

    /// The answer as JSON.
    pub(super) fn json(&self, words: &Words) -> Value {
        match self {
            Self::Class { class, probabilities } => {
                json!({ "class": class, "label": words.name(*class), "probabilities": probabilities })
            }
            Self::Values(values) => json!({ "values": values, "names": words.names }),
            Self::Score(Scored { score, above }) => {
                json!({ "score": score, "threshold": words.threshold, "above": above })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_by_their_task() {
        let names = ["a".to_owned(), "b".to_owned()];
        let words = Words { names: &names, threshold: Some(0.5) };
        let check = |task, logits: &[f32], scores: &[Scored], expected: &str| {
            let outputs = Outputs { logits: logits.to_vec(), classes: 2, scores: scores.to_vec(), logits_sha256: None };
            let answers = Answer::all(task, &outputs);
            assert_eq!((answers.len(), answers[0].text(&words).as_str()), (1, expected));
        };
        let scored = |score, above| [Scored { score, above }];
        check(Task::Classify, &[0.0, 0.0], &[], "a (50.0 %)");
        check(Task::Regress, &[1.5, -2.0], &[], "a 1.5, b -2");
        let (above, below) = (scored(0.75, Some(true)), scored(0.25, Some(false)));
        check(Task::Reconstruct, &[0.0, 0.0], &above, "score 0.7500 - abnormal, above the threshold of 0.5000");
        check(Task::Reconstruct, &[0.0, 0.0], &below, "score 0.2500 - normal, not above the threshold of 0.5000");
        check(Task::Reconstruct, &[0.0, 0.0], &scored(0.25, None), "score 0.2500");
    }
}
