//! The model file `.fnet`: the folded network, ready to be used in place from flash.
//!
//! # Format, version 3
//!
//! The file is little-endian, does not depend on the target, and begins at an address divisible by 4. `docs/format.md`
//! specifies the same format byte by byte, with an example.
//!
//! | bytes | contents |
//! |---|---|
//! | 0..4 | magic `FNET` |
//! | 4..6 | version, `u16`, 3 |
//! | 6..8 | number of sections, `u16` |
//! | 8..12 | length of the file, `u32`, including the CRC |
//! | 12..16 | 0 |
//! | 16.. | section table, 12 bytes each: tag `u16`, flags `u16`, offset `u32`, length `u32` |
//! | | the sections, in the order of the table |
//! | last 4 | CRC-32 (ISO-HDLC, as in zlib and Ethernet) of all preceding bytes |
//!
//! The table and every section are padded with zeros to a multiple of 16 from the file's start; the next section begins
//! there. Bit 0 of the flags marks a section as required: a program refuses a file with an unknown required section and
//! skips an unknown optional one. No known tag occurs twice. The meaning of a tag never changes:
//!
//! | tag | required | section |
//! |---|---|---|
//! | 1 | yes | header: shape and sizes, 16 bytes, see [`Header`] |
//! | 2 | yes | input: type of the values and their conversion to the first layer's inputs, see [`InputSpec`] |
//! | 3 | yes | layers |
//! | 4 | yes | head: meaning of the outputs, see [`HeadSpec`] |
//! | 5 | no | names of the classes or outputs: UTF-8, each terminated by a line feed; a unit follows after a tab |
//! | 6 | no | SHA-256 of the data set that the network was trained on |
//! | 7, 8, 9 | no | reserved: quantiles, class statistics, trainable parameters |
//!
//! The layers section is a list with 12 bytes per layer ([`LayerHeader`]), followed by the parts of layer 0, of layer
//! 1, and so on. The list and each part are padded with zeros to a multiple of 16 from the file's start:
//!
//! | bits | part | contents |
//! |---|---|---|
//! | 32 | bias | `f32 [units]` |
//! | | kernel | `f32 [units][inputs]` |
//! | 8, 4, 2 | rows | `[units]`, 8 bytes each: bias `i32`, multiplier `u16`, shift `u8`, worst `u8`, 0 to 248 |
//! | | order, only in layer 0, optional | `u16 [inputs]`: the inputs in the order of the weights |
//! | | weights | blocks of rows, see [`crate::quantized::layout`] |
//!
//! `worst` is the smallest `v` with `|sum_i q[o][i] x[i]| <= 2^(v / 8)` for all activations. It tells a kernel whether
//! the row is within its [bound](crate::quantized::bound). The most negative value of a weight (-128, -8, -2) does not
//! occur. The order is a permutation; if the entry of layer 0 says that there is none, inputs are used in their
//! original order. Hidden units are in whatever order suits the next layer; outputs are in their own. A model is either
//! all float or all integer; widths may differ between layers.
//!
//! # Arithmetic
//!
//! A layer of 32 bits computes `z_o = (l_0 + l_4) + (l_2 + l_6) + ((l_1 + l_5) + (l_3 + l_7)) + bias_o`, where lane
//! `l_j` is the sum of `kernel[o][i] x[i]` over `i = j, j + 8, ...` in ascending order; every operation is rounded to
//! f32. So a PC's vector unit, an M4F and a software float give the same bits.
//!
//! An integer layer computes `requantize(bias_o + sum_i q[o][i] x[i])` in i32, see [`crate::infer`]. The `x` are the
//! [activations](crate::infer::input) of the example's values, or the previous layer's outputs clamped to `u8`. The
//! last layer's outputs are `i32` logits.
//!
//! # What parsing guarantees
//!
//! Any file that [`Model::parse`] accepts is *safe* to run, whatever its bytes: inference only reads the file, the
//! example and the scratch memory, only writes the scratch memory, terminates, and does not panic. Every address
//! follows from the shapes, which must account for the whole file, from the order, which must name existing inputs, and
//! from activations. No address follows from a bias or multiplier, nor from a weight, except in tables that have an
//! entry for every byte. No shift is out of range.
//!
//! The results are *exact* and the same on every core for every file that [`encode()`] writes. Parsing does not check
//! the weights, because that would be a pass over all of them. So a file from elsewhere with a correct checksum may
//! violate the assumptions of the arithmetic:
//!
//! | in the file | result |
//! |---|---|
//! | an accumulator beyond `i32` | it wraps around |
//! | a worst sum or a number of strips that is too small | arbitrary sums in the rows of that block, which differ between kinds of cores |
//! | a weight of -128, -8 or -2 | arbitrary sums in the rows of that block, which differ between kinds of cores |
//! | an order that names an input twice | that input is used twice |
//! | a target of a reconstruction beyond `i32` | it wraps around |
//! | a float that is not finite | IEEE arithmetic; the bits of a NaN depend on the core |
//! | padding that is not zero | none: it is not checked |

mod encode;
mod file;
mod head;
mod header;
mod input;
mod parse;
mod section;

pub use encode::{EncodeError, LayerWeights, ModelSpec, encode, encoded_len};
pub(crate) use file::CRC;
pub use file::{Aligned, MAGIC, VERSION};
pub use head::{HeadKind, HeadSpec, Score};
pub(crate) use header::LayerShape;
pub use header::{FLOAT_BITS, Header, LayerHeader, MAX_MODEL_LAYERS, scratch_words};
pub(crate) use input::Conversion;
pub use input::{InputMap, InputSpec, InputType, Sharing};
pub(crate) use parse::Sections;
pub use parse::{Model, ParseError, checksum};
