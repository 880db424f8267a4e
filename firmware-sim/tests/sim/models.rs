//! Model files for tests: handmade, or of any shape with weights from a seeded generator.

use foldnet_core::infer::{InputType, Row};
use foldnet_core::model::{
    HeadKind, HeadSpec, InputMap, InputSpec, LayerHeader, LayerWeights, Sharing, Spec, encode, encoded_len,
};

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
        let mut draw = |n| (0..n).map(|_| dice.next() * reach).collect::<Vec<f32>>();
        weights.push((inputs, units, draw(usize::from(units) * usize::from(inputs)), draw(units.into())));
        inputs = units;
    }
    let layers = weights.iter().enumerate().map(|(index, (inputs, units, kernel, bias))| {
        (layer(*inputs, *units, index + 1 < weights.len()), LayerWeights::Float { kernel, bias })
    });
    file(height, width, "", layers)
}

/// As [`random`], with integer weights of `bits`, and rows that bring most sums into 0 to 255.
pub(crate) fn random_integer(height: u16, width: u16, units: &[u16], bits: u8, seed: u32) -> Vec<u8> {
    let mut dice = Dice(seed);
    let (mut inputs, largest) = (height * width, f32::from((1u16 << (bits - 1)) - 1));
    let mut drawn = Vec::new();
    for &units in units {
        let mut draw = |n: usize, reach: f32| (0..n).map(|_| (dice.next() * reach).round()).collect::<Vec<f32>>();
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
    let layers = drawn.iter().enumerate().map(|(index, (inputs, units, weights, rows))| {
        let header = LayerHeader { bits, ..layer(*inputs, *units, index + 1 < drawn.len()) };
        (header, LayerWeights::Integer { weights, rows })
    });
    file(height, width, "", layers)
}

/// What a [`typed`] model looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Typed {
    /// The type of its values.
    pub(crate) kind: InputType,
    /// What its outputs mean.
    pub(crate) head: HeadKind,
    /// Bits of a weight, or 32.
    pub(crate) bits: u8,
    /// Whether inputs are averages of values.
    pub(crate) grouped: bool,
}

impl Typed {
    /// All combinations of types and heads at some width, with averages and without.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let heads = [HeadKind::Softmax, HeadKind::Sigmoid, HeadKind::Values, HeadKind::Reconstruction];
        let pairs = InputType::ALL.into_iter().flat_map(move |kind| heads.map(|head| (kind, head)));
        pairs.enumerate().map(|(index, (kind, head))| Self {
            kind,
            head,
            bits: [8, 4, 2, 32, 8][index % 5],
            grouped: index % 3 == 1,
        })
    }

    /// How many values share a map, as the format has it for this type and width.
    fn sharing(self) -> Sharing {
        match (self.kind.is_mapped() && self.bits != 32, self.head) {
            (false, _) => Sharing::None,
            (true, HeadKind::Softmax) => Sharing::Channel,
            (true, HeadKind::Values) => Sharing::All,
            (true, _) => Sharing::Input,
        }
    }
}

/// A small network of windows of six samples of two channels, weights and maps from `seed`.
pub(crate) fn typed(of: Typed, seed: u32) -> Vec<u8> {
    const VALUES: u16 = 12;
    let mut dice = Dice(seed);
    let map = |n: usize| match of.kind {
        InputType::F32 => InputMap::Float { low: -1.5 + n as f32 / 16.0, scale: 70.0 + n as f32 },
        InputType::U16 => InputMap::Integer { low: 100 * n as i32, multiplier: 9_000 + n as u16, shift: 21 },
        _ => InputMap::Integer { low: -20_000 + 100 * n as i32, multiplier: 9_000 + n as u16, shift: 21 },
    };
    let sharing = of.sharing();
    let maps: Vec<InputMap> = (0..sharing.maps(VALUES.into(), 2)).map(map).collect();
    // One average of four, two of two, and four values alone.
    let members: Vec<u16> = if of.grouped { (0..VALUES).map(|i| i * 5 % VALUES).collect() } else { Vec::new() };
    let (fours, twos, inputs) = if of.grouped { (1, 2, 7) } else { (0, 0, VALUES) };
    let input = InputSpec { kind: of.kind, sharing, maps: &maps, fours, twos, members: &members };
    let outputs = match of.head {
        HeadKind::Sigmoid => 1,
        HeadKind::Reconstruction => inputs,
        HeadKind::Softmax | HeadKind::Values => 4,
    };
    let mut draw = |n: usize, reach: f32| (0..n).map(|_| dice.next() * reach).collect::<Vec<f32>>();
    let affine: Vec<[f32; 2]> = draw(outputs.into(), 3.0).into_iter().map(|x| [1.0 + x, 10.0 * x]).collect();
    let targets: Vec<[i32; 2]> = draw(outputs.into(), 2e5).into_iter().map(|x| [x as i32, -100 * x as i32]).collect();
    let head = match (of.head, of.bits) {
        (HeadKind::Softmax, _) => HeadSpec::Softmax,
        (HeadKind::Sigmoid, _) => HeadSpec::Sigmoid,
        (HeadKind::Values, _) => HeadSpec::Values(&affine),
        (_, 32) => {
            HeadSpec::FloatReconstruction { targets: &affine, score_scale: 1.0 / f32::from(outputs), threshold: 1e6 }
        }
        _ => HeadSpec::Reconstruction { targets: &targets, shift: 9, score_scale: 1e-4, threshold: 2_000_000 },
    };
    let units = [9, outputs];
    let bytes = |layers: Vec<(LayerHeader, LayerWeights)>| {
        let layers = layers.into_iter().collect();
        written(&Spec { height: 6, channels: 2, input, head, layers, logit_scale: 0.125, ..Spec::default() })
    };
    if of.bits == 32 {
        let drawn = [
            (inputs, draw((inputs * 9).into(), 0.3), draw(9, 1.0)),
            (9, draw((9 * outputs).into(), 0.5), draw(outputs.into(), 1.0)),
        ];
        let layers = drawn.iter().zip(units).enumerate().map(|(index, ((inputs, kernel, bias), units))| {
            (layer(*inputs, units, index == 0), LayerWeights::Float { kernel, bias })
        });
        return bytes(layers.collect());
    }
    let largest = f32::from((1u16 << (of.bits - 1)) - 1);
    let mut whole =
        |n: u16| draw(n.into(), largest + 0.5).into_iter().map(|w| w.clamp(-largest, largest) as i8).collect();
    let weights: [Vec<i8>; 2] = [whole(inputs * 9), whole(9 * outputs)];
    let shift = of.bits - 2;
    let rows: Vec<Row> = (0..9i32.max(outputs.into()))
        .map(|n| Row { bias: 500 * (n - 3), multiplier: 20_000 + 100 * n as u16, shift, worst: 0 })
        .collect();
    let shapes = [(inputs, 9), (9, outputs)];
    let layers = shapes.into_iter().zip(&weights).enumerate().map(|(index, ((inputs, units), weights))| {
        let header = LayerHeader { bits: of.bits, ..layer(inputs, units, index == 0) };
        (header, LayerWeights::Integer { weights, rows: &rows[..units.into()] })
    });
    bytes(layers.collect())
}

/// `n` examples of `len` values of a type, little-endian, all over its range.
pub(crate) fn examples(kind: InputType, n: usize, len: usize, seed: u32) -> Vec<u8> {
    let mut dice = Dice(seed);
    let value = |x: f32| match kind {
        InputType::U8 => vec![(127.5 + 127.5 * x) as u8],
        InputType::I8 => vec![(127.0 * x) as i8 as u8],
        InputType::I16 => ((32_000.0 * x) as i16).to_le_bytes().to_vec(),
        InputType::U16 => ((32_000.0 + 32_000.0 * x) as u16).to_le_bytes().to_vec(),
        InputType::F32 => (2.0 * x).to_le_bytes().to_vec(),
    };
    (0..n * len).flat_map(|_| value(dice.next())).collect()
}

/// `n` images of `len` pixels, about half of them 0, and a label of 0 to 9 for each.
pub(crate) fn images(n: usize, len: usize, seed: u32) -> (Vec<u8>, Vec<u16>) {
    let mut dice = Dice(seed);
    let pixels = (0..n * len).map(|_| (dice.next() * 255.0).max(0.0) as u8).collect();
    (pixels, (0..n).map(|image| (image % 10) as u16).collect())
}

fn layer(inputs: u16, units: u16, relu: bool) -> LayerHeader {
    LayerHeader { inputs, units, bits: 32, relu, scale: 1.0 }
}

fn file<'a>(
    height: u16,
    width: u16,
    labels: &str,
    layers: impl IntoIterator<Item = (LayerHeader, LayerWeights<'a>)>,
) -> Vec<u8> {
    let spec = Spec { height, width, labels, layers: layers.into_iter().collect(), ..Spec::default() };
    written(&spec)
}

fn written(spec: &Spec) -> Vec<u8> {
    let mut bytes = vec![0; encoded_len(spec)];
    let len = encode(spec, &mut bytes).expect("a model");
    bytes.truncate(len);
    bytes
}

/// A linear congruential generator: -1 to 1.
struct Dice(u32);

impl Dice {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}
