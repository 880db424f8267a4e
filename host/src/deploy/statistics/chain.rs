//! The layers of a network up to the last BatchNormalization, as far as its statistics need them, forward and backward
//! to the inputs; and the distance of a batch of examples from the statistics in the BatchNormalizations.
//!
//! Core's training step cannot do this: its BatchNormalizations use the statistics of the batch, and its backward pass
//! begins at a loss behind the last layer and ends in parameters. Here BatchNormalizations are fixed, the error arises at
//! each of them, and only the inputs change. The matrix products are the same.
//!
//! Values are `[U][N]`: the examples of a unit are adjacent.

use super::source::Source;
use super::undescribed::Undescribed;
use crate::network::checkpoint::Checkpoint;
use foldnet_core::layer::Role;
use foldnet_core::matrix::{Mat, Write};
use foldnet_core::network::Placed;
use foldnet_core::{BatchNorm, Compute, Layer};
use serde::Serialize;

/// Lower bound of a deviation, as a fraction of the typical one in its BatchNormalization, so that a unit that never
/// changes does not outweigh all others.
const LEAST_STD: f64 = 0.01;

/// An operation on values.
#[derive(Debug)]
enum Part<'a> {
    /// `scale x + shift` of each unit.
    Affine {
        scale: Vec<f32>,
        shift: Vec<f32>,
    },
    /// `kernel [O][I] x + bias`
    Dense {
        units: usize,
        kernel: &'a [f32],
        bias: &'a [f32],
    },
    Relu,
}

/// What is known of the values after a number of parts.
#[derive(Debug)]
struct Site {
    parts: usize,
    units: Vec<Held>,
}

/// Stored mean and standard deviation of a unit.
#[derive(Debug, Clone, Copy)]
struct Held {
    mean: f64,
    std: f64,
    /// Unit of distances.
    unit: f64,
}

/// A network as the parts between its sites, in order.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    parts: Vec<Part<'a>>,
    sites: Vec<Site>,
}

/// How closely examples match the network's statistics, over all units of its BatchNormalizations (and inputs with
/// their own statistics), in their standard deviations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fit {
    /// Number of BatchNormalizations and standardizations that describe their inputs.
    pub norms: usize,
    /// Root mean square of the differences between means.
    pub mean: f64,
    /// Root mean square of the differences between standard deviations.
    pub deviation: f64,
}

impl<'a> Chain<'a> {
    /// The chain of a network whose inputs come from `source`, standardized by its means and deviations.
    ///
    /// # Errors
    /// If nothing is known of the values that reach a hidden layer.
    pub(super) fn of(checkpoint: &'a Checkpoint, source: &Source) -> Result<Self, Undescribed> {
        let mut chain = Self { parts: vec![first(checkpoint, source)], sites: Vec::new() };
        if source.known {
            let one = Held { mean: 0.0, std: 1.0, unit: 1.0 };
            chain.sites.push(Site { parts: 0, units: vec![one; checkpoint.inputs()] });
        }
        // The ReLU since the last Dense, and whether there was a BatchNormalization next to it.
        let (mut relu, mut described) = (None, true);
        for place in checkpoint.network().placed() {
            let params = &checkpoint.params[place.range()];
            match place.layer {
                Layer::Dense { .. } => {
                    if let (Some(layer), false) = (relu, described) {
                        return Err(Undescribed::Relu { layer });
                    }
                    (relu, described) = (None, false);
                    let (kernel, bias) = params.split_at(place.inputs * place.outputs);
                    chain.parts.push(Part::Dense { units: place.outputs, kernel, bias });
                }
                Layer::BatchNorm { epsilon, .. } => {
                    described = true;
                    chain.norm(place, params, epsilon, place.index < source.layers)?;
                }
                layer => match layer.role() {
                    Role::Relu => {
                        relu = Some(place.index);
                        chain.parts.push(Part::Relu);
                    }
                    Role::Dense | Role::Norm | Role::Head | Role::Nothing => {}
                },
            }
        }
        let last = chain.sites.last().map_or(0, |site| site.parts);
        chain.parts.truncate(last);
        Ok(chain)
    }

    /// Adds a BatchNormalization, which describes its inputs unless the source already has (`said`).
    fn norm(&mut self, place: Placed, params: &[f32], epsilon: f32, said: bool) -> Result<(), Undescribed> {
        let norms: Vec<BatchNorm> = params
            .chunks_exact(BatchNorm::VALUES)
            .map(|norm| BatchNorm::from_array([norm[0], norm[1], norm[2], norm[3]]))
            .collect();
        if norms.iter().all(|norm| norm.moving_mean == 0.0 && norm.moving_variance == 1.0) {
            return Err(Undescribed::Untrained { layer: place.index });
        }
        if !said {
            let stds: Vec<f64> = norms.iter().map(|norm| f64::from(norm.moving_variance).max(0.0).sqrt()).collect();
            let usual = (stds.iter().map(|std| std * std).sum::<f64>() / stds.len().max(1) as f64).sqrt();
            let least = (LEAST_STD * usual).max(f64::from(f32::MIN_POSITIVE));
            let held =
                |(norm, &std): (&BatchNorm, &f64)| Held { mean: norm.moving_mean.into(), std, unit: std.max(least) };
            self.sites.push(Site { parts: self.parts.len(), units: norms.iter().zip(&stds).map(held).collect() });
        }
        let (scale, shift) = norms.iter().map(|norm| norm.affine(epsilon)).map(|(a, b)| (a as f32, b as f32)).unzip();
        self.parts.push(Part::Affine { scale, shift });
        Ok(())
    }

    /// The values after every part for inputs `x [I][N]`, beginning with the inputs.
    pub(super) fn forward<C: Compute>(&self, x: &[f32], n: usize, compute: &C) -> Vec<Vec<f32>> {
        let mut values = vec![x.to_vec()];
        for part in &self.parts {
            let x = values.last().map(Vec::as_slice).unwrap_or_default();
            let next = part.forward(x, n, compute);
            values.push(next);
        }
        values
    }

    /// Sums of the values and of their squares, for every unit of every site.
    pub(super) fn sums(&self, values: &[Vec<f32>], n: usize) -> Vec<[f64; 2]> {
        let rows = self.sites.iter().flat_map(|site| values[site.parts].chunks_exact(n));
        rows.map(|row| {
            row.iter()
                .fold([0.0, 0.0], |[sum, squares], &z| [sum + f64::from(z), squares + f64::from(z) * f64::from(z)])
        })
        .collect()
    }

    /// For every unit of every site, the derivative of the error with respect to a value, `push = a + b z`; and the
    /// overall distance.
    pub(super) fn pushes(&self, sums: &[[f64; 2]], n: usize) -> (Vec<[f32; 2]>, Fit) {
        let (mut pushes, mut means, mut stds) = (Vec::with_capacity(sums.len()), 0.0, 0.0);
        let mut sums = sums.iter();
        for site in &self.sites {
            for (held, [sum, squares]) in site.units.iter().zip(sums.by_ref()) {
                let mean = sum / n as f64;
                let std = (squares / n as f64 - mean * mean).max(0.0).sqrt();
                let (d_mean, d_std) = ((mean - held.mean) / held.unit, (std - held.std) / held.unit);
                means += d_mean * d_mean;
                stds += d_std * d_std;
                // d std / d z = (z - mean) / (N std), if there is any deviation.
                let slope = if std > 1e-6 * held.unit { d_std / std } else { 0.0 };
                let share = 1.0 / (held.unit * site.units.len() as f64);
                pushes.push([((d_mean - slope * mean) * share) as f32, (slope * share) as f32]);
            }
        }
        let root = |sum: f64| (sum / pushes.len().max(1) as f64).sqrt();
        let fit = Fit { norms: self.sites.len(), mean: root(means), deviation: root(stds) };
        (pushes, fit)
    }

    /// The gradient of the error with respect to the inputs `[I][N]`, from the values and the pushes of their sites.
    pub(super) fn backward<C: Compute>(
        &self,
        values: &[Vec<f32>],
        pushes: &[[f32; 2]],
        n: usize,
        compute: &C,
    ) -> Vec<f32> {
        let mut d = vec![0.0; values.last().map_or(0, Vec::len)];
        let mut left = pushes.len();
        for at in (0..values.len()).rev() {
            // Two BatchNormalizations in a row have a site each.
            for site in self.sites.iter().rev().filter(|site| site.parts == at) {
                left -= site.units.len();
                let units = pushes[left..].iter().zip(values[at].chunks_exact(n).zip(d.chunks_exact_mut(n)));
                for ([a, b], (row, d)) in units {
                    d.iter_mut().zip(row).for_each(|(d, z)| *d += a + b * z);
                }
            }
            if let Some(part) = at.checked_sub(1).map(|before| &self.parts[before]) {
                d = part.backward(d, &values[at], &values[at - 1], n, compute);
            }
        }
        d
    }
}

/// From inputs in their own standard deviations to the network's inputs.
fn first<'a>(checkpoint: &Checkpoint, source: &Source) -> Part<'a> {
    let scaling = checkpoint.pixels.scaling();
    let of = |(input, marginal): (usize, &super::source::Marginal)| {
        let (a, b) = scaling.affine(input);
        ((a * marginal.std) as f32, (a * marginal.mean + b) as f32)
    };
    let (scale, shift) = source.inputs.iter().enumerate().map(of).unzip();
    Part::Affine { scale, shift }
}

impl Part<'_> {
    fn forward<C: Compute>(&self, x: &[f32], n: usize, compute: &C) -> Vec<f32> {
        match self {
            Self::Affine { scale, shift } => {
                let units = x.chunks_exact(n).zip(scale.iter().zip(shift));
                units.flat_map(|(x, (scale, shift))| x.iter().map(move |x| x * scale + shift)).collect()
            }
            Self::Relu => x.iter().map(|x| x.max(0.0)).collect(),
            Self::Dense { units, kernel, bias } => {
                let inputs = x.len() / n;
                let mut out: Vec<f32> = if bias.is_empty() {
                    vec![0.0; units * n]
                } else {
                    bias.iter().flat_map(|&bias| std::iter::repeat_n(bias, n)).collect()
                };
                let (kernel, x) = (Mat::new(kernel, *units, inputs), Mat::new(x, inputs, n));
                compute.product(&mut out, Write::Add { factor: 1.0 }, kernel, x);
                out
            }
        }
    }

    /// From the gradient of its values `y` to that of `x`.
    fn backward<C: Compute>(&self, mut d: Vec<f32>, y: &[f32], x: &[f32], n: usize, compute: &C) -> Vec<f32> {
        match self {
            Self::Affine { scale, .. } => {
                for (d, scale) in d.chunks_exact_mut(n).zip(scale) {
                    d.iter_mut().for_each(|d| *d *= scale);
                }
                d
            }
            Self::Relu => {
                d.iter_mut().zip(y).filter(|(_, y)| **y <= 0.0).for_each(|(d, _)| *d = 0.0);
                d
            }
            Self::Dense { units, kernel, .. } => {
                let mut out = vec![0.0; x.len()];
                let (kernel, d) = (Mat::new(kernel, *units, x.len() / n), Mat::new(&d, *units, n));
                compute.product(&mut out, Write::Replace, kernel.transposed(), d);
                out
            }
        }
    }
}
