//! ReLU: `y = max(x, 0)`, whose gradient passes where `y > 0`; and its quantized form, a device's `u8` activation.

/// `max(x, 0)`, except that NaN stays NaN: after an overflow, the network must not continue as if a unit were merely
/// inactive.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// `x` to `y`.
#[inline(always)]
pub(super) fn forward(x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = relu(*x);
    }
}

/// Replaces `d` with respect to `y` by `d` with respect to `x`, in place.
#[inline(always)]
pub(super) fn backward(y: &[f32], d: &mut [f32]) {
    for (d, y) in d.iter_mut().zip(y) {
        *d = if *y > 0.0 { *d } else { 0.0 };
    }
}

/// Replaces `x` by `y`.
#[inline(always)]
pub(super) fn infer(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x = relu(*x));
}

/// `y = step * clamp(round(x / step), 0, 255)`, halves up.
#[inline(always)]
pub(super) fn quantized(x: f32, step: f32) -> f32 {
    step * (((x / step).clamp(0.0, 255.0) + 0.5) as i32 as f32)
}

/// `x` to quantized `y`.
#[inline(always)]
pub(super) fn forward_quantized(x: &[f32], y: &mut [f32], step: f32) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = quantized(*x, step));
}

/// The straight-through gradient: it passes where `0 < x < 255 step`.
#[inline(always)]
pub(super) fn backward_quantized(x: &[f32], d: &mut [f32], step: f32) {
    for (d, x) in d.iter_mut().zip(x) {
        *d = if *x > 0.0 && *x < 255.0 * step { *d } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_not_hidden() {
        let x = [f32::NAN, -1.0, 0.0, 2.0, f32::INFINITY, f32::NEG_INFINITY];
        let (mut y, mut in_place) = ([7.0; 6], x);
        forward(&x, &mut y);
        infer(&mut in_place);
        for y in [y, in_place] {
            assert!(y[0].is_nan());
            assert_eq!(y[1..], [0.0, 0.0, 2.0, f32::INFINITY, 0.0]);
        }
    }
}
