//! What to export, and intermediate results.

use super::inputs::InputLoss;
use super::shrink::Shrunk;
use crate::model::encode::Examples;
use crate::model::fold::FoldedLayer;
use foldnet_data::View;
use foldnet_sim::AlignedBytes;

/// What to export, and the images to calibrate and test with.
#[derive(Debug, Clone, Copy)]
pub struct ExportPlan<'a> {
    /// Bits per weight: one number for all layers, or one for each.
    pub bits: &'a [u8],
    /// Training images to calibrate integer weights on; not needed for 32 bits.
    pub calibration: View<'a>,
    /// Labelled images to measure accuracy on.
    pub test: View<'a>,
    /// Names of the classes.
    pub labels: &'a [String],
}

impl ExportPlan<'_> {
    /// The examples that the model takes.
    pub(super) fn examples(&self) -> Examples<'_> {
        Examples { shape: self.test.shape, labels: self.labels }
    }
}

/// A network after the fold.
#[derive(Debug)]
pub struct Folded {
    /// Its layers.
    pub layers: Vec<FoldedLayer>,
    /// Its model of 32-bit floats.
    pub model: AlignedBytes,
}

/// A device model, with information from building it.
#[derive(Debug)]
pub struct Built {
    /// The model file.
    pub model: AlignedBytes,
    /// Bits of every layer's weights.
    pub bits: Vec<u8>,
    /// Relative error of every layer, [`QuantizedLayer::error`](super::quantize::QuantizedLayer::error); empty for
    /// floats and for integers that were trained.
    pub errors: Vec<f64>,
    /// For every layer whether it keeps the integers of the file that the network was imported from; empty as `errors`.
    pub kept: Vec<bool>,
    /// What its inputs lose with 8 bits.
    pub loss: InputLoss,
    /// What was merged and removed, if requested.
    pub shrunk: Option<Shrunk>,
}
