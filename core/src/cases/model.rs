//! Test cases of the model file: encoding, parsing, running, damaged files.

use crate::infer::{Inference, LengthError, Outputs};
use crate::model::{Aligned, FLOAT_BITS, LayerHeader, LayerWeights, Model, ModelSpec, ParseError, encode, encoded_len};
use crate::quantized::Row;

/// Size of the buffer for the models below.
const ROOM: usize = 400;

const fn layer(inputs: u16, units: u16, bits: u8, relu: bool) -> LayerHeader {
    LayerHeader { inputs, units, bits, relu, scale: 0.5 }
}

fn spec<'a>(layers: [(LayerHeader, LayerWeights<'a>); 2]) -> ModelSpec<'a> {
    ModelSpec {
        height: 1,
        width: 3,
        labels: "no\nyes\n",
        layers: layers.into_iter().collect(),
        logit_scale: 0.25,
        ..ModelSpec::default()
    }
}

/// Encodes into `out`, parses it and classifies `image`; returns the class, and the logits as words.
fn run(spec: &ModelSpec, out: &mut Aligned<[u8; ROOM]>, image: &[u8]) -> (usize, [u32; 2]) {
    let mut logits = [0; 2];
    let class = with_logits(spec, out, image, |found| logits.copy_from_slice(found.words()));
    (class, logits)
}

/// Like [`run`], but passes the logits to a closure.
fn with_logits(spec: &ModelSpec, out: &mut Aligned<[u8; ROOM]>, image: &[u8], look: impl FnOnce(Outputs)) -> usize {
    assert!(encoded_len(spec) <= ROOM);
    let len = encode(spec, &mut out.0).unwrap();
    let model = Model::parse(&out.0[..len]).unwrap();
    assert!(model.labels().eq(["no", "yes"]));
    assert_eq!((model.inputs(), model.outputs(), model.bytes()), (3, 2, len));
    let mut scratch = [0xa5a5_a5a5; 24];
    let words = model.scratch_words();
    let mut inference = Inference::new(model, &mut scratch[..words]).unwrap();
    assert_eq!(inference.run(&[1; 4]), Err(LengthError { needed: 3, given: 4 }));
    let class = inference.run(image).unwrap().class().unwrap();
    look(inference.outputs());
    class
}

/// A model with two layers, of 4 and 2 bits.
pub(super) fn with_integer_model<R>(check: impl FnOnce(&ModelSpec) -> R) -> R {
    let row = |bias, multiplier, shift| Row { bias, multiplier, shift, worst: 0 };
    let hidden =
        LayerWeights::Integer { weights: &[7, -7, 1, -1, 2, 3], rows: &[row(10, 16_384, 1), row(0, 32_767, 0)] };
    let last = LayerWeights::Integer { weights: &[1, -1, 0, 1], rows: &[row(-3, 16_384, 0), row(5, 32_767, 2)] };
    check(&spec([(layer(3, 2, 4, true), hidden), (layer(2, 2, 2, false), last)]))
}

pub(super) fn an_integer_model_is_written_opened_and_run() {
    with_integer_model(|spec| {
        // Row 0: 10 + 7 * 100 - 7 * 2 + 1 = 697; 697 * 16384 >> 15 = 348, rounding shift by 1: 174.
        // Row 1: -100 + 2 * 2 + 3 * 1 < 0, ReLU: 0.
        // Last layer, row 0: 174 - 3 = 171, * 16384 >> 15 = 85. Row 1: 5 * 32767 >> 15 = 4, rounding shift by 2: 1.
        assert_eq!(run(spec, &mut Aligned([0; ROOM]), &[100, 2, 1]), (0, [85, 1]));
        // Row 0: 10 + 7 * 255 = 1795 -> 897 -> 449, clamped to 255; then 255 - 3 = 252, * 16384 >> 15 = 126.
        assert_eq!(run(spec, &mut Aligned([0; ROOM]), &[255, 0, 0]), (0, [126, 1]));
    });
}

pub(super) fn a_float_model_is_written_opened_and_run() {
    let hidden = LayerWeights::Float { kernel: &[1.0, -1.0, 0.5, -1.0, 2.0, 3.0], bias: &[0.25, -0.5] };
    let last = LayerWeights::Float { kernel: &[1.0, -1.0, 0.0, 1.0], bias: &[-3.0, 5.0] };
    let spec = spec([(layer(3, 2, FLOAT_BITS, true), hidden), (layer(2, 2, FLOAT_BITS, false), last)]);
    let logits = [98.75f32 - 3.0, 5.0].map(f32::to_bits);
    assert_eq!(run(&spec, &mut Aligned([0; ROOM]), &[100, 2, 1]), (0, logits));
}

pub(super) fn probabilities_are_the_softmax_of_the_logits() {
    with_integer_model(|spec| {
        // The scaled logits differ by 1/4: 1 / (1 + exp(-1/4)). micromath is accurate to a thousandth.
        let close = |p: f32, expected: f32| assert!((p - expected).abs() < 1e-3, "{p}, not {expected}");
        let spec = ModelSpec { logit_scale: 0.25 / 125.0, ..spec.clone() };
        with_logits(&spec, &mut Aligned([0; ROOM]), &[255, 0, 0], |logits| {
            let mut p = [0.0; 2];
            logits.probabilities(&mut p);
            close(p[0], 0.562_177);
            close(p[1], 0.437_823);
        });
    });
}

pub(super) fn damage_is_found() {
    with_integer_model(|spec| {
        let mut out = Aligned([0; ROOM]);
        let len = encode(spec, &mut out.0).unwrap();
        let check = |bytes: &[u8], expected: ParseError| assert_eq!(Model::parse(bytes).err(), Some(expected));
        check(&out.0[..10], ParseError::TooShort);
        check(&out.0[..len - 4], ParseError::Length { declared: len as u32, found: len - 4 });
        check(&out.0[1..len], ParseError::Unaligned);
        for (byte, error) in [(0, ParseError::NoModel), (4, ParseError::Version { found: 2 }), (20, ParseError::Crc)] {
            let mut damaged = Aligned(out.0);
            damaged.0[byte] ^= 1;
            check(&damaged.0[..len], error);
        }
    });
}
