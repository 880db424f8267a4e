//! Opens a model file in place. Everything is checked here, once, so that inference needs no checks.

use super::file::{CRC, CRC_LEN, MAGIC, PREFIX, VERSION};
use super::head::{HeadKind, HeadSection, Score};
use super::header::{Fixed, Header, LayerShape, MAX_MODEL_LAYERS, RECORD, Records, halves, padded};
use super::input::{Conversion, InputMap, InputSection, InputType};
use super::section::{self, Tag};
use crate::quantized::Traits;
use crate::quantized::bound::strip_len;

/// Reason why bytes are not a model. `layer` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ParseError {
    /// The first byte is not at an address divisible by 4.
    Unaligned,
    /// Fewer bytes than any model has.
    TooShort,
    /// The file does not begin with `FNET`.
    NoModel,
    /// A version that this program does not support.
    Version {
        /// The version.
        found: u16,
    },
    /// The file is shorter or longer than its declared length.
    Length {
        /// The declared length.
        declared: u32,
        /// The actual length.
        found: usize,
    },
    /// The checksum does not match: the file is damaged.
    Crc,
    /// The section table or the header is invalid.
    Header,
    /// The file has a required section that this program does not know.
    Section {
        /// The section's number.
        tag: u16,
    },
    /// The input section does not match the shape, or has a type that does not exist or that this build lacks (feature
    /// `inputs`).
    Input,
    /// The head does not match the outputs, or is of a kind that does not exist or that this build lacks (feature
    /// `heads`).
    Head,
    /// A layer's shape does not match the image, its neighbour or the file, or its scale is invalid.
    Shape {
        /// The layer.
        layer: usize,
    },
    /// A layer has a width that this program does not support.
    Bits {
        /// The layer.
        layer: usize,
        /// The width.
        bits: u8,
    },
    /// A row of integer weights has a multiplier or shift out of range, or, without the feature `wide`, a largest sum
    /// that exceeds what the kernel can hold.
    Row {
        /// The layer.
        layer: usize,
    },
    /// The order of the inputs contains one that does not exist.
    Order,
    /// The declared scratch memory does not match the layers.
    Scratch,
}

impl core::fmt::Display for ParseError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self {
            Self::Unaligned => write!(f, "the model does not begin at an address divisible by 4"),
            Self::TooShort => write!(f, "too short for a model"),
            Self::NoModel => write!(f, "not a .fnet model (it does not begin with FNET)"),
            Self::Version { found } => {
                write!(f, "model format version {found}, this program reads {VERSION}: export the model again")
            }
            Self::Length { declared, found } => {
                write!(f, "the model declares {declared} bytes but has {found}: it is truncated or has trailing data")
            }
            Self::Crc => write!(f, "the checksum does not match: the model is damaged"),
            Self::Header => write!(f, "the model's header is invalid"),
            Self::Section { tag } => write!(f, "the model has a section {tag} that this program does not support"),
            Self::Input => {
                write!(f, "the model's inputs do not match its shape, or have a type that this build does not support")
            }
            Self::Head => {
                write!(
                    f,
                    "the model's head does not match its outputs, or is of a kind that this build does not support"
                )
            }
            Self::Shape { layer } => {
                write!(f, "layer {layer} does not match the input, an adjacent layer or the file's length")
            }
            Self::Bits { layer, bits } => {
                write!(f, "layer {layer} has weights of {bits} bits, which are not supported")
            }
            Self::Row { layer } => {
                write!(f, "layer {layer} has a multiplier or shift out of range, or sums too large for this build")
            }
            Self::Order => write!(f, "the input order refers to an input that does not exist"),
            Self::Scratch => write!(f, "the declared scratch size does not match what the layers need"),
        }
    }
}

impl core::error::Error for ParseError {}

/// The sections of a layer, in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sections<'a> {
    /// Rows, or biases.
    pub(crate) rows: &'a [u8],
    /// The pixel of each input, little-endian; empty if inputs are used in their original order.
    pub(crate) order: &'a [u8],
    /// Weights.
    pub(crate) weights: &'a [u8],
}

impl<'a> Sections<'a> {
    /// Takes the sections of `layer` off the front of `rest`, including an order of its inputs if `ordered`.
    fn take(layer: &LayerShape, ordered: bool, rest: &mut &'a [u8]) -> Option<Self> {
        let [rows, order, weights] = layer.section_lens(ordered)?;
        Some(Self {
            rows: take_padded(rest, rows)?,
            order: take_padded(rest, order)?,
            weights: take_padded(rest, weights)?,
        })
    }
}

/// A model in place: in flash, or wherever its bytes are.
///
/// Small enough to be moved without a call of `memcpy`, which takes a kilobyte on a Cortex-M.
#[derive(Debug, Clone)]
pub struct Model<'a> {
    bytes: &'a [u8],
    records: &'a [u8],
    /// Rows, order and weights of all layers.
    weights: &'a [u8],
    input: &'a [u8],
    head: &'a [u8],
    values: u16,
    channels: u16,
    /// The [`Traits`] of each layer, two bits each.
    traits: u32,
    pub(crate) logit_scale: f32,
}

impl<'a> Model<'a> {
    /// Checks and opens a model.
    ///
    /// # Errors
    /// See [`ParseError`]. Bytes after the end of the model are also an error.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        if bytes.as_ptr() as usize % 4 != 0 {
            return Err(ParseError::Unaligned);
        }
        check_frame(bytes)?;
        section::check(bytes).map_err(|tag| tag.map_or(ParseError::Header, |tag| ParseError::Section { tag }))?;
        let of = |tag| section::find(bytes, tag).ok_or(ParseError::Header);
        let fixed = Fixed::from_bytes(of(Tag::Header)?).ok_or(ParseError::Header)?;
        let (input, head) = (of(Tag::Input)?, of(Tag::Head)?);
        let (records, weights) = split(of(Tag::Layers)?, fixed.layers).ok_or(ParseError::Header)?;
        check_shapes(&fixed, Records(records))?;
        let values = fixed.values().ok_or(ParseError::Shape { layer: 0 })?;
        let model = Self {
            bytes,
            records,
            weights,
            input,
            head,
            values,
            channels: fixed.channels,
            traits: check_layers(Records(records), weights)?,
            logit_scale: fixed.logit_scale,
        };
        model.check_ends(&fixed)?;
        Ok(model)
    }

    /// Checks inputs, head and scratch memory against the layers.
    fn check_ends(&self, fixed: &Fixed) -> Result<(), ParseError> {
        let (first, last) = (self.shapes().next(), self.shapes().last());
        let (Some(first), Some(last)) = (first, last) else { return Err(ParseError::Shape { layer: 0 }) };
        let input = InputSection(self.input);
        input.check(self.values, self.channels, first.inputs, first.is_float()).ok_or(ParseError::Input)?;
        HeadSection(self.head).check(last.units, first.inputs).ok_or(ParseError::Head)?;
        let (even, odd) = self.halves();
        if even + odd == fixed.scratch_words as usize { Ok(()) } else { Err(ParseError::Scratch) }
    }

    /// Description of the model.
    pub fn header(&self) -> Header<'a> {
        // Checked when the model was opened.
        let fixed = section::find(self.bytes, Tag::Header).and_then(Fixed::from_bytes).unwrap_or_default();
        let Fixed { height, width, channels, scratch_words, logit_scale, .. } = fixed;
        let labels = section::find(self.bytes, Tag::Names).unwrap_or(&[]);
        Header { height, width, channels, labels, layers: Records(self.records).collect(), logit_scale, scratch_words }
    }

    /// Names of the classes or outputs, in order, each with a unit after a tab. Empty if the model has none or they are
    /// not UTF-8: a device that does not use names has no code to check them.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let names = section::find(self.bytes, Tag::Names).unwrap_or(&[]);
        core::str::from_utf8(names).unwrap_or_default().split_terminator('\n')
    }

    /// SHA-256 of the data set that the network was trained on, if the exporter knew it.
    pub fn dataset(&self) -> Option<&'a [u8; 32]> {
        section::find(self.bytes, Tag::Dataset)?.try_into().ok()
    }

    /// Number of values in an example.
    pub fn inputs(&self) -> usize {
        self.values.into()
    }

    /// Number of values at each position of an example.
    pub fn channels(&self) -> usize {
        self.channels.into()
    }

    /// The type of a value.
    pub fn input_type(&self) -> InputType {
        let kind = if cfg!(feature = "inputs") { InputSection(self.input).kind() } else { None };
        kind.unwrap_or(InputType::U8)
    }

    /// The windows of values that the 8 bits of an activation cover: one, one for each channel, or one for each value;
    /// empty for `u8`, `i8` and float models.
    pub fn input_maps(&self) -> impl Iterator<Item = InputMap> + use<'a> {
        InputSection(self.input).maps()
    }

    /// Whether a value is inverted (`255 - x`) before anything else, as for images with a light background.
    pub fn is_inverted(&self, value: usize) -> bool {
        self.conversion().mask(value) != 0
    }

    /// Meaning of the outputs.
    pub fn head(&self) -> HeadKind {
        let kind = if cfg!(feature = "heads") { HeadSection(self.head).kind() } else { None };
        kind.unwrap_or(HeadKind::Softmax)
    }

    /// The anomaly score above which an example is abnormal. `None` if the model is not a reconstruction, or treats
    /// every score as normal.
    pub fn threshold(&self) -> Option<f32> {
        let head = HeadSection(self.head);
        let (scale, never) = match self.is_float() {
            true => (0.0, u64::from(f32::INFINITY.to_bits())),
            false => (head.score_scale(), u64::MAX),
        };
        let known = self.head() == HeadKind::Reconstruction && head.threshold() != never;
        known.then(|| Score::new(head.threshold(), scale).value())
    }

    /// The anomaly score for a sum of squared errors, see [`Score`]. `None` if the model is not a
    /// reconstruction.
    pub fn score(&self, sum: u64) -> Option<f32> {
        let scale = if self.is_float() { 0.0 } else { HeadSection(self.head).score_scale() };
        (self.head() == HeadKind::Reconstruction).then(|| Score::new(sum, scale).value())
    }

    /// Number of outputs, `O` of the last layer.
    pub fn outputs(&self) -> usize {
        self.shapes().last().map_or(0, |layer| layer.units())
    }

    /// Number of classes; 0 if the head does not classify.
    pub fn classes(&self) -> usize {
        match self.head() {
            HeadKind::Softmax => self.outputs(),
            HeadKind::Sigmoid => 2,
            HeadKind::Values | HeadKind::Reconstruction => 0,
        }
    }

    /// Size of the file in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the weights are floats; otherwise they are integers in every layer.
    pub fn is_float(&self) -> bool {
        self.shapes().any(|layer| layer.is_float())
    }

    /// Properties that decide how a layer's rows are computed.
    pub(crate) fn traits(&self, layer: usize) -> Traits {
        Traits::from_bits(self.traits >> (2 * layer % u32::BITS as usize))
    }

    /// Number of inputs in a strip of a layer, if a row is wide.
    pub(crate) fn strip(&self, layer: usize) -> usize {
        let record = self.records.get(layer * RECORD..).and_then(|records| records.first_chunk::<RECORD>());
        record.map_or(0, |record| strip_len(u16::from_le_bytes([record[0], record[1]]).into(), record[6]))
    }

    /// Number of layers.
    pub(crate) fn depth(&self) -> usize {
        self.records.len() / RECORD
    }

    /// Conversion of values to the first layer's inputs.
    pub(crate) fn conversion(&self) -> Conversion<'a> {
        if !cfg!(feature = "inputs") {
            return Conversion::NONE;
        }
        // Checked when the model was opened.
        InputSection(self.input).conversion(self.channels).unwrap_or(Conversion::NONE)
    }

    /// The head section as stored in the file.
    pub(crate) fn head_section(&self) -> HeadSection<'a> {
        HeadSection(self.head)
    }

    /// Words of scratch memory for the outputs of even layers, and of odd ones.
    pub(crate) fn halves(&self) -> (usize, usize) {
        let converts = self.conversion().converts_bytes() || self.input_type() != InputType::U8;
        halves(self.shapes(), converts)
    }

    /// The layers, first to last.
    #[inline(always)]
    pub(crate) fn shapes(&self) -> impl ExactSizeIterator<Item = LayerShape> + use<'a> {
        Records(self.records).map(|layer| layer.shape())
    }

    /// The layers with their sections.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (LayerShape, Sections<'a>)> + use<'a> {
        let mut rest = self.weights;
        let (layers, ordered) = (self.shapes().enumerate(), Records(self.records).is_ordered());
        layers.map_while(move |(index, layer)| Some((layer, Sections::take(&layer, ordered && index == 0, &mut rest)?)))
    }
}

/// The checksum at the end of a model file, not verified; `None` if there are too few bytes.
pub fn checksum(file: &[u8]) -> Option<u32> {
    file.last_chunk::<CRC_LEN>().map(|crc| u32::from_le_bytes(*crc))
}

/// Magic, version, length and checksum.
fn check_frame(bytes: &[u8]) -> Result<(), ParseError> {
    if bytes.len() < PREFIX + CRC_LEN {
        return Err(ParseError::TooShort);
    }
    let (body, crc) = bytes.split_last_chunk::<CRC_LEN>().ok_or(ParseError::TooShort)?;
    if body[..4] != MAGIC {
        return Err(ParseError::NoModel);
    }
    let found = u16::from_le_bytes([body[4], body[5]]);
    if found != VERSION {
        return Err(ParseError::Version { found });
    }
    let declared = u32::from_le_bytes([body[8], body[9], body[10], body[11]]);
    if declared as usize != bytes.len() {
        return Err(ParseError::Length { declared, found: bytes.len() });
    }
    if CRC.checksum(body) != u32::from_le_bytes(*crc) {
        return Err(ParseError::Crc);
    }
    Ok(())
}

/// The list of `layers` layers, and what follows it.
fn split(section: &[u8], layers: u16) -> Option<(&[u8], &[u8])> {
    let len = Some(usize::from(layers)).filter(|&layers| layers <= MAX_MODEL_LAYERS)? * RECORD;
    Some((section.get(..len)?, section.get(padded(len)..)?))
}

/// Checks that the shapes of consecutive layers match and that all sizes and scales are valid. Also used by the
/// encoder; it is inlined, so parsing does not grow.
#[inline(always)]
pub(super) fn check_shapes(fixed: &Fixed, layers: Records) -> Result<(), ParseError> {
    let mut before = None;
    let float = layers.clone().next().ok_or(ParseError::Shape { layer: 0 })?.is_float();
    for (index, layer) in layers.enumerate() {
        let follows = before.unwrap_or(layer.inputs) == layer.inputs && layer.inputs > 0 && layer.units > 0;
        let scaled = layer.is_scaled() && fixed.logit_scale.is_finite();
        if !follows || !scaled || layer.is_float() != float {
            return Err(ParseError::Shape { layer: index });
        }
        before = Some(layer.units);
    }
    Ok(())
}

/// Checks that the sections of all layers are present, and nothing else, and that rows and order fulfil what inference
/// relies on. Returns the [`Traits`] of each layer, two bits each.
fn check_layers(records: Records, mut rest: &[u8]) -> Result<u32, ParseError> {
    let (layers, ordered, mut traits) = (records.map(|layer| layer.shape()), records.is_ordered(), 0);
    let last = layers.len().saturating_sub(1);
    for (index, layer) in layers.clone().enumerate() {
        layer.section_lens(false).ok_or(ParseError::Bits { layer: index, bits: layer.bits })?;
    }
    for (index, layer) in layers.enumerate() {
        let sections =
            Sections::take(&layer, ordered && index == 0, &mut rest).ok_or(ParseError::Shape { layer: index })?;
        let of_layer = check_rows(&layer, sections.rows).ok_or(ParseError::Row { layer: index })?;
        traits |= of_layer.bits() << (2 * index % u32::BITS as usize);
        check_order(&layer, sections.order).ok_or(ParseError::Order)?;
    }
    if rest.is_empty() { Ok(traits) } else { Err(ParseError::Shape { layer: last }) }
}

/// Checks the rows of an integer layer; returns the properties that decide how they are computed.
fn check_rows(layer: &LayerShape, rows: &[u8]) -> Option<Traits> {
    let Some(width) = layer.width() else { return Some(Traits::default()) };
    Traits::of(width, bytemuck::try_cast_slice(rows).ok()?)
}

/// Checks that the order only contains existing inputs.
fn check_order(layer: &LayerShape, order: &[u8]) -> Option<()> {
    let mut order = bytemuck::try_cast_slice::<u8, u16>(order).ok()?.iter();
    order.all(|&from| u16::from_le(from) < layer.inputs).then_some(())
}

/// Takes `len` bytes and their padding off the front of `rest`.
fn take_padded<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (section, _) = rest.split_at_checked(len)?;
    (_, *rest) = rest.split_at_checked(padded(len))?;
    Some(section)
}
