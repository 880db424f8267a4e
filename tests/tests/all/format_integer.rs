//! The model file with weights of 8, 4 and 2 bits: its bytes, its arithmetic, and that no bytes make core panic.

use foldnet_core::Model;
use foldnet_core::infer::{Answer, Inference};
use foldnet_core::model::{
    EncodeError, InputMap, InputSpec, InputType, LayerHeader, LayerWeights, ModelSpec, ParseError, Sharing,
};
use foldnet_core::quantized::Row;
use foldnet_tests::damage::{check_all_damage, check_random_changes, check_sealed_damage, parse_error};
use foldnet_tests::hostile::{AlignedBytes, exercise, seal, section};
use foldnet_tests::model_file::file;
use foldnet_tests::random::Dice;

/// A model with every byte written out: 5 pixels, a unit of 2 bits, 3 units of 4 bits, 2 classes of 8 bits.
#[rustfmt::skip]
const TINY: [u8; 308] = [
    b'F', b'N', b'E', b'T', 3, 0, //  0 magic and version 3
    4, 0,                       //   6 number of sections
    52, 1, 0, 0,              //   8 length of the file
    0, 0, 0, 0,                 //  12 zeros
    1, 0, 1, 0, 64, 0, 0, 0, 16, 0, 0, 0, // 16 section 1, required: the header, 16 bytes at 64
    2, 0, 1, 0, 80, 0, 0, 0, 8, 0, 0, 0, // 28 section 2, required: the inputs
    3, 0, 1, 0, 96, 0, 0, 0, 192, 0, 0, 0, // 40 section 3, required: the layers
    4, 0, 1, 0, 32, 1, 0, 0, 16, 0, 0, 0, // 52 section 4, required: the head
    1, 0, 5, 0, 1, 0,           //  64 height, width, channels
    3, 0,                       //  70 number of layers
    3, 0, 0, 0,                 //  72 words of scratch memory: 2 outputs, where 1 byte was, and a word for 3 bytes
    0x00, 0x00, 0x00, 0x3E,     //  76 scale of the outputs 0.125
    0, 0, 0, 0, 0, 0, 0, 0,     //  80 u8, no maps, no averages
    0, 0, 0, 0, 0, 0, 0, 0,
    5, 0, 1, 0, 2, 1, 0, 0,     //  96 layer 0: inputs, units, bits, ReLU
    0x00, 0x00, 0x00, 0x3F,     // 104          scale 0.5
    1, 0, 3, 0, 4, 1, 0, 0,     // 108 layer 1: inputs, units, bits, ReLU
    0x00, 0x00, 0x80, 0x3E,     // 116          scale 0.25
    3, 0, 2, 0, 8, 0, 0, 0,     // 120 layer 2: inputs, units, bits, no ReLU
    0x00, 0x00, 0x80, 0x3F,     // 128          scale 1.0
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0xFD, 0xFF, 0xFF, 0xFF,     // 144 layer 0: bias -3
    0x00, 0x40, 1, 72,          // 148          multiplier 2^14, shift 1, worst 72: 510 <= 2^9
    0, 0, 0, 0, 0, 0, 0, 0,
    3, 0, 0, 0, 1, 0, 2, 0, 4, 0, // 160         the pixels in the order of the inputs
    0, 0, 0, 0, 0, 0,
    0xAB, 0x2A, 0xAB, 0x2A,     // 176          1 and 1 in row 0: 11 each; 0 in rows 1 to 6 is 10, in row 7 it is 00
    0xA9, 0x2A, 0xAA, 0x2A,     // 180          -1 and 0: 01 and 10
    0xA9, 0x2A, 0xAA, 0x2A,     // 184          -1, and no sixth input
    0, 0, 0, 0,
    0, 0, 0, 0,                 // 192 layer 1: bias 0
    0x00, 0x40, 0, 87,          // 196          multiplier 2^14, shift 0, worst 87: 1785 <= 2^(87/8)
    100, 0, 0, 0,               // 200          bias 100
    0x00, 0x20, 0, 87,          // 204          multiplier 2^13, shift 0, worst 87
    0xFB, 0xFF, 0xFF, 0xFF,     // 208          bias -5
    0xFF, 0x7F, 3, 64,          // 212          multiplier 2^15 - 1, shift 3, worst 64: 255 <= 2^8
    0, 0, 0, 0, 0, 0, 0, 0,
    0x1F, 0x07, 0x88, 0x08,     // 224          rows 0 to 3: 7, -7, -1, 0 are F, 1, 7, 0; no second input
    0x88, 0x08, 0x88, 0x08,     // 228          rows 4 to 7
    0, 0, 0, 0, 0, 0, 0, 0,
    0xE8, 0x03, 0, 0,           // 240 layer 2: bias 1000
    0x00, 0x40, 2, 121,          // 244          multiplier 2^14, shift 2, worst 121: 33,150 <= 2^(121/8)
    0xFF, 0xFF, 0xFF, 0xFF,     // 248          bias -1
    0x00, 0x60, 1, 112,          // 252          multiplier 3 * 2^13, shift 1, worst 112: 16,320 <= 2^14
    0xFF, 0xFF, 0x01, 0x00,     // 256          inputs 0 and 1, rows 0 and 1: 127, -1 and -127, 0
    0x80, 0x00, 0x80, 0x00,     // 260          rows 2 and 3, inputs 1 and 0
    0x80, 0x00, 0x80, 0x00,     // 264          rows 4 and 5
    0x83, 0x40, 0x80, 0x00,     // 268          input 2, rows 0 and 1: 3, 64; no fourth input
    0x80, 0x00, 0x80, 0x00,     // 192
    0x80, 0x00, 0x80, 0x00,     // 196
    0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0,     // 288 softmax
    0, 0, 0, 0, 0, 0, 0, 0,
    0xA9, 0xCC, 0x4E, 0xC8, // 304 CRC-32 of everything before
];

const TINY_ROWS: [&[Row]; 3] = [
    &[Row { bias: -3, multiplier: 1 << 14, shift: 1, worst: 0 }],
    &[
        Row { bias: 0, multiplier: 1 << 14, shift: 0, worst: 0 },
        Row { bias: 100, multiplier: 1 << 13, shift: 0, worst: 0 },
        Row { bias: -5, multiplier: 32_767, shift: 3, worst: 0 },
    ],
    &[
        Row { bias: 1000, multiplier: 1 << 14, shift: 2, worst: 0 },
        Row { bias: -1, multiplier: 3 << 13, shift: 1, worst: 0 },
    ],
];

/// The pixel of each input.
const TINY_ORDER: &[u16] = &[3, 0, 1, 2, 4];

const TINY_WEIGHTS: [&[i8]; 3] = [&[1, 1, -1, 0, -1], &[7, -7, -1], &[127, -127, 3, -1, 0, 64]];

/// The model for core to write; its fields may be changed.
fn tiny_spec() -> ModelSpec<'static> {
    let shapes = [(5, 1, 2, true, 0.5), (1, 3, 4, true, 0.25), (3, 2, 8, false, 1.0)];
    let layers = shapes.into_iter().zip(TINY_ROWS.into_iter().zip(TINY_WEIGHTS));
    let layers = layers.map(|((inputs, units, bits, relu, scale), (rows, weights))| {
        (LayerHeader { inputs, units, bits, relu, scale }, LayerWeights::Integer { weights, rows })
    });
    ModelSpec { width: 5, layers: layers.collect(), logit_scale: 0.125, order: TINY_ORDER, ..ModelSpec::default() }
}

/// Random weights and rows of one layer.
struct RandomLayer {
    header: LayerHeader,
    weights: Vec<i8>,
    rows: Vec<Row>,
}

impl RandomLayer {
    fn new(inputs: usize, units: usize, relu: bool, dice: &mut Dice) -> Self {
        let bits = [8, 4, 2][dice.below(3)];
        let largest = (1 << (bits - 1)) - 1;
        let weights = (0..inputs * units).map(|_| (dice.below(2 * largest + 1) as i32 - largest as i32) as i8);
        let weights = weights.collect();
        let rows = (0..units).map(|_| {
            // Such that outputs are spread over 0 to 255.
            let shift = dice.below(8) as u8;
            Row { bias: dice.bell(3000.0) as i32, multiplier: dice.below(1 << 15) as u16, shift, worst: 0 }
        });
        let header = LayerHeader { inputs: inputs as u16, units: units as u16, bits, relu, scale: 1.0 };
        Self { header, weights, rows: rows.collect() }
    }
}

/// A file of random layers of the given widths, pixels first.
fn random_file(widths: &[usize], dice: &mut Dice) -> Vec<u8> {
    let pairs = widths.windows(2).enumerate();
    let layers: Vec<RandomLayer> = pairs
        .map(|(index, pair)| {
            let relu = index + 2 < widths.len() || dice.chance(0.3);
            RandomLayer::new(pair[0], pair[1], relu, dice)
        })
        .collect();
    let layers = layers.iter().map(|layer| (layer.header, integer(&layer.weights, &layer.rows))).collect();
    let mut order: Vec<u16> = (0..widths[0] as u16).collect();
    (1..order.len()).for_each(|i| order.swap(i, dice.below(i + 1)));
    let order = if dice.chance(0.8) { &order[..] } else { &[] };
    file(&ModelSpec { width: widths[0] as u16, layers, logit_scale: 0.5, order, ..ModelSpec::default() }).unwrap()
}

fn integer<'a>(weights: &'a [i8], rows: &'a [Row]) -> LayerWeights<'a> {
    LayerWeights::Integer { weights, rows }
}

fn three_layers() -> Vec<u8> {
    random_file(&[33, 30, 13, 5], &mut Dice::new(3))
}

#[test]
fn a_tiny_model_has_these_bytes() {
    assert_eq!(file(&tiny_spec()).unwrap(), TINY);
    let bytes = AlignedBytes::new(&TINY);
    let model = Model::parse(&bytes).unwrap();
    let mut scratch = vec![u32::MAX; model.scratch_words()];
    let mut inference = Inference::<u8>::new(model.clone(), &mut scratch).unwrap();
    let mut check = |image: &[u8], class, expected: [i32; 2]| {
        assert_eq!(inference.run(image), Ok(Answer::Class(class)), "{image:?}");
        let logits = inference.outputs();
        assert!(logits.words().iter().map(|word| *word as i32).eq(expected), "{image:?}: {:?}", logits.words());
        assert!(logits.values().eq(expected.map(|z| z as f32 * 0.125)), "{image:?}");
    };
    // 10 - 4 + 90 - 7 - 3 = 86, to 22; 154, -54, -27, to 77, 0, 0; 10779, -78, to 1347, -29.
    check(&[10, 4, 200, 90, 7], 0, [1347, -29]);
    // -513, to 0; 0, 100, -5, to 0, 25, 0; -2175, -1, to -272, 0.
    check(&[0, 255, 0, 0, 255], 1, [-272, 0]);
}

/// Without an order the file is 16 bytes shorter, byte 7 of the first layer's entry says so, and the inputs are used in
/// their original order; an order that changes nothing is not written either.
#[test]
fn inputs_are_taken_as_they_come_where_there_is_no_order() {
    let plain = file(&ModelSpec { order: &[], ..tiny_spec() }).unwrap();
    let mut expected = [&TINY[..160], &TINY[176..]].concat();
    (expected[8], expected[48], expected[56], expected[103]) = (36, 176, 16, 1);
    seal(&mut expected);
    assert_eq!(plain, expected);
    assert_eq!(file(&ModelSpec { order: &[0, 1, 2, 3, 4], ..tiny_spec() }).unwrap(), plain);
    // The result of `TINY` for the same values in its order.
    let bytes = AlignedBytes::new(&plain);
    let model = Model::parse(&bytes).unwrap();
    let mut scratch = vec![u32::MAX; model.scratch_words()];
    let mut inference = Inference::<u8>::new(model, &mut scratch).unwrap();
    for (image, class, expected) in [([90, 10, 4, 200, 7], 0, [1347, -29]), ([0, 0, 255, 0, 255], 1, [-272, 0])] {
        assert_eq!(inference.run(&image), Ok(Answer::Class(class)), "{image:?}");
        assert!(inference.outputs().words().iter().map(|word| *word as i32).eq(expected), "{image:?}");
    }
    // The entry and the parts must agree.
    for (file, byte) in [(&TINY[..], 1), (&plain, 0)] {
        let mut other = file.to_vec();
        other[103] = byte;
        seal(&mut other);
        assert!(parse_error(&other).is_some(), "{byte}");
    }
    check_sealed_damage(&plain);
}

#[test]
fn every_width_computes_what_the_format_says() {
    let mut dice = Dice::new(17);
    for case in 0..400 {
        let depth = 1 + case % 16;
        let widths: Vec<usize> = (0..=depth).map(|_| dice.log_uniform(1.0, 200.99) as usize).collect();
        // Compares all logits with a literal evaluation.
        assert_eq!(exercise(&random_file(&widths, &mut dice)), Ok(()), "{widths:?}");
    }
}

#[test]
fn damage_is_an_error_and_never_panics() {
    check_all_damage(&[TINY.to_vec(), three_layers()], &mut Dice::new(19));
}

#[test]
fn a_multiplier_or_shift_out_of_range_is_refused() {
    let check = |at: usize, byte: u8, expected: Option<ParseError>| {
        let mut model = TINY.to_vec();
        model[at] = byte;
        seal(&mut model);
        assert_eq!(parse_error(&model), expected, "byte {at} is {byte}");
    };
    check(149, 0x7F, None);
    check(149, 0x80, Some(ParseError::Row { layer: 0 }));
    check(214, 30, None);
    check(214, 31, Some(ParseError::Row { layer: 1 }));
    check(246, 255, Some(ParseError::Row { layer: 2 }));
    check(215, 248, None);
    check(215, 249, Some(ParseError::Row { layer: 1 }));
    check(166, 5, Some(ParseError::Order));
    check(166, 0, None);
    let message = ParseError::Row { layer: 2 }.to_string();
    assert!(message.contains("layer 2") && !message.contains('\n'), "{message}");
}

/// The result of `encode` for the last layer of `TINY` with these weights and rows.
fn encode_last(bits: u8, weights: &[i8], rows: &[Row]) -> Result<(), EncodeError> {
    let mut spec = tiny_spec();
    let header = LayerHeader { bits, ..spec.layers[2].0 };
    spec.layers[2] = (header, integer(weights, rows));
    file(&spec).map(|_| ())
}

#[test]
fn weights_and_rows_that_do_not_fit_are_not_written() {
    let (weights, rows) = (TINY_WEIGHTS[2], TINY_ROWS[2]);
    let refused = Err(EncodeError::Weights { layer: 2 });
    assert_eq!(encode_last(8, weights, rows), Ok(()));
    assert_eq!(encode_last(8, &weights[1..], rows), refused);
    assert_eq!(encode_last(8, weights, &rows[1..]), refused);
    for (bits, least) in [(8, -128), (4, -8), (4, 8), (2, -2), (2, 2)] {
        assert_eq!(encode_last(bits, &[0, 0, 0, 0, 0, least], rows), refused, "{bits} bits, {least}");
    }
    for bits in [0, 1, 3, 16, 32] {
        assert_eq!(encode_last(bits, weights, rows), refused, "{bits} bits");
    }
    let bad_row = Err(EncodeError::Row { layer: 2, row: 1 });
    let with = |row| encode_last(8, weights, &[rows[0], row]);
    assert_eq!(with(Row { multiplier: 1 << 15, ..rows[1] }), bad_row);
    assert_eq!(with(Row { shift: 31, ..rows[1] }), bad_row);
    // Weights that sum to 65: 255 * 65 below the limit.
    assert_eq!(with(Row { bias: i32::MAX - 255 * 65, ..rows[1] }), Ok(()));
    assert_eq!(with(Row { bias: i32::MAX - 255 * 65 + 1, ..rows[1] }), bad_row);
    assert_eq!(with(Row { bias: i32::MIN, ..rows[1] }), bad_row);
}

#[test]
fn an_order_that_is_no_permutation_is_not_written() {
    let check = |order: &'static [u16]| file(&ModelSpec { order, ..tiny_spec() }).map(|_| ());
    assert_eq!(check(&[]), Ok(()));
    for order in [&[0, 1, 2, 3, 5][..], &[0, 1, 2, 3], &[0, 1, 2, 3, 3], &[0, 1, 2, 3, 4, 5]] {
        assert_eq!(check(order), Err(EncodeError::Order), "{order:?}");
    }
}

/// Layers with sums just beyond and just within the range of packed sums: every row has its worst sum, and logits are
/// exact.
#[test]
fn rows_say_how_large_their_sums_become() {
    let check = |bits: u8, inputs: usize, units: usize, expected: u8| {
        let largest = (1i8 << (bits - 1)).wrapping_sub(1);
        // The sums of row 1 of a halfword and of row 7 are maximal, all others 0.
        let is_large = |unit: usize| unit % 8 == 7 || unit == 1;
        let weights = (0..units * inputs).map(|i| if is_large(i / inputs) { largest } else { 0 });
        let (weights, rows) = (weights.collect::<Vec<_>>(), vec![Row { multiplier: 30_000, ..Row::default() }; units]);
        let header = LayerHeader { inputs: inputs as u16, units: units as u16, bits, relu: false, scale: 1.0 };
        let layers = [(header, integer(&weights, &rows))].into_iter().collect();
        let spec = ModelSpec { width: inputs as u16, layers, ..ModelSpec::default() };
        let bytes = file(&spec).unwrap();
        let start = section(&bytes, 3).start + 16;
        for (unit, row) in bytes[start..][..8 * units].chunks_exact(8).enumerate() {
            assert_eq!(row[7], if is_large(unit) { expected } else { 0 }, "{bits} bits, {inputs} inputs, unit {unit}");
        }
        assert_eq!(exercise(&bytes), Ok(()));
        let white = AlignedBytes::new(&bytes);
        let model = Model::parse(&white).unwrap();
        let mut scratch = vec![0; model.scratch_words()];
        let mut inference = Inference::<u8>::new(model.clone(), &mut scratch).unwrap();
        inference.run(&vec![255; inputs]).unwrap();
        let sum = i64::from(largest) * 255 * inputs as i64;
        assert_eq!(inference.outputs().words()[1] as i64, (sum * 30_000) >> 15);
    };
    // 2^(183/8) = 7,692,387 and 127 * 255 * 237 = 7,675,245; 127 * 255 * 259 = 8,387,715 < 2^23 = 8,388,608.
    check(8, 237, 7, 183);
    check(8, 238, 7, 184);
    check(8, 259, 7, 184);
    check(8, 260, 7, 185);
    check(2, 471, 8, 135);
    check(2, 472, 8, 136);
    check(4, 269, 9, 151);
    check(4, 270, 9, 152);
    check(4, 3_000, 9, 179);
    check(2, 4_096, 17, 160);
}

#[test]
fn values_that_are_inverted_have_a_bit_each() {
    let inverted = [true, false, true, true, false];
    let input = InputSpec { inverted: &inverted, ..InputSpec::default() };
    let bytes = file(&ModelSpec { input, ..tiny_spec() }).unwrap();
    assert_eq!(&bytes[section(&bytes, 2)], [5, 0, 1, 0, 0, 0, 0, 0, 0b1101, 0, 0, 0, 0, 0, 0, 0]);
    let aligned = AlignedBytes::new(&bytes);
    let model = Model::parse(&aligned).unwrap();
    assert_eq!([0, 1, 2, 3, 4].map(|value| model.is_inverted(value)), inverted);
    assert_eq!((model.input_type(), model.input_maps().count()), (InputType::U8, 0));
    assert_eq!(exercise(&bytes), Ok(()));
    check_sealed_damage(&bytes);
    check_random_changes(std::slice::from_ref(&bytes), &mut Dice::new(23));
    // A nonexistent value, one map too many, maps of another kind.
    let start = section(&bytes, 2).start;
    for (at, byte) in [(8, 0b10_1101), (15, 0x80), (2, 2), (2, 0), (1, 1), (0, 6)] {
        let mut changed = bytes.clone();
        changed[start + at] = byte;
        seal(&mut changed);
        assert_eq!(parse_error(&changed), Some(ParseError::Input), "byte {at} is {byte}");
    }
    for input in [
        InputSpec { inverted: &inverted[1..], ..input },
        InputSpec { kind: InputType::I8, ..input },
        InputSpec { kind: InputType::I16, sharing: Sharing::All, maps: &[InputMap::NONE], ..input },
    ] {
        assert_eq!(file(&ModelSpec { input, ..tiny_spec() }), Err(EncodeError::Input), "{input:?}");
    }
}
