//! The one table of kernels: which compiler target is served by which, what else it depends on, and what its assembly is
//! told. `build.rs` reads it to choose the kernel that is compiled; [`KernelKind::of_target`](super::KernelKind::of_target) reads it, so
//! that a PC knows what a board has. It knows no other file.

/// A family of targets that a kernel serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// What the target's name begins with.
    pub target: &'static str,
    /// The feature of this crate that must be asked for: an extension of the core that the target's name does not tell.
    pub feature: Option<&'static str>,
    /// The kernel: the value of `cfg(foldnet_kernel)`, the name of its file, and its name in reports.
    pub kernel: &'static str,
    /// The first line of its assembly: a core that has the extension, where the target does not imply it.
    pub cpu: &'static str,
    /// Whether one instruction multiplies 32 by 32 to 64 bits.
    pub long_multiply: bool,
}

const fn family(target: &'static str, kernel: &'static str, long_multiply: bool) -> Family {
    Family { target, feature: None, kernel, cpu: "", long_multiply }
}

/// The first that fits is taken.
pub const FAMILIES: &[Family] = &[
    // ARMv7E-M always has the DSP extension. ARMv8-M may come without, and with MVE; `.arch_extension dsp` is refused, a core is
    // not.
    family("thumbv7em-", "dsp", true),
    Family { feature: Some("mve"), cpu: ".cpu cortex-m55", ..family("thumbv8m.main-", "mve", true) },
    Family { feature: Some("dsp"), cpu: ".cpu cortex-m33", ..family("thumbv8m.main-", "dsp", true) },
    family("thumbv8m.main-", "armv7m", true),
    family("thumbv7m-", "armv7m", true),
    family("thumbv8m.base-", "armv6m", false),
    family("thumbv6m-", "armv6m", false),
    // M is the extension that multiplies; the compiler's requantization does with 32 bits.
    family("riscv32im", "rv32im", false),
    // Every one of them has SSE2.
    family("x86_64-", "sse2", true),
];

/// What serves a target where these features are on; `None` where the portable kernel does.
pub fn family_of(target: &str, has_feature: impl Fn(&str) -> bool) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| target.starts_with(family.target) && family.feature.is_none_or(&has_feature))
}
