//! The kernels and their properties, one row each, including those that are not compiled into this build: a PC knows
//! what a device needs.

pub mod table;

use super::bound::Bound;
use super::layout::BitWidth;

/// Number of inputs per strip with the feature `low-ram`: their list fits into the memory left. Shorter strips cost
/// more instructions on an M0.
pub(crate) const LOW_RAM_STRIP: usize = 122;

/// Number of rows whose sums fit in memory along with that list: a multiple of 6 and 8. A layer with more rows is
/// processed in groups.
pub(crate) const LOW_RAM_ROWS: usize = 384;

/// Makes `KernelKind` of one row for each kernel: its name in [`table`], and everything that depends on which kernel it
/// is, so that no kernel is left out anywhere.
///
/// * `bound`: range of sums that it can represent unambiguously.
/// * `makes_bytes`: whether the kernel itself requantizes hidden layers.
/// * `needs_steady`: whether it can only do so for layers whose rows are all steady (`Row::is_steady`).
/// * `lists_singles`: whether its list has exactly one entry per non-zero input.
/// * `list_words`: maximum length of a list in words, for a number of inputs.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $kind:ident $name:tt {
            bound: $bound:ident,
            makes_bytes: $makes_bytes:literal,
            needs_steady: $needs_steady:literal,
            lists_singles: $lists_singles:literal,
            list_words: |$width:pat_param, $inputs:pat_param| $list_words:expr,
        }
    )*) => {
        /// All kernels, whether or not they are compiled into this build, so that a PC can compute what a device needs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum KernelKind {
            $($(#[$doc])* $kind,)*
        }

        impl KernelKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The kernel compiled into this build.
            pub const CURRENT: Self = Self::compiled();

            const fn compiled() -> Self {
                $(if cfg!(foldnet_kernel = $name) {
                    return Self::$kind;
                })*
                Self::Portable
            }

            /// Name of the kernel in reports.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// Range of sums that the kernel can represent unambiguously.
            pub const fn bound(self) -> Bound {
                match self {
                    $(Self::$kind => Bound::$bound,)*
                }
            }

            /// Whether the kernel itself requantizes hidden layers.
            pub const fn makes_bytes(self) -> bool {
                match self {
                    $(Self::$kind => $makes_bytes,)*
                }
            }

            /// Whether it can only do so for layers whose rows are all steady (`Row::is_steady`).
            pub const fn needs_steady(self) -> bool {
                match self {
                    $(Self::$kind => $needs_steady,)*
                }
            }

            /// Whether its list has exactly one entry per non-zero input.
            #[cfg(feature = "low-ram")]
            pub(crate) const fn lists_singles(self) -> bool {
                match self {
                    $(Self::$kind => $lists_singles,)*
                }
            }

            /// Maximum number of 32-bit words in a list of `inputs` inputs; saturates if that exceeds the address
            /// space.
            pub const fn list_words(self, width: BitWidth, inputs: usize) -> usize {
                match self {
                    $(Self::$kind => {
                        let ($width, $inputs) = (width, inputs);
                        $list_words
                    })*
                }
            }
        }
    };
}

kinds! {
    /// Plain Rust.
    Portable "portable" {
        bound: Chains,
        makes_bytes: false,
        needs_steady: false,
        lists_singles: false,
        // A word for each input.
        list_words: |_, inputs| inputs,
    }
    /// Cortex-M with the DSP extension.
    Dsp "dsp" {
        bound: Chains,
        makes_bytes: true,
        needs_steady: true,
        lists_singles: false,
        // Worst case: every other pair is zero. Each run of one pair takes three words, and the end takes three.
        list_words: |_, inputs| (inputs.div_ceil(2) + 1).saturating_mul(3) / 2 + 2,
    }
    /// Cortex-M with MVE.
    Mve "mve" {
        bound: Chains,
        makes_bytes: true,
        needs_steady: true,
        lists_singles: false,
        // Two words per group of 8 inputs, and two per run. A run starts after a group of zeros or after eight other
        // groups; three more runs are the first, the one of the last group, and the terminator.
        list_words: |_, inputs| {
            let groups = inputs.div_ceil(8);
            groups.saturating_mul(2).saturating_add(groups / 4 + 6)
        },
    }
    /// RISC-V with a multiplier.
    Rv32im "rv32im" {
        bound: Halves,
        makes_bytes: true,
        needs_steady: false,
        lists_singles: false,
        // Three words per pair, plus three for the header and two terminators.
        list_words: |_, inputs| inputs.div_ceil(2).saturating_mul(3).saturating_add(3),
    }
    /// x86-64.
    Sse2 "sse2" {
        bound: Chains,
        makes_bytes: false,
        needs_steady: false,
        lists_singles: false,
        // Up to three words per pair, rounded up to a multiple of four pairs.
        list_words: |_, inputs| inputs.div_ceil(8).saturating_mul(4 * 3),
    }
    /// ARMv6-M, ARMv8-M Baseline.
    Armv6m "armv6m" {
        bound: Halves,
        makes_bytes: true,
        needs_steady: false,
        lists_singles: true,
        // Slots of two words: for each input, for each chunk, and for the end of each of two passes. A pass is one
        // chunk, but at 4 and 2 bits one for every 17 inputs.
        list_words: |width, inputs| match width {
            BitWidth::Eight => inputs.saturating_add(4).saturating_mul(2),
            BitWidth::Four | BitWidth::Two => inputs.saturating_add(inputs / 17 + 4).saturating_mul(2),
        },
    }
    /// ARMv7-M, ARMv8-M Mainline without DSP instructions.
    Armv7m "armv7m" {
        bound: Halves,
        makes_bytes: false,
        needs_steady: false,
        lists_singles: true,
        // The same slots; a pass is one chunk at every width.
        list_words: |_, inputs| inputs.saturating_add(4).saturating_mul(2),
    }
}

impl KernelKind {
    /// The one that serves a target, by Rust's name of it, if these features of this crate are on.
    pub fn of_target(target: &str, has_feature: impl Fn(&str) -> bool) -> Self {
        table::serving(target, has_feature).map_or(Self::Portable, |core| Self::named(core.kernel))
    }

    /// The one with a name of the table; there is one, as is checked below.
    const fn named(name: &str) -> Self {
        let mut at = 0;
        while at < Self::ALL.len() {
            if is_same(Self::ALL[at].name(), name) {
                return Self::ALL[at];
            }
            at += 1;
        }
        panic!("a kernel of the table has no row in `kinds!`")
    }

    /// Maximum number of words that a layer's list and sums take with the feature `low-ram`: the list of all inputs or,
    /// if that is less, the list of a strip and the sums of all rows, at most `LOW_RAM_ROWS`.
    pub const fn low_ram_words(self, width: BitWidth, inputs: usize, units: usize) -> usize {
        let rows = units.next_multiple_of(width.rows());
        let rows = if rows < LOW_RAM_ROWS { rows } else { LOW_RAM_ROWS };
        let (whole, strips) =
            (self.list_words(width, inputs), self.list_words(width, LOW_RAM_STRIP).saturating_add(rows));
        if whole < strips { whole } else { strips }
    }
}

/// A kernel of the table without a row in `kinds!` does not compile.
const _: () = {
    KernelKind::named(table::PORTABLE);
    let mut at = 0;
    while at < table::CORES.len() {
        KernelKind::named(table::CORES[at].kernel);
        at += 1;
    }
};

/// `a == b`, which a const function cannot say.
const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiled kernel is that of the table's row for this target. Each core gets the kernel of its own row, not of an
    /// earlier one for its architecture, and each kernel has a core.
    #[test]
    fn kinds_are_those_of_the_table() {
        let check_with = |asked, target, expected| {
            assert_eq!(KernelKind::of_target(target, |feature| feature == asked), expected, "{target}");
        };
        let check = |target, dsp, expected| check_with(if dsp { "dsp" } else { "" }, target, expected);
        check("thumbv7em-none-eabihf", false, KernelKind::Dsp);
        check("thumbv8m.main-none-eabihf", true, KernelKind::Dsp);
        check_with("mve", "thumbv8m.main-none-eabihf", KernelKind::Mve);
        check_with("mve", "thumbv7em-none-eabihf", KernelKind::Dsp);
        check("thumbv8m.main-none-eabi", false, KernelKind::Armv7m);
        check("thumbv7m-none-eabi", true, KernelKind::Armv7m);
        check("thumbv8m.base-none-eabi", true, KernelKind::Armv6m);
        check("thumbv6m-none-eabi", false, KernelKind::Armv6m);
        check("riscv32imac-unknown-none-elf", false, KernelKind::Rv32im);
        check("riscv32i-unknown-none-elf", false, KernelKind::Portable);
        check("x86_64-unknown-linux-gnu", false, KernelKind::Sse2);
        check("wasm32-unknown-unknown", false, KernelKind::Portable);
        for core in table::CORES {
            check_with(core.feature.unwrap_or_default(), core.target, KernelKind::named(core.kernel));
        }
        for kind in KernelKind::ALL.iter().filter(|&&kind| kind != KernelKind::Portable) {
            assert!(table::CORES.iter().any(|core| core.kernel == kind.name()), "{kind:?} serves no core");
        }
        if cfg!(target_arch = "x86_64") {
            check("x86_64-pc-windows-msvc", false, KernelKind::CURRENT);
        }
    }
}
