//! Bytes that may not be a model, or be a malicious one: parsed, and classified if they parse. Core must not panic.
//! `tests/tests/all/format.rs` and the fuzz target in `fuzz/` both run it.

use foldnet_core::Model;
use foldnet_core::cases::row_sums;
use foldnet_core::infer::{Answer, Inference, InferenceError, Input, LengthError};
use foldnet_core::model::{HeadKind, Header, InputType, LayerHeader, ParseError};
use foldnet_core::quantized::{BitWidth, KernelKind};

/// Offset of the section table.
const PREFIX: usize = 16;

/// Alignment of sections.
const ALIGN: usize = 16;

/// Bytes at an address divisible by 16, plus an optional offset.
#[derive(Debug, Clone)]
pub struct AlignedBytes {
    buffer: Vec<u8>,
    start: usize,
    len: usize,
}

impl AlignedBytes {
    /// A copy of `bytes` at an address divisible by 16.
    pub fn new(bytes: &[u8]) -> Self {
        Self::at_offset(bytes, 0)
    }

    /// A copy of `bytes` that begins `offset` bytes after an address divisible by 16.
    pub fn at_offset(bytes: &[u8], offset: usize) -> Self {
        // If memory is already aligned, nothing follows the bytes, so that a sanitizer detects reads past the end.
        let mut buffer = vec![0; bytes.len() + offset];
        if buffer.as_ptr().align_offset(ALIGN) != 0 {
            buffer = vec![0; bytes.len() + offset + ALIGN];
        }
        let start = buffer.as_ptr().align_offset(ALIGN) + offset;
        buffer[start..start + bytes.len()].copy_from_slice(bytes);
        Self { buffer, start, len: bytes.len() }
    }
}

impl core::ops::Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[self.start..self.start + self.len]
    }
}

impl core::ops::DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.start..self.start + self.len]
    }
}

/// zlib's CRC-32, bit by bit: reflected polynomial `0xEDB88320`, initial value and final XOR all ones.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

/// Writes the true length into bytes 8..12 and the true checksum into the last four, if these bytes exist.
pub fn seal(bytes: &mut [u8]) {
    let len = bytes.len() as u32;
    if let Some(field) = bytes.get_mut(8..12) {
        field.copy_from_slice(&len.to_le_bytes());
    }
    if let Some((body, crc)) = bytes.split_last_chunk_mut::<4>() {
        *crc = crc32(body).to_le_bytes();
    }
}

/// Parses `bytes` and, if they are a model, runs examples of every unusual length, drawn from `bytes`, in exactly the
/// declared scratch memory. Logits are compared with a literal evaluation, and so are the sums of every integer layer,
/// for this machine's kernel and the portable one.
///
/// # Errors
/// If `bytes` are not a model.
///
/// # Panics
/// If core panics, or its answer differs from the format's definition.
pub fn exercise(bytes: &[u8]) -> Result<(), ParseError> {
    let bytes = &*AlignedBytes::new(bytes);
    let model = Model::parse(bytes)?;
    assert_eq!(model.bytes(), bytes.len());
    if model.input_type() != InputType::U8
        || model.head() != HeadKind::Softmax
        || model.inputs() != first_inputs(&model)
    {
        return exercise_other(&model);
    }
    assert!(model.inputs() > 0 && model.outputs() > 0 && model.labels().all(|label| !label.contains('\n')));
    let needed = model.scratch_words();
    let short = Inference::<u8>::new(model.clone(), &mut vec![0; needed - 1]).map(|_| ());
    assert_eq!(short, Err(InferenceError::Scratch { needed }));
    // The previous contents of scratch memory must not matter: these words are NaN.
    let mut scratch = vec![u32::MAX; needed];
    let mut inference = Inference::<u8>::new(model.clone(), &mut scratch).expect("exactly the scratch memory declared");
    let inputs = model.inputs();
    for len in [inputs, 0, 1, inputs - 1, inputs + 1, inputs, inputs + 100] {
        let image: Vec<u8> = bytes.iter().rev().copied().cycle().skip(len % 7).take(len).collect();
        let answer = inference.run(&image);
        if len != inputs {
            assert_eq!(answer, Err(LengthError { needed: inputs, given: len }));
            continue;
        }
        let Ok(Answer::Class(class)) = answer else { panic!("{answer:?}") };
        assert!(class < model.outputs());
        let found = inference.outputs().words();
        let activations = literal_inverted(bytes, &image);
        let Some(expected) = literal_logits(&model.header(), bytes, &activations) else { continue };
        let nan = |word: &u32| model.is_float() && f32::from_bits(*word).is_nan();
        let same = |(a, b): (&u32, &u32)| a == b || nan(a) && nan(b);
        let all_same = found.len() == expected.len() && found.iter().zip(&expected).all(same);
        assert!(all_same, "{found:?} instead of {expected:?}, {:?}", model.header());
        let value = |word: u32| if model.is_float() { f32::from_bits(word).into() } else { f64::from(word as i32) };
        assert_eq!(class, first_of_largest(found.iter().map(|word| value(*word))));
    }
    check_kernels(&model.header(), bytes);
    Ok(())
}

/// Inputs of the first layer.
fn first_inputs(model: &Model) -> usize {
    model.header().layers.first().map_or(0, |layer| layer.inputs.into())
}

/// A model with other inputs or another head: it must answer examples of the right length in exactly the declared
/// memory.
fn exercise_other(model: &Model) -> Result<(), ParseError> {
    match model.input_type() {
        InputType::U8 => run_other::<u8>(model, &[0, 1, 127, 255]),
        InputType::I8 => run_other::<i8>(model, &[0, -1, 127, -128]),
        InputType::I16 => run_other::<i16>(model, &[0, -1, i16::MAX, i16::MIN]),
        InputType::U16 => run_other::<u16>(model, &[0, 1, 4095, u16::MAX]),
        InputType::F32 => run_other::<f32>(model, &[0.0, f32::NAN, -1e30, f32::INFINITY]),
    }
    Ok(())
}

fn run_other<I: Input>(model: &Model, values: &[I]) {
    let mut scratch = vec![u32::MAX; model.scratch_words()];
    let mut inference = Inference::<I>::new(model.clone(), &mut scratch).expect("exactly the scratch memory declared");
    let example: Vec<I> = values.iter().copied().cycle().take(model.inputs()).collect();
    assert!(inference.run(&example[1..]).is_err());
    let first = inference.run(&example).expect("the right length");
    let (words, values) = (inference.outputs().words().to_vec(), inference.outputs().values().count());
    assert_eq!((words.len(), values), (model.outputs(), model.outputs()));
    assert!(first.class().is_none_or(|class| class < model.classes()));
    let again = inference.run(&example).expect("the right length");
    assert!(first == again || model.is_float(), "{first:?}, {again:?}");
}

/// Runs all blocks of all integer layers through two kernels, each in exactly the memory it requires, on activations
/// drawn from `bytes`: their sums must be exact whenever they are within the bound of packed sums.
fn check_kernels(header: &Header, bytes: &[u8]) {
    for (layer, parts) in header.layers.iter().zip(sections(header, bytes)) {
        let Some(width) = BitWidth::from_bits(layer.bits) else { continue };
        let (inputs, units) = (usize::from(layer.inputs), usize::from(layer.units));
        let x: Vec<u8> = bytes.iter().copied().cycle().take(inputs).collect();
        let numbers: Vec<u16> = parts.order.chunks_exact(2).map(|b| u16::from_ne_bytes([b[0], b[1]])).collect();
        let words: Vec<u32> =
            parts.second.chunks_exact(4).map(|b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]])).collect();
        let [portable, current] =
            [KernelKind::Portable, KernelKind::CURRENT].map(|kernel| sums(kernel, width, (&x, &numbers), &words));
        let from = |i: usize| numbers.get(i).map_or(i, |&number| u16::from_le(number).into());
        let ordered: Vec<i64> = (0..inputs).map(|i| x[from(i)].into()).collect();
        for unit in 0..units {
            let (sum, bound) = literal_sum(layer.bits, parts.second, unit, &ordered);
            for found in [portable[unit], current[unit]] {
                assert!(sum.abs() >= bound || i64::from(found) == sum, "{layer:?}, unit {unit}: {found}, not {sum}");
            }
        }
    }
}

/// The sums of all rows of a layer by a kernel in exactly the memory it requires, with those of rows that only fill the
/// last block.
fn sums(kernel: KernelKind, width: BitWidth, inputs: (&[u8], &[u16]), words: &[u32]) -> Vec<i32> {
    let mut memory = vec![u32::MAX; kernel.list_words(width, inputs.0.len())];
    let mut sums = Vec::new();
    row_sums(kernel, width, inputs, words, &mut memory, |of_block| sums.extend_from_slice(of_block));
    sums
}

/// The first of the largest values; 0 when none is larger than minus infinity.
fn first_of_largest(values: impl Iterator<Item = f64>) -> usize {
    let (mut best, mut largest) = (0, f64::NEG_INFINITY);
    for (index, value) in values.enumerate() {
        if value > largest {
            (best, largest) = (index, value);
        }
    }
    best
}

/// A layer's sections.
#[derive(Debug)]
pub struct Sections<'a> {
    /// Rows, or biases.
    pub first: &'a [u8],
    /// The order of the inputs, if an integer model's first layer has one.
    pub order: &'a [u8],
    /// Weights.
    pub second: &'a [u8],
}

/// Position of the section with this tag in a file; its end if there is none.
pub fn section(bytes: &[u8], tag: u16) -> core::ops::Range<usize> {
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
    let count = usize::from(u16::from_le_bytes([bytes[6], bytes[7]]));
    let mut entries = (0..count).map(|entry| PREFIX + 12 * entry);
    let found = entries.find(|&at| bytes[at..at + 2] == tag.to_le_bytes());
    found.map_or(bytes.len()..bytes.len(), |at| word(at + 4)..word(at + 4) + word(at + 8))
}

/// The sections of all layers, found by counting.
pub fn sections<'a>(header: &Header, bytes: &'a [u8]) -> Vec<Sections<'a>> {
    let mut at = (section(bytes, 3).start + 12 * header.layers.len()).div_ceil(ALIGN) * ALIGN;
    let mut cut = |len: usize| {
        let section = &bytes[at..at + len];
        at += len.div_ceil(ALIGN) * ALIGN;
        section
    };
    let ordered = bytes[section(bytes, 3).start + 7] == 0;
    let of = |(index, layer): (usize, &LayerHeader)| {
        let [first, order, second] = section_lens(layer, index == 0 && ordered);
        Sections { first: cut(first), order: cut(order), second: cut(second) }
    };
    header.layers.iter().enumerate().map(of).collect()
}

/// Bytes of a layer's sections, without padding; `ordered` is set for a model's first layer if its inputs have an
/// order.
pub fn section_lens(layer: &LayerHeader, ordered: bool) -> [usize; 3] {
    let (inputs, units) = (usize::from(layer.inputs), usize::from(layer.units));
    if layer.bits == 32 {
        return [4 * units, 0, 4 * units * inputs];
    }
    let (rows, words) = block(layer.bits);
    [8 * units, if ordered { 2 * inputs } else { 0 }, units.div_ceil(rows) * inputs.div_ceil(2) * words * 4]
}

/// Rows per block, and words per pair of inputs in it.
fn block(bits: u8) -> (usize, usize) {
    match bits {
        8 => (6, 3),
        4 => (8, 2),
        _ => (8, 1),
    }
}

/// The logits of `image` by a literal reading of the format, one word each. `None` if a row's sum exceeds the bound of
/// packed sums and the file does not say so: no exporter writes such a file, and its logits are arbitrary.
pub fn literal_logits(header: &Header, bytes: &[u8], image: &[u8]) -> Option<Vec<u32>> {
    let inputs = usize::from(header.layers[0].inputs);
    let pixels = (0..inputs).map(|i| image.get(i).copied().unwrap_or(0));
    let layers = header.layers.iter().zip(sections(header, bytes));
    if header.layers[0].bits == 32 {
        let logits = layers.fold(pixels.map(f32::from).collect(), |x, (layer, parts)| float_layer(layer, &parts, x));
        return Some(logits.into_iter().map(f32::to_bits).collect());
    }
    let last = header.layers.len() - 1;
    let mut x: Vec<i32> = pixels.map(i32::from).collect();
    for (index, (layer, parts)) in layers.enumerate() {
        let clamp = |z: i32| if index < last { z.clamp(0, 255) } else { z.max(if layer.relu { 0 } else { z }) };
        x = integer_layer(layer, &parts, &x)?.into_iter().map(clamp).collect();
    }
    Some(x.into_iter().map(|z| z as u32).collect())
}

/// The values of a `u8` model, inverted where the input section (type 5) says so, with one bit each after 8 bytes.
pub fn literal_inverted(bytes: &[u8], image: &[u8]) -> Vec<u8> {
    let input = &bytes[section(bytes, 2)];
    let inverts = |value: usize| input[0] == 5 && input[8 + value / 8] >> (value % 8) & 1 == 1;
    image.iter().enumerate().map(|(value, &x)| if inverts(value) { 255 - x } else { x }).collect()
}

fn float_layer(layer: &LayerHeader, parts: &Sections, x: Vec<f32>) -> Vec<f32> {
    let floats = |bytes: &[u8]| -> Vec<f32> {
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    };
    let (bias, kernel) = (floats(parts.first), floats(parts.second));
    kernel.chunks_exact(x.len()).zip(bias).map(|(row, bias)| literal_unit(row, &x, bias, layer.relu)).collect()
}

/// `z_o = (l_0 + l_4) + (l_2 + l_6) + ((l_1 + l_5) + (l_3 + l_7)) + bias_o`, then ReLU if requested.
pub fn literal_unit(kernel: &[f32], x: &[f32], bias: f32, relu: bool) -> f32 {
    let lane = |j: usize| {
        let mut sum = 0.0f32;
        let mut i = j;
        while i < x.len() {
            let product = kernel[i] * x[i];
            sum += product;
            i += 8;
        }
        sum
    };
    let l: Vec<f32> = (0..8).map(lane).collect();
    let z = (l[0] + l[4]) + (l[2] + l[6]) + ((l[1] + l[5]) + (l[3] + l[7])) + bias;
    if relu && z < 0.0 { 0.0 } else { z }
}

/// `requantize(bias_o + sum_i q[o][i] x[i])` in 64 bits; only a sum that the exporter would have refused wraps around.
/// `None` if a sum exceeds the bound of packed sums and the row's worst sum is wrong.
fn integer_layer(layer: &LayerHeader, parts: &Sections, x: &[i32]) -> Option<Vec<i32>> {
    let order = |i: usize| match parts.order {
        [] => i,
        order => usize::from(u16::from_le_bytes([order[2 * i], order[2 * i + 1]])),
    };
    let x: Vec<i64> = (0..x.len()).map(|i| i64::from(x[order(i)])).collect();
    let unit = |(unit, row): (usize, &[u8])| {
        let (products, bound) = literal_sum(layer.bits, parts.second, unit, &x);
        let bias = i32::from_le_bytes([row[0], row[1], row[2], row[3]]);
        let sum = i64::from(bias) + products;
        let multiplier = i64::from(u16::from_le_bytes([row[4], row[5]]));
        let z = literal_requantize(i64::from(sum as i32), multiplier, row[6]);
        (products.abs() < bound || is_honest(layer, parts.second, unit, row[7])).then_some(z)
    };
    parts.first.chunks_exact(8).enumerate().map(unit).collect()
}

/// Whether all weights of a row are within their width's range, and none of their sums exceeds `2^(worst / 8)`.
fn is_honest(layer: &LayerHeader, weights: &[u8], unit: usize, worst: u8) -> bool {
    let inputs = usize::from(layer.inputs);
    let row: Vec<i64> = (0..inputs).map(|i| integer_weight(layer.bits, weights, inputs, unit, i)).collect();
    let sum = |sign: i64| 255 * row.iter().map(|w| (sign * w).max(0)).sum::<i64>();
    let largest = (1 << (layer.bits - 1)) - 1;
    row.iter().all(|w| w.abs() <= largest) && sum(1).max(sum(-1)) as f64 <= (f64::from(worst) / 8.0).exp2()
}

/// `sum_i q[unit][i] x[i]` of a layer's weights, and the bound of packed sums of the row.
fn literal_sum(bits: u8, weights: &[u8], unit: usize, x: &[i64]) -> (i64, i64) {
    let products = x.iter().enumerate().map(|(i, value)| integer_weight(bits, weights, x.len(), unit, i) * value);
    let rows = block(bits).0;
    let field = (unit % rows % (16 / usize::from(bits))) as u32;
    let bound = if bits == 8 { 1 << 23 } else { 1i64 << (31 - u32::from(bits) * field) };
    (products.sum(), bound)
}

/// `acc * multiplier / 2^(15 + shift)`, rounded down at 15 bits, then half up.
fn literal_requantize(acc: i64, multiplier: i64, shift: u8) -> i32 {
    let scaled = (acc * multiplier).div_euclid(1 << 15);
    let rounded = if shift == 0 { scaled } else { (scaled + (1 << (shift - 1))).div_euclid(1 << shift) };
    i32::try_from(rounded).expect("a multiplier is below 1")
}

/// `q[unit][i]` of the weights of a layer of `inputs` inputs.
pub fn integer_weight(bits: u8, weights: &[u8], inputs: usize, unit: usize, i: usize) -> i64 {
    let (rows, words) = block(bits);
    weight(&weights[unit / rows * 4 * words * inputs.div_ceil(2)..], bits, unit % rows, i)
}

/// The weight of a row of a block and its input `i`: several rows share a halfword, the first row in the lowest bits;
/// all but a half's last row have their sign bit inverted.
fn weight(block: &[u8], bits: u8, row: usize, i: usize) -> i64 {
    let (fields, words) = (16 / usize::from(bits), self::block(bits).1);
    let (word, field) = (row / fields, row % fields);
    let high = (i % 2 == 1) != (bits == 8 && word == 1);
    let at = 4 * (i / 2 * words + word) + if high { 2 } else { 0 };
    let half = u16::from_le_bytes([block[at], block[at + 1]]);
    let raw = i64::from(half >> (field * usize::from(bits))) & ((1 << bits) - 1);
    let sign = 1 << (bits - 1);
    match field + 1 == fields {
        true if raw >= sign => raw - 2 * sign,
        true => raw,
        false => raw - sign,
    }
}
