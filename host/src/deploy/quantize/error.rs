//! Reasons why a network cannot be quantized, and the checks for them.

use super::parameters::Quantization;
use crate::model::fold::FoldedLayer;

/// Maximum number of inputs of a layer: each matrix of second moments then takes 130 MB, and there are four. (This also
/// keeps sums within 32 bits: `2^29 + 4,096 * 255 * 127 < 2^31`.)
pub const MAX_INPUTS: usize = 4_096;

/// Largest magnitude of a folded weight or bias; beyond it squares exceed the range of f64.
pub const MAX_WEIGHT: f64 = 1e30;

/// Reasons why [`quantize`](super::quantize) refuses a network. Layers count from 0, as in the fold.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QuantizeError {
    /// There are no layers.
    #[error("the network has no layers; train one first")]
    Empty,
    /// The number of widths is not the number of layers.
    #[error("{widths} widths for {layers} layers; give one width for each layer")]
    Widths {
        /// Length of [`Quantization::bits`].
        widths: usize,
        /// Number of layers in the network.
        layers: usize,
    },
    /// A width that the device does not support.
    #[error("layer {layer}: weights of {bits} bits; choose 8, 4 or 2")]
    Bits {
        /// The layer.
        layer: usize,
        /// The requested width.
        bits: u8,
    },
    /// Kernel, bias and the previous layer do not match.
    #[error("layer {layer}: {what}; fold the network again")]
    Shape {
        /// The layer.
        layer: usize,
        /// What does not match.
        what: &'static str,
    },
    /// The layer is too wide to hold its second moments in memory.
    #[error("layer {layer}: {inputs} inputs, more than the {MAX_INPUTS} that can be quantized; export it with 32 bits")]
    Inputs {
        /// The layer.
        layer: usize,
        /// `I`
        inputs: usize,
    },
    /// A weight or bias is not a number, or absurdly large.
    #[error("layer {layer}, unit {unit}: a weight is not a number or beyond {MAX_WEIGHT:e}; train with a lower rate")]
    Weight {
        /// The layer.
        layer: usize,
        /// Its row.
        unit: usize,
    },
    /// There are no calibration images, or they have another size.
    #[error("{bytes} bytes of calibration images for {inputs} inputs; give at least one image, all of this size")]
    Calibration {
        /// Length of [`Quantization::calibration`].
        bytes: usize,
        /// `I` of the first layer.
        inputs: usize,
    },
    /// Outputs exceed the range of 32-bit floats, so the model file cannot hold their scale.
    #[error("layer {layer}: its outputs on the calibration images reach {largest:e}; train with a lower rate")]
    Outputs {
        /// The layer.
        layer: usize,
        /// Their largest magnitude.
        largest: f64,
    },
}

/// Checks the input for all possible faults. After it, only [`QuantizeError::Outputs`] can occur.
pub(super) fn check(layers: &[FoldedLayer], how: &Quantization) -> Result<(), QuantizeError> {
    let Some(first) = layers.first() else { return Err(QuantizeError::Empty) };
    if how.bits.len() != layers.len() {
        return Err(QuantizeError::Widths { widths: how.bits.len(), layers: layers.len() });
    }
    check_width(layers)?;
    let mut before = None;
    for (index, (layer, &bits)) in layers.iter().zip(how.bits).enumerate() {
        check_layer(index, layer, before)?;
        if ![8, 4, 2].contains(&bits) {
            return Err(QuantizeError::Bits { layer: index, bits });
        }
        before = Some(layer);
    }
    let bytes = how.calibration.len();
    if bytes == 0 || bytes % first.inputs != 0 {
        return Err(QuantizeError::Calibration { bytes, inputs: first.inputs });
    }
    Ok(())
}

/// Refuses layers whose second moments take too much memory.
pub(crate) fn check_width(layers: &[FoldedLayer]) -> Result<(), QuantizeError> {
    match layers.iter().map(|layer| layer.inputs).enumerate().find(|&(_, inputs)| inputs > MAX_INPUTS) {
        Some((layer, inputs)) => Err(QuantizeError::Inputs { layer, inputs }),
        None => Ok(()),
    }
}

fn check_layer(index: usize, layer: &FoldedLayer, before: Option<&FoldedLayer>) -> Result<(), QuantizeError> {
    let shape = |what| Err(QuantizeError::Shape { layer: index, what });
    let (inputs, units) = (layer.inputs, layer.units);
    if inputs == 0 || units == 0 {
        return shape("no inputs or no units");
    }
    if layer.kernel.len() != inputs * units || layer.bias.len() != units {
        return shape("kernel or bias of another size than inputs and units");
    }
    match before {
        Some(before) if before.units != inputs => return shape("its inputs are not the units of the layer before"),
        Some(before) if !before.relu => return shape("no ReLU in front of it"),
        _ => {}
    }
    let sound = |value: &f64| value.abs() <= MAX_WEIGHT;
    let mut rows = layer.kernel.chunks_exact(inputs).zip(&layer.bias);
    match rows.position(|(row, bias)| !row.iter().all(sound) || !sound(bias)) {
        Some(unit) => Err(QuantizeError::Weight { layer: index, unit }),
        None => Ok(()),
    }
}
