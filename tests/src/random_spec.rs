//! Random model specifications for the encoder, valid and spoilt, and what parsing checks of them: a file with the same
//! header, rows and order, written here according to the format, with zero bytes as weights.

use crate::hostile::{Sections, integer_weight, section_lens, sections};
use crate::model_file::{assemble, layers_section};
use crate::random::Dice;
use foldnet_core::model::{Header, LayerHeader, LayerWeights, MAX_MODEL_LAYERS, ModelSpec, scratch_words};
use foldnet_core::quantized::Row;

/// A model, valid or not.
#[derive(Debug, Clone)]
pub struct Drawn {
    height: u16,
    width: u16,
    labels: String,
    layers: Vec<Layer>,
    logit_scale: f32,
    order: Vec<u16>,
}

#[derive(Debug, Clone)]
struct Layer {
    header: LayerHeader,
    weights: Weights,
}

#[derive(Debug, Clone)]
enum Weights {
    Float { kernel: Vec<f32>, bias: Vec<f32> },
    Integer { weights: Vec<i8>, rows: Vec<Row> },
}

impl Layer {
    /// Weights that are valid for `header`; for unsupported bits, integers.
    fn new(header: LayerHeader, dice: &mut Dice) -> Self {
        let (units, count) = (usize::from(header.units), usize::from(header.inputs) * usize::from(header.units));
        let weights = if header.bits == 32 {
            let mut draw = |count| (0..count).map(|_| dice.bell(1.0) as f32).collect();
            Weights::Float { kernel: draw(count), bias: draw(units) }
        } else {
            let largest = if header.bits <= 8 { (1i32 << header.bits >> 1) - 1 } else { 127 };
            let weights =
                (0..count).map(|_| (dice.below(2 * largest.max(0) as usize + 1) as i32 - largest) as i8).collect();
            let row = |_| Row {
                bias: dice.bell(1000.0) as i32,
                multiplier: dice.below(1 << 15) as u16,
                shift: dice.below(31) as u8,
                worst: dice.below(249) as u8,
            };
            Weights::Integer { weights, rows: (0..units).map(row).collect() }
        };
        Self { header, weights }
    }
}

impl Drawn {
    /// A valid model: one to sixteen layers of up to 19 units, float or integer, with or without an order.
    pub fn right(dice: &mut Dice) -> Self {
        let (height, width) = (1 + dice.below(4) as u16, 1 + dice.below(5) as u16);
        let float = dice.chance(0.3);
        let (mut inputs, mut layers) = (height * width, Vec::new());
        for _ in 0..1 + dice.below(MAX_MODEL_LAYERS) {
            let bits = if float { 32 } else { [8, 4, 2][dice.below(3)] };
            let (units, relu) = (1 + dice.below(19) as u16, dice.chance(0.5));
            layers.push(Layer::new(LayerHeader { inputs, units, bits, relu, scale: 0.25 }, dice));
            inputs = units;
        }
        let mut order: Vec<u16> = (0..height * width).collect();
        (1..order.len()).for_each(|i| order.swap(i, dice.below(i + 1)));
        if float || dice.chance(0.3) {
            order.clear();
        }
        let labels = ["", "a\nb\n", "no line feed", "\n\n"][dice.below(4)].to_owned();
        Self { height, width, labels, layers, logit_scale: 0.5, order }
    }

    /// Changes something, which may make it invalid.
    pub fn spoil(&mut self, dice: &mut Dice) {
        match dice.below(7) {
            0 => self.height = dice.below(6) as u16,
            1 => self.logit_scale = number(dice),
            2 if dice.chance(0.2) => self.layers.clear(),
            2 => self.layers.truncate(1 + dice.below(MAX_MODEL_LAYERS)),
            3 => self.spoil_order(dice),
            _ if self.layers.is_empty() => (),
            4 => drop(self.layers.remove(dice.below(self.layers.len()))),
            _ => {
                let at = dice.below(self.layers.len());
                self.layers[at].spoil(dice);
            }
        }
    }

    fn spoil_order(&mut self, dice: &mut Dice) {
        let pixel = dice.below(21) as u16;
        match dice.below(3) {
            0 => self.order.push(pixel),
            1 => drop(self.order.pop()),
            _ => self.order.iter_mut().take(1).for_each(|first| *first = pixel),
        }
    }

    /// The specification for the encoder.
    pub fn spec(&self) -> ModelSpec<'_> {
        let layers = self.layers.iter().map(|layer| (layer.header, layer.weights.of_spec())).collect();
        let Self { height, width, logit_scale, .. } = *self;
        ModelSpec {
            height,
            width,
            labels: &self.labels,
            layers,
            logit_scale,
            order: &self.order,
            ..ModelSpec::default()
        }
    }

    /// A file with everything that parsing checks: the header, and sections of the corresponding lengths, with these
    /// rows and this order. All weights are zero bytes.
    pub fn skeleton(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        for (index, Layer { header, weights }) in self.layers.iter().enumerate() {
            let lens = section_lens(header, index == 0 && !self.order.is_empty());
            let order = (0..header.inputs).map(|i| self.order.get(usize::from(i)).copied().unwrap_or(i));
            let sections = [weights.rows(), order.flat_map(u16::to_le_bytes).collect(), Vec::new()];
            for (mut section, len) in sections.into_iter().zip(lens) {
                section.resize(len, 0);
                parts.push(section);
            }
        }
        let layers = layers_section(&self.records(), &parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let (header, head) = (self.header(), [0; 16]);
        let mut sections = vec![(1, 1, &header[..]), (2, 1, &[0; 8]), (3, 1, &layers), (4, 1, &head)];
        sections.extend((!self.labels.is_empty()).then_some((5, 0, self.labels.as_bytes())));
        assemble(&sections)
    }

    /// The header's bytes.
    fn header(&self) -> Vec<u8> {
        let layers: Vec<LayerHeader> = self.layers.iter().map(|layer| layer.header).collect();
        let shorts = [self.height, self.width, 1, self.layers.len() as u16].map(u16::to_le_bytes).concat();
        let scratch = (scratch_words(&layers, false) as u32).to_le_bytes();
        [&shorts[..], &scratch, &self.logit_scale.to_le_bytes()].concat()
    }

    /// The bytes of the list of layers.
    fn records(&self) -> Vec<u8> {
        let record = |(index, Layer { header, .. }): (usize, &Layer)| {
            let shorts = [header.inputs, header.units].map(u16::to_le_bytes).concat();
            let plain = index == 0 && self.order.is_empty();
            [&shorts[..], &[header.bits, header.relu.into(), 0, plain.into()], &header.scale.to_le_bytes()].concat()
        };
        self.layers.iter().enumerate().flat_map(record).collect()
    }

    /// Checks that `bytes`, opened with this header, contain the drawn model.
    ///
    /// # Panics
    /// If they do not.
    pub fn check_written(&self, header: &Header, bytes: &[u8]) {
        assert_eq!((header.height, header.width, header.labels), (self.height, self.width, self.labels.as_bytes()));
        assert_eq!(header.logit_scale.to_bits(), self.logit_scale.to_bits());
        assert!(header.layers.iter().eq(self.layers.iter().map(|layer| &layer.header)), "{header:?}");
        for (index, (layer, found)) in self.layers.iter().zip(sections(header, bytes)).enumerate() {
            layer.check_written(&found);
            let order = found.order.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
            match index {
                0 if !self.order.is_sorted() => assert!(order.eq(self.order.iter().copied()), "{:?}", self.order),
                _ => assert_eq!(order.count(), 0),
            }
        }
    }
}

impl Layer {
    fn spoil(&mut self, dice: &mut Dice) {
        let header = &mut self.header;
        match dice.below(5) {
            0 => header.inputs = dice.below(21) as u16,
            1 => header.units = dice.below(21) as u16,
            2 => header.scale = number(dice),
            3 => header.bits = [0, 1, 2, 3, 4, 8, 16, 32, 255][dice.below(9)],
            _ => return self.weights.spoil(dice),
        }
        // In most cases make the weights valid again, so that the other faults are reached.
        if dice.chance(0.8) {
            *self = Self::new(*header, dice);
        }
    }

    fn check_written(&self, found: &Sections) {
        let (bits, inputs) = (self.header.bits, usize::from(self.header.inputs));
        match &self.weights {
            Weights::Float { kernel, bias } => {
                let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
                assert_eq!((found.first, found.second), (&*bytes(bias), &*bytes(kernel)));
            }
            Weights::Integer { weights, rows } => {
                for (row, bytes) in rows.iter().zip(found.first.chunks_exact(Row::LEN)) {
                    // The worst sum follows from the weights.
                    assert_eq!(Row { worst: bytes[7], ..*row }.to_bytes(), bytes);
                }
                for (at, &weight) in weights.iter().enumerate() {
                    let found = integer_weight(bits, found.second, inputs, at / inputs, at % inputs);
                    assert_eq!(found, i64::from(weight), "{:?}, weight {at}", self.header);
                }
            }
        }
    }
}

impl Weights {
    fn of_spec(&self) -> LayerWeights<'_> {
        match self {
            Self::Float { kernel, bias } => LayerWeights::Float { kernel, bias },
            Self::Integer { weights, rows } => LayerWeights::Integer { weights, rows },
        }
    }

    /// The bytes of the rows, whatever their worst sums; none where there are biases instead.
    fn rows(&self) -> Vec<u8> {
        match self {
            Self::Float { .. } => Vec::new(),
            Self::Integer { rows, .. } => rows.iter().flat_map(|row| row.to_bytes()).collect(),
        }
    }

    fn spoil(&mut self, dice: &mut Dice) {
        match self {
            Self::Float { kernel, bias } => match dice.below(3) {
                0 => drop(kernel.pop()),
                1 => bias.push(1.0),
                _ => kernel.iter_mut().chain(bias).take(1).for_each(|value| *value = number(dice)),
            },
            Self::Integer { weights, rows } => match dice.below(5) {
                0 => drop(weights.pop()),
                1 => drop(rows.pop()),
                2 => weights.iter_mut().take(1).for_each(|weight| *weight = dice.below(256) as u8 as i8),
                3 => rows.iter_mut().for_each(|row| row.shift = dice.below(34) as u8),
                _ => rows.iter_mut().take(1).for_each(|row| row.multiplier = dice.below(1 << 16) as u16),
            },
        }
    }
}

/// A number that may be invalid as a scale.
fn number(dice: &mut Dice) -> f32 {
    [0.0, -0.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE, f32::MAX, 1e-40][dice.below(9)]
}
