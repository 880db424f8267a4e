//! Opens a model file in place: everything is checked here, once, so that inference needs no checks.

use super::header::{Header, MAX_MODEL_LAYERS, Packed, Shape, Units, halves, padded};
use super::{CRC, CRC_LEN, MAGIC, PREFIX, VERSION};
use crate::infer::InputType;
use crate::infer::Traits;
use crate::infer::kernel::{Current, Kernel, Kind};
use heapless::Vec;

/// Why bytes are no model. `layer` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ParseError {
    /// The first byte must be at an address divisible by 4.
    Unaligned,
    /// Fewer bytes than any model has.
    TooShort,
    /// The file does not begin with `FNET`.
    NoModel,
    /// A version this program does not know.
    Version {
        /// The version.
        found: u16,
    },
    /// The file is shorter or longer than it says.
    Length {
        /// What it says.
        declared: u32,
        /// What it is.
        found: usize,
    },
    /// The checksum does not match: the file is damaged.
    Crc,
    /// The header cannot be read.
    Header,
    /// A layer whose shape does not fit the image, its neighbour or the file, or whose scale is no scale.
    Shape {
        /// The layer.
        layer: usize,
    },
    /// A layer of a width that this program does not know.
    Bits {
        /// The layer.
        layer: usize,
        /// The width.
        bits: u8,
    },
    /// A row of integer weights whose multiplier or shift is out of range.
    Row {
        /// The layer.
        layer: usize,
    },
    /// The order of the inputs names one that does not exist.
    Order,
    /// The declared scratch memory is not what the layers need.
    Scratch,
}

impl core::fmt::Display for ParseError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self {
            Self::Unaligned => write!(f, "the model does not begin at an address divisible by 4"),
            Self::TooShort => write!(f, "too short for a model"),
            Self::NoModel => write!(f, "not a .fnet model (it does not begin with FNET)"),
            Self::Version { found } => write!(f, "model format version {found}, this program reads {VERSION}"),
            Self::Length { declared, found } => {
                write!(f, "the model says it has {declared} bytes but there are {found}: truncated or extended")
            }
            Self::Crc => write!(f, "the checksum does not match: the model is damaged"),
            Self::Header => write!(f, "the model's header cannot be read"),
            Self::Shape { layer } => write!(f, "layer {layer} does not fit the image, its neighbour or the file"),
            Self::Bits { layer, bits } => {
                write!(f, "layer {layer} has weights of {bits} bits, which are not supported")
            }
            Self::Row { layer } => write!(f, "layer {layer} has a multiplier or shift out of range"),
            Self::Order => write!(f, "the order of the inputs names one that does not exist"),
            Self::Scratch => write!(f, "the declared scratch memory is not what the layers need"),
        }
    }
}

impl core::error::Error for ParseError {}

/// The sections of a layer, in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sections<'a> {
    /// Rows, or biases.
    pub(crate) rows: &'a [u8],
    /// Which pixel is which input, little-endian; empty but in the first layer of an integer model.
    pub(crate) order: &'a [u8],
    /// Weights.
    pub(crate) weights: &'a [u8],
}

impl<'a> Sections<'a> {
    /// Takes the sections of `layer`, the first or another one, off the front of `rest`.
    fn take(layer: &Shape, first: bool, rest: &mut &'a [u8]) -> Option<Self> {
        let [rows, order, weights] = layer.section_lens(first)?;
        Some(Self {
            rows: take_padded(rest, rows)?,
            order: take_padded(rest, order)?,
            weights: take_padded(rest, weights)?,
        })
    }
}

/// A model in place: in flash, or wherever its bytes are.
///
/// Small enough to be moved without a call of `memcpy`, which is a kilobyte on a Cortex-M.
#[derive(Debug, Clone)]
pub struct Model<'a> {
    bytes: &'a [u8],
    sections: &'a [u8],
    inputs: u16,
    layers: Vec<Units, MAX_MODEL_LAYERS>,
    /// The [`Traits`] of each layer, two bits each.
    traits: u32,
    pub(crate) logit_scale: f32,
}

impl<'a> Model<'a> {
    /// Checks and opens a model.
    ///
    /// # Errors
    /// See [`ParseError`]. Bytes behind the model are an error, too.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        if bytes.as_ptr() as usize % 4 != 0 {
            return Err(ParseError::Unaligned);
        }
        check_frame(bytes)?;
        let (header, sections) = split(bytes).ok_or(ParseError::Header)?;
        let header = Packed::new(header).ok_or(ParseError::Header)?;
        check_shapes(&header)?;
        let traits = check_sections(header.layers.map(|layer| layer.shape()), sections)?;
        let inputs = header.height.wrapping_mul(header.width);
        let mut model = Self { bytes, sections, inputs, layers: Vec::new(), traits, logit_scale: header.logit_scale };
        for layer in header.layers {
            model.layers.push(layer.shape().outputs).map_err(|_| ParseError::Header)?;
        }
        Ok(model)
    }

    /// What the model is.
    pub fn header(&self) -> Header<'a> {
        // It was there when the model was opened.
        split(self.bytes).and_then(|(header, _)| Packed::new(header)).unwrap_or_default().unpack()
    }

    /// Names of the classes, in order; none where the model has none, or where they are no UTF-8: a device that does not
    /// ask for names has no code to check them.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        core::str::from_utf8(self.header().labels).unwrap_or_default().split_terminator('\n')
    }

    /// Pixels of an image, `I` of the first layer.
    pub fn inputs(&self) -> usize {
        self.inputs.into()
    }

    /// The type of an input.
    pub fn input_type(&self) -> InputType {
        InputType::U8
    }

    /// Number of outputs, `O` of the last layer.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.units.into())
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// 32-bit words of scratch memory that [`Inference`](crate::infer::Inference) needs on this target.
    pub fn scratch_words(&self) -> usize {
        self.scratch_words_with(Current::KIND)
    }

    /// 32-bit words of scratch memory where this kernel does the work.
    pub fn scratch_words_with(&self, kernel: Kind) -> usize {
        let lists = self.shapes().filter_map(|layer| Some(kernel.list_words(layer.width()?, layer.inputs())));
        let (even, odd) = halves(self.shapes());
        even + odd + lists.max().unwrap_or(0)
    }

    /// Whether the weights are floats; if not, they are integers in every layer.
    pub fn is_float(&self) -> bool {
        self.shapes().any(|layer| layer.is_float())
    }

    /// What decides how a layer's rows can be computed.
    pub(crate) fn traits(&self, layer: usize) -> Traits {
        Traits::from_bits(self.traits >> (2 * layer % u32::BITS as usize))
    }

    /// How many layers there are.
    pub(crate) fn depth(&self) -> usize {
        self.layers.len()
    }

    /// The layers, first to last.
    pub(crate) fn shapes(&self) -> impl ExactSizeIterator<Item = Shape> {
        let mut inputs = self.inputs;
        self.layers.iter().map(move |&outputs| {
            let shape = Shape { inputs, outputs };
            inputs = outputs.units;
            shape
        })
    }

    /// The layers with their sections.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (Shape, Sections<'a>)> {
        let mut rest = self.sections;
        let layers = self.shapes().enumerate();
        layers.map_while(move |(index, layer)| Some((layer, Sections::take(&layer, index == 0, &mut rest)?)))
    }
}

/// The checksum that a model file ends with, unchecked; none for fewer bytes than it has.
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

/// Header and sections of a file whose frame is right.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let body = bytes.get(..bytes.len().checked_sub(CRC_LEN)?)?;
    let end = PREFIX + usize::from(u16::from_le_bytes([*body.get(6)?, *body.get(7)?]));
    Some((body.get(PREFIX..end)?, body.get(padded(end)..)?))
}

/// Layers follow on each other, and all sizes are what they must be. The encoder asks the same;
/// inlined, parsing is no longer for it.
#[inline(always)]
pub(crate) fn check_shapes(header: &Packed) -> Result<(), ParseError> {
    let mut width = usize::from(header.height) * usize::from(header.width);
    let float = header.layers.clone().next().ok_or(ParseError::Shape { layer: 0 })?.is_float();
    for (index, layer) in header.layers.enumerate() {
        let scaled = layer.is_scaled() && header.logit_scale.is_finite();
        if usize::from(layer.inputs) != width || width == 0 || layer.units == 0 || !scaled || layer.is_float() != float
        {
            return Err(ParseError::Shape { layer: index });
        }
        width = layer.units.into();
    }
    let (even, odd) = halves(header.layers.map(|layer| layer.shape()));
    if even + odd == header.scratch_words as usize { Ok(()) } else { Err(ParseError::Scratch) }
}

/// The sections of all layers are there, and nothing else; their rows and the order are what inference relies on. Returns
/// the [`Traits`] of each layer, two bits each.
fn check_sections(layers: impl ExactSizeIterator<Item = Shape> + Clone, mut rest: &[u8]) -> Result<u32, ParseError> {
    let mut traits = 0;
    let last = layers.len().saturating_sub(1);
    for (index, layer) in layers.clone().enumerate() {
        layer.section_lens(false).ok_or(ParseError::Bits { layer: index, bits: layer.outputs.bits })?;
    }
    for (index, layer) in layers.enumerate() {
        let sections = Sections::take(&layer, index == 0, &mut rest).ok_or(ParseError::Shape { layer: index })?;
        let of_layer = check_rows(&layer, sections.rows).ok_or(ParseError::Row { layer: index })?;
        traits |= of_layer.bits() << (2 * index % u32::BITS as usize);
        check_order(&layer, sections.order).ok_or(ParseError::Order)?;
    }
    if rest.is_empty() { Ok(traits) } else { Err(ParseError::Shape { layer: last }) }
}

/// The rows of an integer layer are valid; what decides how they can be computed.
fn check_rows(layer: &Shape, rows: &[u8]) -> Option<Traits> {
    let Some(width) = layer.width() else { return Some(Traits::default()) };
    Traits::of(width, bytemuck::try_cast_slice(rows).ok()?)
}

/// The order of the inputs names only what exists.
fn check_order(layer: &Shape, order: &[u8]) -> Option<()> {
    let mut order = bytemuck::try_cast_slice::<u8, u16>(order).ok()?.iter();
    order.all(|&from| u16::from_le(from) < layer.inputs).then_some(())
}

/// Takes `len` bytes and their padding off the front of `rest`.
fn take_padded<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (section, _) = rest.split_at_checked(len)?;
    (_, *rest) = rest.split_at_checked(padded(len))?;
    Some(section)
}
