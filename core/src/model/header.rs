//! The header of a model file: postcard types that exporter and device share, and the sizes that follow from them.

use super::ALIGN;
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// At most so many layers has a model file: as many as a network has Dense.
pub const MAX_MODEL_LAYERS: usize = crate::layer::MAX_DENSE;

/// What a model is, apart from its weights. The fields are encoded in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header<'a> {
    /// Rows of an image.
    pub height: u16,
    /// Columns of an image; an image is `height * width` bytes, row by row, 0 to 255.
    pub width: u16,
    /// Names of the classes, each ended by a line feed; empty where there are none.
    pub labels: &'a str,
    /// Dense layers, first to last.
    pub layers: Vec<LayerHeader, MAX_MODEL_LAYERS>,
    /// Real value of one step of an integer logit; 1 for a float model.
    pub logit_scale: f32,
    /// 32-bit words of scratch memory that an inference needs.
    pub scratch_words: u32,
}

/// One Dense with or without ReLU. The fields are encoded in this order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LayerHeader {
    /// `I`
    pub inputs: u16,
    /// `O`
    pub units: u16,
    /// Bits of a weight: 32 is `f32`.
    pub bits: u8,
    /// Whether outputs below zero become zero.
    pub relu: bool,
    /// Real value of one step of an output; 1 for a float layer.
    pub scale: f32,
}

impl LayerHeader {
    /// Bytes of the layer's two sections, without padding; none for a width that does not exist.
    pub const fn section_lens(&self) -> Option<(usize, usize)> {
        let (inputs, units) = (self.inputs as usize, self.units as usize);
        match self.bits {
            32 => Some((units * 4, units * inputs * 4)),
            _ => None,
        }
    }
}

/// `len` rounded up to a multiple of [`ALIGN`].
pub(super) const fn padded(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}

/// Scratch memory of an inference in 32-bit words: the inputs of even layers share one half, those of odd layers the
/// other, and the logits are the inputs of a layer that does not exist.
pub fn scratch_words(layers: &[LayerHeader]) -> usize {
    let (even, odd) = halves(layers);
    even + odd
}

/// The two halves of the scratch memory, in words.
pub(super) fn halves(layers: &[LayerHeader]) -> (usize, usize) {
    let logits = layers.last().map_or(0, |last| usize::from(last.units));
    let widths = layers.iter().map(|layer| usize::from(layer.inputs)).chain([logits]);
    widths.enumerate().fold((0, 0), |(even, odd), (index, width)| match index % 2 {
        0 => (width.max(even), odd),
        _ => (even, width.max(odd)),
    })
}
