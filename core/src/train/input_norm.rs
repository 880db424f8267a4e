//! BatchNormalization right before the first Dense, where nothing before it learns: its gradients come out of the
//! Dense's own update, and nobody computes the gradient with respect to its output.
//!
//! With `G [O][I] = d_z xhat^T` and `s [O] = sum_n d_z`, and `y = gamma xhat + beta` what the Dense reads:
//! `d_gamma_i = sum_o kernel_oi G_oi`, `d_beta_i = sum_o kernel_oi s_o`, `d_kernel_oi = gamma_i G_oi + beta_i s_o`.
//! That is one product of the size of the Dense instead of two. It is made for [`BLOCK`] inputs at a time, so that it
//! is still in the nearest cache when it is used.

use super::batch_norm::{BETA, BatchNorm, GAMMA, State, measure};
use super::dense::Dense;
use super::stage::cut;
use crate::compute::{Compute, MAX_PARTS, share};
use crate::math;
use crate::matrix::{Mat, Write};
use heapless::Vec;

/// Sums over units are cut into at most so many, of equally many units, which are added in order: however the units
/// are split over threads, the same bits come out.
const CHUNKS: usize = 4;
/// Inputs worked on at once.
const BLOCK: usize = 32;
/// Inputs whose sums are kept in registers.
const LANES: usize = 16;

/// Length of the room that `inputs` before `units` need: sums for gamma and beta of every chunk of units, then `G` for
/// a block of inputs, then `s`.
pub(crate) const fn room(inputs: usize, units: usize) -> usize {
    2 * CHUNKS * inputs + units * (BLOCK + 1)
}

/// The BatchNormalization, and room for the sums of its gradients; empty in a part of it.
#[derive(Debug)]
pub(super) struct InputNorm<'a> {
    pub(super) norm: State<'a>,
    pub(super) room: &'a mut [f32],
}

impl<'a> InputNorm<'a> {
    pub(super) fn reborrow(&mut self) -> InputNorm<'_> {
        InputNorm { norm: self.norm.reborrow(), room: &mut [] }
    }

    /// Cuts off the first `units` units, without the room.
    pub(super) fn take(&mut self, units: usize) -> InputNorm<'a> {
        InputNorm { norm: self.norm.take(units), room: &mut [] }
    }
}

impl InputNorm<'_> {
    /// `x [I][N]` becomes `xhat`, and `y [I][N] = gamma xhat + beta`; moving statistics move.
    #[inline(always)]
    pub(super) fn forward(&mut self, x: &mut [f32], y: &mut [f32], n: usize) {
        let (momentum, epsilon) = (self.norm.momentum, self.norm.epsilon);
        let units = self.norm.params.chunks_exact_mut(BatchNorm::VALUES);
        for (params, (x, y)) in units.zip(x.chunks_exact_mut(n).zip(y.chunks_exact_mut(n))) {
            let (mean, inv_std) = measure(params, x, momentum, epsilon);
            let (gamma, beta) = (params[GAMMA], params[BETA]);
            for (x, y) in x.iter_mut().zip(y) {
                *x = (*x - mean) * inv_std;
                *y = *x * gamma + beta;
            }
        }
    }

    /// SGD on this layer and on the Dense behind it; `xhat [I][N]`, `d_z [O][N]`.
    pub(super) fn update<C: Compute>(
        &mut self,
        compute: &C,
        x_hat: &[f32],
        dense: &mut Dense,
        d_z: &[f32],
        n: usize,
        rate: f32,
    ) {
        let (inputs, units) = (dense.inputs, d_z.len() / n);
        let chunk = units.div_ceil(CHUNKS);
        let (sums, work) = self.room.split_at_mut(2 * CHUNKS * inputs);
        let sums = &mut sums[..2 * units.div_ceil(chunk) * inputs];
        let share = share(compute, units).div_ceil(chunk) * chunk;
        let batch = Batch { params: self.norm.params, x_hat, n, rate, chunk };
        let mut whole = Part { dense: dense.reborrow(), d_z, sums, work };
        if share >= units {
            whole.update(compute, &batch);
        } else {
            whole.split(compute, share, &batch);
        }
        compute.vectorize(
            #[inline(always)]
            || descend(self.norm.params, sums, rate),
        );
    }
}

/// SGD on gamma and beta; `params [I][4]`, `sums [chunks][2][I]`.
#[inline(always)]
fn descend(params: &mut [f32], sums: &[f32], rate: f32) {
    let inputs = params.len() / BatchNorm::VALUES;
    for (input, params) in params.chunks_exact_mut(BatchNorm::VALUES).enumerate() {
        let mut gradient = [0.0; 2];
        for sums in sums.chunks_exact(2 * inputs) {
            gradient[0] += sums[input];
            gradient[1] += sums[inputs + input];
        }
        params[GAMMA] -= rate * gradient[0];
        params[BETA] -= rate * gradient[1];
    }
}

/// What the parts share.
struct Batch<'a> {
    params: &'a [f32],
    /// `[I][N]`
    x_hat: &'a [f32],
    n: usize,
    rate: f32,
    /// Units of a chunk.
    chunk: usize,
}

impl Batch<'_> {
    fn inputs(&self) -> usize {
        self.x_hat.len() / self.n
    }
}

/// Some of the units of the Dense, whole chunks.
struct Part<'a> {
    dense: Dense<'a>,
    /// `[units][N]`
    d_z: &'a [f32],
    /// Gradients of gamma and beta over the units of each chunk, `[chunks][2][I]`.
    sums: &'a mut [f32],
    /// `G [units][BLOCK]` and `s [units]`.
    work: &'a mut [f32],
}

impl Part<'_> {
    /// The same in parts of `share` units.
    fn split<C: Compute>(&mut self, compute: &C, share: usize, batch: &Batch) {
        let units = self.d_z.len() / batch.n;
        let (mut sums, mut work) = (&mut *self.sums, &mut *self.work);
        let mut dense = self.dense.reborrow();
        let mut parts: Vec<Part, MAX_PARTS> = (0..units)
            .step_by(share)
            .map(|first| {
                let units = share.min(units - first);
                Part {
                    dense: dense.take(units),
                    d_z: &self.d_z[first * batch.n..(first + units) * batch.n],
                    sums: cut(&mut sums, 2 * units.div_ceil(batch.chunk) * batch.inputs()),
                    work: cut(&mut work, units * (BLOCK + 1)),
                }
            })
            .collect();
        compute.each(&mut parts, |part| part.update(compute, batch));
    }

    fn update<C: Compute>(&mut self, compute: &C, batch: &Batch) {
        let (inputs, n, units) = (self.dense.inputs, batch.n, self.d_z.len() / batch.n);
        let (g, s) = self.work[..units * (BLOCK + 1)].split_at_mut(units * BLOCK);
        compute.vectorize(
            #[inline(always)]
            || {
                s.iter_mut().zip(self.d_z.chunks_exact(n)).for_each(|(s, d_z)| *s = math::sum(d_z));
                self.dense.bias.iter_mut().zip(&*s).for_each(|(bias, s)| *bias -= batch.rate * s);
            },
        );
        for first in (0..inputs).step_by(BLOCK) {
            let width = BLOCK.min(inputs - first);
            let g = &mut g[..units * width];
            let x_hat = Mat::new(&batch.x_hat[first * n..(first + width) * n], width, n).transposed();
            compute.product(g, Write::Replace, Mat::new(self.d_z, units, n), x_hat);
            let mut block = Block { first, width, inputs, rate: batch.rate, params: batch.params };
            compute.vectorize(
                #[inline(always)]
                || block.update(self.dense.kernel, g, s, self.sums, batch.chunk),
            );
        }
    }
}

/// The inputs `first..first + width`.
struct Block<'a> {
    first: usize,
    width: usize,
    inputs: usize,
    rate: f32,
    params: &'a [f32],
}

impl Block<'_> {
    /// SGD on the kernel's columns of the block, and their sums; `kernel [units][I]`, `g [units][width]`, `s [units]`.
    #[inline(always)]
    fn update(&mut self, kernel: &mut [f32], g: &[f32], s: &[f32], sums: &mut [f32], chunk: usize) {
        let chunks = kernel.chunks_mut(chunk * self.inputs).zip(g.chunks(chunk * self.width)).zip(s.chunks(chunk));
        for (((kernel, g), s), sums) in chunks.zip(sums.chunks_exact_mut(2 * self.inputs)) {
            let whole = self.width / LANES * LANES;
            for at in (0..whole).step_by(LANES) {
                self.columns::<LANES>(at, kernel, g, s, sums);
            }
            for at in whole..self.width {
                self.columns::<1>(at, kernel, g, s, sums);
            }
        }
    }

    /// The `W` columns from `at` in the block, of one chunk of units.
    #[inline(always)]
    fn columns<const W: usize>(&self, at: usize, kernel: &mut [f32], g: &[f32], s: &[f32], sums: &mut [f32]) {
        let first = self.first + at;
        let (mut gamma, mut beta) = ([0.0; W], [0.0; W]);
        for (lane, params) in
            self.params[first * BatchNorm::VALUES..].chunks_exact(BatchNorm::VALUES).take(W).enumerate()
        {
            (gamma[lane], beta[lane]) = (self.rate * params[GAMMA], self.rate * params[BETA]);
        }
        let (mut d_gamma, mut d_beta) = ([0.0; W], [0.0; W]);
        let rows = kernel.chunks_exact_mut(self.inputs).zip(g.chunks_exact(self.width)).zip(s);
        for ((kernel, g), s) in rows {
            let (row, g) = (&mut kernel[first..first + W], &g[at..at + W]);
            // Copies, and a loop each: so the sums stay in registers.
            let (mut k, mut g_row) = ([0.0; W], [0.0; W]);
            k.copy_from_slice(row);
            g_row.copy_from_slice(g);
            for i in 0..W {
                d_gamma[i] += k[i] * g_row[i];
            }
            for i in 0..W {
                d_beta[i] += k[i] * s;
            }
            for i in 0..W {
                k[i] = k[i] - gamma[i] * g_row[i] - beta[i] * s;
            }
            row.copy_from_slice(&k);
        }
        sums[first..first + W].copy_from_slice(&d_gamma);
        sums[self.inputs + first..self.inputs + first + W].copy_from_slice(&d_beta);
    }
}
