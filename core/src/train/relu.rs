//! ReLU: `y = max(x, 0)`; its gradient passes where `y > 0`.

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
