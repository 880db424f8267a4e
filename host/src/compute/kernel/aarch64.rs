//! The instruction set of 64-bit Arm.

use super::vectors::{Vectors, Work};
use core::arch::aarch64::*;

/// See [`Isa::Neon`](super::Isa::Neon).
struct Neon;

impl Vectors for Neon {
    type Vector = float32x4_t;
    const LANES: usize = 4;
    const MANY: bool = true;

    #[inline(always)]
    unsafe fn apart<W: Work>(work: W) -> W::Output {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { neon(work) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> float32x4_t {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> float32x4_t {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: float32x4_t) {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { vst1q_f32(to, vector) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { vfmaq_f32(c, a, b) }
    }
}

/// # Safety
/// The processor must have NEON.
#[inline(never)]
#[target_feature(enable = "neon")]
pub(super) unsafe fn neon<W: Work>(work: W) -> W::Output {
    work.run::<Neon>()
}
