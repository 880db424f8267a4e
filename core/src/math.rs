//! Elementary functions from libm, so that a PC and a device compute the same bits; sums in a fixed order; softmax; and
//! the parameters of a BatchNormalization. Used by training, the fold and inference.

/// The same value as [`sqrt`], for loops that are compiled for the caller's vector width.
pub(crate) use crate::arch::sqrt as sqrt_in_loops;

/// Independent partial sums of [`sum`] and [`dot_centered`]: the number of lanes in a 512-bit vector.
const LANES: usize = 16;

pub(crate) fn exp(x: f32) -> f32 {
    libm::expf(x)
}

/// `exp` for displayed probabilities: small rather than exact with the feature `micromath`.
pub(crate) fn exp_for_display(x: f32) -> f32 {
    #[cfg(feature = "micromath")]
    return micromath::F32(x).exp().0;
    #[cfg(not(feature = "micromath"))]
    exp(x)
}

pub(crate) fn ln(x: f32) -> f32 {
    libm::logf(x)
}

/// Not inlined on x86-64: libm's SSE instruction is slow between AVX instructions unless a call clears the upper halves
/// of the registers first (on an EPYC a step of the notebook's `after` took a seventh longer).
#[cfg_attr(target_arch = "x86_64", inline(never))]
pub(crate) fn sqrt(x: f32) -> f32 {
    libm::sqrtf(x)
}

pub(crate) fn sqrt_f64(x: f64) -> f64 {
    libm::sqrt(x)
}

pub(crate) fn powf(x: f32, y: f32) -> f32 {
    libm::powf(x, y)
}

/// `1 / (1 + exp(-x))`, in a form that cannot overflow.
pub(crate) fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

pub(crate) fn cos(x: f32) -> f32 {
    libm::cosf(x)
}

/// `sum_i f(a[i], b[i])` over the shorter length: lane `i % 16` accumulates element `i`, then the lanes are added
/// pairwise.
#[inline(always)]
fn sum_with(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let (a_rest, b_rest) = (a_chunks.remainder(), b_chunks.remainder());
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            lanes[lane] += f(x[lane], y[lane]);
        }
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *lane += f(*x, *y);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The sum of `x`, in the order of [`sum_with`].
#[inline(always)]
pub(crate) fn sum(x: &[f32]) -> f32 {
    sum_with(x, x, |x, _| x)
}

/// `sum_i a[i] * (b[i] - center)`, in the order of [`sum_with`]; `a` and `b` have the same length.
#[inline(always)]
pub(crate) fn dot_centered(a: &[f32], b: &[f32], center: f32) -> f32 {
    sum_with(a, b, |x, y| x * (y - center))
}

/// `sum_i (x[i] - center)^2`, in the order of [`sum_with`].
#[inline(always)]
pub(crate) fn squared_distance(x: &[f32], center: f32) -> f32 {
    sum_with(x, x, |x, _| (x - center) * (x - center))
}

/// Index of the largest value: the class of an example with these logits.
///
/// Of equal values the first wins. A NaN is never the largest. Returns 0 if there are no values, or if none is above
/// minus infinity (if all are NaN, for example).
pub fn argmax(values: impl IntoIterator<Item = f32>) -> usize {
    largest(values, f32::NEG_INFINITY).0
}

/// [`argmax`] for values of any type, and the largest value; `least` if none is above it.
#[inline(always)]
pub(crate) fn largest<T: PartialOrd>(values: impl IntoIterator<Item = T>, least: T) -> (usize, T) {
    let best = (0, least);
    values.into_iter().enumerate().fold(best, |best, (index, value)| if value > best.1 { (index, value) } else { best })
}

/// The class and the logit of [`argmax`] for a column of `z [C][N]`.
pub(crate) fn largest_of_column(z: &[f32], example: usize, n: usize) -> (usize, f32) {
    largest(z[example..].iter().step_by(n).copied(), f32::NEG_INFINITY)
}

/// Replaces one column of `z [C][N]` with `exp(z - max) / (sum divisor)`; returns the sum.
#[inline(always)]
pub(crate) fn softmax_column(
    z: &mut [f32],
    example: usize,
    n: usize,
    max: f32,
    divisor: f32,
    exp: impl Fn(f32) -> f32,
) -> f32 {
    let mut sum = 0.0;
    for z in z[example..].iter_mut().step_by(n) {
        *z = exp(*z - max);
        sum += *z;
    }
    let factor = 1.0 / (sum * divisor);
    z[example..].iter_mut().step_by(n).for_each(|z| *z *= factor);
    sum
}

/// Converts the logits of one example to class probabilities, in place. For display: the feature `micromath` makes it
/// smaller, but only accurate to a thousandth.
pub fn softmax(logits: &mut [f32]) {
    let (_, max) = largest_of_column(logits, 0, 1);
    if !logits.is_empty() {
        softmax_column(logits, 0, 1, max, 1.0, exp_for_display);
    }
}

/// The four parameters of one unit, read from a network's buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNorm {
    /// Learned scale.
    pub gamma: f32,
    /// Learned shift.
    pub beta: f32,
    /// Moving mean.
    pub moving_mean: f32,
    /// Moving (biased) variance.
    pub moving_variance: f32,
}

impl BatchNorm {
    /// Number of values per unit in a parameter buffer.
    pub const VALUES: usize = 4;

    /// A fresh unit.
    pub const INITIAL: Self = Self { gamma: 1.0, beta: 0.0, moving_mean: 0.0, moving_variance: 1.0 };

    /// From the values in the order of the parameter buffer.
    pub const fn from_array([gamma, beta, moving_mean, moving_variance]: [f32; Self::VALUES]) -> Self {
        Self { gamma, beta, moving_mean, moving_variance }
    }

    /// The values in the order of the parameter buffer.
    pub const fn to_array(self) -> [f32; Self::VALUES] {
        [self.gamma, self.beta, self.moving_mean, self.moving_variance]
    }

    /// `(scale, shift)` with `y = scale x + shift` at inference, in f64.
    pub fn affine(self, epsilon: f32) -> (f64, f64) {
        let scale = f64::from(self.gamma) / sqrt_f64(f64::from(self.moving_variance) + f64::from(epsilon));
        (scale, f64::from(self.beta) - f64::from(self.moving_mean) * scale)
    }
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::{argmax, dot_centered, softmax, squared_distance, sum};

    pub(crate) fn the_first_of_the_largest_values_counts() {
        let check = |values: &[f32], expected| assert_eq!(argmax(values.iter().copied()), expected, "{values:?}");
        check(&[-3.0, -1.0, -1.0, -2.0], 1);
        check(&[f32::NAN, 1.0, f32::NAN, 2.0, 2.0], 3);
        check(&[f32::NEG_INFINITY, f32::INFINITY, f32::INFINITY], 1);
        check(&[f32::NAN, f32::NEG_INFINITY], 0);
        check(&[f32::NAN, f32::NAN], 0);
        check(&[], 0);
    }

    pub(crate) fn huge_logits_do_not_overflow() {
        let mut p = [1000.0, 0.0, 1000.0];
        softmax(&mut p);
        assert_eq!(p, [0.5, 0.0, 0.5]);
    }

    pub(crate) fn sums_cover_every_length_around_the_lanes() {
        for len in 0..70usize {
            let mut x = [0.0f32; 70];
            for (i, x) in x.iter_mut().enumerate() {
                *x = i as f32 + 1.0;
            }
            let expected = (len * (len + 1) / 2) as f32;
            let squares = (len * (len + 1) * (2 * len + 1) / 6) as f32;
            assert_eq!(sum(&x[..len]), expected, "length {len}");
            assert_eq!(dot_centered(&x[..len], &x[..len], 0.0), squares, "length {len}");
            assert_eq!(squared_distance(&x[..len], 0.0), squares, "length {len}");
        }
    }
}
