//! Arithmetic that maps to single instructions, written so that the compiler can inline and vectorize it.

#![allow(unsafe_code)]
// The intrinsics need no `unsafe` since Rust 1.87.
#![allow(unused_unsafe)]

/// The square root, correctly rounded and therefore identical on every target. On x86-64 libm uses inline assembly,
/// which the compiler cannot vectorize.
#[inline(always)]
pub(crate) fn sqrt(x: f32) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_mm_cvtss_f32, _mm_set_ss, _mm_sqrt_ss};
        // SAFETY: every x86-64 has SSE.
        unsafe { _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    libm::sqrtf(x)
}
