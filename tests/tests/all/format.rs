//! The model file: its bytes, its refusals, and that no bytes make core panic.

use foldnet_core::Model;
use foldnet_core::infer::{Answer, Inference, InferenceError, LengthError};
use foldnet_core::model::{
    EncodeError, LayerHeader, LayerWeights, MAX_MODEL_LAYERS, ModelSpec, ParseError, encode, encoded_len,
};
use foldnet_core::quantized::Row;
use foldnet_tests::damage::{check_all_damage, parse_error};
use foldnet_tests::hostile::{AlignedBytes, exercise, literal_unit, seal};
use foldnet_tests::model_file::{FloatLayer, aligned_file, assemble, file, spec};
use foldnet_tests::random::Dice;
use foldnet_tests::random_spec::Drawn;
use std::path::Path;

/// A model with every byte written out: 2 pixels, 1 unit with ReLU, 2 classes.
#[rustfmt::skip]
const TINY: [u8; 244] = [
    b'F', b'N', b'E', b'T',     //   0 magic
    3, 0,                       //   4 version 3
    5, 0,                       //   6 number of sections
    244, 0, 0, 0,               //   8 length of the file
    0, 0, 0, 0,                 //  12 zeros
    1, 0, 1, 0,                 //  16 section 1, required: the header
    80, 0, 0, 0, 16, 0, 0, 0,   //  20          offset and length
    2, 0, 1, 0,                 //  28 section 2, required: the inputs
    96, 0, 0, 0, 8, 0, 0, 0,    //  32
    3, 0, 1, 0,                 //  40 section 3, required: the layers
    112, 0, 0, 0, 96, 0, 0, 0,  //  44
    4, 0, 1, 0,                 //  52 section 4, required: the head
    208, 0, 0, 0, 16, 0, 0, 0,  //  56
    5, 0, 0, 0,                 //  64 section 5, optional: names
    224, 0, 0, 0, 4, 0, 0, 0,   //  68
    0, 0, 0, 0,                 //  76 zeros up to 80
    1, 0, 2, 0, 1, 0,           //  80 height, width, channels
    2, 0,                       //  86 number of layers
    3, 0, 0, 0,                 //  88 words of scratch memory: 2 + 1, the outputs where the pixels were
    0x00, 0x00, 0x80, 0x3F,     //  92 scale of the outputs 1.0
    0, 0,                       //  96 u8, no maps
    0, 0,                       //  98 number of maps
    0, 0, 0, 0,                 // 100 no averages of four or two
    0, 0, 0, 0, 0, 0, 0, 0,
    2, 0, 1, 0,                 // 112 layer 0: inputs and units
    32, 1, 0, 0,                // 116          bits, ReLU
    0x00, 0x00, 0x80, 0x3F,     // 120          scale 1.0
    1, 0, 2, 0,                 // 124 layer 1: inputs and units
    32, 0, 0, 0,                // 128          bits, no ReLU
    0x00, 0x00, 0x80, 0x3F,     // 132          scale 1.0
    0, 0, 0, 0, 0, 0, 0, 0,
    0x00, 0x00, 0xC0, 0x3F,     // 144 layer 0: bias 1.5
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0x00, 0x00, 0x00, 0x3F,     // 160          kernel 0.5
    0x00, 0x00, 0x00, 0xC0,     // 164          and -2.0
    0, 0, 0, 0, 0, 0, 0, 0,
    0x00, 0x00, 0x80, 0xBF,     // 176 layer 1: bias -1.0
    0x00, 0x00, 0x80, 0x3E,     // 180          and 0.25
    0, 0, 0, 0, 0, 0, 0, 0,
    0x00, 0x00, 0x40, 0x40,     // 192          kernel 3.0 of unit 0
    0x00, 0x00, 0x00, 0xBE,     // 196          -0.125 of unit 1
    0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0,     // 208 softmax
    0, 0, 0, 0, 0, 0, 0, 0,
    b'a', b'\n', b'b', b'\n',   // 224 names
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0xEC, 0xFC, 0xB6, 0xFC,     // 240 CRC-32 of everything before
];

fn tiny_layers() -> [FloatLayer; 2] {
    [
        FloatLayer { kernel: vec![0.5, -2.0], bias: vec![1.5], inputs: 2, relu: true },
        FloatLayer { kernel: vec![3.0, -0.125], bias: vec![-1.0, 0.25], inputs: 1, relu: false },
    ]
}

/// Random layers of the given widths, pixels first; ReLU after all except the last.
fn random_layers(widths: &[usize], dice: &mut Dice) -> Vec<FloatLayer> {
    let layer = |(index, pair): (usize, &[usize])| {
        let mut draw = |count: usize| (0..count).map(|_| dice.bell(0.7) as f32).collect();
        let (kernel, bias) = (draw(pair[0] * pair[1]), draw(pair[1]));
        FloatLayer { kernel, bias, inputs: pair[0], relu: index + 2 < widths.len() }
    };
    widths.windows(2).enumerate().map(layer).collect()
}

/// Three layers, some 2 KB.
fn three_layers() -> Vec<u8> {
    let layers = random_layers(&[9, 16, 13, 5], &mut Dice::new(3));
    file(&spec(3, 3, "one\ntwo\nthree\nfour\nfive\n", &layers)).unwrap()
}

/// The logits of `layers`, computed directly from their weights.
fn logits(layers: &[FloatLayer], image: &[u8]) -> Vec<u32> {
    let mut x: Vec<f32> = image.iter().map(|pixel| f32::from(*pixel)).collect();
    for layer in layers {
        let rows = layer.kernel.chunks(layer.inputs).zip(&layer.bias);
        x = rows.map(|(row, bias)| literal_unit(row, &x, *bias, layer.relu)).collect();
    }
    x.iter().map(|z| z.to_bits()).collect()
}

/// Writes and reads a model, and compares header, labels and the bits of the logits of some images.
fn check_round_trip(height: usize, width: usize, labels: &str, layers: &[FloatLayer], dice: &mut Dice) {
    let spec = spec(height, width, labels, layers);
    let bytes = aligned_file(&spec).unwrap();
    assert_eq!(exercise(&bytes), Ok(()));
    let model = Model::parse(&bytes).unwrap();
    let header = model.header();
    assert_eq!(
        (usize::from(header.height), usize::from(header.width), header.labels),
        (height, width, labels.as_bytes())
    );
    assert!(header.layers.iter().eq(layers.iter().map(FloatLayer::header).collect::<Vec<_>>().iter()));
    assert_eq!(header.logit_scale, 1.0);
    assert_eq!((model.inputs(), model.bytes()), (height * width, bytes.len()));
    assert_eq!(model.labels().collect::<Vec<_>>(), labels.lines().collect::<Vec<_>>());
    let mut scratch = vec![u32::MAX; model.scratch_words()];
    let mut inference = Inference::<u8>::new(model.clone(), &mut scratch).unwrap();
    for _ in 0..3 {
        let image: Vec<u8> = (0..height * width).map(|_| dice.below(256) as u8).collect();
        inference.run(&image).unwrap();
        assert_eq!(inference.outputs().words(), logits(layers, &image), "{:?}", header.layers);
    }
}

#[test]
fn a_tiny_model_has_these_bytes() {
    assert_eq!(file(&spec(1, 2, "a\nb\n", &tiny_layers())).unwrap(), TINY);
    let bytes = AlignedBytes::new(&TINY);
    let model = Model::parse(&bytes).unwrap();
    assert_eq!(model.labels().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((model.inputs(), model.outputs(), model.scratch_words(), model.bytes()), (2, 2, 3, 244));
    let mut scratch = [u32::MAX; 3];
    let mut inference = Inference::<u8>::new(model.clone(), &mut scratch).unwrap();
    let mut check = |image: &[u8], class, expected: [f32; 2]| {
        assert_eq!(inference.run(image), Ok(Answer::Class(class)), "{image:?}");
        assert!(inference.outputs().values().eq(expected), "{image:?}");
    };
    check(&[10, 2], 0, [6.5, -0.0625]);
    check(&[0, 200], 1, [-1.0, 0.25]);
    for given in [0, 1, 3] {
        assert_eq!(inference.run(&[10; 3][..given]), Err(LengthError { needed: 2, given }));
    }
}

#[test]
fn every_shape_comes_back_as_it_was() {
    let mut dice = Dice::new(11);
    for case in 0..300 {
        let (height, width) = (1 + dice.below(20), 1 + dice.below(20));
        let depth = 1 + case % MAX_MODEL_LAYERS;
        let behind = (0..depth).map(|_| dice.log_uniform(1.0, 300.99) as usize).collect::<Vec<_>>();
        let widths: Vec<usize> = [height * width].into_iter().chain(behind).collect();
        let labels: String = (0..dice.below(12)).map(|class| format!("class {class} ü\n")).collect();
        let mut layers = random_layers(&widths, &mut dice);
        layers.iter_mut().for_each(|layer| layer.relu = dice.chance(0.5));
        check_round_trip(height, width, &labels, &layers, &mut dice);
    }
}

#[test]
fn sums_are_taken_in_the_order_of_the_format() {
    let mut dice = Dice::new(5);
    let mut otherwise = 0;
    for width in (1..=40).chain([784]) {
        // The second layer also gets non-integers.
        let mut layers = random_layers(&[width, width, 9], &mut dice);
        layers[0].relu = false;
        check_round_trip(1, width, "", &layers, &mut dice);
        let image: Vec<u8> = (0..width).map(|i| (i * 37 % 256) as u8).collect();
        let x: Vec<f32> = image.iter().map(|pixel| f32::from(*pixel)).collect();
        let row = &layers[0].kernel[..width];
        let in_a_row = row.iter().zip(&x).map(|(w, x)| w * x).sum::<f32>() + layers[0].bias[0];
        otherwise += usize::from(in_a_row.to_bits() != literal_unit(row, &x, layers[0].bias[0], false).to_bits());
    }
    assert!(otherwise > 20, "the order hardly matters here: only {otherwise} of 41 sums differ");
}

#[test]
fn damage_is_an_error_and_never_panics() {
    check_all_damage(&[TINY.to_vec(), three_layers()], &mut Dice::new(13));
}

#[test]
fn a_model_must_begin_at_an_address_divisible_by_four() {
    for offset in 0..16 {
        let expected = (offset % 4 != 0).then_some(ParseError::Unaligned);
        assert_eq!(Model::parse(&AlignedBytes::at_offset(&TINY, offset)).err(), expected, "offset {offset}");
    }
}

/// `TINY` with bytes changed from `at` on, and length and checksum corrected.
fn patched(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut model = TINY.to_vec();
    model[at..at + bytes.len()].copy_from_slice(bytes);
    seal(&mut model);
    model
}

/// `TINY` with bytes changed from `at` on, and nothing corrected.
fn damaged(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut model = TINY.to_vec();
    model[at..at + bytes.len()].copy_from_slice(bytes);
    model
}

/// `TINY` with layers of other widths.
fn with_bits(first: u8, second: u8) -> Vec<u8> {
    patched_at(&[(116, &[first]), (128, &[second])])
}

/// `TINY` with bytes changed in several places, and length and checksum corrected.
fn patched_at(changes: &[(usize, &[u8])]) -> Vec<u8> {
    let mut model = TINY.to_vec();
    for (at, bytes) in changes {
        model[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    seal(&mut model);
    model
}

/// `TINY` with another section of layers.
fn with_layers(layers: &[u8]) -> Vec<u8> {
    assemble(&[(1, 1, &TINY[80..96]), (2, 1, &TINY[96..104]), (3, 1, layers), (4, 1, &TINY[208..224])])
}

/// Bytes that are not a model, with the reason.
fn refusals() -> Vec<(Vec<u8>, ParseError)> {
    use ParseError::{Bits, Crc, Head, Header, Input, Length, NoModel, Scratch, Section, Shape, TooShort, Version};
    // 65,535 units of 65,535 inputs: the product with 4 bytes does not fit in 32 bits.
    let huge: [(usize, &[u8]); 2] = [(112, &[0xFF; 4]), (124, &[0xFF; 2])];
    vec![
        (vec![], TooShort),
        (TINY[..19].to_vec(), TooShort),
        (TINY[..20].to_vec(), Length { declared: 244, found: 20 }),
        (damaged(0, b"fNET"), NoModel),
        (patched(3, b"S"), NoModel),
        (patched(4, &[0, 0]), Version { found: 0 }),
        (patched(4, &[1, 0]), Version { found: 1 }),
        (patched(4, &[2, 0]), Version { found: 2 }),
        (patched(5, &[1]), Version { found: 259 }),
        (damaged(8, &[245]), Length { declared: 245, found: 244 }),
        (damaged(11, &[1]), Length { declared: 0x0100_00F4, found: 244 }),
        (damaged(150, &[1]), Crc),
        (damaged(240, &[!TINY[240]]), Crc),
        (patched(6, &[4]), Header),
        (patched(6, &[6]), Header),
        (patched(6, &[0]), Header),
        (patched(6, &[0xFF, 0xFF]), Header),
        (patched(16, &[2]), Header),
        (patched(20, &[96]), Header),
        (patched(24, &[15]), Header),
        (patched(24, &[17]), Header),
        (patched(48, &[0xFF, 0xFF, 0xFF, 0xFF]), Header),
        (patched(52, &[200, 0, 0, 0]), Header),
        (patched(52, &[200]), Section { tag: 200 }),
        (patched(64, &[0, 1, 1]), Section { tag: 256 }),
        (patched(86, &[9]), Header),
        (patched(86, &[17]), Header),
        (patched(86, &[0]), Shape { layer: 0 }),
        (patched(80, &[0]), Shape { layer: 0 }),
        (patched(80, &[0xFF, 0xFF]), Shape { layer: 0 }),
        (patched_at(&huge), Shape { layer: 0 }),
        (patched(114, &[2]), Shape { layer: 1 }),
        (patched(126, &[0]), Shape { layer: 1 }),
        (patched(120, &0.0f32.to_le_bytes()), Shape { layer: 0 }),
        (patched(132, &(-1.0f32).to_le_bytes()), Shape { layer: 1 }),
        (patched(132, &f32::NAN.to_le_bytes()), Shape { layer: 1 }),
        (patched(132, &f32::INFINITY.to_le_bytes()), Shape { layer: 1 }),
        (patched(92, &f32::NAN.to_le_bytes()), Shape { layer: 0 }),
        (with_layers(&TINY[112..144]), Shape { layer: 0 }),
        (with_layers(&TINY[112..192]), Shape { layer: 1 }),
        (with_layers(&[&TINY[112..208], &[0; 16]].concat()), Shape { layer: 1 }),
        (with_bits(0, 0), Bits { layer: 0, bits: 0 }),
        (with_bits(7, 8), Bits { layer: 0, bits: 7 }),
        (with_bits(8, 255), Bits { layer: 1, bits: 255 }),
        (with_bits(32, 8), Shape { layer: 1 }),
        (with_bits(4, 32), Shape { layer: 1 }),
        (patched(88, &[2]), Scratch),
        (patched(88, &[4]), Scratch),
        (patched(80, &[2]), Input),
        (patched(84, &[2]), Input),
        (patched(96, &[5]), Input),
        (patched(97, &[1]), Input),
        (patched(97, &[4]), Input),
        (patched(98, &[1]), Input),
        (patched(100, &[1]), Input),
        (patched(102, &[1]), Input),
        (patched(208, &[1]), Head),
        (patched(208, &[2]), Head),
        (patched(208, &[3]), Head),
        (patched(208, &[4]), Head),
        (patched(209, &[31]), Head),
    ]
}

#[test]
fn an_unknown_section_that_is_optional_is_passed_over() {
    let bytes = patched(64, &[200]);
    assert_eq!(exercise(&bytes), Ok(()));
    let bytes = AlignedBytes::new(&bytes);
    assert_eq!(Model::parse(&bytes).unwrap().labels().count(), 0, "the names were that section");
}

#[test]
fn names_that_are_no_text_are_no_names() {
    let bytes = AlignedBytes::new(&patched(224, &[0xFF]));
    let model = Model::parse(&bytes).expect("names do not matter to inference");
    assert_eq!(model.labels().count(), 0);
    assert!(Model::parse(&AlignedBytes::new(&TINY)).unwrap().labels().count() > 0);
}

/// The number of a variant, so that new ones must be added here, and to the table.
fn variant(error: ParseError) -> usize {
    match error {
        ParseError::Unaligned => 0,
        ParseError::TooShort => 1,
        ParseError::NoModel => 2,
        ParseError::Version { .. } => 3,
        ParseError::Length { .. } => 4,
        ParseError::Crc => 5,
        ParseError::Header => 6,
        ParseError::Shape { .. } => 7,
        ParseError::Bits { .. } => 8,
        ParseError::Scratch => 9,
        ParseError::Row { .. } => 10,
        ParseError::Order => 11,
        ParseError::Section { .. } => 12,
        ParseError::Input => 13,
        ParseError::Head => 14,
    }
}

#[test]
fn every_parse_error_is_reached() {
    let parts = [(1, 1, &TINY[80..96]), (2, 1, &TINY[96..104]), (3, 1, &TINY[112..208]), (4, 1, &TINY[208..224])];
    assert_eq!(assemble(&[&parts[..], &[(5, 0, &TINY[224..228])]].concat()), TINY, "the table stands on a model");
    let mut reached = [false; 15];
    // These have tests of their own, the last two in format_integer.rs.
    for elsewhere in [ParseError::Unaligned, ParseError::Row { layer: 0 }, ParseError::Order] {
        reached[variant(elsewhere)] = true;
    }
    for (index, (bytes, expected)) in refusals().into_iter().enumerate() {
        assert_eq!(parse_error(&bytes), Some(expected), "row {index}");
        let message = expected.to_string();
        assert!(message.len() > 10 && !message.contains('\n'), "{message}");
        reached[variant(expected)] = true;
    }
    assert_eq!(reached, [true; 15]);
}

/// The result of `encode` for a layer of 2 units on 3 pixels with these weights.
fn encode_layer(header: LayerHeader, kernel: &[f32], bias: &[f32]) -> Result<usize, EncodeError> {
    let good = [FloatLayer { kernel: vec![1.0; 6], bias: vec![0.0; 3], inputs: 2, relu: true }];
    let mut spec = spec(1, 2, "", &good);
    spec.layers.push((header, LayerWeights::Float { kernel, bias })).unwrap();
    encode(&spec, &mut [0; 600])
}

#[test]
fn weights_that_do_not_fit_or_are_not_finite_are_not_written() {
    let header = LayerHeader { inputs: 3, units: 2, bits: 32, relu: false, scale: 1.0 };
    let refused = Err(EncodeError::Weights { layer: 1 });
    assert!(encode_layer(header, &[1.0; 6], &[1.0; 2]).is_ok());
    for (kernel, bias) in [(5, 2), (7, 2), (6, 1), (6, 3), (0, 0)] {
        assert_eq!(encode_layer(header, &vec![1.0; kernel], &vec![1.0; bias]), refused, "{kernel}, {bias}");
    }
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(encode_layer(header, &[1.0, 1.0, 1.0, 1.0, 1.0, bad], &[1.0; 2]), refused, "{bad}");
        assert_eq!(encode_layer(header, &[1.0; 6], &[bad, 1.0]), refused, "{bad}");
    }
    assert_eq!(encode_layer(LayerHeader { bits: 8, ..header }, &[1.0; 6], &[1.0; 2]), refused);
}

#[test]
fn what_is_written_is_read_and_what_would_not_be_read_is_not_written() {
    let (mut dice, mut accepted, mut refused, mut unreadable) = (Dice::new(23), 0, 0, 0);
    for _ in 0..20_000 {
        let mut drawn = Drawn::right(&mut dice);
        (0..dice.below(3)).for_each(|_| drawn.spoil(&mut dice));
        let (parsed, written) = (parse_error(&drawn.skeleton()), file(&drawn.spec()));
        unreadable += usize::from(parsed.is_some());
        match written {
            Ok(bytes) => {
                assert_eq!(parsed, None, "written, but would not be read: {drawn:?}");
                let bytes = AlignedBytes::new(&bytes);
                drawn.check_written(&Model::parse(&bytes).unwrap().header(), &bytes);
                accepted += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 5_000 && refused > 5_000 && unreadable > 5_000, "{accepted}, {refused}, {unreadable}");
}

#[test]
fn layers_that_would_not_be_read_are_named() {
    let layers = tiny_layers();
    let check = |change: &dyn Fn(&mut ModelSpec), expected| {
        let mut spec = spec(1, 2, "", &layers);
        change(&mut spec);
        assert_eq!(file(&spec).err(), Some(expected));
    };
    let (shape, scale) = (|layer| EncodeError::Shape { layer }, |layer| EncodeError::Scale { layer });
    check(&|spec| spec.layers.clear(), shape(0));
    check(&|spec| spec.width = 3, EncodeError::Input);
    check(&|spec| spec.layers.swap(0, 1), EncodeError::Input);
    check(&|spec| spec.layers[1] = spec.layers[0], shape(1));
    check(
        &|spec| {
            spec.layers[1] =
                (LayerHeader { units: 0, ..spec.layers[1].0 }, LayerWeights::Float { kernel: &[], bias: &[] })
        },
        shape(1),
    );
    const ROWS: &[Row] = &[Row { bias: 0, multiplier: 1, shift: 0, worst: 0 }; 2];
    let integer = LayerWeights::Integer { weights: &[0; 2], rows: ROWS };
    check(&|spec| spec.layers[1] = (LayerHeader { bits: 8, ..spec.layers[1].0 }, integer), shape(1));
    for bad in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        check(&|spec| spec.layers[1].0.scale = bad, scale(1));
    }
    check(&|spec| spec.logit_scale = f32::NEG_INFINITY, scale(0));
}

#[test]
fn a_buffer_that_is_too_short_is_an_error_and_one_of_the_exact_length_is_not() {
    let layers = tiny_layers();
    let spec = spec(1, 2, "a\nb\n", &layers);
    assert!(encoded_len(&spec) >= TINY.len());
    for len in 0..TINY.len() {
        assert_eq!(encode(&spec, &mut vec![0; len]), Err(EncodeError::BufferTooShort), "{len} bytes");
    }
    let mut exact = TINY.map(|byte| !byte);
    assert_eq!((encode(&spec, &mut exact), exact), (Ok(TINY.len()), TINY));
}

#[test]
fn scratch_memory_is_checked_to_the_word() {
    let bytes = AlignedBytes::new(&TINY);
    let model = Model::parse(&bytes).unwrap();
    for words in 0..6 {
        let expected = if words < 3 { Err(InferenceError::Scratch { needed: 3 }) } else { Ok(()) };
        assert_eq!(Inference::<u8>::new(model.clone(), &mut vec![0; words]).map(|_| ()), expected, "{words} words");
    }
    assert!(InferenceError::Scratch { needed: 3 }.to_string().contains("3 words"));
}

#[test]
fn errors_of_encode_are_sentences() {
    let of_layers =
        [EncodeError::Weights { layer: 1 }, EncodeError::Shape { layer: 1 }, EncodeError::Scale { layer: 1 }];
    for error in [EncodeError::BufferTooShort, EncodeError::Input, EncodeError::Head].into_iter().chain(of_layers) {
        let message = error.to_string();
        assert!(message.contains(' ') && !message.contains('\n'), "{message}");
    }
    assert!(of_layers.iter().all(|error| error.to_string().contains("layer 1")));
}

#[test]
fn what_the_fuzzer_found_interesting_never_panics() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/parse_classify");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let (mut runs, mut total) = (0, 0);
    for path in files.map(|entry| entry.unwrap().path()) {
        let mut bytes = std::fs::read(&path).unwrap();
        runs += usize::from(exercise(&bytes).is_ok());
        seal(&mut bytes);
        runs += usize::from(exercise(&bytes).is_ok());
        total += 1;
    }
    assert!(total >= 10 && runs >= 5, "{total} files in {}, {runs} of them models", folder.display());
}
