//! A layer in integers.

use foldnet_core::quantized::Row;

/// A layer in integers, as [`foldnet_core::infer`] computes it.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedLayer {
    /// `I`
    pub inputs: usize,
    /// `O`
    pub units: usize,
    /// Whether a ReLU follows.
    pub relu: bool,
    /// Bits per weight.
    pub bits: u8,
    /// `[O][I]`, each in `-127..=127`, `-7..=7` or `-1..=1`.
    pub weights: Vec<i8>,
    /// `[O]`
    pub rows: Vec<Row>,
    /// Real value of one step of an output: a `u8`, or a logit.
    pub scale: f64,
    /// Whether weights and scales are those of the file that the network was imported from.
    pub kept: bool,
    /// Relative error of this layer and those before it: `rms(quantized - float) / rms(float)`, both over all outputs
    /// of the layer (after its ReLU) and all calibration images (but none derived from them), where an image with `r`
    /// times the median energy has weight `1 / (1 + r^2)`. 0 if both are 0 everywhere, 1 if only the float outputs are.
    pub error: f64,
}
