//! Estimated cost of an inference without emulation: cycles in the cost model of `--cycles`, summed over the layers,
//! for an example without zeros.
//!
//! A layer with `I` inputs and `O` units takes `blocks (pairs * by_product + by_block) + pairs * by_pair` cycles, with
//! pairs of inputs and blocks of rows ([`BitWidth::rows`]), plus wait states for each line of its weights. The three
//! coefficients are fitted to the plugin's counts (`docs/cycles.md`) without wait states, under QEMU 7.2, for 64-32-10,
//! 256-64-10, 640-128-16 and 784-300-100-10 without zeros in inputs or activations; they reproduce these counts to 1.8
//! %. Kernels skip zeros, so other inputs take less.

use super::Board;
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
        costs: [costs(47.20, 1471.7, 50.98), costs(59.76, 1762.2, 57.80), costs(49.56, 1932.8, 46.54)],
    },
    Timed {
        core: "Cortex-M0+",
        passes: 2.0,
        costs: [costs(47.20, 1364.9, 48.08), costs(59.45, 1644.4, 54.36), costs(49.45, 1806.0, 43.73)],
    },
    Timed {
        core: "Cortex-M3",
        passes: 2.0,
        costs: [costs(49.68, 1093.1, 48.23), costs(71.70, 1177.5, 48.75), costs(63.69, 1189.5, 46.83)],
    },
    Timed { core: "Cortex-M4", passes: 1.0, costs: DSP },
    Timed { core: "Cortex-M4F", passes: 1.0, costs: DSP },
];

/// The M4's, with and without an FPU.
const DSP: [Costs; 3] = [costs(12.81, 545.8, 22.21), costs(15.74, 643.9, 21.71), costs(15.39, 652.9, 21.62)];

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

    /// The plugin's counts, to 2 %.
    fn check(board: &str, shape: &[usize], bits: u8, counted: f64) {
        let board = by_name(board).unwrap();
        let found: f64 = shape.windows(2).map(|of| layer(board, of[0], of[1], bits).unwrap()).sum();
        assert!((found / counted - 1.0).abs() < 0.02, "{shape:?} at {bits} bits: {found} instead of {counted}");
    }

    #[test]
    fn estimates_are_what_the_plugin_counted() {
        for (shape, m0, m3, m4) in [
            (
                &[64, 32, 10][..],
                [24_819.0, 22_945.0, 21_821.5],
                [22_198.0, 20_890.0, 19_590.0],
                [8_327.0, 7_450.0, 7_445.0],
            ),
            (
                &[256, 64, 10],
                [96_410.0, 91_357.5, 79_948.0],
                [94_882.0, 97_314.0, 88_410.0],
                [29_218.0, 26_719.0, 26_408.0],
            ),
            (
                &[640, 128, 16],
                [400_314.0, 370_812.5, 317_206.0],
                [406_467.0, 418_046.0, 375_502.0],
                [116_769.0, 104_320.0, 102_627.0],
            ),
            (
                &[784, 300, 100, 10],
                [1_177_842.0, 1_135_135.0, 963_001.5],
                [1_207_197.0, 1_303_223.0, 1_167_069.0],
                [332_998.0, 310_958.0, 305_432.0],
            ),
        ] {
            for (at, bits) in [8, 4, 2].into_iter().enumerate() {
                check("mps2-an385-m0", shape, bits, m0[at]);
                check("mps2-an385", shape, bits, m3[at]);
                check("mps2-an386", shape, bits, m4[at]);
            }
        }
    }

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
