//! Model files of every input type and every head, with weights from a seeded generator, and examples for them.

use crate::models::{draw, written_floats, written_integers};
use foldnet_core::cases::Dice;
use foldnet_core::model::{HeadKind, HeadSpec, InputMap, InputSpec, InputType, ModelSpec, Sharing};
use foldnet_core::quantized::Row;
use foldnet_data::{Shape, TargetsRef, Values, View};

/// Parameters of a [`typed`] model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Typed {
    /// The type of its values.
    pub(crate) kind: InputType,
    /// Meaning of its outputs.
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

    /// Map number `n`.
    fn map(self, n: i32) -> InputMap {
        match self.kind {
            InputType::F32 => InputMap::Float { low: -1.5 + n as f32 / 16.0, scale: 70.0 + n as f32 },
            InputType::U16 => InputMap::Integer { low: 100 * n, multiplier: 9_000 + n as u16, shift: 21 },
            _ => InputMap::Integer { low: -20_000 + 100 * n, multiplier: 9_000 + n as u16, shift: 21 },
        }
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

/// Values of an example: six samples of two channels.
pub(crate) const VALUES: u16 = 12;

/// A small network of windows of six samples of two channels, weights and maps from `seed`.
pub(crate) fn typed(of: Typed, seed: u32) -> Vec<u8> {
    let mut dice = Dice(seed);
    let sharing = of.sharing();
    let maps: Vec<InputMap> = (0..sharing.maps(VALUES.into(), 2)).map(|n| of.map(n as i32)).collect();
    // One average of four, two of two, and four values alone.
    let members: Vec<u16> = if of.grouped { (0..VALUES).map(|i| i * 5 % VALUES).collect() } else { Vec::new() };
    let (fours, twos, inputs) = if of.grouped { (1, 2, 7) } else { (0, 0, VALUES) };
    let input = InputSpec { kind: of.kind, sharing, maps: &maps, inverted: &[], fours, twos, members: &members };
    let outputs = match of.head {
        HeadKind::Sigmoid => 1,
        HeadKind::Reconstruction => inputs,
        HeadKind::Softmax | HeadKind::Values => 4,
    };
    let affine: Vec<[f32; 2]> = draw(&mut dice, outputs.into(), 3.0).into_iter().map(|x| [1.0 + x, 10.0 * x]).collect();
    let targets = draw(&mut dice, outputs.into(), 2e5).into_iter().map(|x| [x as i32, -100 * x as i32]);
    let targets: Vec<[i32; 2]> = targets.collect();
    let head = match (of.head, of.bits) {
        (HeadKind::Softmax, _) => HeadSpec::Softmax,
        (HeadKind::Sigmoid, _) => HeadSpec::Sigmoid,
        (HeadKind::Values, _) => HeadSpec::Values(&affine),
        (_, 32) => {
            HeadSpec::FloatReconstruction { targets: &affine, score_scale: 1.0 / f32::from(outputs), threshold: 1e6 }
        }
        _ => HeadSpec::Reconstruction { targets: &targets, shift: 9, score_scale: 1e-4, threshold: 2_000_000 },
    };
    let shapes = [(inputs, 9), (9, outputs)];
    let spec = ModelSpec { height: 6, channels: 2, input, head, logit_scale: 0.125, ..ModelSpec::default() };
    if of.bits == 32 { floats(shapes, spec, &mut dice) } else { integers(of.bits, shapes, spec, &mut dice) }
}

/// The file of `spec` with two layers of these inputs and units, of floats.
fn floats<'a>(shapes: [(u16, u16); 2], spec: ModelSpec<'a>, dice: &mut Dice) -> Vec<u8> {
    let mut draw = |n: u16, reach| draw(dice, n.into(), reach);
    let drawn = shapes.map(|(inputs, units)| (inputs, units, draw(inputs * units, 0.4), draw(units, 1.0)));
    written_floats(spec, &drawn)
}

/// The same with integer weights.
fn integers<'a>(bits: u8, shapes: [(u16, u16); 2], spec: ModelSpec<'a>, dice: &mut Dice) -> Vec<u8> {
    let largest = f32::from((1u16 << (bits - 1)) - 1);
    let whole = |w: f32| w.clamp(-largest, largest) as i8;
    let drawn = shapes.map(|(inputs, units)| {
        let weights: Vec<i8> = draw(dice, (inputs * units).into(), largest + 0.5).into_iter().map(whole).collect();
        let row = |n: i32| Row {
            bias: 20 * largest as i32 * (n - 3),
            multiplier: 20_000 + 100 * n as u16,
            shift: bits - 2,
            worst: 0,
        };
        (inputs, units, weights, (0..i32::from(units)).map(row).collect())
    });
    written_integers(spec, bits, &drawn)
}

/// `n` examples of a type, all over its range.
pub(crate) fn examples(kind: InputType, n: usize, seed: u32) -> Values {
    let drawn = draw(&mut Dice(seed), n * usize::from(VALUES), 1.0).into_iter();
    match kind {
        InputType::U8 => Values::U8(drawn.map(|x| (127.5 + 127.5 * x) as u8).collect()),
        InputType::I8 => Values::I8(drawn.map(|x| (127.0 * x) as i8).collect()),
        InputType::I16 => Values::I16(drawn.map(|x| (32_000.0 * x) as i16).collect()),
        InputType::U16 => Values::U16(drawn.map(|x| (32_000.0 + 32_000.0 * x) as u16).collect()),
        InputType::F32 => Values::F32(drawn.map(|x| 2.0 * x).collect()),
    }
}

/// These values as examples of windows, without right answers.
pub(crate) fn windows(values: &Values) -> View<'_> {
    View { inputs: values.view(), targets: TargetsRef::None, shape: Shape::window(6, 2) }
}
