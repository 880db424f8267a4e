//! The parameters of the quantization.

use super::kept::Kept;

/// Parameters of the quantization.
#[derive(Debug, Clone, Copy)]
pub struct Quantization<'a> {
    /// Bits per weight, for each layer: 8, 4 or 2.
    pub bits: &'a [u8],
    /// Activations of training examples, `[N][I]`. A few thousand are enough; with fewer, the result is worse.
    pub calibration: &'a [u8],
    /// Number of these examples, from the first, that errors are stated for: those that are not derived from others.
    pub measured: usize,
    /// The values that these activations stand for, in their steps and not rounded, `[N][I]`; `None` if they are the
    /// same.
    pub exact: Option<&'a [f64]>,
    /// Scales of each layer that was imported in integers, used at 8 bits; empty if there are none.
    pub kept: &'a [Kept],
}
