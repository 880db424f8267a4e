//! Cycles of an instruction without wait states, from its disassembly.
//!
//! Sources: Cortex-M0 Technical Reference Manual r0p0 (DDI 0432C), table 3-1; Cortex-M0+ r0p1 (DDI 0484C), table 3-1;
//! Cortex-M3 r2p1 (DDI 0337I), table 3-1; Cortex-M4 r0p1 (DDI 0439D), table 3-1. Where these give a range, a pipeline
//! refill is 2 cycles (1 to 3 are published for M3 and M4), a long multiplication of the M3 is the mean of its range,
//! and a division takes 7. A load directly after another one is pipelined on M3 and M4 and takes 1 cycle. The
//! multiplier of M0 and M0+ is assumed to be the fast one, with one cycle.

/// A core with published timing per instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Core {
    /// Three stages, ARMv6-M.
    M0,
    /// Two stages, ARMv6-M.
    M0Plus,
    /// ARMv7-M.
    M3,
    /// ARMv7E-M.
    M4,
}

impl Core {
    /// The core with this name in a board file; `None` for cores that pair instructions in unpublished ways.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "Cortex-M0" => Some(Self::M0),
            "Cortex-M0+" => Some(Self::M0Plus),
            "Cortex-M3" => Some(Self::M3),
            "Cortex-M4" | "Cortex-M4F" => Some(Self::M4),
            _ => None,
        }
    }

    const fn is_v6(self) -> bool {
        matches!(self, Self::M0 | Self::M0Plus)
    }
}

/// Cycles of a pipeline refill on M3 and M4.
const REFILL: u64 = 2;

/// The mnemonic without its width suffix.
fn mnemonic(text: &str) -> &str {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.strip_suffix(".w").or_else(|| word.strip_suffix(".n")).unwrap_or(word)
}

/// Number of registers in braces: `{r0, r4-r7, lr}` has 6.
fn registers(text: &str) -> u64 {
    let Some((_, list)) = text.split_once('{') else { return 1 };
    let list = list.split('}').next().unwrap_or_default();
    let number = |name: &str| match name.trim() {
        "sb" => Some(9),
        "sl" => Some(10),
        "fp" => Some(11),
        "ip" => Some(12),
        "sp" => Some(13),
        "lr" => Some(14),
        "pc" => Some(15),
        name => name.get(1..)?.parse::<u64>().ok(),
    };
    list.split(',')
        .map(|part| match part.split_once('-').map(|(from, to)| (number(from), number(to))) {
            Some((Some(from), Some(to))) => to.saturating_sub(from) + 1,
            _ => 1,
        })
        .sum()
}

/// Cycles of the instruction `text` after `previous`, in half cycles because one of the M3's is a mean; without the
/// additional cost of a taken branch, [`taken`].
pub fn half_cycles(core: Core, text: &str, previous: &str) -> u64 {
    let name = mnemonic(text);
    let pops_pc = name == "pop" && text.contains("pc");
    let whole = match name {
        _ if name.starts_with("ldm") || name.starts_with("stm") || name == "push" || name == "pop" => {
            let returning = match core {
                _ if !pops_pc => 0,
                Core::M0 => 3,
                Core::M0Plus | Core::M3 | Core::M4 => REFILL,
            };
            1 + registers(text) + returning
        }
        "ldrd" | "strd" => 3,
        _ if name.starts_with("ldr") && !core.is_v6() => {
            let pipelined = mnemonic(previous).starts_with("ldr") && mnemonic(previous) != "ldrd";
            if pipelined { 1 } else { 2 }
        }
        _ if name.starts_with("str") && !core.is_v6() => 1,
        _ if name.starts_with("ldr") || name.starts_with("str") => 2,
        "mla" | "mls" if core == Core::M3 => 2,
        "smull" | "umull" if core == Core::M3 => 4,
        "smlal" | "umlal" if core == Core::M3 => return 11,
        "udiv" | "sdiv" => 7,
        "tbb" | "tbh" => 2,
        _ => 1,
    };
    2 * whole
}

/// Additional cycles if execution does not continue after the instruction `text`.
pub fn taken(core: Core, text: &str) -> u64 {
    let name = mnemonic(text);
    match (core, name) {
        // The table of instructions already includes their pipeline refill.
        (_, "pop") => 0,
        (Core::M0, "bl") => 3,
        (Core::M0, _) | (Core::M0Plus, "bl") => 2,
        (Core::M0Plus, _) | (_, "b") => 1,
        (_, "tbb" | "tbh") => REFILL + 1,
        _ => REFILL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(core: Core, text: &str, previous: &str, cycles: f64) {
        assert_eq!(half_cycles(core, text, previous) as f64 / 2.0, cycles, "{core:?}: {text}");
    }

    #[test]
    fn instructions_take_what_the_manuals_say() {
        check(Core::M4, "smlad r0, r1, r2, r0", "", 1.0);
        check(Core::M4, "ldm.w r3!, {r4, r5, r6-r8}", "", 6.0);
        check(Core::M4, "ldr r0, [r1]", "adds r0, #1", 2.0);
        check(Core::M4, "ldr r0, [r1]", "ldrb r2, [r1]", 1.0);
        check(Core::M4, "ldr r0, [r1]", "ldrd r2, r3, [r1]", 2.0);
        check(Core::M4, "pop.w {r4, r5, r6, pc}", "", 7.0);
        check(Core::M4, "pop {r4, r5}", "", 3.0);
        check(Core::M3, "mla r0, r1, r2, r0", "", 2.0);
        check(Core::M3, "smlal r0, r1, r2, r0", "", 5.5);
        check(Core::M4, "smlal r0, r1, r2, r0", "", 1.0);
        check(Core::M0, "muls r0, r1, r0", "", 1.0);
        check(Core::M0, "ldr r0, [r1]", "ldr r2, [r1]", 2.0);
        check(Core::M0, "pop {r4, pc}", "", 6.0);
        check(Core::M0Plus, "pop {r4, pc}", "", 5.0);
        check(Core::M0, "stm r0!, {r1, sb-lr}", "", 8.0);
    }

    #[test]
    fn taken_branches_refill_the_pipeline() {
        for (core, text, cycles) in [
            (Core::M0, "bne #0x10", 2),
            (Core::M0, "bl #0x10", 3),
            (Core::M0Plus, "bne #0x10", 1),
            (Core::M4, "bne.w #0x10", 2),
            (Core::M4, "b #0x10", 1),
            (Core::M4, "pop {pc}", 0),
        ] {
            assert_eq!(taken(core, text), cycles, "{core:?}: {text}");
        }
    }

    #[test]
    fn cores_without_published_timing_have_none() {
        assert_eq!(Core::named("Cortex-M4F"), Some(Core::M4));
        for name in ["Cortex-M7", "Cortex-M33", "Cortex-M55", "RV32IMC", ""] {
            assert_eq!(Core::named(name), None, "{name}");
        }
    }
}
