//! Softmax with cross-entropy against classes, with label smoothing or a teacher, forward and backward in one pass and
//! in a form that cannot overflow.

use super::{Metrics, Outputs};
use crate::math::{self, largest_of_column, softmax_column};

/// The weight of a class; 1 without weights.
fn weight(weights: &[f32], label: u16) -> f32 {
    weights.get(usize::from(label)).copied().unwrap_or(1.0)
}

impl Outputs<'_> {
    /// `loss_n = w (ln sum_c exp(z_c - z_max) - sum_c t_c (z_c - z_max))`, `d = w (softmax - t) / N`. `t` is the
    /// one-hot label, or `1 - smoothing` times that plus `smoothing / C` everywhere.
    #[inline(always)]
    pub(super) fn cross_entropy(&mut self, labels: &[u16], weights: &[f32], smoothing: f32) -> Metrics {
        let n = self.n;
        let classes = (self.z.len() / n) as f32;
        let mut metrics = Metrics::default();
        self.d.copy_from_slice(self.z);
        for (example, &label) in labels.iter().enumerate() {
            let (class, max) = largest_of_column(self.z, example, n);
            let (at, weight) = (usize::from(label) * n + example, weight(weights, label));
            let share = weight / n as f32;
            let sum = softmax_column(self.d, example, n, max, n as f32 / weight, math::exp);
            let mut target = self.z[at] - max;
            if smoothing > 0.0 {
                let column = self.z[example..].iter().step_by(n);
                let mean = column.map(|z| z - max).sum::<f32>() / classes;
                target += smoothing * (mean - target);
                self.d[example..].iter_mut().step_by(n).for_each(|d| *d -= smoothing * share / classes);
            }
            self.d[at] -= (1.0 - smoothing) * share;
            metrics.loss += weight * (math::ln(sum) - target);
            metrics.correct += u32::from(class == usize::from(label));
        }
        metrics.loss /= n as f32;
        metrics
    }

    /// `alpha` times the cross-entropy, plus `(1 - alpha) T^2 sum_c p_c (ln p_c - ln q_c)` with the softmaxes `p` of
    /// the teacher's logits and `q` of the network's, both divided by `T`; the gradient of the latter is
    /// `(1 - alpha) T (q - p) / N`.
    pub(super) fn distillation(
        &mut self,
        labels: &[u16],
        teacher: &[f32],
        weights: &[f32],
        alpha: f32,
        temperature: f32,
    ) -> Metrics {
        let (n, classes) = (self.n, self.z.len() / self.n);
        let mut metrics = self.cross_entropy(labels, weights, 0.0);
        self.d.iter_mut().for_each(|d| *d *= alpha);
        let mut divergence = 0.0;
        for (example, (teacher, &label)) in teacher.chunks_exact(classes).zip(labels).enumerate() {
            let own = || self.z[example..].iter().step_by(n).copied();
            let (max, sum) = (maximum(own()), 0.0);
            let sum = own().fold(sum, |sum, z| sum + math::exp((z - max) / temperature));
            let max_of_teacher = maximum(teacher.iter().copied());
            let of_teacher = |t: f32| math::exp((t - max_of_teacher) / temperature);
            let sum_of_teacher: f32 = teacher.iter().map(|&t| of_teacher(t)).sum();
            let shift = math::ln(sum) - math::ln(sum_of_teacher);
            let factor = (1.0 - alpha) * temperature * weight(weights, label);
            for (class, &t) in teacher.iter().enumerate() {
                let z = self.z[class * n + example];
                let (p, q) = (of_teacher(t) / sum_of_teacher, math::exp((z - max) / temperature) / sum);
                divergence += factor * temperature * p * (((t - max_of_teacher) - (z - max)) / temperature + shift);
                self.d[class * n + example] += factor * (q - p) / n as f32;
            }
        }
        metrics.loss = alpha * metrics.loss + divergence / n as f32;
        metrics
    }

    /// Distillation for one sigmoid: both divergences are those of the probability of class 1.
    pub(super) fn binary_distillation(
        &mut self,
        labels: &[u16],
        teacher: &[f32],
        weights: &[f32],
        alpha: f32,
        temperature: f32,
    ) -> Metrics {
        let mut metrics = self.binary(labels, weights);
        let mut divergence = 0.0;
        for (((&z, d), &t), &label) in self.z.iter().zip(&mut *self.d).zip(teacher).zip(labels) {
            let (z, t) = (z / temperature, t / temperature);
            let (p, factor) = (math::sigmoid(t), (1.0 - alpha) * temperature * weight(weights, label));
            divergence += factor * temperature * (binary_loss(z, p) - binary_loss(t, p));
            *d = alpha * *d + factor * (math::sigmoid(z) - p) / self.n as f32;
        }
        metrics.loss = alpha * metrics.loss + divergence / self.n as f32;
        metrics
    }

    /// `loss_n = w (max(z, 0) - z t + ln(1 + exp(-|z|)))`, `d = w (sigmoid(z) - t) / N`, for labels 0 and 1.
    #[inline(always)]
    pub(super) fn binary(&mut self, labels: &[u16], weights: &[f32]) -> Metrics {
        let mut metrics = Metrics::default();
        for ((&z, d), &label) in self.z.iter().zip(&mut *self.d).zip(labels) {
            let (target, weight) = (f32::from(label), weight(weights, label));
            metrics.loss += weight * binary_loss(z, target);
            *d = weight * (math::sigmoid(z) - target) / self.n as f32;
            metrics.correct += u32::from((z > 0.0) == (label == 1));
        }
        metrics.loss /= self.n as f32;
        metrics
    }
}

/// `-t ln p - (1 - t) ln(1 - p)` with `p = sigmoid(z)`.
pub(super) fn binary_loss(z: f32, target: f32) -> f32 {
    z.max(0.0) - z * target + math::ln(1.0 + math::exp(-z.abs()))
}

fn maximum(values: impl Iterator<Item = f32>) -> f32 {
    values.fold(f32::NEG_INFINITY, f32::max)
}
