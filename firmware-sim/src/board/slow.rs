//! Where rows of a model make a kernel slow, in words, with what it costs: how many instructions of an inference.
//!
//! A layer with a row beyond the kernel's [bound](foldnet_core::infer::bound) takes its inputs in strips, and each strip goes
//! through all blocks: `strips * blocks * by_block` more than at once. On the kernel for DSP a row that is not steady has
//! the whole layer requantized by compiled code: `units * by_row` more. Both as counted on boards, which a test does again.

use super::Board;
use foldnet_core::Model;
use foldnet_core::infer::kernel::KernelKind;
use foldnet_core::infer::layout::BitWidth;
use foldnet_core::model::SlowRows;
use std::fmt;

/// A layer that takes a slower way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowLayer {
    /// Which, and how many of its rows are the reason.
    pub rows: SlowRows,
    /// Its rows.
    pub units: usize,
    /// The kernel that is slow.
    pub kernel: KernelKind,
    /// About how many more instructions an inference takes.
    pub instructions: usize,
}

/// Instructions for each strip and block; that of kernels that no board has is not known.
const fn by_block(kernel: KernelKind) -> usize {
    match kernel {
        KernelKind::Dsp => 250,
        KernelKind::Armv7m => 490,
        KernelKind::Armv6m => 440,
        KernelKind::Rv32im => 250,
        KernelKind::Portable | KernelKind::Sse2 => 0,
    }
}

/// Instructions for a row that compiled code requantizes.
const BY_ROW: usize = 25;

/// The layers of `model` in which rows make `kernel` slow.
pub fn slow_layers(model: &Model, kernel: KernelKind) -> Vec<SlowLayer> {
    let layers = model.header().layers;
    let of = |rows: SlowRows| {
        let layer = layers.get(rows.layer)?;
        let (width, units) = (BitWidth::from_bits(layer.bits)?, usize::from(layer.units));
        let strips = if rows.wide > 0 { rows.strips } else { 0 };
        let in_strips = strips * units.div_ceil(width.rows()) * by_block(kernel);
        let requantized = if kernel.makes_bytes() && rows.layer + 1 < layers.len() { units * BY_ROW } else { 0 };
        Some(SlowLayer { rows, units, kernel, instructions: in_strips + requantized })
    };
    model.slow_rows(kernel).filter_map(of).collect()
}

/// The same for every kernel of some boards, each once.
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
            (0, _) => write!(f, "{unsteady} of {units} rows are requantized by compiled code, and so are all")?,
            _ => {
                write!(f, "{wide} of {units} rows have sums too large for it, so inputs are taken in {strips} strips")?
            }
        }
        write!(f, ", about {instructions} more instructions for each inference")
    }
}
