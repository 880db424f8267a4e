//! Losses of outputs against values.

use super::cross_entropy::binary_loss;
use super::{Loss, Metrics, Outputs};
use crate::math;

impl Outputs<'_> {
    /// Compares with the targets in `d [O][N]`, and replaces them with the gradient.
    #[inline(always)]
    pub(super) fn against_values(&mut self, loss: Loss) -> Metrics {
        let mut metrics = Metrics::default();
        let share = 1.0 / self.z.len() as f32;
        for (&z, d) in self.z.iter().zip(&mut *self.d) {
            let (target, error) = (*d, z - *d);
            let (value, slope) = match loss {
                Loss::BinaryCrossEntropy => (binary_loss(z, target), math::sigmoid(z) - target),
                Loss::Huber { delta } if error.abs() > delta => {
                    (delta * (error.abs() - 0.5 * delta), if error > 0.0 { delta } else { -delta })
                }
                Loss::Huber { .. } => (0.5 * error * error, error),
                _ => (error * error, 2.0 * error),
            };
            *d = share * slope;
            metrics.loss += value;
            metrics.squared_error += error * error;
            metrics.absolute_error += error.abs();
        }
        metrics.loss *= share;
        metrics
    }
}
