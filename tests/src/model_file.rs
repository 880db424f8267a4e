//! Model files for tests: written by core from f32 weights, or put together byte by byte.

use crate::hostile::{AlignedBytes, seal};
use foldnet_core::model::{EncodeError, LayerHeader, LayerWeights, Spec, encode, encoded_len};

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
    /// What stands in the header about it.
    pub fn header(&self) -> LayerHeader {
        let (inputs, units) = (self.inputs as u16, self.bias.len() as u16);
        LayerHeader { inputs, units, bits: 32, relu: self.relu, scale: 1.0 }
    }
}

/// What core is to write for `layers` on images of `height` times `width` pixels.
pub fn spec<'a>(height: usize, width: usize, labels: &'a str, layers: &'a [FloatLayer]) -> Spec<'a> {
    let weights = |layer: &'a FloatLayer| LayerWeights::Float { kernel: &layer.kernel, bias: &layer.bias };
    let layers = layers.iter().map(|layer| (layer.header(), weights(layer))).collect();
    Spec { height: height as u16, width: width as u16, labels, layers, logit_scale: 1.0, order: &[] }
}

/// The file that core writes for `spec`.
///
/// # Errors
/// As [`encode`].
pub fn file(spec: &Spec) -> Result<Vec<u8>, EncodeError> {
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
pub fn aligned_file(spec: &Spec) -> Result<AlignedBytes, EncodeError> {
    Ok(AlignedBytes::new(&file(spec)?))
}

/// A file from the bytes of its header and of its sections, with padding, length and checksum as the format has them.
pub fn assemble(header: &[u8], sections: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"FNET\x02\0".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend([0; 8]);
    for part in [header].iter().chain(sections) {
        bytes.extend(*part);
        bytes.resize(bytes.len().next_multiple_of(16), 0);
    }
    bytes.extend([0; 4]);
    seal(&mut bytes);
    bytes
}
