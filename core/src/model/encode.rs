//! Writes a model file into the caller's buffer. [The parent module](super) has the format.

use super::file::{CRC, CRC_LEN, MAGIC, PREFIX, VERSION};
use super::head::{HeadSection, HeadSpec};
use super::header::{Fixed, HEADER_LEN, LayerHeader, MAX_MODEL_LAYERS, RECORD, Records, padded, scratch_words};
use super::input::{InputSection, InputSpec};
use super::parse::{ParseError, check_shapes};
use super::section::{ENTRY, Entry, REQUIRED, Tag};
use crate::quantized::bound::{strips, worst};
use crate::quantized::layout::MAX_ROWS;
use crate::quantized::{BitWidth, Bound, Row};
use core::ops::Range;
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
        /// `[units][inputs]`, each within the width's range; for the first layer, in the order of [`ModelSpec::order`].
        weights: &'a [i8],
        /// `[units]`; [`Row::worst`] is ignored, because it follows from the weights.
        rows: &'a [Row],
    },
}

/// Contents of a model to be written. The default is a classifier for `u8` values, without layers.
#[derive(Debug, Clone)]
pub struct ModelSpec<'a> {
    /// Rows of an image, or samples of a window.
    pub height: u16,
    /// Columns of an image.
    pub width: u16,
    /// Values at each position.
    pub channels: u16,
    /// Type and conversion of the input values.
    pub input: InputSpec<'a>,
    /// Meaning of the outputs.
    pub head: HeadSpec<'a>,
    /// Names of the classes or outputs, each terminated by a line feed, a unit after a tab; or empty.
    pub labels: &'a str,
    /// SHA-256 of the data set that the network was trained on, if known.
    pub dataset: Option<&'a [u8; 32]>,
    /// Layers with their weights, first to last.
    pub layers: Vec<(LayerHeader, LayerWeights<'a>), MAX_MODEL_LAYERS>,
    /// Real value of one step of an output.
    pub logit_scale: f32,
    /// The inputs in the order of the first layer's weights: a permutation. Empty if they are used in their original
    /// order, as in float models. An order that changes nothing is not written.
    pub order: &'a [u16],
}

impl Default for ModelSpec<'_> {
    fn default() -> Self {
        Self {
            height: 1,
            width: 1,
            channels: 1,
            input: InputSpec::default(),
            head: HeadSpec::Softmax,
            labels: "",
            dataset: None,
            layers: Vec::new(),
            logit_scale: 1.0,
            order: &[],
        }
    }
}

/// Reason why a model cannot be written. `layer` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EncodeError {
    /// The buffer is shorter than [`encoded_len`].
    BufferTooShort,
    /// The accumulator of a row could overflow ([`Row::fits`]), or its multiplier or shift is out of range.
    Row {
        /// The layer.
        layer: usize,
        /// The row.
        row: usize,
    },
    /// Weights do not match the layer's shape or width, or are not finite.
    Weights {
        /// The layer.
        layer: usize,
    },
    /// The order is not a permutation of the first layer's inputs, or the model is a float model.
    Order,
    /// The inputs do not match the shape of an example or the first layer, or a map is out of range.
    Input,
    /// The head does not match the outputs, or a number in it is out of range.
    Head,
    /// A layer's inputs are not the units of the previous layer, a layer has no inputs or no units, or float and
    /// integer layers are mixed; layer 0 if there are no layers.
    Shape {
        /// The layer.
        layer: usize,
    },
    /// A layer's scale is not finite or not above 0, or the scale of the logits is not finite.
    Scale {
        /// The layer.
        layer: usize,
    },
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self {
            Self::BufferTooShort => write!(f, "the buffer is shorter than the model file"),
            Self::Row { layer, row } => {
                write!(
                    f,
                    "layer {layer}, row {row}: its sum could overflow, or its multiplier or shift is out of range"
                )
            }
            Self::Weights { layer } => {
                write!(f, "layer {layer}: its weights do not match its shape, exceed its bit width, or are not finite")
            }
            Self::Shape { layer } => {
                write!(f, "layer {layer} does not match the preceding layer, or has no units")
            }
            Self::Scale { layer } => {
                write!(f, "layer {layer}: its scale is not above 0, or it or that of the logits is not finite")
            }
            Self::Input => {
                write!(
                    f,
                    "the inputs do not match the example's shape or the first layer, or an input map is out of range"
                )
            }
            Self::Head => write!(f, "the head does not match the outputs, or one of its values is out of range"),
            Self::Order => write!(f, "the input order is not a permutation, or the model is not an integer model"),
        }
    }
}

impl core::error::Error for EncodeError {}

impl ModelSpec<'_> {
    fn fixed(&self) -> Fixed {
        let layers: Vec<LayerHeader, MAX_MODEL_LAYERS> = self.layers.iter().map(|(header, _)| *header).collect();
        let scratch_words = scratch_words(&layers, self.input.is_converted()) as u32;
        let Self { height, width, channels, logit_scale, .. } = *self;
        Fixed { height, width, channels, layers: self.layers.len() as u16, scratch_words, logit_scale }
    }

    /// Whether the order is empty or a permutation of the first layer's inputs.
    fn check_order(&self) -> Option<()> {
        let (header, _) = self.layers.first()?;
        let inputs = 0..header.inputs;
        let permutes = self.order.len() == inputs.len() && inputs.into_iter().all(|input| self.order.contains(&input));
        (self.order.is_empty() || permutes && !header.is_float()).then_some(())
    }

    /// Whether the inputs are not in their original order.
    fn is_ordered(&self) -> bool {
        self.order.iter().enumerate().any(|(at, &input)| usize::from(input) != at)
    }

    /// Bytes of the section of all layers.
    fn layers_len(&self) -> usize {
        let layers = self.layers.iter().enumerate();
        let sections =
            layers.filter_map(|(index, (header, _))| header.shape().section_lens(index == 0 && self.is_ordered()));
        padded(self.layers.len() * RECORD) + sections.flatten().map(padded).sum::<usize>()
    }

    /// The sections to write, with their lengths; required ones first.
    fn sections(&self) -> Vec<(Tag, usize), 6> {
        let all = [
            (Tag::Header, HEADER_LEN),
            (Tag::Input, self.input.bytes().count()),
            (Tag::Layers, self.layers_len()),
            (Tag::Head, self.head.prefix().len() + 8 * self.head.rows()),
            (Tag::Names, self.labels.len()),
            (Tag::Dataset, self.dataset.map_or(0, |digest| digest.len())),
        ];
        all.into_iter().filter(|&(tag, len)| len > 0 || !matches!(tag, Tag::Names | Tag::Dataset)).collect()
    }
}

/// Length of the model file.
pub fn encoded_len(spec: &ModelSpec) -> usize {
    let sections = spec.sections();
    let table = padded(PREFIX + sections.len() * ENTRY);
    table + sections.iter().map(|&(_, len)| padded(len)).sum::<usize>() + CRC_LEN
}

/// Writes the file to the front of `out`; returns its length. [`Model::parse`](super::Model::parse) accepts every file
/// written.
///
/// # Errors
/// See [`EncodeError`]; the contents of `out` are then undefined.
pub fn encode(spec: &ModelSpec, out: &mut [u8]) -> Result<usize, EncodeError> {
    for (layer, (header, weights)) in spec.layers.iter().enumerate() {
        weights.check(header).ok_or(EncodeError::Weights { layer })?;
        weights.check_rows(header).map_err(|row| EncodeError::Row { layer, row })?;
    }
    let len = encoded_len(spec);
    let out = out.get_mut(..len).ok_or(EncodeError::BufferTooShort)?;
    let mut writer = Writer { out, len: 0 };
    writer.put_table(spec, len)?;
    writer.put(&spec.fixed().bytes())?;
    writer.pad()?;
    let input = writer.put_bytes(spec.input.bytes())?;
    let layers = writer.put_layers(spec)?;
    let head = writer.put_head(&spec.head)?;
    writer.put(spec.labels.as_bytes())?;
    writer.pad()?;
    writer.put(spec.dataset.map_or(&[], |digest| digest))?;
    writer.pad()?;
    let body = writer.out.get(..writer.len).ok_or(EncodeError::BufferTooShort)?;
    check(spec, body, [input, layers, head])?;
    let crc = CRC.checksum(body);
    writer.put(&crc.to_le_bytes())?;
    Ok(len)
}

/// Checks the sections of inputs, layers and head at these positions, as parsing will.
fn check(spec: &ModelSpec, body: &[u8], places: [Range<usize>; 3]) -> Result<(), EncodeError> {
    let [input, layers, head] = places.map(|place| body.get(place).unwrap_or(&[]));
    let fixed = spec.fixed();
    let records = Records(layers.get(..spec.layers.len() * RECORD).unwrap_or(&[]));
    check_shapes(&fixed, records).map_err(|error| {
        let ParseError::Shape { layer } = error else { return EncodeError::Shape { layer: 0 } };
        match records.clone().nth(layer) {
            Some(found) if !(found.is_scaled() && fixed.logit_scale.is_finite()) => EncodeError::Scale { layer },
            _ => EncodeError::Shape { layer },
        }
    })?;
    let (Some(first), Some(last)) = (records.clone().next(), records.last()) else {
        return Err(EncodeError::Shape { layer: 0 });
    };
    let values = fixed.values().ok_or(EncodeError::Input)?;
    let right = InputSection(input).check(values, fixed.channels, first.inputs, first.is_float());
    right.ok_or(EncodeError::Input)?;
    let kinds = spec.input.maps.iter().all(|map| spec.input.kind.is_mapped_by(map));
    (kinds && spec.input.inverts_all_or_none(values)).then_some(()).ok_or(EncodeError::Input)?;
    HeadSection(head).check(last.units, first.inputs).ok_or(EncodeError::Head)?;
    spec.head.check(first.is_float()).ok_or(EncodeError::Head)?;
    spec.check_order().ok_or(EncodeError::Order)
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

    /// Magic, version, length, and the table of sections.
    fn put_table(&mut self, spec: &ModelSpec, len: usize) -> Result<(), EncodeError> {
        let sections = spec.sections();
        let len = u32::try_from(len).map_err(|_| EncodeError::BufferTooShort)?;
        self.put(&MAGIC)?;
        self.put(&VERSION.to_le_bytes())?;
        self.put(&(sections.len() as u16).to_le_bytes())?;
        self.put(&len.to_le_bytes())?;
        self.put(&[0; 4])?;
        let mut at = padded(PREFIX + sections.len() * ENTRY);
        for &(tag, len) in &sections {
            let flags = if matches!(tag, Tag::Names | Tag::Dataset) { 0 } else { REQUIRED };
            self.put(&Entry { tag: tag as u16, flags, offset: at as u32, len: len as u32 }.bytes())?;
            at += padded(len);
        }
        self.pad()
    }

    /// Writes bytes one by one, then padding; returns their position.
    fn put_bytes(&mut self, mut bytes: impl Iterator<Item = u8>) -> Result<Range<usize>, EncodeError> {
        let start = self.len;
        bytes.try_for_each(|byte| self.put(&[byte]))?;
        let end = self.len;
        self.pad()?;
        Ok(start..end)
    }

    /// Writes the list of layers, and each layer's sections; returns their position.
    fn put_layers(&mut self, spec: &ModelSpec) -> Result<Range<usize>, EncodeError> {
        let start = self.len;
        for (index, (header, weights)) in spec.layers.iter().enumerate() {
            let mut record = header.bytes(weights.strips(header));
            record[Records::PLAIN] = (index == 0 && !header.is_float() && !spec.is_ordered()).into();
            self.put(&record)?;
        }
        self.pad()?;
        for (index, (header, weights)) in spec.layers.iter().enumerate() {
            let order = if index == 0 && spec.is_ordered() { spec.order } else { &[] };
            weights.write(header, order, self)?;
        }
        Ok(start..self.len)
    }

    /// Writes the head section; returns its position.
    fn put_head(&mut self, head: &HeadSpec) -> Result<Range<usize>, EncodeError> {
        let rows = (0..head.rows()).flat_map(|row| head.row(row)).flat_map(u32::to_le_bytes);
        self.put_bytes(head.prefix().into_iter().chain(rows))
    }

    fn put_floats(&mut self, values: &[f32]) -> Result<(), EncodeError> {
        values.iter().try_for_each(|value| self.put(&value.to_le_bytes()))?;
        self.pad()
    }

    fn put_order(&mut self, order: &[u16]) -> Result<(), EncodeError> {
        order.iter().try_for_each(|input| self.put(&input.to_le_bytes()))?;
        self.pad()
    }

    /// Writes a block of rows of `inputs` weights, packed.
    fn put_block(&mut self, width: BitWidth, inputs: usize, weights: &[i8]) -> Result<(), EncodeError> {
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
    /// Whether the weights match the layer's shape and width.
    fn check(&self, header: &LayerHeader) -> Option<()> {
        let (inputs, units) = (usize::from(header.inputs), usize::from(header.units));
        let usable = match self {
            Self::Float { kernel, bias } => {
                let fits = header.is_float() && kernel.len() == units * inputs && bias.len() == units;
                fits && kernel.iter().chain(*bias).all(|w| w.is_finite())
            }
            Self::Integer { weights, rows } => {
                let largest = BitWidth::from_bits(header.bits)?.max_weight().unsigned_abs();
                let fits = weights.len() == units * inputs && rows.len() == units;
                fits && weights.iter().all(|w| w.unsigned_abs() <= largest)
            }
        };
        usable.then_some(())
    }

    /// Checks that no row can overflow; otherwise returns the row's number.
    fn check_rows(&self, header: &LayerHeader) -> Result<(), usize> {
        let Self::Integer { weights, rows } = self else { return Ok(()) };
        let rows = rows.iter().zip(weights.chunks_exact(usize::from(header.inputs).max(1)));
        let bad = rows.enumerate().find(|(_, (row, weights))| !(row.is_valid() && row.fits(weights)));
        bad.map_or(Ok(()), |(row, _)| Err(row))
    }

    /// Number of strips of a layer with a row whose sum exceeds a kernel's bound; 0 for other layers.
    fn strips(&self, header: &LayerHeader) -> u8 {
        let (Self::Integer { weights, .. }, Some(width)) = (self, BitWidth::from_bits(header.bits)) else { return 0 };
        let (inputs, most) = (usize::from(header.inputs), Bound::Chains.most(width));
        let wide = weights.chunks(inputs.max(1)).any(|row| worst(row) > most);
        if wide { strips(width, inputs, weights) } else { 0 }
    }

    /// Writes the layer's sections; `order` is that of the inputs, or empty.
    fn write(&self, header: &LayerHeader, order: &[u16], writer: &mut Writer) -> Result<(), EncodeError> {
        match self {
            Self::Float { kernel, bias } => {
                writer.put_floats(bias)?;
                writer.put_floats(kernel)
            }
            Self::Integer { weights, rows } => {
                let Some(width) = BitWidth::from_bits(header.bits) else { return Ok(()) };
                let inputs = usize::from(header.inputs).max(1);
                for (&row, weights) in rows.iter().zip(weights.chunks(inputs)) {
                    writer.put(&Row { worst: worst(weights), ..row }.to_bytes())?;
                }
                writer.pad()?;
                writer.put_order(order)?;
                weights
                    .chunks(width.rows() * inputs)
                    .try_for_each(|weights| writer.put_block(width, inputs, weights))?;
                writer.pad()
            }
        }
    }
}
