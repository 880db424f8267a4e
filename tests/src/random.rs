//! The dice of these tests, and seeded random networks: layer lists of every kind that trains, parameters and batches. One seed gives the same
//! network on every machine.

use crate::oracle::Batch;
use foldnet_core::{Layer, Network, Shape};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Draws everything from one seed.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// ChaCha8 from the seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A whole number of `low..=high`.
    pub fn within(&mut self, low: usize, high: usize) -> usize {
        low + self.0.next_u32() as usize % (high - low + 1)
    }

    /// Uniform in `low..high`, an f32 so that core and oracle see the same value.
    pub fn uniform_f32(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * ((self.0.next_u32() >> 8) as f32 / 16_777_216.0)
    }

    /// Uniform in `0..end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    /// Uniform in `low..high`, an f64.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Between `low` and `high`, with every decade equally likely.
    pub fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        self.uniform(low.ln(), high.ln()).exp()
    }

    /// True with a probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform(0.0, 1.0) < probability
    }

    /// Mean 0 and the given standard deviation: the sum of 12 uniform draws.
    pub fn bell(&mut self, std: f64) -> f64 {
        std * ((0..12).map(|_| self.uniform(0.0, 1.0)).sum::<f64>() - 6.0)
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        (self.0.next_u32() >> 24) as u8
    }

    /// A byte in which each bit is set with about this probability, in sixteenths.
    pub fn biased(&mut self, sixteenths: u64) -> u8 {
        (0..4).fold(0, |bits, place| if sixteenths >> place & 1 == 1 { bits | self.byte() } else { bits & self.byte() })
    }

    /// One of `choices`.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.within(0, choices.len() - 1)]
    }

    /// A list of 1 to 3 Dense of at most `widest` units, with up to three BatchNormalizations and ReLUs before each and
    /// after the last, and perhaps a Softmax.
    pub fn layers(&mut self, widest: usize) -> Vec<Layer> {
        let mut layers = Vec::new();
        for _ in 0..self.within(1, 3) {
            self.between(&mut layers);
            let units = self.within(2, widest) as u32;
            layers.push(Layer::Dense { units, bias: self.one_of(&[true, false]) });
        }
        self.between(&mut layers);
        if self.one_of(&[true, false]) {
            layers.push(Layer::Softmax);
        }
        layers
    }

    fn between(&mut self, layers: &mut Vec<Layer>) {
        for _ in 0..self.one_of(&[0, 1, 1, 2, 2, 3]) {
            let norm =
                Layer::BatchNorm { momentum: self.one_of(&[0.99, 0.9, 0.5]), epsilon: self.one_of(&[1e-3, 1e-2]) };
            layers.push(self.one_of(&[norm, norm, Layer::Relu]));
        }
    }

    /// Parameters for `network`: kernels that preserve the magnitude of their inputs, and no values of 0 or 1 that
    /// could hide a mistake.
    pub fn params(&mut self, network: Network) -> Vec<f32> {
        let mut params = Vec::new();
        for place in network.placed() {
            for index in 0..place.layer.params(place.inputs) {
                let value = match place.layer {
                    Layer::BatchNorm { .. } => match index % 4 {
                        0 => self.uniform_f32(0.5, 1.5),
                        1 | 2 => self.uniform_f32(-0.5, 0.5),
                        _ => self.uniform_f32(0.5, 2.0),
                    },
                    _ if index < place.inputs * place.outputs => {
                        self.uniform_f32(-1.7, 1.7) / (place.inputs as f32).sqrt()
                    }
                    _ => self.uniform_f32(-0.5, 0.5),
                };
                params.push(value);
            }
        }
        params
    }

    /// `n` examples of `inputs` values, `[N][I]`, mostly positive and not centered.
    pub fn examples(&mut self, n: usize, inputs: usize) -> Vec<f32> {
        (0..n * inputs).map(|_| self.uniform_f32(-1.0, 2.0)).collect()
    }

    /// `n` labels below `classes`.
    pub fn labels(&mut self, n: usize, classes: usize) -> Vec<u16> {
        (0..n).map(|_| self.within(0, classes - 1) as u16).collect()
    }
}

/// Everything a step needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The network.
    pub layers: Vec<Layer>,
    /// `I` of the network.
    pub inputs: usize,
    /// The parameters before the step.
    pub params: Vec<f32>,
    /// `[N][I]`
    pub x: Vec<f32>,
    /// `[N]`
    pub labels: Vec<u16>,
}

impl Case {
    /// Parameters and a batch of `n` for a layer list.
    pub fn new(dice: &mut Dice, layers: &[Layer], inputs: usize, n: usize) -> Self {
        let network = Network::of(layers, Shape::count(inputs));
        let params = dice.params(network);
        let x = dice.examples(n, inputs);
        let labels = dice.labels(n, network.outputs());
        Self { layers: layers.to_vec(), inputs, params, x, labels }
    }

    /// The network.
    pub fn network(&self) -> Network<'_> {
        Network::of(&self.layers, Shape::count(self.inputs))
    }

    /// The parameters, for the oracle.
    pub fn params_f64(&self) -> Vec<f64> {
        self.params.iter().copied().map(f64::from).collect()
    }

    /// The batch, for the oracle.
    pub fn batch(&self) -> Batch {
        let row = |row: &[f32]| row.iter().copied().map(f64::from).collect();
        Batch {
            x: self.x.chunks_exact(self.inputs).map(row).collect(),
            labels: self.labels.iter().copied().map(usize::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_case_and_another_another() {
        let case = |seed| Case::new(&mut Dice::new(seed), &Dice::new(seed).layers(5), 3, 7);
        assert_eq!(case(1), case(1));
        assert_ne!(case(1), case(2));
    }

    #[test]
    fn every_list_is_a_network_and_every_kind_comes_up() {
        let lists: Vec<_> = (0..200).map(|seed| Dice::new(seed).layers(5)).collect();
        assert!(lists.iter().all(|layers| Network::new(layers, Shape::count(3)).is_ok()));
        let is_norm = |layer: &Layer| matches!(layer, Layer::BatchNorm { .. });
        let is_dense = |layer: &Layer| matches!(layer, Layer::Dense { .. });
        let pair = |a: &dyn Fn(&Layer) -> bool, b: &dyn Fn(&Layer) -> bool| {
            lists.iter().filter(|layers| layers.windows(2).any(|pair| a(&pair[0]) && b(&pair[1]))).count()
        };
        let is_relu = |layer: &Layer| *layer == Layer::Relu;
        let counts = [
            pair(&is_norm, &is_relu),
            pair(&is_relu, &is_norm),
            pair(&is_norm, &is_norm),
            pair(&is_dense, &is_dense),
            pair(&is_norm, &|layer| *layer == Layer::Softmax),
            lists.iter().filter(|layers| is_norm(&layers[0])).count(),
            lists.iter().filter(|layers| is_relu(&layers[0])).count(),
        ];
        assert!(counts.iter().all(|&count| count >= 10), "{counts:?}");
    }
}
