//! The only door to elementary functions: libm, so that a PC and a device compute the same bits; and sums in a fixed
//! order.

/// Independent partial sums of [`sum`] and [`dot_centered`]: what a vector unit of 512 bits adds at once.
const LANES: usize = 16;

pub(crate) fn exp(x: f32) -> f32 {
    libm::expf(x)
}

/// `exp` for probabilities that people read: small rather than exact where feature `micromath` asks for it.
pub(crate) fn exp_for_display(x: f32) -> f32 {
    #[cfg(feature = "micromath")]
    return micromath::F32(x).exp().0;
    #[cfg(not(feature = "micromath"))]
    exp(x)
}

pub(crate) fn ln(x: f32) -> f32 {
    libm::logf(x)
}

pub(crate) fn sqrt(x: f32) -> f32 {
    libm::sqrtf(x)
}

pub(crate) fn sqrt_f64(x: f64) -> f64 {
    libm::sqrt(x)
}

pub(crate) fn cos(x: f32) -> f32 {
    libm::cosf(x)
}

/// `sum_i f(a[i], b[i])` over the shorter length: lane `i % 16` adds element `i`, then the lanes are added pairwise.
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

/// `sum_i a[i] * (b[i] - center)`, in the order of [`sum_with`]; `a` and `b` of one length.
#[inline(always)]
pub(crate) fn dot_centered(a: &[f32], b: &[f32], center: f32) -> f32 {
    sum_with(a, b, |x, y| x * (y - center))
}

/// `sum_i (x[i] - center)^2`, in the order of [`sum_with`].
#[inline(always)]
pub(crate) fn squared_distance(x: &[f32], center: f32) -> f32 {
    sum_with(x, x, |x, _| (x - center) * (x - center))
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::{dot_centered, squared_distance, sum};

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
