//! Estimated cost of an inference without emulation: cycles in the cost model of `--cycles`, summed over the layers,
//! for an example without zeros.
//!
//! A layer with `I` inputs and `O` units takes `blocks (pairs * by_product + by_block) + pairs * by_pair` cycles, with
//! pairs of inputs and blocks of rows ([`BitWidth::rows`]), plus wait states for each line of its weights. The three
//! coefficients are fitted to the plugin's counts (`docs/cycles.md`) without wait states, under QEMU 7.2, for 64-32-10,
//! 256-64-10, 640-128-16 and 784-300-100-10 without zeros in inputs or activations, so that the largest relative error
//! is smallest: 1.6 %. A test counts the same networks again (`firmware-sim/tests/emulate/cycles.rs`); it prints the
//! counts to fit to when a kernel has changed. Kernels skip zeros, so other inputs take less.

use super::table::Board;
use foldnet_core::Model;
use foldnet_core::quantized::BitWidth;

/// Cycles of a kernel on a core at a width.
#[derive(Debug, Clone, Copy)]
struct Costs {
    /// Per pair of inputs and block.
    by_product: f64,
    /// Per block: separating the sums, requantizing the rows.
    by_block: f64,
    /// Per pair: building the list.
    by_pair: f64,
}

const fn costs(by_product: f64, by_block: f64, by_pair: f64) -> Costs {
    Costs { by_product, by_block, by_pair }
}

/// A core with published timing per instruction.
struct Timed {
    /// Its name in board files.
    core: &'static str,
    /// Number of passes of its kernel over a block's weights; two for kernels that process one input at a time.
    passes: f64,
    /// At 8, 4 and 2 bits.
    costs: [Costs; 3],
}

/// The cores that cycles are modelled for; the plugin has the same (`foldnet_plugin::timing`), as a test checks.
const TIMED: &[Timed] = &[
    Timed {
        core: "Cortex-M0",
        passes: 2.0,
        costs: [costs(47.31, 1209.9, 10.95), costs(59.76, 1703.4, 7.19), costs(49.75, 1721.0, 5.62)],
    },
    Timed {
        core: "Cortex-M0+",
        passes: 2.0,
        costs: [costs(47.28, 1132.9, 10.79), costs(59.44, 1597.6, 7.15), costs(49.61, 1613.9, 5.72)],
    },
    Timed {
        core: "Cortex-M3",
        passes: 2.0,
        costs: [costs(49.77, 1110.4, 18.61), costs(71.87, 1204.2, 18.91), costs(63.86, 1216.2, 16.96)],
    },
    Timed { core: "Cortex-M4", passes: 1.0, costs: DSP },
    Timed { core: "Cortex-M4F", passes: 1.0, costs: DSP },
];

/// The M4's, with and without an FPU.
const DSP: [Costs; 3] = [costs(12.92, 519.2, 4.98), costs(15.79, 673.7, 3.15), costs(14.28, 677.3, 3.24)];

/// Names of the cores with published timing per instruction, for which `--cycles` has a model.
pub fn timed_cores() -> impl Iterator<Item = &'static str> {
    TIMED.iter().map(|timed| timed.core)
}

/// Cycles of a layer on `board` with weights of `bits`.
fn layer(board: &Board, inputs: usize, units: usize, bits: u8) -> Option<f64> {
    let width = BitWidth::from_bits(bits)?;
    let Timed { passes, costs, .. } = TIMED.iter().find(|timed| timed.core == board.core)?;
    let Costs { by_product, by_block, by_pair } = match width {
        BitWidth::Eight => costs[0],
        BitWidth::Four => costs[1],
        BitWidth::Two => costs[2],
    };
    let (pairs, blocks) = (inputs.div_ceil(2) as f64, units.div_ceil(width.rows()) as f64);
    let bytes = blocks * width.block_words(inputs) as f64 * 4.0;
    let waiting = bytes / f64::from(board.flash_line) * f64::from(board.wait_states) * passes;
    Some(blocks * (pairs * by_product + by_block) + pairs * by_pair + waiting)
}

/// Modelled cycles of an inference of `model` in which no input and no activation is zero; `None` for a float model,
/// and for a core without published timing per instruction.
pub fn cycles_without_zeros(board: &Board, model: &Model) -> Option<f64> {
    let header = model.header();
    header.layers.iter().map(|of| layer(board, of.inputs.into(), of.units.into(), of.bits)).sum()
}

/// The same in milliseconds; also `None` if the board's clock is unknown.
pub fn ms_without_zeros(board: &Board, model: &Model) -> Option<f64> {
    let cycles = cycles_without_zeros(board, model)?;
    (board.clock_hz > 0).then(|| 1e3 * cycles / f64::from(board.clock_hz))
}

#[cfg(test)]
mod tests {
    use super::super::by_name;
    use super::*;

    #[test]
    fn flash_costs_what_its_lines_do_and_other_cores_have_no_figure() {
        let (fast, slow) = (by_name("mps2-an386").unwrap(), by_name("netduinoplus2").unwrap());
        let cycles = |board| layer(board, 784, 300, 8).unwrap();
        // 50 blocks of 392 pairs of 12 bytes, 16 a line, 5 wait states.
        assert_eq!(cycles(slow) - cycles(fast), 50.0 * 392.0 * 12.0 / 16.0 * 5.0);
        for board in ["mps2-an500", "mps2-an505", "mps3-an547", "riscv32"] {
            assert_eq!(layer(by_name(board).unwrap(), 784, 300, 8), None, "{board}");
        }
        assert_eq!(layer(fast, 784, 300, 32), None);
    }
}
