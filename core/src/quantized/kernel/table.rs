//! The one table of processor cores: how code for each is built, and which kernel it gets.
//!
//! `build.rs` compiles the kernel that the table has for the target. On a PC,
//! [`KernelKind::of_target`](super::KernelKind::of_target) reads from it what a device has, and `foldnet-sim` takes the
//! cores of its boards from it. `scripts/lib.sh` takes the targets and features that are checked from the rows, so each
//! stays on one line. No code on a device refers to it. It depends on no other file.

/// A processor core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Core {
    /// Its name, in board files.
    pub name: &'static str,
    /// Rust target of its firmware. Other targets of the same [architecture](serving) get the same kernel.
    pub target: &'static str,
    /// The feature of this crate for an extension that the target does not imply.
    pub feature: Option<&'static str>,
    /// The kernel: the value of `cfg(foldnet_kernel)`, the name of its file, and its name in reports.
    pub kernel: &'static str,
    /// First line of its assembly: a core that has the extension, if the target does not imply it.
    pub cpu: &'static str,
    /// Whether one instruction multiplies 32 by 32 to 64 bits.
    pub long_multiply: bool,
}

const fn core(name: &'static str, target: &'static str, kernel: &'static str) -> Core {
    Core { name, target, feature: None, kernel, cpu: "", long_multiply: true }
}

/// Without an instruction for long multiplication, or, for RISC-V, without its use: compiled code is given 32 bits.
const fn narrow(name: &'static str, target: &'static str, kernel: &'static str) -> Core {
    Core { long_multiply: false, ..core(name, target, kernel) }
}

/// With a feature, and the `.cpu` that implies it: assemblers refuse `.arch_extension dsp`.
const fn extended(row: Core, feature: &'static str, cpu: &'static str) -> Core {
    Core { feature: Some(feature), cpu, ..row }
}

/// All cores. Of the rows for an architecture, the first whose feature is on serves a target.
pub const CORES: &[Core] = &[
    narrow("Cortex-M0", "thumbv6m-none-eabi", "armv6m"),
    narrow("Cortex-M0+", "thumbv6m-none-eabi", "armv6m"),
    narrow("Cortex-M23", "thumbv8m.base-none-eabi", "armv6m"),
    core("Cortex-M3", "thumbv7m-none-eabi", "armv7m"),
    // ARMv7E-M always has the DSP extension.
    core("Cortex-M4", "thumbv7em-none-eabi", "dsp"),
    core("Cortex-M4F", "thumbv7em-none-eabihf", "dsp"),
    core("Cortex-M7", "thumbv7em-none-eabihf", "dsp"),
    // ARMv8-M Mainline may come without it, and with MVE.
    extended(core("Cortex-M55", "thumbv8m.main-none-eabihf", "mve"), "mve", ".cpu cortex-m55"),
    extended(core("Cortex-M33", "thumbv8m.main-none-eabihf", "dsp"), "dsp", ".cpu cortex-m33"),
    core("Cortex-M33-nodsp", "thumbv8m.main-none-eabihf", "armv7m"),
    narrow("RV32IMC", "riscv32imc-unknown-none-elf", "rv32im"),
    narrow("RV32IMAC", "riscv32imac-unknown-none-elf", "rv32im"),
    // A PC. All of them have SSE2.
    core("x86-64", "x86_64-unknown-linux-gnu", "sse2"),
];

/// The kernel of a target that no core of the table serves.
pub const PORTABLE: &str = "portable";

/// The core that serves `target` if these features are on; `None` if none does.
pub fn serving(target: &str, has_feature: impl Fn(&str) -> bool) -> Option<&'static Core> {
    let serves = |core: &&Core| architecture(core.target) == architecture(target);
    CORES.iter().filter(serves).find(|core| core.feature.is_none_or(&has_feature))
}

/// `thumbv7em` for `thumbv7em-none-eabihf`. RISC-V's letters after the `m`, for multiplication, are left out: kernels
/// need none of them.
fn architecture(target: &str) -> &str {
    let name = target.split_once('-').map_or(target, |(name, _)| name);
    if name.starts_with("riscv32im") { "riscv32im" } else { name }
}
