//! Moves examples until their statistics match those stored in a network: gradient descent on the examples, with all
//! parameters fixed.
//!
//! The steps are Adam's, but not core's `AdamStep`: that writes every value it computes, while here a step stays within
//! the inputs' bounds and one that is not finite is left out. It would also round differently, and so change the
//! examples and the models exported from them.

use super::chain::{Chain, Fit};
use super::source::Source;
use foldnet_core::Compute;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Number of blocks in which all examples are moved, on as many threads as there are.
const BLOCKS: usize = 8;

/// Steps of Adam.
const STEPS: usize = 200;

/// Length of the first step, in standard deviations of an input; it falls to 0 by half a cosine.
const RATE: f32 = 0.1;

/// Adam's decay of the means of gradients and of their squares.
const OLD: [f32; 2] = [0.9, 0.99];

/// Some of the examples.
struct Block {
    n: usize,
    /// In standard deviations from the mean, `[I][N]`.
    x: Vec<f32>,
    /// Adam's means, `[I][N]`.
    slope: Vec<f32>,
    square: Vec<f32>,
    values: Vec<Vec<f32>>,
    sums: Vec<[f64; 2]>,
}

/// Raw values `[N][I]` of `count` examples, and how closely they match.
pub(super) fn examples<C: Compute>(chain: &Chain, source: &Source, count: usize, compute: &C) -> (Vec<f32>, Fit) {
    let mut blocks = draw(source, count);
    for step in 0..STEPS {
        let (pushes, _) = look(chain, &mut blocks, count, compute);
        let phase = std::f32::consts::PI * step as f32 / STEPS as f32;
        let rate = RATE * 0.5 * (1.0 + phase.cos());
        let unbiased = OLD.map(|old| 1.0 - old.powi(step as i32 + 1));
        compute.each(&mut blocks, |block| {
            let d = chain.backward(&block.values, &pushes, block.n, compute);
            block.step(&d, rate, unbiased, source);
        });
    }
    for block in &mut blocks {
        block.each_input(source, |x, source, input| standard(source, input, source.nearest(raw(source, input, x))));
    }
    let (_, fit) = look(chain, &mut blocks, count, compute);
    (rows(&blocks, source), fit)
}

/// The gradients ("pushes", see [`Chain`]) for the current examples.
fn look<C: Compute>(chain: &Chain, blocks: &mut [Block], count: usize, compute: &C) -> (Vec<[f32; 2]>, Fit) {
    compute.each(blocks, |block| {
        block.values = chain.forward(&block.x, block.n, compute);
        block.sums = chain.sums(&block.values, block.n);
    });
    let mut sums = vec![[0.0; 2]; blocks.first().map_or(0, |block| block.sums.len())];
    for block in blocks.iter() {
        sums.iter_mut().zip(&block.sums).for_each(|(all, part)| {
            all[0] += part[0];
            all[1] += part[1];
        });
    }
    chain.pushes(&sums, count)
}

/// Draws examples whose inputs are independent of each other.
fn draw(source: &Source, count: usize) -> Vec<Block> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let share = count.div_ceil(BLOCKS).max(1);
    let of = |first: usize| {
        let n = share.min(count - first);
        let mut x = Vec::with_capacity(source.inputs.len() * n);
        for input in 0..source.inputs.len() {
            x.extend((0..n).map(|_| standard(source, input, source.draw(input, &mut rng))));
        }
        let zeros = vec![0.0; x.len()];
        Block { n, x, slope: zeros.clone(), square: zeros, values: Vec::new(), sums: Vec::new() }
    };
    (0..count).step_by(share).map(of).collect()
}

/// A raw value in standard deviations from the mean; 0 if there is no deviation.
fn standard(source: &Source, input: usize, raw: f64) -> f32 {
    let marginal = source.inputs[input];
    if marginal.std > 0.0 { ((raw - marginal.mean) / marginal.std) as f32 } else { 0.0 }
}

fn raw(source: &Source, input: usize, standard: f32) -> f64 {
    let marginal = source.inputs[input];
    marginal.mean + marginal.std * f64::from(standard)
}

impl Block {
    fn each_input(&mut self, source: &Source, change: impl Fn(f32, &Source, usize) -> f32) {
        for (input, row) in self.x.chunks_exact_mut(self.n).enumerate() {
            row.iter_mut().for_each(|x| *x = change(*x, source, input));
        }
    }

    /// One step against the gradient `d [I][N]`, within the bounds of the inputs.
    fn step(&mut self, d: &[f32], rate: f32, unbiased: [f32; 2], source: &Source) {
        let n = self.n;
        let moving =
            self.x.chunks_exact_mut(n).zip(self.slope.chunks_exact_mut(n).zip(self.square.chunks_exact_mut(n)));
        for (input, ((x, (slope, square)), d)) in moving.zip(d.chunks_exact(n)).enumerate() {
            let [low, high] = source.bounds.map(|bound| standard(source, input, bound));
            for ((x, d), (slope, square)) in x.iter_mut().zip(d).zip(slope.iter_mut().zip(square)) {
                *slope = OLD[0] * *slope + (1.0 - OLD[0]) * d;
                *square = OLD[1] * *square + (1.0 - OLD[1]) * d * d;
                let step = rate * (*slope / unbiased[0]) / ((*square / unbiased[1]).sqrt() + f32::MIN_POSITIVE);
                // Values outside the range of f32 have no gradient; export refuses such a network.
                if step.is_finite() {
                    *x = (*x - step).clamp(low, high);
                }
            }
        }
    }
}

/// `[N][I]`, raw.
fn rows(blocks: &[Block], source: &Source) -> Vec<f32> {
    let inputs = source.inputs.len();
    let value = |block: &Block, example: usize, input: usize| {
        source.nearest(raw(source, input, block.x[input * block.n + example])) as f32
    };
    let rows = blocks.iter().flat_map(|block| (0..block.n).map(move |example| (block, example)));
    rows.flat_map(|(block, example)| (0..inputs).map(move |input| value(block, example, input))).collect()
}
