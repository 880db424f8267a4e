//! Losses: from the last layer's outputs and the targets to a mean over the batch and its gradient, with further
//! metrics of the batch.

mod cross_entropy;
mod values;

use super::buffers::BufferError;
use core::fmt::Debug;

/// The targets of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Targets<'a> {
    /// A class per example, `[N]`.
    Classes(&'a [u16]),
    /// A class per example, `[N]`, and a teacher's logits, `[N][C]`, for [`Loss::Distillation`].
    Taught {
        /// `[N]`
        classes: &'a [u16],
        /// `[N][C]`
        teacher: &'a [f32],
    },
    /// Values per example, `[N][O]`.
    Values(&'a [f32]),
    /// The standardized inputs themselves, for reconstruction.
    Inputs,
}

/// What training minimizes: the mean over the examples of a batch. For several outputs, the loss of an example is their
/// mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// Cross-entropy of the softmax of the outputs, in nats.
    CrossEntropy {
        /// Fraction of the target that is spread evenly over all classes, 0 to 1.
        label_smoothing: f32,
    },
    /// `alpha CE + (1 - alpha) T^2 KL(teacher || network)`, where KL is that of the softmaxes of the logits divided by
    /// the temperature `T` (Hinton et al. 2015). With one output, sigmoids take the place of softmaxes.
    Distillation {
        /// Weight of the cross-entropy, 0 to 1.
        alpha: f32,
        /// `T`, positive.
        temperature: f32,
    },
    /// Cross-entropy of the sigmoid of the only output; classes are 0 and 1.
    BinaryCrossEntropy,
    /// Mean of `(output - target)^2`.
    MeanSquaredError,
    /// `e^2 / 2` for errors up to `delta`, otherwise `delta (|e| - delta / 2)`.
    Huber {
        /// The error at which the parabola becomes a line; positive.
        delta: f32,
    },
}

impl Loss {
    /// Cross-entropy without smoothing.
    pub const CROSS_ENTROPY: Self = Self::CrossEntropy { label_smoothing: 0.0 };

    /// # Errors
    /// If the targets do not match `n` examples of `outputs` outputs, or the loss.
    pub(super) fn check(self, targets: Targets, outputs: usize, n: usize, most: usize) -> Result<(), BufferError> {
        let sigmoid =
            matches!(self, Self::BinaryCrossEntropy) || matches!(self, Self::Distillation { .. } if outputs == 1);
        let classes = if sigmoid { 2 } else { outputs };
        let whole = |len: usize, each: usize| len == n * each;
        let fits = match (self, targets) {
            (Self::CrossEntropy { .. }, Targets::Classes(given)) => whole(given.len(), 1),
            (Self::BinaryCrossEntropy, Targets::Classes(given)) if outputs == 1 => whole(given.len(), 1),
            (Self::Distillation { .. }, Targets::Taught { classes: given, teacher }) => {
                whole(given.len(), 1) && whole(teacher.len(), outputs)
            }
            (Self::BinaryCrossEntropy | Self::MeanSquaredError | Self::Huber { .. }, Targets::Values(values)) => {
                whole(values.len(), outputs)
            }
            (Self::MeanSquaredError | Self::Huber { .. }, Targets::Inputs) => true,
            _ => return Err(BufferError::Targets),
        };
        if !fits {
            return Err(BufferError::Batch { most });
        }
        let (Targets::Classes(given) | Targets::Taught { classes: given, .. }) = targets else { return Ok(()) };
        match given.iter().find(|&&label| usize::from(label) >= classes) {
            Some(&label) => Err(BufferError::Label { label }),
            None => Ok(()),
        }
    }
}

/// Loss and metrics of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Metrics {
    /// Mean loss of the examples; cross-entropies are in nats.
    pub loss: f32,
    /// Number of examples whose class has the largest output; 0 if targets are not classes.
    pub correct: u32,
    /// Sum of `(output - target)^2` over outputs and examples; 0 if targets are classes.
    pub squared_error: f32,
    /// Sum of `|output - target|` over outputs and examples; 0 if targets are classes.
    pub absolute_error: f32,
    /// Euclidean norm of the gradient with respect to all parameters before clipping, if requested.
    pub gradient_norm: Option<f32>,
}

/// The outputs, and a buffer for their gradient, both `[O][N]`.
pub(super) struct Outputs<'a> {
    pub(super) z: &'a [f32],
    /// Initially holds the targets if these are the inputs.
    pub(super) d: &'a mut [f32],
    pub(super) n: usize,
}

impl Outputs<'_> {
    /// Computes loss and gradient; the targets have passed [`Loss::check`]. `weights` are class weights, or empty.
    #[inline(always)]
    pub(super) fn evaluate(mut self, loss: Loss, targets: Targets, weights: &[f32]) -> Metrics {
        match (loss, targets) {
            (Loss::CrossEntropy { label_smoothing }, Targets::Classes(labels)) => {
                self.cross_entropy(labels, weights, label_smoothing)
            }
            (Loss::Distillation { alpha, temperature }, Targets::Taught { classes, teacher })
                if self.z.len() == self.n =>
            {
                self.binary_distillation(classes, teacher, weights, alpha, temperature)
            }
            (Loss::Distillation { alpha, temperature }, Targets::Taught { classes, teacher }) => {
                self.distillation(classes, teacher, weights, alpha, temperature)
            }
            (Loss::BinaryCrossEntropy, Targets::Classes(labels)) => self.binary(labels, weights),
            (loss, Targets::Values(values)) => {
                let outputs = self.z.len() / self.n;
                for (example, values) in values.chunks_exact(outputs).enumerate() {
                    let column = self.d[example..].iter_mut().step_by(self.n);
                    column.zip(values).for_each(|(d, value)| *d = *value);
                }
                self.against_values(loss)
            }
            (loss, _) => self.against_values(loss),
        }
    }
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;
    use crate::math;

    fn evaluate<const N: usize>(
        z: &[f32; N],
        n: usize,
        loss: Loss,
        targets: Targets,
        weights: &[f32],
    ) -> (Metrics, [f32; N]) {
        let mut d = [0.0; N];
        let metrics = Outputs { z, d: &mut d, n }.evaluate(loss, targets, weights);
        (metrics, d)
    }

    pub(crate) fn uniform_logits_cost_the_logarithm_of_the_classes() {
        let (metrics, d) = evaluate(&[3.0; 8], 2, Loss::CROSS_ENTROPY, Targets::Classes(&[0, 3]), &[]);
        assert_eq!((metrics.loss, metrics.correct), (math::ln(4.0), 1));
        assert_eq!(d, [-0.375, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, -0.375]);
        let smooth = Loss::CrossEntropy { label_smoothing: 0.5 };
        let (metrics, d) = evaluate(&[3.0; 4], 1, smooth, Targets::Classes(&[0]), &[2.0, 1.0, 1.0, 1.0]);
        assert_eq!((metrics.loss, d), (2.0 * math::ln(4.0), [-0.75, 0.25, 0.25, 0.25]));
    }

    pub(crate) fn a_student_who_agrees_learns_nothing() {
        let loss = Loss::Distillation { alpha: 0.0, temperature: 3.0 };
        let targets = Targets::Taught { classes: &[1], teacher: &[1.0, 2.0, 4.0] };
        let (metrics, d) = evaluate(&[1.0, 2.0, 4.0], 1, loss, targets, &[]);
        assert_eq!((metrics.loss, metrics.correct, d), (0.0, 0, [0.0; 3]));
        let targets = Targets::Taught { classes: &[1, 0], teacher: &[-1.5, -3.0] };
        let (metrics, d) = evaluate(&[-1.5, -3.0], 2, loss, targets, &[]);
        assert_eq!((metrics.loss, metrics.correct, d), (0.0, 1, [0.0; 2]));
    }

    /// Distillation with one sigmoid gives the same as with two classes whose first logit is 0.
    pub(crate) fn one_sigmoid_is_taught_as_two_classes() {
        let close = |a: f32, b: f32| assert!((a - b).abs() < 2e-3, "{a}, not {b}");
        for (alpha, label) in [(0.3, 0), (0.3, 1), (0.0, 1), (1.0, 0)] {
            let loss = Loss::Distillation { alpha, temperature: 3.0 };
            let classes = &[label];
            let (one, two) = (&[-2.0], &[0.0, -2.0]);
            let (one, of_one) = evaluate(&[1.25], 1, loss, Targets::Taught { classes, teacher: one }, &[2.0, 2.0]);
            let (two, of_two) = evaluate(&[0.0, 1.25], 1, loss, Targets::Taught { classes, teacher: two }, &[2.0, 2.0]);
            assert_eq!(one.correct, two.correct);
            close(one.loss, two.loss);
            close(of_one[0], of_two[1]);
        }
    }

    pub(crate) fn errors_of_values_are_squared_or_cut() {
        let targets = Targets::Values(&[1.0, 0.0]);
        let (metrics, d) = evaluate(&[1.5, 4.0], 1, Loss::MeanSquaredError, targets, &[]);
        assert_eq!((metrics.loss, metrics.squared_error, metrics.absolute_error, d), (8.125, 16.25, 4.5, [0.5, 4.0]));
        let (metrics, d) = evaluate(&[1.5, 4.0], 1, Loss::Huber { delta: 1.0 }, targets, &[]);
        assert_eq!((metrics.loss, d), ((0.125 + 3.5) / 2.0, [0.25, 0.5]));
    }

    pub(crate) fn binary_losses_do_not_overflow() {
        let (metrics, d) = evaluate(&[1000.0, -1000.0], 2, Loss::BinaryCrossEntropy, Targets::Classes(&[0, 0]), &[]);
        assert_eq!((metrics.loss, metrics.correct, d), (500.0, 1, [0.5, 0.0]));
        let (metrics, d) = evaluate(&[0.0], 1, Loss::BinaryCrossEntropy, Targets::Values(&[1.0]), &[]);
        assert_eq!((metrics.loss, d), (math::ln(2.0), [-0.5]));
    }
}
