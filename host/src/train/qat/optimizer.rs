//! Nesterov momentum on the latents of integer weights.
//!
//! A kernel holds `w = s round(p Q)`. In the hidden layers `s = 1`, because their BatchNormalization absorbs any scale;
//! the last layer has a scale `s` per row. With `g = dL/dw` the gradient of `p` is `s Q g` and that of `s` is
//! `sum_i g_i round(p_i Q)`. `p` learns at `fan_in / 2` times the rate, because the effect of a step of `p` on a
//! normalized row is relative to the row's length. `s` learns at `1 / (20 Q^2)` of the rate; without that division, 4
//! bits diverged.

use super::levels::{levels, rounded};
use super::student::Student;
use foldnet_core::Layer;
use foldnet_core::train::optimizer::{MAX_STATE, Optimizer, Step, Tensor, TensorKind};
use std::sync::{Mutex, PoisonError};

/// Decay of the velocity.
const MOMENTUM: f32 = 0.9;

/// Lower bound of scales, so that a row never vanishes for good.
const LEAST_SCALE: f32 = 1e-12;

/// The optimizer; its state per parameter is latent and velocity.
#[derive(Debug)]
pub(super) struct Latents {
    /// `Q` for the kernel of each layer, by the layer's position in the network; 0 for layers without a kernel.
    levels: Vec<f32>,
    /// Position of the last Dense.
    last: usize,
    /// Scale and velocity of each row of the last Dense.
    scales: Mutex<Vec<[f32; 2]>>,
}

impl Latents {
    pub(super) fn new(student: &Student) -> Self {
        let layers = &student.network.layers;
        let mut bits = student.bits().iter();
        let levels = layers.iter().map(|layer| match layer {
            Layer::Dense { .. } => bits.next().map_or(0.0, |&bits| levels(bits)),
            _ => 0.0,
        });
        let last = layers.iter().rposition(|layer| matches!(layer, Layer::Dense { .. })).unwrap_or(0);
        let scales = student.scales().iter().map(|&scale| [scale, 0.0]).collect();
        Self { levels: levels.collect(), last, scales: Mutex::new(scales) }
    }

    /// The current scales of the last Dense's rows.
    pub(super) fn scales(&self) -> Vec<f32> {
        self.scales.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|[scale, _]| *scale).collect()
    }
}

impl Optimizer for &Latents {
    const STATE: usize = 2;
    type Step<'a>
        = LatentStep<'a>
    where
        Self: 'a;

    fn begin_step(&self, learning_rate: f32, _: u32) -> LatentStep<'_> {
        LatentStep { of: self, rate: learning_rate }
    }
}

/// One step of [`Latents`].
#[derive(Debug, Clone, Copy)]
pub(super) struct LatentStep<'a> {
    of: &'a Latents,
    rate: f32,
}

impl Step for LatentStep<'_> {
    #[inline(always)]
    fn apply(&self, tensor: Tensor, values: &mut [f32], state: [&mut [f32]; MAX_STATE], gradient: &[f32]) {
        let [latent, velocity] = state;
        if tensor.kind != TensorKind::Kernel {
            for ((p, v), g) in values.iter_mut().zip(velocity).zip(gradient) {
                *p += nesterov(v, self.rate * g);
            }
            return;
        }
        let levels = self.of.levels[tensor.layer];
        let rate = self.rate * 0.5 * tensor.columns as f32;
        if tensor.layer != self.of.last {
            return update(Row { values, latent, velocity, gradient }, levels, 1.0, rate);
        }
        let mut scales = self.of.scales.lock().unwrap_or_else(PoisonError::into_inner);
        let columns = tensor.columns;
        let rows = values.chunks_exact_mut(columns).zip(latent.chunks_exact_mut(columns));
        let rows = rows.zip(velocity.chunks_exact_mut(columns).zip(gradient.chunks_exact(columns)));
        let first = tensor.first / columns;
        for (((values, latent), (velocity, gradient)), [scale, v]) in rows.zip(&mut scales[first..]) {
            let slope: f32 = gradient.iter().zip(&*latent).map(|(g, p)| g * rounded(*p, levels)).sum();
            let used = *scale;
            *scale = (used + nesterov(v, self.rate / (20.0 * levels * levels) * slope)).max(LEAST_SCALE);
            update(Row { values, latent, velocity, gradient }, levels, used, rate);
            values.iter_mut().for_each(|w| *w *= *scale / used);
        }
    }
}

/// The values of one or more rows with their latents, velocities and gradients.
struct Row<'a> {
    values: &'a mut [f32],
    latent: &'a mut [f32],
    velocity: &'a mut [f32],
    gradient: &'a [f32],
}

/// `p` moves against the gradient within `-1..=1`, and the weight becomes `scale round(p Q)`.
#[inline(always)]
fn update(row: Row, levels: f32, scale: f32, rate: f32) {
    let rate = rate * scale * levels;
    let latents = row.latent.iter_mut().zip(row.velocity);
    for ((w, (p, v)), g) in row.values.iter_mut().zip(latents).zip(row.gradient) {
        *p = (*p + nesterov(v, rate * g)).clamp(-1.0, 1.0);
        *w = scale * rounded(*p, levels);
    }
}

/// `v = .9 v - step`; returns the change `.9 v - step`.
#[inline(always)]
fn nesterov(v: &mut f32, step: f32) -> f32 {
    *v = MOMENTUM * *v - step;
    MOMENTUM * *v - step
}
