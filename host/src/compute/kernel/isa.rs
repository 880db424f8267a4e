//! Instruction sets: detecting those of this processor, and calling a closure compiled for one.

#[cfg(target_arch = "aarch64")]
use super::aarch64;
use super::vectors::{Baseline, Work};
#[cfg(target_arch = "x86_64")]
use super::x86_64;

/// An instruction set of vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// The features that every processor of the architecture has, as used by the compiler: SSE2 on x86-64.
    Baseline,
    /// NEON with fused multiply-add, 64-bit Arm.
    Neon,
    /// AVX2 with fused multiply-add, x86-64.
    Avx2,
    /// AVX-512F with AVX2 and fused multiply-add, x86-64; needs a compiler of 1.89 or newer.
    Avx512,
}

impl Isa {
    /// All, the widest first.
    pub const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Baseline];

    /// Whether this program and this processor support it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => x86_64::HAS_AVX512 && is_x86_feature_detected!("avx512f") && Self::Avx2.is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[cfg(not(target_arch = "aarch64"))]
            Self::Neon => false,
        }
    }

    /// Its name, for people and for records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baseline if cfg!(target_arch = "x86_64") => "sse2",
            Self::Baseline => "baseline",
            Self::Neon => "neon",
            Self::Avx2 => "avx2+fma",
            Self::Avx512 => "avx512f",
        }
    }
}

/// An instruction set that this processor has.
#[derive(Debug, Clone, Copy)]
pub(in crate::compute) struct Available(Isa);

impl Available {
    /// The widest available one.
    pub(in crate::compute) fn widest() -> Self {
        Isa::ALL.into_iter().find_map(Self::new).unwrap_or(Self(Isa::Baseline))
    }

    /// `isa`, if this processor has it.
    pub(in crate::compute) fn new(isa: Isa) -> Option<Self> {
        isa.is_available().then_some(Self(isa))
    }

    pub(in crate::compute) fn isa(self) -> Isa {
        self.0
    }

    /// Executes `work`, compiled for this instruction set.
    #[inline(always)]
    pub(in crate::compute) fn run<W: Work>(self, work: W) -> W::Output {
        match self.0 {
            // SAFETY: `new` checked that the processor supports it.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { x86_64::avx512(work) },
            // SAFETY: `new` asked the processor.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { x86_64::avx2(work) },
            // SAFETY: `new` asked the processor.
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => unsafe { aarch64::neon(work) },
            _ => work.run::<Baseline>(),
        }
    }
}
