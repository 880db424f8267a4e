//! The header and the list of layers, shared by exporter and device, and the sizes that follow from them.
//!
//! | header | contents |
//! |---|---|
//! | 0..2 | height, `u16` |
//! | 2..4 | width, `u16` |
//! | 4..6 | channels, `u16`; an example is `height * width * channels` values |
//! | 6..8 | number of layers, `u16` |
//! | 8..12 | 32-bit words of scratch memory for activations, `u32` |
//! | 12..16 | real value of one step of an integer output, `f32`; 1 for a float model |
//!
//! | layer | contents |
//! |---|---|
//! | 0..2 | inputs, `u16` |
//! | 2..4 | units, `u16` |
//! | 4 | bits per weight: 8, 4, 2 or 32 |
//! | 5 | 1 if outputs below zero become zero, otherwise 0 |
//! | 6 | if a row's sum exceeds a kernel's bound, number of strips of inputs whose sums do not; otherwise 0 |
//! | 7 | 1 in layer 0 of an integer model without an order (inputs are used in their original order); otherwise 0 |
//! | 8..12 | real value of one step of an output, `f32`; 1 for a float layer |

use super::file::ALIGN;
use crate::quantized::{BitWidth, Row};
use heapless::Vec;
use serde::Serialize;

/// Maximum number of layers in a model file.
pub const MAX_MODEL_LAYERS: usize = 16;

/// Bits of a float weight.
pub const FLOAT_BITS: u8 = 32;

/// Bytes of the header section.
pub(super) const HEADER_LEN: usize = 16;

/// Bytes of a layer's entry in the list.
pub(super) const RECORD: usize = 12;

/// Description of a model, without its weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Header<'a> {
    /// Rows of an image, or samples of a window.
    pub height: u16,
    /// Columns of an image.
    pub width: u16,
    /// Values at each position: channels of a sensor, or columns of a table.
    pub channels: u16,
    /// Names of the classes or outputs in UTF-8, each terminated by a line feed; empty if there are none.
    pub labels: &'a [u8],
    /// Dense layers, first to last.
    pub layers: Vec<LayerHeader, MAX_MODEL_LAYERS>,
    /// Real value of one step of an integer output; 1 for a float model.
    pub logit_scale: f32,
    /// 32-bit words of scratch memory that activations and outputs need on every target. A kernel's list of inputs
    /// comes on top ([`Model::scratch_words`](super::Model::scratch_words)).
    pub scratch_words: u32,
}

/// The header section, decoded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fixed {
    pub(super) height: u16,
    pub(super) width: u16,
    pub(super) channels: u16,
    pub(super) layers: u16,
    pub(super) scratch_words: u32,
    pub(super) logit_scale: f32,
}

impl Fixed {
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let &[h0, h1, w0, w1, c0, c1, n0, n1, s0, s1, s2, s3, l0, l1, l2, l3] = bytes.first_chunk::<HEADER_LEN>()?;
        (bytes.len() == HEADER_LEN).then_some(Self {
            height: u16::from_le_bytes([h0, h1]),
            width: u16::from_le_bytes([w0, w1]),
            channels: u16::from_le_bytes([c0, c1]),
            layers: u16::from_le_bytes([n0, n1]),
            scratch_words: u32::from_le_bytes([s0, s1, s2, s3]),
            logit_scale: f32::from_le_bytes([l0, l1, l2, l3]),
        })
    }

    pub(super) fn bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let shorts = [self.height, self.width, self.channels, self.layers];
        bytes.chunks_exact_mut(2).zip(shorts).for_each(|(bytes, value)| bytes.copy_from_slice(&value.to_le_bytes()));
        bytes[8..12].copy_from_slice(&self.scratch_words.to_le_bytes());
        bytes[12..].copy_from_slice(&self.logit_scale.to_le_bytes());
        bytes
    }

    /// Number of values in an example; `None` if it is 0 or more than 65,535.
    pub(super) fn values(&self) -> Option<u16> {
        let values = self.height.checked_mul(self.width)?.checked_mul(self.channels)?;
        (values > 0).then_some(values)
    }
}

/// The list of layers in place, decoded one by one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Records<'a>(pub(super) &'a [u8]);

impl Iterator for Records<'_> {
    type Item = LayerHeader;

    #[inline(always)]
    fn next(&mut self) -> Option<LayerHeader> {
        let (record, rest) = self.0.split_first_chunk::<RECORD>()?;
        self.0 = rest;
        Some(LayerHeader::from_bytes(record))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len() / RECORD, Some(self.0.len() / RECORD))
    }
}

impl ExactSizeIterator for Records<'_> {}

impl Records<'_> {
    /// Index of the byte in the first entry that says whether the inputs have an order.
    pub(super) const PLAIN: usize = 7;

    /// Whether the file has an order for the first layer's inputs, if its weights are integers.
    #[inline(always)]
    pub(super) fn is_ordered(&self) -> bool {
        self.0.get(Self::PLAIN).is_none_or(|&plain| plain == 0)
    }
}

/// One Dense with or without ReLU.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LayerHeader {
    /// `I`
    pub inputs: u16,
    /// `O`
    pub units: u16,
    /// Bits per weight: 8, 4, 2, or 32 for `f32`. A model is either all float or all integer.
    pub bits: u8,
    /// Whether outputs below zero become zero.
    pub relu: bool,
    /// Real value of one step of an output; 1 for a float layer.
    pub scale: f32,
}

impl LayerHeader {
    #[inline(always)]
    fn from_bytes(&[i0, i1, u0, u1, bits, relu, _, _, s0, s1, s2, s3]: &[u8; RECORD]) -> Self {
        Self {
            inputs: u16::from_le_bytes([i0, i1]),
            units: u16::from_le_bytes([u0, u1]),
            bits,
            relu: relu != 0,
            scale: f32::from_le_bytes([s0, s1, s2, s3]),
        }
    }

    /// The entry as stored in the file, with the number of strips.
    pub(super) fn bytes(&self, strips: u8) -> [u8; RECORD] {
        let ([i0, i1], [u0, u1], [s0, s1, s2, s3]) =
            (self.inputs.to_le_bytes(), self.units.to_le_bytes(), self.scale.to_le_bytes());
        [i0, i1, u0, u1, self.bits, self.relu as u8, strips, 0, s0, s1, s2, s3]
    }

    /// Whether the scale is finite and above 0.
    #[inline(always)]
    pub(crate) fn is_scaled(&self) -> bool {
        self.scale.is_finite() && self.scale > 0.0
    }

    /// Everything except the scale.
    pub(crate) const fn shape(&self) -> LayerShape {
        let Self { inputs, units, bits, relu, .. } = *self;
        LayerShape { inputs, units, bits, relu }
    }

    /// Whether the weights are floats, which a build without the feature `float` does not support.
    pub const fn is_float(&self) -> bool {
        self.shape().is_float()
    }
}

/// The fields of a [`LayerHeader`] that inference needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerShape {
    pub(crate) inputs: u16,
    pub(crate) units: u16,
    pub(crate) bits: u8,
    pub(crate) relu: bool,
}

impl LayerShape {
    /// `I`
    pub(crate) const fn inputs(&self) -> usize {
        self.inputs as usize
    }

    /// `O`
    pub(crate) const fn units(&self) -> usize {
        self.units as usize
    }

    /// The width of the weights; `None` for floats and for unsupported widths.
    pub(crate) const fn width(&self) -> Option<BitWidth> {
        BitWidth::from_bits(self.bits)
    }

    /// Whether the weights are floats.
    #[inline(always)]
    pub(crate) const fn is_float(&self) -> bool {
        cfg!(feature = "float") && self.bits == FLOAT_BITS
    }

    /// Bytes of the layer's sections, without padding: rows or biases, the order of the inputs if there is one, the
    /// weights. `ordered` is set for a model's first layer if it has an order. `None` for an unsupported width.
    pub(crate) const fn section_lens(&self, ordered: bool) -> Option<[usize; 3]> {
        let (inputs, units) = (self.inputs(), self.units());
        match self.width() {
            // Where `usize` has 32 bits the product of the largest widths still fits, four times that does not; no
            // slice is as long as what it saturates at.
            None if self.is_float() => Some([units * 4, 0, (units * inputs).saturating_mul(4)]),
            None => None,
            Some(width) => {
                let order = if ordered { inputs * 2 } else { 0 };
                Some([units * Row::LEN, order, width.weights_len(inputs, units)])
            }
        }
    }
}

/// `len` rounded up to a multiple of [`ALIGN`].
pub(crate) const fn padded(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}

/// Scratch memory for the activations and outputs of an inference, in 32-bit words. `converted` says that the first
/// layer's inputs are not the bytes of the example's values.
///
/// The outputs of even layers share one half. The outputs of odd layers share the other one with the first layer's
/// inputs, if these are floats or converted. The last layer's outputs and all values of a float model take a word each;
/// activations of an integer model take a byte each.
pub fn scratch_words(layers: &[LayerHeader], converted: bool) -> usize {
    let (even, odd) = halves(layers.iter().map(LayerHeader::shape), converted);
    even + odd
}

/// Words for the outputs of even layers, and of odd ones.
pub(crate) fn halves(layers: impl ExactSizeIterator<Item = LayerShape>, converted: bool) -> (usize, usize) {
    let (count, mut halves) = (layers.len(), [0; 2]);
    for (index, layer) in layers.enumerate() {
        let units = layer.units();
        let words = if layer.is_float() || index + 1 == count { units } else { units.div_ceil(4) };
        if index == 0 && layer.is_float() {
            halves[1] = layer.inputs();
        } else if index == 0 && converted {
            halves[1] = layer.inputs().div_ceil(4);
        }
        halves[index % 2] = words.max(halves[index % 2]);
    }
    halves.into()
}
