//! Writes a model file into a buffer of the caller. The format is in [the module above](super).

use super::header::{Header, LayerHeader, MAX_MODEL_LAYERS, Packed, padded, scratch_words};
use super::parse::{ParseError, check_shapes};
use super::{CRC, CRC_LEN, MAGIC, PREFIX, VERSION};
use crate::infer::Row;
use crate::infer::bound::worst;
use crate::infer::layout::{MAX_ROWS, Width};
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
    /// 8, 4 or 2 bits.
    Integer {
        /// `[units][inputs]`, each within the width's range; of the first layer in the order of [`Spec::order`].
        weights: &'a [i8],
        /// `[units]`; [`Row::worst`] does not matter, it follows from the weights.
        rows: &'a [Row],
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
    /// Which pixel is the first input of the first layer, the second, ...: a permutation, or empty where they are taken as
    /// they come. A float model has none.
    pub order: &'a [u16],
}

/// Why a model cannot be written. `layer` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EncodeError {
    /// The buffer is shorter than [`encoded_len`].
    BufferTooShort,
    /// The header, with the names of the classes, is longer than 65,535 bytes.
    HeaderTooLong,
    /// A row whose accumulator could overflow ([`Row::fits`]), or whose multiplier or shift is out of range.
    Row {
        /// The layer.
        layer: usize,
        /// The row.
        row: usize,
    },
    /// Weights that do not fit the layer's shape or width, or that are not finite.
    Weights {
        /// The layer.
        layer: usize,
    },
    /// The order of the inputs is no permutation of the pixels, or that of a float model.
    Order,
    /// A layer whose inputs are not the pixels of the image or the units of the layer before, that has no inputs or no
    /// units, or is float among integers; layer 0 where there is no layer.
    Shape {
        /// The layer.
        layer: usize,
    },
    /// A layer whose scale is not finite or not above 0, or whose logits' scale is not finite.
    Scale {
        /// The layer.
        layer: usize,
    },
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self {
            Self::BufferTooShort => write!(f, "the buffer is shorter than the model file"),
            Self::HeaderTooLong => write!(f, "the header is longer than 65,535 bytes; shorten the class names"),
            Self::Row { layer, row } => {
                write!(
                    f,
                    "layer {layer}, row {row}: its sum could overflow, or its multiplier or shift is out of range"
                )
            }
            Self::Weights { layer } => {
                write!(f, "layer {layer}: its weights do not fit its shape or width, or are not finite")
            }
            Self::Shape { layer } => {
                write!(f, "layer {layer} does not follow on the image or the layer before, or has no units")
            }
            Self::Scale { layer } => {
                write!(f, "layer {layer}: its scale is not above 0, or it or that of the logits is not finite")
            }
            Self::Order => write!(f, "the order of the inputs is no permutation of the pixels of an integer model"),
        }
    }
}

impl core::error::Error for EncodeError {}

impl<'a> Spec<'a> {
    fn header(&self) -> Header<'a> {
        let layers: Vec<LayerHeader, MAX_MODEL_LAYERS> = self.layers.iter().map(|(header, _)| *header).collect();
        let scratch_words = scratch_words(&layers) as u32;
        let Self { height, width, labels, logit_scale, .. } = *self;
        Header { height, width, labels: labels.as_bytes(), layers, logit_scale, scratch_words }
    }

    /// Whether the order is a permutation of the first layer's inputs, or none.
    fn check_order(&self) -> Option<()> {
        let (header, _) = self.layers.first()?;
        let inputs = 0..header.inputs;
        let permutes = self.order.len() == inputs.len() && inputs.into_iter().all(|input| self.order.contains(&input));
        (self.order.is_empty() || permutes && !header.is_float()).then_some(())
    }
}

/// A buffer of this length is long enough for the model file; the file may be a little shorter.
pub fn encoded_len(spec: &Spec) -> usize {
    let header = PREFIX + spec.labels.len() + 64 + spec.layers.len() * core::mem::size_of::<LayerHeader>() * 2;
    let layers = spec.layers.iter().enumerate();
    let sections = layers.filter_map(|(index, (header, _))| header.shape().section_lens(index == 0));
    padded(header) + sections.flatten().map(padded).sum::<usize>() + CRC_LEN
}

/// Writes the file to the front of `out`; returns its length. What is written, [`Model::parse`](super::Model::parse) opens.
///
/// # Errors
/// See [`EncodeError`]; `out` is then worthless.
pub fn encode(spec: &Spec, out: &mut [u8]) -> Result<usize, EncodeError> {
    for (layer, (header, weights)) in spec.layers.iter().enumerate() {
        weights.check(header).ok_or(EncodeError::Weights { layer })?;
        weights.check_rows(header).map_err(|row| EncodeError::Row { layer, row })?;
    }
    let header_room = out.get_mut(PREFIX..).ok_or(EncodeError::BufferTooShort)?;
    let header = postcard::to_slice(&spec.header(), header_room).map_err(|_| EncodeError::BufferTooShort)?;
    let header_len = header.len();
    check_header(header)?;
    spec.check_order().ok_or(EncodeError::Order)?;
    let mut writer = Writer { out, len: PREFIX + header_len };
    writer.pad()?;
    for (index, (header, weights)) in spec.layers.iter().enumerate() {
        weights.write(header, (index == 0).then_some(spec.order), &mut writer)?;
    }
    let len = writer.len + CRC_LEN;
    let prefix = prefix(header_len, len)?;
    writer.out[..PREFIX].copy_from_slice(&prefix);
    let crc = CRC.checksum(&writer.out[..writer.len]);
    writer.put(&crc.to_le_bytes())?;
    Ok(len)
}

/// What parsing will say to the header.
fn check_header(bytes: &[u8]) -> Result<(), EncodeError> {
    let header = Packed::new(bytes).unwrap_or_default();
    check_shapes(&header).map_err(|error| {
        // The scratch memory, of which the other errors are, follows from the layers.
        let ParseError::Shape { layer } = error else { return EncodeError::Shape { layer: 0 } };
        match header.layers.clone().nth(layer) {
            Some(found) if !(found.is_scaled() && header.logit_scale.is_finite()) => EncodeError::Scale { layer },
            _ => EncodeError::Shape { layer },
        }
    })
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

    /// The order of `inputs` inputs; where it is empty they are taken as they come.
    fn put_order(&mut self, order: &[u16], inputs: u16) -> Result<(), EncodeError> {
        (0..inputs).try_for_each(|i| self.put(&order.get(usize::from(i)).unwrap_or(&i).to_le_bytes()))?;
        self.pad()
    }

    /// A block of rows of `inputs` weights, packed.
    fn put_block(&mut self, width: Width, inputs: usize, weights: &[i8]) -> Result<(), EncodeError> {
        let weight = |row: usize, input: usize| match input < inputs {
            true => weights.get(row * inputs + input).copied().unwrap_or(0),
            false => 0,
        };
        for pair in 0..inputs.div_ceil(2) {
            let mut words = [0u32; MAX_ROWS];
            for (row, input) in (0..width.rows()).flat_map(|row| [(row, 2 * pair), (row, 2 * pair + 1)]) {
                let place = width.place(row, input);
                words[place.word - pair * width.words()] |= place.pack(weight(row, input));
            }
            words[..width.words()].iter().try_for_each(|word| self.put(&word.to_le_bytes()))?;
        }
        Ok(())
    }

    fn pad(&mut self) -> Result<(), EncodeError> {
        while self.len != padded(self.len) {
            self.put(&[0])?;
        }
        Ok(())
    }
}

impl LayerWeights<'_> {
    /// Whether the weights are of the layer's shape and width.
    fn check(&self, header: &LayerHeader) -> Option<()> {
        let (inputs, units) = (usize::from(header.inputs), usize::from(header.units));
        let usable = match self {
            Self::Float { kernel, bias } => {
                let fits = header.is_float() && kernel.len() == units * inputs && bias.len() == units;
                fits && kernel.iter().chain(*bias).all(|w| w.is_finite())
            }
            Self::Integer { weights, rows } => {
                let largest = Width::from_bits(header.bits)?.largest().unsigned_abs();
                let fits = weights.len() == units * inputs && rows.len() == units;
                fits && weights.iter().all(|w| w.unsigned_abs() <= largest)
            }
        };
        usable.then_some(())
    }

    /// Whether no row can overflow; if one can, its number.
    fn check_rows(&self, header: &LayerHeader) -> Result<(), usize> {
        let Self::Integer { weights, rows } = self else { return Ok(()) };
        let rows = rows.iter().zip(weights.chunks_exact(usize::from(header.inputs).max(1)));
        let bad = rows.enumerate().find(|(_, (row, weights))| !(row.is_valid() && row.fits(weights)));
        bad.map_or(Ok(()), |(row, _)| Err(row))
    }

    /// The layer's sections; `order` is the first layer's.
    fn write(&self, header: &LayerHeader, order: Option<&[u16]>, writer: &mut Writer) -> Result<(), EncodeError> {
        match self {
            Self::Float { kernel, bias } => {
                writer.put_floats(bias)?;
                writer.put_floats(kernel)
            }
            Self::Integer { weights, rows } => {
                let Some(width) = Width::from_bits(header.bits) else { return Ok(()) };
                let inputs = usize::from(header.inputs).max(1);
                for (&row, weights) in rows.iter().zip(weights.chunks(inputs)) {
                    writer.put(&Row { worst: worst(weights), ..row }.to_bytes())?;
                }
                writer.pad()?;
                order.map_or(Ok(()), |order| writer.put_order(order, header.inputs))?;
                weights
                    .chunks(width.rows() * inputs)
                    .try_for_each(|weights| writer.put_block(width, inputs, weights))?;
                writer.pad()
            }
        }
    }
}
