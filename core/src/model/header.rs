//! The header of a model file: postcard types that exporter and device share, and the sizes that follow from them.

use super::ALIGN;
use crate::infer::Row;
use crate::infer::layout::Width;
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
    /// Names of the classes in UTF-8, each ended by a line feed; empty where there are none.
    pub labels: &'a [u8],
    /// Dense layers, first to last.
    pub layers: Vec<LayerHeader, MAX_MODEL_LAYERS>,
    /// Real value of one step of an integer logit; 1 for a float model.
    pub logit_scale: f32,
    /// 32-bit words of scratch memory that activations and logits need on every target; a kernel's list of inputs comes
    /// on top ([`Model::scratch_words`](super::Model::scratch_words)).
    pub scratch_words: u32,
}

/// A [`Header`] as it lies in the file: layers are decoded where they are asked for, so that a device need not copy them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Packed<'a> {
    pub(super) height: u16,
    pub(super) width: u16,
    pub(super) labels: &'a [u8],
    pub(super) layers: Layers<'a>,
    pub(crate) logit_scale: f32,
    pub(super) scratch_words: u32,
}

impl<'a> Packed<'a> {
    /// From its bytes, if that is what all of them are.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        // Part by part: what serde makes of the whole at once is more code.
        let (height, width, labels) = take(&mut rest)?;
        // A sequence begins with its length; below 128 that is one byte.
        let count = take::<u8>(&mut rest).filter(|&count| usize::from(count) <= MAX_MODEL_LAYERS)?;
        let layers = Layers { count, packed: rest };
        for _ in 0..count {
            take::<LayerHeader>(&mut rest)?;
        }
        let (logit_scale, scratch_words) = take(&mut rest)?;
        rest.is_empty().then_some(Self { height, width, labels, layers, logit_scale, scratch_words })
    }

    /// All of it.
    pub(crate) fn unpack(&self) -> Header<'a> {
        let Self { height, width, labels, layers, logit_scale, scratch_words } = *self;
        Header { height, width, labels, layers: layers.collect(), logit_scale, scratch_words }
    }
}

/// The layers of a [`Packed`] header, one by one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Layers<'a> {
    count: u8,
    packed: &'a [u8],
}

impl Iterator for Layers<'_> {
    type Item = LayerHeader;

    fn next(&mut self) -> Option<LayerHeader> {
        self.count = self.count.checked_sub(1)?;
        take(&mut self.packed)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count.into(), Some(self.count.into()))
    }
}

impl ExactSizeIterator for Layers<'_> {}

/// Takes a value off the front of `rest`.
fn take<'a, T: Deserialize<'a>>(rest: &mut &'a [u8]) -> Option<T> {
    let value;
    (value, *rest) = postcard::take_from_bytes(rest).ok()?;
    Some(value)
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
    /// Whether the scale is finite and above 0.
    #[inline(always)]
    pub(crate) fn is_scaled(&self) -> bool {
        self.scale.is_finite() && self.scale > 0.0
    }

    /// All but the scale.
    pub(crate) const fn shape(&self) -> Shape {
        let Self { inputs, units, bits, relu, .. } = *self;
        Shape { inputs, outputs: Units { units, bits, relu } }
    }

    /// Whether the weights are floats, of which a build without the feature `float` knows nothing.
    pub const fn is_float(&self) -> bool {
        self.shape().is_float()
    }
}

/// What inference needs of a [`LayerHeader`] beside its inputs, which are the outputs of the layer before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units {
    pub(crate) units: u16,
    pub(crate) bits: u8,
    pub(crate) relu: bool,
}

/// What inference needs of a [`LayerHeader`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) inputs: u16,
    pub(crate) outputs: Units,
}

impl Shape {
    /// `I`
    pub(crate) const fn inputs(&self) -> usize {
        self.inputs as usize
    }

    /// `O`
    pub(crate) const fn units(&self) -> usize {
        self.outputs.units as usize
    }

    /// The width of the weights; none for floats, and for a width that does not exist.
    pub(crate) const fn width(&self) -> Option<Width> {
        Width::from_bits(self.outputs.bits)
    }

    /// Whether the weights are floats.
    #[inline(always)]
    pub(crate) const fn is_float(&self) -> bool {
        cfg!(feature = "float") && self.outputs.bits == FLOAT_BITS
    }

    /// Bytes of the layer's sections, without padding: rows or biases, the order of the inputs where there is one, the
    /// weights. `first` is said of the model's first layer. None for a width that does not exist.
    pub(crate) const fn section_lens(&self, first: bool) -> Option<[usize; 3]> {
        let (inputs, units) = (self.inputs(), self.units());
        match self.width() {
            // Where `usize` has 32 bits the product of the largest widths still fits, four times that does not; no
            // slice is as long as what it saturates at.
            None if self.is_float() => Some([units * 4, 0, (units * inputs).saturating_mul(4)]),
            None => None,
            Some(width) => {
                let order = if first { inputs * 2 } else { 0 };
                Some([units * Row::LEN, order, width.weights_len(inputs, units)])
            }
        }
    }
}

/// `len` rounded up to a multiple of [`ALIGN`].
pub(crate) const fn padded(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}

/// Scratch memory for the activations and logits of an inference in 32-bit words.
///
/// The outputs of even layers share one half, those of odd layers and the inputs as floats the other. Logits and all
/// values of a float model take a word each; activations of an integer model take a byte each.
pub fn scratch_words(layers: &[LayerHeader]) -> usize {
    let (even, odd) = halves(layers.iter().map(LayerHeader::shape));
    even + odd
}

/// Words for the outputs of even layers, and of odd ones.
pub(crate) fn halves(layers: impl ExactSizeIterator<Item = Shape>) -> (usize, usize) {
    let (count, mut halves) = (layers.len(), [0; 2]);
    for (index, layer) in layers.enumerate() {
        let units = layer.units();
        let words = if layer.is_float() || index + 1 == count { units } else { units.div_ceil(4) };
        if index == 0 && layer.is_float() {
            halves[1] = layer.inputs();
        }
        halves[index % 2] = words.max(halves[index % 2]);
    }
    halves.into()
}
