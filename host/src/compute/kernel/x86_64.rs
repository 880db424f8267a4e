//! The instruction sets of x86-64 that are chosen at run time.

use super::vectors::{Vectors, Work};
use core::arch::x86_64::*;

/// Whether the compiler supports AVX-512.
pub(super) const HAS_AVX512: bool = rustversion::cfg!(since(1.89));

/// See [`Isa::Avx2`](super::Isa::Avx2).
struct Avx2;

impl Vectors for Avx2 {
    type Vector = __m256;
    const LANES: usize = 8;
    const MANY: bool = false;

    #[inline(always)]
    unsafe fn apart<W: Work>(work: W) -> W::Output {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { avx2(work) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> __m256 {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m256 {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: __m256) {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { _mm256_storeu_ps(to, vector) }
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: a hint, no access.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { transpose(from, from_stride, to, to_stride) }
    }
}

/// See [`Isa::Avx512`](super::Isa::Avx512).
#[rustversion::since(1.89)]
struct Avx512;

#[rustversion::since(1.89)]
#[clippy::msrv = "1.89"]
impl Vectors for Avx512 {
    type Vector = __m512;
    const LANES: usize = 16;
    const MANY: bool = true;

    #[inline(always)]
    unsafe fn apart<W: Work>(work: W) -> W::Output {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { avx512(work) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> __m512 {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: __m512) {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { _mm512_storeu_ps(to, vector) }
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: a hint, no access.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: guaranteed by the caller, see `# Safety`.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        // SAFETY: the caller's promise; AVX-512 comes with AVX2.
        unsafe { transpose(from, from_stride, to, to_stride) }
    }
}

/// # Safety
/// The processor must have AVX2 and fused multiply-add.
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx2<W: Work>(work: W) -> W::Output {
    work.run::<Avx2>()
}

/// # Safety
/// The processor must have AVX-512F, AVX2 and fused multiply-add.
#[rustversion::since(1.89)]
#[inline(never)]
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn avx512<W: Work>(work: W) -> W::Output {
    work.run::<Avx512>()
}

/// # Safety
/// The processor must have AVX2 and fused multiply-add.
#[rustversion::before(1.89)]
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx512<W: Work>(work: W) -> W::Output {
    work.run::<Avx2>()
}

/// Transposes an 8 x 8 block by unpacking pairs of rows, then quarters, then halves of registers.
///
/// # Safety
/// See [`Vectors::transpose`]; the processor must have AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
    const HALVES: [(usize, usize); 4] = [(0, 2), (1, 3), (4, 6), (5, 7)];
    // SAFETY: guaranteed by the caller, see `# Safety`.
    unsafe {
        let r: [__m256; 8] = core::array::from_fn(|i| _mm256_loadu_ps(from.add(i * from_stride)));
        let pairs: [__m256; 8] = core::array::from_fn(|i| match i % 2 {
            0 => _mm256_unpacklo_ps(r[i], r[i + 1]),
            _ => _mm256_unpackhi_ps(r[i - 1], r[i]),
        });
        let quads: [__m256; 8] = core::array::from_fn(|i| {
            let (a, b) = HALVES[i / 2];
            match i % 2 {
                0 => _mm256_shuffle_ps::<0b01_00_01_00>(pairs[a], pairs[b]),
                _ => _mm256_shuffle_ps::<0b11_10_11_10>(pairs[a], pairs[b]),
            }
        });
        for i in 0..4 {
            let (low, high) = (quads[i], quads[i + 4]);
            _mm256_storeu_ps(to.add(i * to_stride), _mm256_permute2f128_ps::<0x20>(low, high));
            _mm256_storeu_ps(to.add((i + 4) * to_stride), _mm256_permute2f128_ps::<0x31>(low, high));
        }
    }
}
