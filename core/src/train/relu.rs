//! ReLU: `y = max(x, 0)`, whose gradient passes where `y > 0`; and the same as a device's `u8` activation.

/// `x` to `y`.
#[inline(always)]
pub(super) fn forward(x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = x.max(0.0);
    }
}

/// `d` with respect to `y` becomes `d` with respect to `x`, in place.
#[inline(always)]
pub(super) fn backward(y: &[f32], d: &mut [f32]) {
    for (d, y) in d.iter_mut().zip(y) {
        *d = if *y > 0.0 { *d } else { 0.0 };
    }
}

/// `y` in place of `x`.
#[inline(always)]
pub(super) fn infer(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x = x.max(0.0));
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
