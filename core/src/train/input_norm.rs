//! BatchNormalization directly before the first Dense, with no trainable layer before it. Its gradients follow from the
//! Dense's own update, so the gradient with respect to its output is never computed.
//!
//! With `G [O][I] = d_z xhat^T` and `s [O] = sum_n d_z`, and `y = gamma xhat + beta` as the Dense's input:
//! `d_gamma_i = sum_o kernel_oi G_oi`, `d_beta_i = sum_o kernel_oi s_o`, `d_kernel_oi = gamma_i G_oi + beta_i s_o`.
//! This takes one product of the size of the Dense instead of two. It is computed in tiles, which are used while they
//! are in the nearest cache.

use super::batch_norm::{BETA, GAMMA, State, learn};
use super::dense::Dense;
use super::optimizer::{MAX_STATE, Step, Tensor, TensorKind};
use super::params::{Params, cut, part};
use crate::compute::{Compute, MAX_PARTS, share};
use crate::math::{self, BatchNorm};
use crate::matrix::{Mat, Tile};
use core::ops::Range;
use heapless::Vec;

/// Maximum number of chunks that sums over units are split into, of equally many units. They are added in order, so the
/// result is bit-identical however the units are split over threads.
const CHUNKS: usize = 4;
/// Number of inputs whose sums are kept in registers.
const LANES: usize = 16;

/// Length of the scratch buffer for `inputs` before `units`: sums for gamma and beta of every chunk of units, then
/// gamma and beta times the learning rate, then `s`, padded so that what follows is aligned to cache lines like the
/// workspace.
pub(super) const fn room(inputs: usize, units: usize) -> usize {
    2 * CHUNKS * inputs + 2 * inputs + units.next_multiple_of(LANES)
}

/// The BatchNormalization and a buffer for its gradient sums; the buffer is empty in a worker's part.
#[derive(Debug)]
pub(super) struct InputNorm<'a> {
    pub(super) norm: State<'a>,
    pub(super) room: &'a mut [f32],
}

impl<'a> InputNorm<'a> {
    pub(super) fn reborrow(&mut self) -> InputNorm<'_> {
        InputNorm { norm: self.norm.reborrow(), room: &mut [] }
    }

    /// Splits off the first `units` units, without the buffer.
    pub(super) fn take(&mut self, units: usize) -> InputNorm<'a> {
        InputNorm { norm: self.norm.take(units), room: &mut [] }
    }
}

impl InputNorm<'_> {
    /// Hands the gradients of this layer and of the Dense after it to `step`; `xhat [I][N]`, `d_z [O][N]`.
    pub(super) fn update<C: Compute, S: Step>(
        &mut self,
        compute: &C,
        x_hat: &[f32],
        dense: &mut Dense,
        d_z: &[f32],
        n: usize,
        step: &S,
    ) {
        let (inputs, units) = (dense.inputs, d_z.len() / n);
        let chunk = units.div_ceil(CHUNKS);
        let (sums, work) = self.room.split_at_mut(2 * CHUNKS * inputs);
        let sums = &mut sums[..2 * units.div_ceil(chunk) * inputs];
        let (factors, s) = work.split_at_mut(2 * inputs);
        let (gamma, beta) = factors.split_at_mut(inputs);
        // Where the update is `kernel - rate * gradient`, the rate is multiplied into gamma and beta once.
        let rate = step.factor().map_or(1.0, |factor| -factor);
        let units_of_norm = self.norm.params.values.chunks_exact(BatchNorm::VALUES);
        for (params, (gamma, beta)) in units_of_norm.zip(gamma.iter_mut().zip(beta)) {
            (*gamma, *beta) = (rate * params[GAMMA], rate * params[BETA]);
        }
        let share = share(compute, units).div_ceil(chunk) * chunk;
        let batch = Batch { factors, x_hat, n, step, chunk };
        let mut whole = Part { dense: dense.reborrow(), first: 0, d_z, sums, s };
        if share >= units {
            whole.update(compute, &batch);
        } else {
            whole.split(compute, share, &batch);
        }
        compute.vectorize(
            #[inline(always)]
            || descend(&mut self.norm.params, self.norm.layer, sums, step),
        );
    }
}

/// Hands the gradients of gamma and beta to `step`; `params [I][4]`, `sums [chunks][2][I]`.
#[inline(always)]
fn descend<S: Step>(params: &mut Params, layer: usize, sums: &[f32], step: &S) {
    let inputs = params.values.len() / BatchNorm::VALUES;
    for input in 0..inputs {
        let mut gradient = [0.0; 2];
        for sums in sums.chunks_exact(2 * inputs) {
            gradient[0] += sums[input];
            gradient[1] += sums[inputs + input];
        }
        learn(params, layer, [input, input], gradient, step);
    }
}

/// Data shared by all parts.
struct Batch<'a, S> {
    /// Gamma and beta, times the learning rate if `step` is just a scaled addition, `[2][I]`.
    factors: &'a [f32],
    /// `[I][N]`
    x_hat: &'a [f32],
    n: usize,
    step: &'a S,
    /// Number of units in a chunk.
    chunk: usize,
}

/// Some of the units of the Dense, in whole chunks.
struct Part<'a> {
    dense: Dense<'a>,
    /// Number of the first unit within the Dense.
    first: usize,
    /// `[units][N]`
    d_z: &'a [f32],
    /// Gradients of gamma and beta over the units of each chunk, `[chunks][2][I]`.
    sums: &'a mut [f32],
    /// Buffer for `s [units]`.
    s: &'a mut [f32],
}

impl Part<'_> {
    /// Does the same in parts of `share` units. Not inlined: a compute that never splits needs no stack for the parts.
    #[inline(never)]
    fn split<C: Compute, S: Step>(&mut self, compute: &C, share: usize, batch: &Batch<S>) {
        let units = self.d_z.len() / batch.n;
        let (mut sums, mut s) = (&mut *self.sums, &mut *self.s);
        let (inputs, mut dense) = (self.dense.inputs, self.dense.reborrow());
        let mut parts: Vec<Part, MAX_PARTS> = (0..units)
            .step_by(share)
            .map(|first| {
                let units = share.min(units - first);
                Part {
                    dense: dense.take(units),
                    first,
                    d_z: &self.d_z[first * batch.n..(first + units) * batch.n],
                    sums: cut(&mut sums, 2 * units.div_ceil(batch.chunk) * inputs),
                    s: cut(&mut s, units),
                }
            })
            .collect();
        compute.each(&mut parts, |part| part.update(compute, batch));
    }

    fn update<C: Compute, S: Step>(&mut self, compute: &C, batch: &Batch<S>) {
        let (inputs, n) = (self.dense.inputs, batch.n);
        let (d_z, x_hat) = (Mat::new(self.d_z, self.d_z.len() / n, n), Mat::new(batch.x_hat, inputs, n));
        compute.vectorize(
            #[inline(always)]
            || {
                self.s.iter_mut().zip(self.d_z.chunks_exact(n)).for_each(|(s, d_z)| *s = math::sum(d_z));
                let (tensor, biases) = (self.dense.tensor(TensorKind::Bias, self.first), self.dense.bias.values.len());
                for (unit, s) in self.s.iter().enumerate().take(biases) {
                    self.dense.bias.apply(batch.step, tensor.from(unit), unit, &[*s]);
                }
                self.sums.fill(0.0);
            },
        );
        let tensor = self.dense.tensor(TensorKind::Kernel, self.first);
        let Params { values, state } = &mut self.dense.kernel;
        compute.product_in_tiles(
            values,
            d_z,
            x_hat.transposed(),
            #[inline(always)]
            |tile| batch.descend(tile, Kernel { tensor, state, s: self.s, sums: self.sums }),
        );
    }
}

/// What a tile of the kernel needs besides its values and its product.
struct Kernel<'a, 'b> {
    tensor: Tensor,
    /// The optimizer's state, `[units][I]`.
    state: &'a mut [&'b mut [f32]; MAX_STATE],
    /// `[units]`
    s: &'a [f32],
    /// `[chunks][2][I]`
    sums: &'a mut [f32],
}

impl<S: Step> Batch<'_, S> {
    /// Hands the gradient of a tile of the kernel, whose product is `G`, to the step, and adds it to the sums.
    #[inline(always)]
    fn descend(&self, tile: Tile, kernel: Kernel) {
        if self.step.factor().is_some() {
            self.tile::<true>(tile, kernel);
        } else {
            self.tile::<false>(tile, kernel);
        }
    }

    /// Processes a tile; `PLAIN` if the update is `kernel - rate * gradient`, with the rate in the factors.
    #[inline(always)]
    fn tile<const PLAIN: bool>(&self, mut tile: Tile, mut kernel: Kernel) {
        let mut row = 0;
        while row < tile.rows {
            let chunk = (tile.row + row) / self.chunk;
            let end = tile.rows.min((chunk + 1) * self.chunk - tile.row);
            let whole = tile.width / LANES * LANES;
            for at in (0..whole).step_by(LANES) {
                self.columns::<LANES, PLAIN>(at, row..end, &mut tile, &mut kernel, chunk);
            }
            for at in whole..tile.width {
                self.columns::<1, PLAIN>(at, row..end, &mut tile, &mut kernel, chunk);
            }
            row = end;
        }
    }

    /// Processes the `W` columns from `at` in the tile, for rows that belong to one chunk.
    #[inline(always)]
    fn columns<const W: usize, const PLAIN: bool>(
        &self,
        at: usize,
        rows: Range<usize>,
        tile: &mut Tile,
        kernel: &mut Kernel,
        chunk: usize,
    ) {
        let (inputs, first) = (self.factors.len() / 2, tile.col + at);
        let (gamma, beta) = self.factors.split_at(inputs);
        let (gamma, beta) = (&gamma[first..first + W], &beta[first..first + W]);
        let sums = &mut kernel.sums[2 * chunk * inputs..2 * (chunk + 1) * inputs];
        let (all_d_gamma, all_d_beta) = sums.split_at_mut(inputs);
        let (all_d_gamma, all_d_beta) = (&mut all_d_gamma[first..first + W], &mut all_d_beta[first..first + W]);
        let (mut d_gamma, mut d_beta) = ([0.0; W], [0.0; W]);
        d_gamma.copy_from_slice(all_d_gamma);
        d_beta.copy_from_slice(all_d_beta);
        let s = &kernel.s[tile.row + rows.start..tile.row + rows.end];
        for (row, s) in rows.zip(s) {
            // Local copies and separate loops keep the sums in registers.
            let (mut k, mut g) = ([0.0; W], [0.0; W]);
            k.copy_from_slice(&tile.out[row * inputs + at..row * inputs + at + W]);
            g.copy_from_slice(&tile.product[row * tile.stride + at..row * tile.stride + at + W]);
            for i in 0..W {
                d_gamma[i] += k[i] * g[i];
            }
            for i in 0..W {
                d_beta[i] += k[i] * s;
            }
            if PLAIN {
                for i in 0..W {
                    k[i] = k[i] - gamma[i] * g[i] - beta[i] * s;
                }
            } else {
                for i in 0..W {
                    g[i] = gamma[i] * g[i] + beta[i] * s;
                }
                let (place, [a, b]) = ((tile.row + row) * inputs + first, &mut *kernel.state);
                self.step.apply(kernel.tensor.from(place), &mut k, [part(a, place, W), part(b, place, W)], &g);
            }
            tile.out[row * inputs + at..row * inputs + at + W].copy_from_slice(&k);
        }
        all_d_gamma.copy_from_slice(&d_gamma);
        all_d_beta.copy_from_slice(&d_beta);
    }
}
