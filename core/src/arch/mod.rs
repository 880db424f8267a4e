//! Arithmetic that a processor has an instruction for, where the compiler is to know it: inlined, and in loops a vector.

#![allow(unsafe_code)]
// The intrinsics need no `unsafe` since Rust 1.87.
#![allow(unused_unsafe)]

/// Square root, correctly rounded, so the same bits everywhere. libm's is inline assembly on x86-64, which takes one value at
/// a time.
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
