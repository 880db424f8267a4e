//! The outputs of a network or a model for a set of examples.

use foldnet_core::argmax;
use foldnet_sim::metrics::correct;
use serde::Serialize;

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

/// A logit is infinite or not a number, so classes, losses and differences would be meaningless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a logit of example {example} (counted from 0) is infinite or not a number: the weights are too large to compute with; \
     train again with a smaller --learning-rate, or go back to an earlier checkpoint"
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
        self.logits.chunks_exact(self.classes).map(|row| argmax(row.iter().copied()) as u16).collect()
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
        correct(&self.predictions(), labels) as f64 / labels.len() as f64
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
}

/// Expands the logits `[N]` of one sigmoid to those of two classes; returns other logits unchanged.
pub(super) fn two_classes(logits: Vec<f32>, classes: usize, sigmoid: bool) -> (Vec<f32>, usize) {
    if sigmoid { (logits.into_iter().flat_map(|z| [0.0, z]).collect(), 2) } else { (logits, classes) }
}

#[cfg(test)]
mod tests {
    use super::Outputs;

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
