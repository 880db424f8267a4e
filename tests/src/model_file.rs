//! Model files for tests: written by core from f32 weights, or assembled byte by byte.

use crate::hostile::{AlignedBytes, seal};
use foldnet_core::model::{EncodeError, LayerHeader, LayerWeights, ModelSpec, encode, encoded_len};

/// One Dense of 32 bits.
#[derive(Debug, Clone)]
pub struct FloatLayer {
    /// `[O][I]`
    pub kernel: Vec<f32>,
    /// `[O]`
    pub bias: Vec<f32>,
    /// `I`
    pub inputs: usize,
    /// Whether a ReLU follows.
    pub relu: bool,
}

impl FloatLayer {
    /// Its entry in the header.
    pub fn header(&self) -> LayerHeader {
        let (inputs, units) = (self.inputs as u16, self.bias.len() as u16);
        LayerHeader { inputs, units, bits: 32, relu: self.relu, scale: 1.0 }
    }
}

/// The specification of `layers` on images of `height` times `width` pixels.
pub fn spec<'a>(height: usize, width: usize, labels: &'a str, layers: &'a [FloatLayer]) -> ModelSpec<'a> {
    let weights = |layer: &'a FloatLayer| LayerWeights::Float { kernel: &layer.kernel, bias: &layer.bias };
    let layers = layers.iter().map(|layer| (layer.header(), weights(layer))).collect();
    ModelSpec { height: height as u16, width: width as u16, labels, layers, ..ModelSpec::default() }
}

/// The file that core writes for `spec`.
///
/// # Errors
/// As [`encode`].
pub fn file(spec: &ModelSpec) -> Result<Vec<u8>, EncodeError> {
    // Not zeros, so that a byte that core leaves unwritten shows.
    let mut bytes = vec![0xA5; encoded_len(spec)];
    let len = encode(spec, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}

/// The same, at an aligned address.
///
/// # Errors
/// As [`encode`].
pub fn aligned_file(spec: &ModelSpec) -> Result<AlignedBytes, EncodeError> {
    Ok(AlignedBytes::new(&file(spec)?))
}

/// A section to be assembled: tag, flags, bytes.
pub type Part<'a> = (u16, u16, &'a [u8]);

/// A file from its sections, with table, padding, length and checksum according to the format.
pub fn assemble(parts: &[Part]) -> Vec<u8> {
    let mut bytes = b"FNET\x03\0".to_vec();
    bytes.extend((parts.len() as u16).to_le_bytes());
    bytes.extend([0; 8]);
    let mut at = (16 + 12 * parts.len()).next_multiple_of(16);
    for (tag, flags, part) in parts {
        bytes.extend([tag.to_le_bytes(), flags.to_le_bytes()].concat());
        bytes.extend([(at as u32).to_le_bytes(), (part.len() as u32).to_le_bytes()].concat());
        at = (at + part.len()).next_multiple_of(16);
    }
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    for (.., part) in parts {
        bytes.extend(*part);
        bytes.resize(bytes.len().next_multiple_of(16), 0);
    }
    bytes.extend([0; 4]);
    seal(&mut bytes);
    bytes
}

/// The section of all layers: the list, and the parts of each layer, with padding.
pub fn layers_section(records: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in [records].iter().chain(parts) {
        bytes.extend(*part);
        bytes.resize(bytes.len().next_multiple_of(16), 0);
    }
    bytes
}
