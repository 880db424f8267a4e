//! The model file with weights of 8, 4 and 2 bits: its bytes, the arithmetic by the letter, and that no bytes make core
//! panic.

use foldnet_core::Model;
use foldnet_core::int::Row;
use foldnet_core::model::{Classifier, EncodeError, LayerHeader, LayerWeights, ParseError, Spec};
use foldnet_tests::damage::{check_damage, check_random_changes, check_sealed_damage, parse_error};
use foldnet_tests::fold_case::Source;
use foldnet_tests::hostile::{AlignedBytes, exercise, seal};
use foldnet_tests::model_file::file;

/// A model with every byte written out: 5 pixels, a unit of 2 bits, 3 units of 4 bits, 2 classes of 8 bits.
#[rustfmt::skip]
const TINY: [u8; 180] = [
    b'F', b'N', b'E', b'T', 1, 0, //  0 magic and version 1
    33, 0,                      //   6 length of the header
    180, 0, 0, 0,               //   8 length of the file
    0, 0, 0, 0,                 //  12 zeros
    1, 5,                       //  16 height and width
    0,                          //  18 no labels
    3,                          //  19 number of layers
    5, 1, 2, 1,                 //  20 layer 0: inputs, units, bits, ReLU
    0x00, 0x00, 0x00, 0x3F,     //  24          scale 0.5
    1, 3, 4, 1,                 //  28 layer 1: inputs, units, bits, ReLU
    0x00, 0x00, 0x80, 0x3E,     //  32          scale 0.25
    3, 2, 8, 0,                 //  36 layer 2: inputs, units, bits, no ReLU
    0x00, 0x00, 0x80, 0x3F,     //  40          scale 1.0
    0x00, 0x00, 0x00, 0x3E,     //  44 scale of the logits 0.125
    3,                          //  48 words of scratch memory: 2 logits, where 1 byte was, and a word for 3 bytes
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0xFD, 0xFF, 0xFF, 0xFF,     //  64 layer 0: bias -3
    0x00, 0x40, 1, 0,           //  68          multiplier 2^14, shift 1, 0
    0, 0, 0, 0, 0, 0, 0, 0,
    0b01_00_11_01, 0b11, 0, 0,  //  80          weights 1, -1, 0, 1 and -1, zeros up to a word
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0,                 //  96 layer 1: bias 0
    0x00, 0x40, 0, 0,           // 100          multiplier 2^14, shift 0, 0
    100, 0, 0, 0,               // 104          bias 100
    0x00, 0x20, 0, 0,           // 108          multiplier 2^13, shift 0, 0
    0xFB, 0xFF, 0xFF, 0xFF,     // 112          bias -5
    0xFF, 0x7F, 3, 0,           // 116          multiplier 2^15 - 1, shift 3, 0
    0, 0, 0, 0, 0, 0, 0, 0,
    0x07, 0, 0, 0,              // 128          weight 7 of unit 0
    0x09, 0, 0, 0,              // 132          -7 of unit 1
    0x0F, 0, 0, 0,              // 136          -1 of unit 2
    0, 0, 0, 0,
    0xE8, 0x03, 0, 0,           // 144 layer 2: bias 1000
    0x00, 0x40, 2, 0,           // 148          multiplier 2^14, shift 2, 0
    0xFF, 0xFF, 0xFF, 0xFF,     // 152          bias -1
    0x00, 0x60, 1, 0,           // 156          multiplier 3 * 2^13, shift 1, 0
    127, 0x81, 3, 0,            // 160          weights 127, -127, 3 of unit 0
    0xFF, 0, 64, 0,             // 164          -1, 0, 64 of unit 1
    0, 0, 0, 0, 0, 0, 0, 0,
    0xBC, 0x9E, 0xDA, 0x64,     // 176 CRC-32 of all before
];

const TINY_ROWS: [&[Row]; 3] = [
    &[Row { bias: -3, multiplier: 1 << 14, shift: 1 }],
    &[
        Row { bias: 0, multiplier: 1 << 14, shift: 0 },
        Row { bias: 100, multiplier: 1 << 13, shift: 0 },
        Row { bias: -5, multiplier: 32_767, shift: 3 },
    ],
    &[Row { bias: 1000, multiplier: 1 << 14, shift: 2 }, Row { bias: -1, multiplier: 3 << 13, shift: 1 }],
];

const TINY_WEIGHTS: [&[i8]; 3] = [&[1, -1, 0, 1, -1], &[7, -7, -1], &[127, -127, 3, -1, 0, 64]];

/// What core is to write; the model's fields may be changed.
fn tiny_spec() -> Spec<'static> {
    let shapes = [(5, 1, 2, true, 0.5), (1, 3, 4, true, 0.25), (3, 2, 8, false, 1.0)];
    let layers = shapes.into_iter().zip(TINY_ROWS.into_iter().zip(TINY_WEIGHTS));
    let layers = layers.map(|((inputs, units, bits, relu, scale), (rows, weights))| {
        (LayerHeader { inputs, units, bits, relu, scale }, LayerWeights::Integer { weights, rows })
    });
    Spec { height: 1, width: 5, labels: "", layers: layers.collect(), logit_scale: 0.125 }
}

/// Random weights and rows of one layer.
struct RandomLayer {
    header: LayerHeader,
    weights: Vec<i8>,
    rows: Vec<Row>,
}

impl RandomLayer {
    fn new(inputs: usize, units: usize, relu: bool, source: &mut Source) -> Self {
        let bits = [8, 4, 2][source.below(3)];
        let largest = (1 << (bits - 1)) - 1;
        let weights = (0..inputs * units).map(|_| (source.below(2 * largest + 1) as i32 - largest as i32) as i8);
        let weights = weights.collect();
        let rows = (0..units).map(|_| {
            // Such that outputs are spread over 0 to 255.
            let shift = source.below(8) as u8;
            Row { bias: source.bell(3000.0) as i32, multiplier: source.below(1 << 15) as u16, shift }
        });
        let header = LayerHeader { inputs: inputs as u16, units: units as u16, bits, relu, scale: 1.0 };
        Self { header, weights, rows: rows.collect() }
    }
}

/// A file of random layers of the given widths, pixels first.
fn random_file(widths: &[usize], source: &mut Source) -> Vec<u8> {
    let pairs = widths.windows(2).enumerate();
    let layers: Vec<RandomLayer> = pairs
        .map(|(index, pair)| {
            let relu = index + 2 < widths.len() || source.chance(0.3);
            RandomLayer::new(pair[0], pair[1], relu, source)
        })
        .collect();
    let layers = layers.iter().map(|layer| (layer.header, integer(&layer.weights, &layer.rows))).collect();
    file(&Spec { height: 1, width: widths[0] as u16, labels: "", layers, logit_scale: 0.5 }).unwrap()
}

fn integer<'a>(weights: &'a [i8], rows: &'a [Row]) -> LayerWeights<'a> {
    LayerWeights::Integer { weights, rows }
}

fn three_layers() -> Vec<u8> {
    random_file(&[33, 30, 13, 5], &mut Source::new(3))
}

#[test]
fn a_tiny_model_has_these_bytes() {
    assert_eq!(file(&tiny_spec()).unwrap(), TINY);
    let bytes = AlignedBytes::new(&TINY);
    let model = Model::parse(&bytes).unwrap();
    let mut scratch = [u32::MAX; 3];
    let mut classifier = Classifier::new(&model, &mut scratch).unwrap();
    let mut check = |image: &[u8], class, expected: [i32; 2]| {
        assert_eq!(classifier.classify(image), class, "{image:?}");
        let logits = classifier.logits();
        assert!(logits.words().iter().map(|word| *word as i32).eq(expected), "{image:?}: {:?}", logits.words());
        assert!(logits.values().eq(expected.map(|z| z as f32 * 0.125)), "{image:?}");
    };
    // 10 - 4 + 90 - 7 - 3 = 86, to 22; 154, -54, -27, to 77, 0, 0; 10779, -78, to 1347, -29.
    check(&[10, 4, 200, 90, 7], 0, [1347, -29]);
    // -513, to 0; 0, 100, -5, to 0, 25, 0; -2175, -1, to -272, 0.
    check(&[0, 255, 0, 0, 255], 1, [-272, 0]);
    // Missing pixels count as 0, those too many are not read: 10 - 4 - 3 = 3, to 1; 7, 93, -6, to 3, 23, 0; -1540, -4.
    check(&[10, 4], 1, [-192, -1]);
    check(&[10, 4, 200, 90, 7, 255, 255], 0, [1347, -29]);
}

#[test]
fn every_width_computes_what_the_format_says() {
    let mut source = Source::new(17);
    for case in 0..400 {
        let depth = 1 + case % 8;
        let widths: Vec<usize> = (0..=depth).map(|_| source.log_uniform(1.0, 200.99) as usize).collect();
        // Compares all logits with a literal evaluation.
        assert_eq!(exercise(&random_file(&widths, &mut source)), Ok(()), "{widths:?}");
    }
}

#[test]
fn damage_is_an_error() {
    check_damage(&TINY);
    check_damage(&three_layers());
}

#[test]
fn damage_with_a_checksum_that_fits_never_panics() {
    check_sealed_damage(&TINY);
    check_sealed_damage(&three_layers());
}

#[test]
fn random_changes_with_a_checksum_that_fits_never_panic() {
    check_random_changes(&[TINY.to_vec(), three_layers()], &mut Source::new(19));
}

#[test]
fn a_multiplier_or_shift_out_of_range_is_refused() {
    let check = |at: usize, byte: u8, expected: Option<ParseError>| {
        let mut model = TINY.to_vec();
        model[at] = byte;
        seal(&mut model);
        assert_eq!(parse_error(&model), expected, "byte {at} is {byte}");
    };
    check(69, 0x7F, None);
    check(69, 0x80, Some(ParseError::Row { layer: 0 }));
    check(118, 30, None);
    check(118, 31, Some(ParseError::Row { layer: 1 }));
    check(150, 255, Some(ParseError::Row { layer: 2 }));
    let message = ParseError::Row { layer: 2 }.to_string();
    assert!(message.contains("layer 2") && !message.contains('\n'), "{message}");
}

/// What `encode` says to the last layer of `TINY` with these weights and rows.
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
    // Weights of 65 in all: 255 * 65 from the edge.
    assert_eq!(with(Row { bias: i32::MAX - 255 * 65, ..rows[1] }), Ok(()));
    assert_eq!(with(Row { bias: i32::MAX - 255 * 65 + 1, ..rows[1] }), bad_row);
    assert_eq!(with(Row { bias: i32::MIN, ..rows[1] }), bad_row);
}
