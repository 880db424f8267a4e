//! Softmax with sparse categorical cross-entropy, forward and backward in one pass, in a form that cannot overflow.

use crate::math::{self, largest, softmax_column};

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Metrics {
    /// Mean cross-entropy of the batch, in nats.
    pub loss: f32,
    /// Examples whose largest logit is that of their label.
    pub correct: u32,
}

/// `logits [C][N]` and a label for each example to the mean loss, and `d_logits [C][N] = (softmax - one_hot) / N`.
///
/// `loss_n = ln sum_c exp(z_c - z_max) - (z_label - z_max)`
#[inline(always)]
pub(super) fn cross_entropy(logits: &[f32], labels: &[u8], d_logits: &mut [f32]) -> Metrics {
    let n = labels.len();
    let mut metrics = Metrics { loss: 0.0, correct: 0 };
    d_logits.copy_from_slice(logits);
    for (example, &label) in labels.iter().enumerate() {
        let (class, max) = largest(logits, example, n);
        let shifted = logits[usize::from(label) * n + example] - max;
        let sum = softmax_column(d_logits, example, n, max, n as f32, math::exp);
        d_logits[usize::from(label) * n + example] -= 1.0 / n as f32;
        metrics.loss += math::ln(sum) - shifted;
        metrics.correct += u32::from(class == usize::from(label));
    }
    metrics.loss /= n as f32;
    metrics
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;

    pub(crate) fn uniform_logits_cost_the_logarithm_of_the_classes() {
        let mut d = [0.0; 8];
        let metrics = cross_entropy(&[3.0; 8], &[0, 3], &mut d);
        assert_eq!(metrics, Metrics { loss: math::ln(4.0), correct: 1 });
        assert_eq!(d, [-0.375, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, -0.375]);
    }
}
