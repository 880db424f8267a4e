//! Integer networks of any shape and their inputs from a seeded generator, for counts that are compared across shapes:
//! each network has the same distribution of weights, and each input the same share of zeros.

use crate::model_file::file;
use crate::random::Dice;
use foldnet_core::model::{LayerHeader, LayerWeights, ModelSpec};
use foldnet_core::quantized::Row;
use foldnet_sim::AlignedBytes;

/// Inputs that are zero together: average number of pairs in a run.
const RUN: usize = 8;

/// A model that takes `side x side` values and has layers of `units` with weights of `bits`. All weights are equally
/// likely, and rows leave about half of all sums in 1 to 255, the others at 0. Pixels have an order, as in every
/// exported model.
///
/// # Panics
/// If the format has no room for the shape.
pub fn model(side: u16, units: &[u16], bits: u8, seed: u64) -> AlignedBytes {
    let (mut dice, mut inputs, largest) = (Dice::new(seed), side * side, (1i32 << (bits - 1)) - 1);
    let order: Vec<u16> = (0..inputs).collect();
    let layers: Vec<_> = units
        .iter()
        .map(|&units| {
            let layer = Layer::draw(&mut dice, inputs, units, largest);
            inputs = units;
            layer
        })
        .collect();
    let headed = layers.iter().zip(units).enumerate().map(|(index, (layer, &units))| {
        let relu = index + 1 < layers.len();
        let header = LayerHeader { inputs: layer.inputs, units, bits, relu, scale: 1.0 };
        (header, LayerWeights::Integer { weights: &layer.weights, rows: &layer.rows })
    });
    let layers = headed.collect();
    let spec = ModelSpec { height: side, width: side, layers, order: &order, ..ModelSpec::default() };
    AlignedBytes::from_vec(file(&spec).unwrap_or_else(|error| panic!("{side} x {side}, {units:?}: {error}")))
}

struct Layer {
    inputs: u16,
    weights: Vec<i8>,
    rows: Vec<Row>,
}

impl Layer {
    fn draw(dice: &mut Dice, inputs: u16, units: u16, largest: i32) -> Self {
        let count = usize::from(inputs) * usize::from(units);
        let mut below = |limit: i32| dice.within(0, 2 * limit as usize) as i32 - limit;
        let weights = (0..count).map(|_| below(largest) as i8).collect();
        // How far the sums spread where half of the inputs are zero and the others about 128.
        let spread = f32::from(inputs).sqrt() * largest as f32 * 60.0;
        let shift = (spread / 128.0).log2().clamp(1.0, 17.0) as u8;
        let rows = (0..units).map(|_| Row { bias: below(spread as i32 / 4), multiplier: 20_000, shift, worst: 0 });
        Self { inputs, rows: rows.collect(), weights }
    }
}

/// `n` inputs of `len` bytes, with runs of zero pairs as long as those of nonzero pairs.
pub fn inputs(n: usize, len: usize, seed: u64) -> Vec<u8> {
    let (mut dice, mut zero, mut left) = (Dice::new(seed), false, 0);
    let mut pair = || {
        if left == 0 {
            (zero, left) = (!zero, dice.within(1, 2 * RUN - 1));
        }
        left -= 1;
        [0, 1].map(|_| if zero { 0 } else { dice.within(1, 255) as u8 })
    };
    (0..n * len / 2).flat_map(|_| pair()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_inputs_are_zero_and_half_of_the_pairs() {
        let x = inputs(10, 3136, 1);
        let share = x.iter().filter(|&&x| x == 0).count() as f64 / x.len() as f64;
        let pairs = x.chunks(2).filter(|pair| pair.contains(&0)).count() as f64 / (x.len() / 2) as f64;
        assert!((share - 0.5).abs() < 0.03 && (share - pairs).abs() < 1e-9, "{share}, {pairs}");
    }
}
