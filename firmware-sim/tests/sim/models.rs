//! Model files for tests: handmade, or of any shape with weights from a seeded generator.

use foldnet_core::cases::Dice;
use foldnet_core::model::{LayerHeader, LayerWeights, ModelSpec, encode, encoded_len};
use foldnet_core::quantized::Row;
use foldnet_data::View;

/// A 2x2 image, three units, two classes, with weights whose sums are exact:
/// `h = max(0, [p0 + p3, p0 - p1, 2 p2 - 100])`, `z = [h0 - h1 + 0.5, h1 + h2 - 0.25]`.
pub(crate) fn tiny() -> Vec<u8> {
    let first = [1., 0., 0., 1., 1., -1., 0., 0., 0., 0., 2., 0.];
    let last = [1., -1., 0., 0., 1., 1.];
    let layers = [
        (layer(4, 3, true), LayerWeights::Float { kernel: &first, bias: &[0., 0., -100.] }),
        (layer(3, 2, false), LayerWeights::Float { kernel: &last, bias: &[0.5, -0.25] }),
    ];
    file(2, 2, "first\nsecond\n", layers)
}

/// Layers of the given widths, the first being `height * width` pixels; weights and biases from `seed`.
pub(crate) fn random(height: u16, width: u16, units: &[u16], seed: u32) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut inputs = height * width;
    let mut weights = Vec::new();
    for &units in units {
        let reach = 2.0 / f32::from(inputs).sqrt();
        let mut draw = |n| draw(&mut dice, n, reach);
        weights.push((inputs, units, draw(usize::from(units) * usize::from(inputs)), draw(units.into())));
        inputs = units;
    }
    written_floats(ModelSpec { height, width, ..ModelSpec::default() }, &weights)
}

/// As [`random`], with integer weights of `bits` that lie in an order of the pixels, and rows that bring most sums into 0 to
/// 255.
pub(crate) fn random_integer(height: u16, width: u16, units: &[u16], bits: u8, seed: u32) -> Vec<u8> {
    let pixels = height * width;
    // 97 is prime, and divides no size of an image here.
    let order: Vec<u16> = (0..pixels).map(|input| (u32::from(input) * 97 % u32::from(pixels)) as u16).collect();
    integers(&ModelSpec { height, width, order: &order, ..ModelSpec::default() }, units, bits, seed)
}

/// A model of these inputs, and layers of `units`.
pub(crate) fn integers(spec: &ModelSpec, units: &[u16], bits: u8, seed: u32) -> Vec<u8> {
    let mut dice = Dice(seed);
    let values = spec.height * spec.width;
    let mut inputs = if spec.input.members.is_empty() { values } else { spec.input.fours };
    let largest = f32::from((1u16 << (bits - 1)) - 1);
    let mut drawn = Vec::new();
    for &units in units {
        let mut draw = |n: usize, reach: f32| (0..n).map(|_| (dice.signed() * reach).round()).collect::<Vec<f32>>();
        let weights: Vec<i8> =
            draw(usize::from(units) * usize::from(inputs), largest).iter().map(|w| *w as i8).collect();
        // The sums' spread, with inputs of about 100.
        let spread = f32::from(inputs).sqrt() * largest * 60.0;
        let shift = (spread / 128.0).log2().clamp(0.0, 30.0) as u8;
        let row = |bias: f32| Row { bias: bias as i32, multiplier: 20_000, shift, worst: 0 };
        let rows: Vec<Row> = draw(units.into(), spread).into_iter().map(row).collect();
        drawn.push((inputs, units, weights, rows));
        inputs = units;
    }
    written_integers(spec.clone(), bits, &drawn)
}

/// Grey images in a row, as many as there are labels, at least one.
pub(crate) fn view<'a>(pixels: &'a [u8], labels: &'a [u16]) -> View<'a> {
    View::images(pixels, labels, 1, pixels.len() / labels.len())
}

/// `n` images of `len` pixels, about half of them 0, and a label of 0 to 9 for each.
pub(crate) fn images(n: usize, len: usize, seed: u32) -> (Vec<u8>, Vec<u16>) {
    let mut dice = Dice(seed);
    let pixels = (0..n * len).map(|_| (dice.signed() * 255.0).max(0.0) as u8).collect();
    (pixels, (0..n).map(|image| (image % 10) as u16).collect())
}

pub(crate) fn layer(inputs: u16, units: u16, relu: bool) -> LayerHeader {
    LayerHeader { inputs, units, bits: 32, relu, scale: 1.0 }
}

fn file<'a>(
    height: u16,
    width: u16,
    labels: &str,
    layers: impl IntoIterator<Item = (LayerHeader, LayerWeights<'a>)>,
) -> Vec<u8> {
    let spec = ModelSpec { height, width, labels, layers: layers.into_iter().collect(), ..ModelSpec::default() };
    written(&spec)
}

/// Inputs and units of a layer, its weights and its biases or rows.
type Drawn<W, B> = (u16, u16, Vec<W>, Vec<B>);

/// The file of `spec` with layers of floats, and ReLU between them.
pub(crate) fn written_floats<'a>(spec: ModelSpec<'a>, drawn: &'a [Drawn<f32, f32>]) -> Vec<u8> {
    let layers = drawn.iter().enumerate().map(|(index, (inputs, units, kernel, bias))| {
        (layer(*inputs, *units, index + 1 < drawn.len()), LayerWeights::Float { kernel, bias })
    });
    written(&ModelSpec { layers: layers.collect(), ..spec })
}

/// The same with integer weights of `bits`.
pub(crate) fn written_integers<'a>(spec: ModelSpec<'a>, bits: u8, drawn: &'a [Drawn<i8, Row>]) -> Vec<u8> {
    let layers = drawn.iter().enumerate().map(|(index, (inputs, units, weights, rows))| {
        let header = LayerHeader { bits, ..layer(*inputs, *units, index + 1 < drawn.len()) };
        (header, LayerWeights::Integer { weights, rows })
    });
    written(&ModelSpec { layers: layers.collect(), ..spec })
}

pub(crate) fn written(spec: &ModelSpec) -> Vec<u8> {
    let mut bytes = vec![0; encoded_len(spec)];
    let len = encode(spec, &mut bytes).expect("a model");
    bytes.truncate(len);
    bytes
}

/// `n` numbers of at most `reach` in magnitude.
pub(crate) fn draw(dice: &mut Dice, n: usize, reach: f32) -> Vec<f32> {
    (0..n).map(|_| dice.signed() * reach).collect()
}
