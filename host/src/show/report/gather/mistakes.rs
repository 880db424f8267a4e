//! The misclassified images with the highest confidence.

use crate::run::Outputs;
use foldnet_core::softmax;
use serde::Serialize;

/// A misclassified image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mistake {
    /// Index of the image.
    pub image: usize,
    /// Its label.
    pub class: usize,
    /// The predicted class.
    pub taken_for: usize,
    /// Its predicted probability.
    pub probability: f32,
}

/// All mistakes, the most confident first.
pub fn mistakes(outputs: &Outputs, labels: &[u16]) -> Vec<Mistake> {
    let probabilities = confidences(outputs);
    let found = outputs.predictions().into_iter().zip(labels).zip(probabilities).enumerate();
    let wrong = found.filter(|(_, ((predicted, label), _))| predicted != *label);
    let mut mistakes: Vec<Mistake> = wrong
        .map(|(image, ((predicted, &label), probability))| {
            let (class, taken_for) = (usize::from(label), usize::from(predicted));
            Mistake { image, class, taken_for, probability }
        })
        .collect();
    mistakes.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    mistakes
}

/// The probability of the predicted class, image by image.
pub fn confidences(outputs: &Outputs) -> Vec<f32> {
    let largest = |logits: &[f32]| {
        let mut probabilities = logits.to_vec();
        softmax(&mut probabilities);
        probabilities.into_iter().fold(0.0, f32::max)
    };
    outputs.logits.chunks_exact(outputs.classes).map(largest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_confident_comes_first() {
        let logits = vec![1.0, 0.0, 0.0, 3.0, 2.0, 0.0, 0.0, 0.0];
        let outputs = Outputs { logits, classes: 2, ..Outputs::default() };
        let found = mistakes(&outputs, &[1, 0, 0, 1]);
        let expected = [(1, 0, 1, 3.0f32), (0, 1, 0, 1.0), (3, 1, 0, 0.0)];
        assert_eq!(found.len(), expected.len());
        for (mistake, (image, class, taken_for, margin)) in found.iter().zip(expected) {
            assert_eq!((mistake.image, mistake.class, mistake.taken_for), (image, class, taken_for));
            assert!((mistake.probability - 1.0 / (1.0 + (-margin).exp())).abs() < 1e-6, "{mistake:?}");
        }
    }
}
