//! BatchNormalization as Keras computes it: biased variance, in the batch and in the moving statistics.
//!
//! `xhat = (x - mean) / sqrt(variance + epsilon)`, `y = gamma xhat + beta`; Ioffe and Szegedy, "Batch Normalization:
//! Accelerating Deep Network Training by Reducing Internal Covariate Shift", 2015.

use super::optimizer::{Step, Tensor, TensorKind};
use super::params::{Params, cut};
use crate::math::{self, BatchNorm};

/// Position of gamma among a unit's four parameters.
pub(super) const GAMMA: usize = 0;
/// Position of beta.
pub(super) const BETA: usize = 1;
/// Position of the moving mean.
const MOVING_MEAN: usize = 2;
/// Position of the moving variance.
const MOVING_VARIANCE: usize = 3;

/// Number of units whose statistics are computed together.
const GROUP: usize = 16;

/// Parameters `[O][4]` of all or some of a layer's units, and what forward leaves for backward: the batch's mean and
/// inverse standard deviation, `[O][2]`.
#[derive(Debug, Default)]
pub(super) struct State<'a> {
    pub(super) momentum: f32,
    pub(super) epsilon: f32,
    /// Position of the layer in the network.
    pub(super) layer: usize,
    pub(super) params: Params<'a>,
    pub(super) stats: &'a mut [f32],
}

impl State<'_> {
    pub(super) fn reborrow(&mut self) -> State<'_> {
        let Self { momentum, epsilon, layer, .. } = *self;
        State { momentum, epsilon, layer, params: self.params.reborrow(), stats: self.stats }
    }

    /// `x [O][N]` to `y [O][N]` with the statistics of the batch, which also update the moving ones; `x` becomes `xhat`
    /// if backward needs it.
    #[inline(always)]
    pub(super) fn forward(&mut self, x: &mut [f32], y: &mut [f32], n: usize, keeps: Keeps) {
        let mut rest = self.reborrow();
        for (x, y) in x.chunks_mut(GROUP * n).zip(y.chunks_mut(GROUP * n)) {
            let mut group = rest.take(x.len() / n);
            group.measure(x, n);
            let units = group.params.values.chunks_exact(BatchNorm::VALUES).zip(group.stats.chunks_exact(2));
            for ((params, stats), (x, y)) in units.zip(x.chunks_exact_mut(n).zip(y.chunks_exact_mut(n))) {
                match keeps {
                    Keeps::X => to_y(params, stats, x, y),
                    Keeps::XHat => to_x_hat_and_y(params, stats, x, y),
                }
            }
        }
    }

    /// Computes mean and inverse standard deviation of every unit in the batch, `x [O][N]`, and updates the moving
    /// ones. There is a loop for each, in which no unit waits for another's division, over a [`GROUP`] of units, so
    /// that `x` stays in the cache.
    #[inline(always)]
    fn measure(&mut self, x: &[f32], n: usize) {
        for (stats, x) in self.stats.chunks_exact_mut(2).zip(x.chunks_exact(n)) {
            stats[0] = math::sum(x) / n as f32;
        }
        for (stats, x) in self.stats.chunks_exact_mut(2).zip(x.chunks_exact(n)) {
            stats[1] = math::squared_distance(x, stats[0]) / n as f32;
        }
        let new = 1.0 - self.momentum;
        for (params, stats) in
            self.params.values.chunks_exact_mut(BatchNorm::VALUES).zip(self.stats.chunks_exact_mut(2))
        {
            params[MOVING_MEAN] = params[MOVING_MEAN] * self.momentum + stats[0] * new;
            params[MOVING_VARIANCE] = params[MOVING_VARIANCE] * self.momentum + stats[1] * new;
            stats[1] = 1.0 / math::sqrt(stats[1] + self.epsilon);
        }
    }

    /// Replaces `d [O][N]` with respect to `y` by `d` with respect to `x`, in place, and updates gamma and beta through
    /// `step`. The first unit has number `first` within the layer.
    ///
    /// `d_gamma = sum_n d xhat`, `d_beta = sum_n d`, `d_x = gamma inv_std (d - d_beta / N - xhat d_gamma / N)`
    #[inline(always)]
    pub(super) fn backward<S: Step>(&mut self, x: &[f32], d: &mut [f32], n: usize, first: usize, step: &S) {
        let units = self.stats.chunks_exact(2).zip(x.chunks_exact(n).zip(d.chunks_exact_mut(n)));
        for (unit, (stats, (x, d))) in units.enumerate() {
            let (mean, inv_std) = (stats[0], stats[1]);
            let d_beta = math::sum(d);
            let d_gamma = math::dot_centered(d, x, mean) * inv_std;
            let scale = self.params.values[unit * BatchNorm::VALUES + GAMMA] * inv_std;
            let (mean_d, mean_d_xhat) = (d_beta / n as f32, d_gamma / n as f32 * inv_std);
            for (d, x) in d.iter_mut().zip(x) {
                *d = scale * (*d - mean_d - (x - mean) * mean_d_xhat);
            }
            learn(&mut self.params, self.layer, [unit, first + unit], [d_gamma, d_beta], step);
        }
    }
}

impl<'a> State<'a> {
    /// Splits off the first `units` units.
    pub(super) fn take(&mut self, units: usize) -> State<'a> {
        let Self { momentum, epsilon, layer, .. } = *self;
        let (params, stats) = (self.params.take(units * BatchNorm::VALUES), cut(&mut self.stats, units * 2));
        State { momentum, epsilon, layer, params, stats }
    }
}

/// Updates gamma and beta of a unit of `layer` with their gradients; `at` is its number in `params [O][4]` and in the
/// layer.
#[inline(always)]
pub(super) fn learn<S: Step>(params: &mut Params, layer: usize, at: [usize; 2], gradients: [f32; 2], step: &S) {
    let places = [(GAMMA, TensorKind::Gamma), (BETA, TensorKind::Beta)];
    for ((place, kind), gradient) in places.into_iter().zip(gradients) {
        let tensor = Tensor { layer, kind, first: at[1], columns: 1 };
        params.apply(step, tensor, at[0] * BatchNorm::VALUES + place, &[gradient]);
    }
}

/// What forward leaves in place of `x`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keeps {
    /// `x` itself.
    X,
    /// `xhat`.
    XHat,
}

/// One unit, `x [N]` to `y [N]`.
#[inline(always)]
fn to_y(params: &[f32], stats: &[f32], x: &[f32], y: &mut [f32]) {
    let (mean, scale, shift) = (stats[0], params[GAMMA] * stats[1], params[BETA]);
    for (y, x) in y.iter_mut().zip(x) {
        *y = (x - mean) * scale + shift;
    }
}

/// One unit, `x [N]` to `xhat` in its place and `y [N]`.
#[inline(always)]
fn to_x_hat_and_y(params: &[f32], stats: &[f32], x: &mut [f32], y: &mut [f32]) {
    let (mean, inv_std, gamma, beta) = (stats[0], stats[1], params[GAMMA], params[BETA]);
    for (x, y) in x.iter_mut().zip(y) {
        *x = (*x - mean) * inv_std;
        *y = *x * gamma + beta;
    }
}

/// Replaces `x` with `y [O][N]`, using the moving statistics in `params [O][4]`.
#[inline(always)]
pub(super) fn infer(params: &[f32], epsilon: f32, x: &mut [f32], n: usize) {
    for (params, x) in params.chunks_exact(BatchNorm::VALUES).zip(x.chunks_exact_mut(n)) {
        let scale = params[GAMMA] / math::sqrt(params[MOVING_VARIANCE] + epsilon);
        let (mean, shift) = (params[MOVING_MEAN], params[BETA]);
        x.iter_mut().for_each(|x| *x = (*x - mean) * scale + shift);
    }
}
