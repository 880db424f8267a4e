//! Dropout: each value becomes 0 with probability `rate` and is otherwise divided by `1 - rate` (Srivastava et al.
//! 2014, in the inverted form, which leaves inference unchanged).
//!
//! A hash of the step, the layer and the value's number decides which values are dropped. So the mask is not stored
//! anywhere, is the same for every number of threads, and a resumed training drops the same values.

/// The dropout mask of one layer in one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dropout {
    key: u32,
    /// Values with hashes below this are dropped.
    threshold: u32,
    /// `1 / (1 - rate)`
    scale: f32,
}

impl Dropout {
    /// The mask of layer number `layer` in a step with this key.
    pub(super) fn new(rate: f32, step_key: u32, layer: usize) -> Self {
        let threshold = (f64::from(rate) * 4_294_967_296.0) as u32;
        Self { key: hash(step_key ^ hash(layer as u32 + 1)), threshold, scale: 1.0 / (1.0 - rate) }
    }

    /// `x` to `y`; `first` is the number of the first value within the layer.
    #[inline(always)]
    pub(super) fn forward(self, x: &[f32], y: &mut [f32], first: usize) {
        for (i, (y, x)) in y.iter_mut().zip(x).enumerate() {
            *y = x * self.factor(first + i);
        }
    }

    /// Replaces `d` with respect to `y` by `d` with respect to `x`, in place.
    #[inline(always)]
    pub(super) fn backward(self, d: &mut [f32], first: usize) {
        for (i, d) in d.iter_mut().enumerate() {
            *d *= self.factor(first + i);
        }
    }

    #[inline(always)]
    fn factor(self, number: usize) -> f32 {
        if hash(self.key.wrapping_add((number as u32).wrapping_mul(0x9e37_79b9))) < self.threshold {
            0.0
        } else {
            self.scale
        }
    }
}

/// The key of step `number` of a training with this seed.
pub(super) fn step_key(seed: u32, number: u32) -> u32 {
    hash(seed ^ hash(number))
}

/// `lowbias32` of Wellons's hash prospector: every bit of the result depends on every bit of `x`.
#[inline(always)]
fn hash(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;

    pub(crate) fn a_mask_has_the_stated_share_and_backward_has_the_same() {
        for (rate, layer) in [(0.0, 1), (0.1, 2), (0.5, 3), (0.9, 4)] {
            let dropout = Dropout::new(rate, step_key(42, 7), layer);
            let (x, mut y, mut d, mut zeros) = ([1.0; 50], [0.0; 50], [1.0; 50], 0);
            for first in (0..20_000).step_by(50) {
                dropout.forward(&x, &mut y, first);
                d.fill(1.0);
                dropout.backward(&mut d, first);
                assert_eq!(y, d);
                assert!(y.iter().all(|&y| y == 0.0 || y == dropout.scale));
                zeros += y.iter().filter(|&&y| y == 0.0).count();
            }
            // Five standard errors of a share of .5 over 20,000 draws.
            let share = zeros as f32 / 20_000.0;
            assert!((share - rate).abs() < 0.018, "{share} for {rate}");
        }
    }
}
