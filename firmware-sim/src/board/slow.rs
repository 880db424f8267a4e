//! Describes where rows of a model make a kernel slow, and the additional instructions per inference.
//!
//! A layer with a row beyond the kernel's [bound](foldnet_core::quantized::bound) processes its inputs in strips, and each
//! strip goes through all blocks, which adds `strips * blocks * by_block` instructions. In the DSP and MVE kernels, a row
//! that is not steady makes compiled code requantize the whole layer, which adds `units * by_row`. Both coefficients
//! were counted on boards, and a test repeats this.

use super::table::Board;
use foldnet_core::Model;
use foldnet_core::infer::SlowRows;
use foldnet_core::quantized::{BitWidth, KernelKind};
use std::fmt;

/// A layer that takes a slower path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowLayer {
    /// The layer, and the number of its rows that cause this.
    pub rows: SlowRows,
    /// Number of its rows.
    pub units: usize,
    /// The affected kernel.
    pub kernel: KernelKind,
    /// Approximate number of additional instructions per inference.
    pub instructions: usize,
}

/// Additional instructions of a kernel.
struct Extra {
    /// Per strip and block.
    by_block: usize,
    /// Per row that compiled code requantizes instead of the kernel; 0 if it always does.
    by_row: usize,
}

/// The instructions of a kernel; 0 for kernels that no board uses, where they are unknown.
const fn extra(kernel: KernelKind) -> Extra {
    let (by_block, by_row) = match kernel {
        KernelKind::Dsp => (250, 25),
        KernelKind::Mve => (300, 40),
        KernelKind::Armv7m => (490, 0),
        KernelKind::Armv6m => (440, 0),
        KernelKind::Rv32im => (250, 0),
        KernelKind::Portable | KernelKind::Sse2 => (0, 0),
    };
    Extra { by_block, by_row }
}

/// The layers of `model` with rows that make `kernel` slow.
pub fn slow_layers(model: &Model, kernel: KernelKind) -> Vec<SlowLayer> {
    let layers = model.header().layers;
    let of = |rows: SlowRows| {
        let layer = layers.get(rows.layer)?;
        let (width, units) = (BitWidth::from_bits(layer.bits)?, usize::from(layer.units));
        let Extra { by_block, by_row } = extra(kernel);
        let strips = if rows.wide > 0 { rows.strips } else { 0 };
        let in_strips = strips * units.div_ceil(width.rows()) * by_block;
        let requantized = if rows.layer + 1 < layers.len() { units * by_row } else { 0 };
        Some(SlowLayer { rows, units, kernel, instructions: in_strips + requantized })
    };
    model.slow_rows(kernel).filter_map(of).collect()
}

/// The same for every kernel used by some boards.
pub fn slow_layers_on(model: &Model, boards: &[&Board]) -> Vec<SlowLayer> {
    let used = KernelKind::ALL.iter().filter(|&&kernel| boards.iter().any(|board| board.kernel() == kernel));
    used.flat_map(|&kernel| slow_layers(model, kernel)).collect()
}

impl fmt::Display for SlowLayer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { rows: SlowRows { layer, wide, strips, unsteady }, units, kernel, instructions } = *self;
        let kernel = kernel.name();
        write!(f, "layer {layer} is slow with kernel {kernel}: ")?;
        match (wide, unsteady) {
            (0, _) => write!(f, "{unsteady} of {units} rows need compiled requantization, so the whole layer uses it")?,
            _ => write!(
                f,
                "{wide} of {units} rows have sums too large for it, so inputs are processed in {strips} strips"
            )?,
        }
        write!(f, ", about {instructions} more instructions for each inference")
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::cores;
    use super::*;

    #[test]
    fn each_kernel_that_a_core_has_was_counted() {
        for &kernel in KernelKind::ALL {
            let Extra { by_block, by_row } = extra(kernel);
            let serves = |target: &str, feature: Option<&str>| KernelKind::of_target(target, |on| feature == Some(on));
            let is_used = cores().any(|core| serves(core.target, core.feature) == kernel);
            assert_eq!((by_block > 0, by_row > 0), (is_used, kernel.needs_steady()), "{kernel:?}");
        }
    }
}
