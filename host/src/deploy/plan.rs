//! What to export, and what comes of it on the way.

use super::fold::FoldedLayer;
use super::inputs::Inputs;
use super::shrink::Shrunk;
use foldnet_data::View;
use foldnet_sim::AlignedBytes;

/// What to export, and on what images to look at it.
#[derive(Debug, Clone, Copy)]
pub struct ExportPlan<'a> {
    /// Bits of a weight: one number for all layers, or one for each.
    pub bits: &'a [u8],
    /// Training images that integer weights are fitted to; none are needed for 32 bits.
    pub calibration: View<'a>,
    /// Labelled images that accuracy is measured on.
    pub test: View<'a>,
    /// Names of the classes.
    pub labels: &'a [String],
}

/// A network after the fold.
#[derive(Debug)]
pub struct Folded {
    /// Its layers.
    pub layers: Vec<FoldedLayer>,
    /// The model of 32-bit floats that they are.
    pub model: AlignedBytes,
}

/// A device model, and what is known of it from building it.
#[derive(Debug)]
pub struct Built {
    /// The model file.
    pub model: AlignedBytes,
    /// Bits of every layer's weights.
    pub bits: Vec<u8>,
    /// Relative error of every layer, [`QuantizedLayer::error`](super::quantize::QuantizedLayer::error); none for floats and for
    /// integers that were trained.
    pub errors: Vec<f64>,
    /// How its inputs become 8 bits.
    pub inputs: Inputs,
    /// What was merged and removed, where that was asked for.
    pub smaller: Option<Shrunk>,
}
