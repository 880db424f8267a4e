//! Writes a model file into a buffer of the caller. The format is in [the module above](super).

use super::header::{Header, LayerHeader, MAX_MODEL_LAYERS, padded, scratch_words};
use super::{CRC, CRC_LEN, MAGIC, PREFIX, VERSION};
use heapless::Vec;

/// The weights of a layer.
#[derive(Debug, Clone, Copy)]
pub enum LayerWeights<'a> {
    /// 32 bits.
    Float {
        /// `[units][inputs]`
        kernel: &'a [f32],
        /// `[units]`
        bias: &'a [f32],
    },
}

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Spec<'a> {
    /// Rows of an image.
    pub height: u16,
    /// Columns of an image.
    pub width: u16,
    /// Names of the classes, each ended by a line feed; or empty.
    pub labels: &'a str,
    /// Layers with their weights, first to last.
    pub layers: Vec<(LayerHeader, LayerWeights<'a>), MAX_MODEL_LAYERS>,
    /// Real value of one step of a logit.
    pub logit_scale: f32,
}

/// Why a model cannot be written. `layer` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// The buffer is shorter than [`encoded_len`].
    BufferTooShort,
    /// The header, with the names of the classes, is longer than 65,535 bytes.
    HeaderTooLong,
    /// Weights that do not fit the layer's shape, or that are not finite.
    Weights {
        /// The layer.
        layer: usize,
    },
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self {
            Self::BufferTooShort => write!(f, "the buffer is shorter than the model file"),
            Self::HeaderTooLong => write!(f, "the header is longer than 65,535 bytes; shorten the class names"),
            Self::Weights { layer } => write!(f, "layer {layer}: its weights do not fit its shape, or are not finite"),
        }
    }
}

impl core::error::Error for EncodeError {}

impl<'a> Spec<'a> {
    fn header(&self) -> Header<'a> {
        let layers: Vec<LayerHeader, MAX_MODEL_LAYERS> = self.layers.iter().map(|(header, _)| *header).collect();
        let scratch_words = scratch_words(&layers) as u32;
        let Self { height, width, labels, logit_scale, .. } = *self;
        Header { height, width, labels, layers, logit_scale, scratch_words }
    }
}

/// A buffer of this length is long enough for the model file; the file may be a little shorter.
pub fn encoded_len(spec: &Spec) -> usize {
    let header = PREFIX + spec.labels.len() + 64 + spec.layers.len() * core::mem::size_of::<LayerHeader>() * 2;
    let sections = spec.layers.iter().filter_map(|(header, _)| header.section_lens());
    padded(header) + sections.map(|(first, second)| padded(first) + padded(second)).sum::<usize>() + CRC_LEN
}

/// Writes the file to the front of `out`; returns its length.
///
/// # Errors
/// See [`EncodeError`]; `out` is then worthless.
pub fn encode(spec: &Spec, out: &mut [u8]) -> Result<usize, EncodeError> {
    for (layer, (header, weights)) in spec.layers.iter().enumerate() {
        weights.check(header).ok_or(EncodeError::Weights { layer })?;
    }
    let header_room = out.get_mut(PREFIX..).ok_or(EncodeError::BufferTooShort)?;
    let header = postcard::to_slice(&spec.header(), header_room).map_err(|_| EncodeError::BufferTooShort)?;
    let header_len = header.len();
    let mut writer = Writer { out, len: PREFIX + header_len };
    writer.pad()?;
    for (_, weights) in &spec.layers {
        weights.write(&mut writer)?;
    }
    let len = writer.len + CRC_LEN;
    let prefix = prefix(header_len, len)?;
    writer.out[..PREFIX].copy_from_slice(&prefix);
    let crc = CRC.checksum(&writer.out[..writer.len]);
    writer.put(&crc.to_le_bytes())?;
    Ok(len)
}

fn prefix(header_len: usize, len: usize) -> Result<[u8; PREFIX], EncodeError> {
    let header_len = u16::try_from(header_len).map_err(|_| EncodeError::HeaderTooLong)?;
    let len = u32::try_from(len).map_err(|_| EncodeError::BufferTooShort)?;
    let mut prefix = [0; PREFIX];
    prefix[0..4].copy_from_slice(&MAGIC);
    prefix[4..6].copy_from_slice(&VERSION.to_le_bytes());
    prefix[6..8].copy_from_slice(&header_len.to_le_bytes());
    prefix[8..12].copy_from_slice(&len.to_le_bytes());
    Ok(prefix)
}

/// A buffer that is filled from the front.
struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let end = self.len + bytes.len();
        self.out.get_mut(self.len..end).ok_or(EncodeError::BufferTooShort)?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    fn put_floats(&mut self, values: &[f32]) -> Result<(), EncodeError> {
        values.iter().try_for_each(|value| self.put(&value.to_le_bytes()))?;
        self.pad()
    }

    fn pad(&mut self) -> Result<(), EncodeError> {
        while self.len != padded(self.len) {
            self.put(&[0])?;
        }
        Ok(())
    }
}

impl LayerWeights<'_> {
    /// Whether the weights are of the layer's shape and usable.
    fn check(&self, header: &LayerHeader) -> Option<()> {
        let (inputs, units) = (usize::from(header.inputs), usize::from(header.units));
        match self {
            Self::Float { kernel, bias } => {
                let fits = header.bits == 32 && kernel.len() == units * inputs && bias.len() == units;
                (fits && kernel.iter().chain(*bias).all(|w| w.is_finite())).then_some(())
            }
        }
    }

    fn write(&self, writer: &mut Writer) -> Result<(), EncodeError> {
        match self {
            Self::Float { kernel, bias } => {
                writer.put_floats(bias)?;
                writer.put_floats(kernel)
            }
        }
    }
}
