//! The model file `.fnet`: what is left after the fold, ready to be used in place from flash.
//!
//! # Format, version 3
//!
//! Little-endian. Nothing in it depends on the target. The file begins at an address divisible by 4. `docs/format.md` has
//! the same with an example, byte by byte.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | magic `FNET` |
//! | 4..6 | version, `u16`, 3 |
//! | 6..8 | number of sections, `u16` |
//! | 8..12 | length of the file, `u32`, CRC included |
//! | 12..16 | 0 |
//! | 16.. | section table, 12 bytes each: tag `u16`, flags `u16`, offset `u32`, length `u32` |
//! | | the sections, in the order of the table |
//! | last 4 | CRC-32 (ISO-HDLC, as zlib and Ethernet have it) of all bytes before |
//!
//! The table and every section are followed by zeros up to a multiple of 16 from the file's start; the next section begins
//! there. Bit 0 of the flags says that a program must know the section: an unknown one with it is refused, one without it
//! is passed over. No known tag stands twice. Tags keep their meaning for good:
//!
//! | tag | required | section |
//! |---|---|---|
//! | 1 | yes | header: shape and sizes, 16 bytes, see [`Header`] |
//! | 2 | yes | input: type of the values, and how they become the first layer's inputs, see [`InputSpec`] |
//! | 3 | yes | layers |
//! | 4 | yes | head: what the outputs mean, see [`HeadSpec`] |
//! | 5 | no | names of the classes or outputs: UTF-8, each ended by a line feed, a unit behind a tab |
//! | 6 | no | SHA-256 of the data set that the network was trained on |
//! | 7, 8, 9 | no | reserved: quantiles, class statistics, trainable parameters |
//!
//! The section of layers is a list of 12 bytes a layer ([`LayerHeader`]), and behind it the parts of layer 0, of layer 1, ...,
//! each part and the list followed by zeros up to a multiple of 16 from the file's start:
//!
//! | bits | part | what |
//! |---|---|---|
//! | 32 | bias | `f32 [units]` |
//! | | kernel | `f32 [units][inputs]` |
//! | 8, 4, 2 | rows | `[units]`, 8 bytes each: bias `i32`, multiplier `u16`, shift `u8`, worst `u8`, 0 to 248 |
//! | | order, in layer 0 only, or none | `u16 [inputs]`: which of the inputs is the first that weights lie for, the second, ... |
//! | | weights | blocks of rows, see [`crate::infer::layout`] |
//!
//! `worst` is the smallest `v` with `|sum_i q[o][i] x[i]| <= 2^(v / 8)`, whatever the activations: from it a kernel knows
//! whether the row is within its [bound](crate::infer::bound). The most negative value of a weight (-128, -8, -2) does not
//! occur. The order is a permutation; where the entry of layer 0 says that there is none, inputs are taken as they come.
//! Hidden units stand in whatever order suits the next layer, outputs in theirs. A model is all float or all integer; widths
//! may differ by layer.
//!
//! # Arithmetic
//!
//! A layer of 32 bits computes `z_o = (l_0 + l_4) + (l_2 + l_6) + ((l_1 + l_5) + (l_3 + l_7)) + bias_o`, where lane
//! `l_j` is the sum of `kernel[o][i] x[i]` over `i = j, j + 8, ...` in ascending order; every operation is rounded to
//! f32. So a PC's vector unit, an M4F and a software float give the same bits.
//!
//! An integer layer computes `requantize(bias_o + sum_i q[o][i] x[i])` in i32, see [`crate::infer`]; `x` are the
//! [activations](crate::infer::input) of the example's values or the `u8` outputs of the layer before, clamped to 0..=255 there; the last layer's are logits in `i32`.
//!
//! # What parsing promises
//!
//! Whatever the bytes are, a file that [`Model::parse`] opens is *safe* to run: inference reads nothing but the file, the
//! example and the scratch memory, writes nothing but the scratch memory, ends, and does not panic. Every address follows
//! from the shapes, which must account for the whole file, from the order, which must name inputs that exist, and from
//! activations; none from a bias or a multiplier, none from a weight but in tables that have an entry for every byte, and
//! no shift is out of range.
//!
//! What comes out is *exact*, and the same on every core, for every file that [`encode()`] writes. Parsing does not look
//! at the weights, which would be a pass over all of them, so that a file made otherwise, its checksum right, may break
//! what the arithmetic needs:
//!
//! | in the file | what comes out |
//! |---|---|
//! | an accumulator beyond `i32` | it wraps |
//! | a worst sum or a number of strips that is too small | any sums in the rows of that block, on each kind of core others |
//! | a weight of -128, -8 or -2 | any sums in the rows of that block, on each kind of core others |
//! | an order that names an input twice | that input is taken twice |
//! | a target of a reconstruction beyond `i32` | it wraps |
//! | a float that is not finite | IEEE arithmetic; which NaN a NaN is depends on the core |
//! | padding that is not zero | nothing: it is not looked at |

mod encode;
mod head;
mod header;
mod input;
mod parse;
mod section;
mod slow;

pub use encode::{EncodeError, LayerWeights, ModelSpec, encode, encoded_len};
pub use head::{HeadKind, HeadSpec};
pub(crate) use header::Shape;
pub use header::{FLOAT_BITS, Header, LayerHeader, MAX_MODEL_LAYERS, scratch_words};
pub use input::{InputMap, InputSpec, Sharing};
pub(crate) use parse::Sections;
pub use parse::{Model, ParseError, checksum};
pub use section::Tag;
pub use slow::SlowRows;

/// First four bytes of a model file.
pub const MAGIC: [u8; 4] = *b"FNET";

/// The only version that is read; 1 and 2 had no sections, and took `u8` alone.
pub const VERSION: u16 = 3;

/// Where the section table begins.
const PREFIX: usize = 16;

/// Bytes of the CRC at the end.
const CRC_LEN: usize = 4;

/// What sections are aligned to, from the file's start.
const ALIGN: usize = 16;

/// CRC-32 as in zlib, without a table: a model is checked once, and flash is dear.
pub(crate) const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);

/// A value that begins at an address divisible by 16; put `include_bytes!` of a model into it.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(16))]
pub struct Aligned<T: ?Sized>(pub T);
