//! The header of a model file: postcard types that exporter and device share, and the sizes that follow from them.

use super::ALIGN;
use crate::int::Row;
use crate::int::layout::Width;
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// At most so many layers has a model file: as many as a network has Dense.
pub const MAX_MODEL_LAYERS: usize = crate::layer::MAX_DENSE;

/// Bits of a float weight.
pub const FLOAT_BITS: u8 = 32;

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
    /// 32-bit words of scratch memory that activations and logits need on every target; a kernel's list of inputs comes
    /// on top ([`Model::scratch_words`](super::Model::scratch_words)).
    pub scratch_words: u32,
}

/// One Dense with or without ReLU. The fields are encoded in this order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LayerHeader {
    /// `I`
    pub inputs: u16,
    /// `O`
    pub units: u16,
    /// Bits of a weight: 8, 4 or 2, or 32, which is `f32`. A model is all float or all integer.
    pub bits: u8,
    /// Whether outputs below zero become zero.
    pub relu: bool,
    /// Real value of one step of an output; 1 for a float layer.
    pub scale: f32,
}

impl LayerHeader {
    /// Bytes of the layer's sections, without padding: rows or biases, the order of the inputs where there is one, the
    /// weights. `first` is said of the model's first layer. None for a width that does not exist.
    pub const fn section_lens(&self, first: bool) -> Option<[usize; 3]> {
        let (inputs, units) = (self.inputs as usize, self.units as usize);
        match (self.bits, Width::from_bits(self.bits)) {
            // Where `usize` has 32 bits the product of the largest widths still fits, four times that does not; no
            // slice is as long as what it saturates at.
            (FLOAT_BITS, _) => Some([units * 4, 0, (units * inputs).saturating_mul(4)]),
            (_, Some(width)) => {
                let order = if first { inputs * 2 } else { 0 };
                Some([units * Row::LEN, order, width.weights_len(inputs, units)])
            }
            (_, None) => None,
        }
    }

    /// Whether the weights are floats.
    pub const fn is_float(&self) -> bool {
        self.bits == FLOAT_BITS
    }
}

/// `len` rounded up to a multiple of [`ALIGN`].
pub(super) const fn padded(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}

/// Scratch memory for the activations and logits of an inference in 32-bit words.
///
/// The outputs of even layers share one half, those of odd layers and the inputs as floats the other. Logits and all
/// values of a float model take a word each; activations of an integer model take a byte each.
pub fn scratch_words(layers: &[LayerHeader]) -> usize {
    let (even, odd) = halves(layers);
    even + odd
}

/// Words for the outputs of even layers, and of odd ones.
pub(super) fn halves(layers: &[LayerHeader]) -> (usize, usize) {
    let inputs = layers.first().filter(|layer| layer.is_float()).map_or(0, |layer| usize::from(layer.inputs));
    let words = layers.iter().enumerate().map(|(index, layer)| match usize::from(layer.units) {
        units if layer.is_float() || index + 1 == layers.len() => units,
        units => units.div_ceil(4),
    });
    words.enumerate().fold((0, inputs), |(even, odd), (index, words)| match index % 2 {
        0 => (words.max(even), odd),
        _ => (even, words.max(odd)),
    })
}
