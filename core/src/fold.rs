//! The fold: everything affine between two ReLUs becomes one Dense, exactly, in f64.
//!
//! A *block* is the part of the network between two ReLUs (or between a ReLU and an end of the network): any sequence
//! of Dense and BatchNormalization with at least one Dense. Its whole effect on unit `o` is `z_o = w . x + b`. The row
//! `w` is found by pulling the unit back through the layers, last to first, starting from `w = e_o`, `b = 0`:
//!
//! * through a BatchNormalization `y_j = s_j x_j + t_j`: `b += sum_j w_j t_j`, then `w_j = w_j s_j`;
//! * through a Dense `y = K x + c`: `b += w . c`, then `w = w K`;
//! * pixel scaling before the first block is also affine, and is treated like a BatchNormalization.
//!
//! So a BatchNormalization after a ReLU goes into the next Dense, one before a ReLU into the preceding Dense, and
//! consecutive Dense are merged. No position needs a special case.

use crate::layer::{Layer, MAX_DENSE, Role};
use crate::math::BatchNorm;
use crate::network::{Network, Placed};
use crate::standardize::PixelScaling;
use core::ops::Range;
use heapless::Vec;

/// Reason why a network cannot be folded. `layer` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FoldError {
    /// The parameter buffer does not have the length [`Network::params`].
    Params {
        /// [`Network::params`]
        needed: usize,
    },
    /// There is no Dense into which the layers between this ReLU and the previous one (or the inputs) could be folded.
    Relu {
        /// The ReLU.
        layer: usize,
    },
    /// There is no Dense between the last ReLU and the end, so this BatchNormalization cannot be folded.
    BatchNorm {
        /// The BatchNormalization.
        layer: usize,
    },
}

impl core::fmt::Display for FoldError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self {
            Self::Params { needed } => write!(f, "the parameter buffer must hold exactly {needed} values"),
            Self::Relu { layer } => {
                write!(f, "layer {layer} (ReLU): no Dense between it and the ReLU or the inputs before it")
            }
            Self::BatchNorm { layer } => {
                write!(f, "layer {layer} (BatchNormalization): no Dense after it to fold into")
            }
        }
    }
}

impl core::error::Error for FoldError {}

/// A part of the network that becomes one Dense, with or without a ReLU after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// First layer of the block.
    first: usize,
    /// One past its last Dense or BatchNormalization.
    end: usize,
    /// `I`
    pub inputs: usize,
    /// `O`
    pub units: usize,
    /// Whether a ReLU follows.
    pub relu: bool,
}

impl Block {
    /// The layers that are folded together: Dense, BatchNormalization and Dropout.
    pub fn layers(&self) -> Range<usize> {
        self.first..self.end
    }
}

/// A network in the form of Dense and ReLU only.
#[derive(Debug)]
pub struct Fold<'a> {
    network: Network<'a>,
    params: &'a [f32],
    scaling: PixelScaling<'a>,
    blocks: Vec<Block, MAX_DENSE>,
}

impl<'a> Fold<'a> {
    /// Plans the fold of a network with its `params` and the `scaling` of raw pixels in front of it.
    ///
    /// # Errors
    /// If `params` has the wrong length, or a ReLU or BatchNormalization has no Dense to fold into.
    pub fn new(network: Network<'a>, params: &'a [f32], scaling: PixelScaling<'a>) -> Result<Self, FoldError> {
        let needed = network.params();
        if params.len() != needed {
            return Err(FoldError::Params { needed });
        }
        Ok(Self { network, params, scaling, blocks: blocks(network)? })
    }

    /// The resulting Dense layers, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Length that [`row`](Self::row) needs for each of its buffers.
    pub fn widest(&self) -> usize {
        self.network.widest()
    }

    /// Writes the folded weights of one unit of a block to `row[..inputs]`; returns its bias.
    ///
    /// # Panics
    /// If `block` or `unit` does not exist, or a buffer is shorter than [`widest`](Self::widest).
    pub fn row(&self, block: usize, unit: usize, row: &mut [f64], scratch: &mut [f64]) -> f64 {
        let block = self.blocks[block];
        assert!(unit < block.units, "unit {unit} of {}", block.units);
        row[unit] = 1.0;
        // The range in which `row` may be nonzero; nothing outside is read. This matters in wide layers: until the last
        // Dense, the range is a single unit.
        let mut filled = unit..unit + 1;
        let mut bias = 0.0;
        for index in block.layers().rev() {
            if let Some(place) = self.network.placed().nth(index) {
                bias += self.pull_back(place, &mut filled, row, scratch);
            }
        }
        if block.first == 0 {
            bias += pull_affine(&mut row[filled.clone()], |input| self.scaling.affine(filled.start + input));
        }
        bias
    }

    /// Pulls the `filled` part of `row` back through one layer; returns the layer's contribution to the bias.
    fn pull_back(&self, place: Placed, filled: &mut Range<usize>, row: &mut [f64], scratch: &mut [f64]) -> f64 {
        let params = &self.params[place.range()];
        match place.layer {
            Layer::Dense { .. } => {
                let (kernel, biases) = params.split_at(place.inputs * place.outputs);
                // A Dense without bias has no bias to absorb the shift.
                let biases = biases.get(filled.clone()).unwrap_or_default();
                let kernel = &kernel[filled.start * place.inputs..];
                let weights = &mut scratch[..filled.len()];
                weights.copy_from_slice(&row[filled.clone()]);
                pull_dense(kernel, place.inputs, weights, &mut row[..place.inputs]);
                *filled = 0..place.inputs;
                weights.iter().zip(biases).map(|(w, b)| *w * f64::from(*b)).sum()
            }
            Layer::BatchNorm { epsilon, .. } => {
                let first = filled.start;
                pull_affine(&mut row[filled.clone()], |unit| {
                    let values = &params[(first + unit) * BatchNorm::VALUES..];
                    BatchNorm::from_array([values[0], values[1], values[2], values[3]]).affine(epsilon)
                })
            }
            _ => 0.0,
        }
    }
}

/// `row [I] = weights [O] kernel [O][I]`
fn pull_dense(kernel: &[f32], inputs: usize, weights: &[f64], row: &mut [f64]) {
    row.fill(0.0);
    for (kernel, &weight) in kernel.chunks_exact(inputs).zip(weights) {
        if weight != 0.0 {
            row.iter_mut().zip(kernel).for_each(|(r, k)| *r += weight * f64::from(*k));
        }
    }
}

/// Pulls `row` back through `y_j = s_j x_j + t_j`; returns `sum_j w_j t_j`. Zeros stay zero whatever the factor.
fn pull_affine(row: &mut [f64], affine: impl Fn(usize) -> (f64, f64)) -> f64 {
    let mut bias = 0.0;
    for (index, weight) in row.iter_mut().enumerate().filter(|(_, weight)| **weight != 0.0) {
        let (scale, shift) = affine(index);
        bias += *weight * shift;
        *weight *= scale;
    }
    bias
}

/// The blocks of a network.
fn blocks(network: Network) -> Result<Vec<Block, MAX_DENSE>, FoldError> {
    let mut blocks = Vec::new();
    let (layers, inputs) = (network.layers(), network.inputs());
    let mut open = Open { first: 0, inputs, units: inputs, dense: false };
    for place in network.placed() {
        match place.layer.role() {
            Role::Dense => open = Open { units: place.outputs, dense: true, ..open },
            // A block does not begin with it.
            Role::Nothing if open.first == place.index => open.first += 1,
            Role::Norm | Role::Head | Role::Nothing => {}
            Role::Relu => {
                let repeated = open.first == place.index && !blocks.is_empty();
                if !open.dense && !repeated {
                    return Err(FoldError::Relu { layer: place.index });
                }
                open.close(&mut blocks, place.index, true);
                open = Open { first: place.index + 1, inputs: place.outputs, units: place.outputs, dense: false };
            }
        }
    }
    let end = layers.len() - usize::from(layers.last().is_some_and(|last| last.role() == Role::Head));
    if !open.dense && open.first < end {
        return Err(FoldError::BatchNorm { layer: open.first });
    }
    open.close(&mut blocks, end, false);
    Ok(blocks)
}

/// A block that is not complete yet.
struct Open {
    first: usize,
    inputs: usize,
    units: usize,
    dense: bool,
}

impl Open {
    /// Adds the block, unless it is empty and follows a ReLU.
    fn close(&self, blocks: &mut Vec<Block, MAX_DENSE>, end: usize, relu: bool) {
        if self.dense {
            let block = Block { first: self.first, end, inputs: self.inputs, units: self.units, relu };
            let fits = blocks.push(block).is_ok();
            debug_assert!(fits, "a valid list has at most MAX_DENSE Dense");
        }
    }
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;
    use crate::network::Shape;

    const D: Layer = Layer::dense(2);
    const B: Layer = Layer::batch_norm();
    const R: Layer = Layer::Relu;
    const S: Layer = Layer::Softmax;

    fn check(layers: &[Layer], expected: Result<&[(usize, usize, bool)], FoldError>) {
        let found = blocks(Network::of(layers, Shape::count(2)));
        let found: Result<Vec<_, MAX_DENSE>, _> =
            found.map(|blocks| blocks.iter().map(|b| (b.first, b.end, b.relu)).collect());
        assert_eq!(found.as_deref(), expected.as_ref().map(|e| *e), "{layers:?}");
    }

    pub(crate) fn blocks_reach_from_relu_to_relu() {
        check(&[B, D, R, B, D, R, B, D, S], Ok(&[(0, 2, true), (3, 5, true), (6, 8, false)]));
        check(&[D, B, R, D, B, R, D, S], Ok(&[(0, 2, true), (3, 5, true), (6, 7, false)]));
        check(&[B, B, D, D, B, B], Ok(&[(0, 6, false)]));
        check(&[D, R, R, D], Ok(&[(0, 1, true), (3, 4, false)]));
        check(&[D, R, S], Ok(&[(0, 1, true)]));
        let (drop, quantized) = (Layer::Dropout { rate: 0.5 }, Layer::QuantizedRelu { step: 0.1 });
        check(&[drop, D, quantized, drop, B, D, drop], Ok(&[(1, 2, true), (4, 7, false)]));
        check(&[D, R, drop, R, drop], Ok(&[(0, 1, true)]));
    }

    pub(crate) fn what_cannot_be_folded_is_named() {
        check(&[D, R, B, R, D], Err(FoldError::Relu { layer: 3 }));
        check(&[B, R, D], Err(FoldError::Relu { layer: 1 }));
        check(&[R, D], Err(FoldError::Relu { layer: 0 }));
        check(&[D, R, B, S], Err(FoldError::BatchNorm { layer: 2 }));
    }

    pub(crate) fn a_row_is_pulled_through_dense_and_norm() {
        // x -> pixel / 255 -> BN (gamma 2, beta 1, mean 3, variance 4 - epsilon) -> Dense [[1, -1]] + 5
        let layers = [Layer::BatchNorm { momentum: 0.9, epsilon: 1.0 }, Layer::dense(1)];
        let params = [2.0, 1.0, 3.0, 3.0, 2.0, 1.0, 3.0, 3.0, 1.0, -2.0, 5.0];
        let fold = Fold::new(Network::of(&layers, Shape::count(2)), &params, PixelScaling::Unit).unwrap();
        let (mut row, mut scratch) = ([0.0; 2], [0.0; 2]);
        let bias = fold.row(0, 0, &mut row, &mut scratch);
        assert_eq!((row, bias), ([1.0 / 255.0, -2.0 / 255.0], 5.0 - 2.0 + 4.0));
    }

    /// Folding a row of a wide layer only touches its own weights.
    pub(crate) fn other_units_of_a_layer_are_not_touched() {
        let layers = [Layer::dense(5), Layer::batch_norm()];
        let params: [f32; 35] = core::array::from_fn(|index| index as f32);
        let fold = Fold::new(Network::of(&layers, Shape::count(2)), &params, PixelScaling::Unit).unwrap();
        let (mut row, mut scratch) = ([f64::NAN; 5], [f64::NAN; 5]);
        fold.row(0, 3, &mut row, &mut scratch);
        let touched = |values: [f64; 5]| values.map(|value| !value.is_nan());
        assert_eq!(touched(row), [true, true, false, true, false]);
        assert_eq!(touched(scratch), [true, false, false, false, false]);
    }
}
