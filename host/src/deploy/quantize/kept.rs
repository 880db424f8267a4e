//! Keeps the integers of an imported int8 network instead of rounding its weights again, so that the device computes what
//! the other tool's interpreter computes.
//!
//! Import turns the integers into real numbers, `w = s q` with a scale `s` for each row. Dividing by the scale gives them
//! back, unless a scale or offset of single inputs was folded into the layer: then the quotients are not whole numbers, and
//! the layer is quantized like any other.

use crate::model::fold::FoldedLayer;
use crate::model::row::{MAX_BIAS, RealRow};
use crate::network::checkpoint::{Checkpoint, Scales};
use foldnet_core::Layer;
use foldnet_core::network::Placed;
use foldnet_data::Task;

/// Largest weight at 8 bits.
const LARGEST: f64 = 127.0;

/// Largest deviation from a whole number: weights are f32, and so are the scales that were folded into them.
const WHOLE: f64 = 1e-3;

/// The scales of a folded layer that was imported in integers.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Real value of one step of a weight in each row, for inputs in their own unit `[O]`.
    rows: Vec<f64>,
    /// Real value of one step of an output, if it is known.
    pub(super) output: Option<f64>,
}

impl Kept {
    /// The scales for the layers of the fold of `checkpoint`, whose first layer takes activations; empty if the network
    /// was not imported in integers.
    pub fn of(checkpoint: &Checkpoint, folded: &[FoldedLayer]) -> Vec<Self> {
        let scales = &checkpoint.about.scales;
        let dense: Vec<_> =
            checkpoint.network().placed().filter(|place| matches!(place.layer, Layer::Dense { .. })).collect();
        if scales.len() != folded.len() || dense.len() != folded.len() {
            return Vec::new();
        }
        let of_layer = |((scales, folded), dense): ((&Scales, &FoldedLayer), &Placed)| {
            let kernel = checkpoint.params[dense.range()].get(..folded.kernel.len()).unwrap_or_default();
            let rows = kernel.chunks_exact(folded.inputs).zip(folded.kernel.chunks_exact(folded.inputs));
            // What the fold multiplied a row's weights with.
            let factor = |(before, after): (&[f32], &[f64])| {
                let largest = before.iter().zip(after).max_by(|(a, _), (b, _)| a.abs().total_cmp(&b.abs()));
                largest.map_or(1.0, |(before, after)| (after / f64::from(*before)).abs())
            };
            let rows = rows.map(factor).zip(&scales.rows).map(|(factor, &scale)| factor * f64::from(scale)).collect();
            Self { rows, output: scales.output.map(f64::from) }
        };
        let mut kept: Vec<Self> = scales.iter().zip(folded).zip(&dense).map(of_layer).collect();
        if let (Some(last), Task::Regress) = (kept.last_mut(), checkpoint.about.task) {
            // Values have a common scale instead.
            last.output = None;
        }
        kept
    }

    /// The weights `[O][I]` and rows of a layer whose inputs have this step; `None` if these are not the layer's scales.
    pub(super) fn integers(&self, layer: &FoldedLayer, step: f64) -> Option<(Vec<i8>, Vec<RealRow>)> {
        if self.rows.len() != layer.units {
            return None;
        }
        let (mut weights, mut rows) = (Vec::with_capacity(layer.kernel.len()), Vec::with_capacity(layer.units));
        for ((kernel, &bias), &scale) in layer.kernel.chunks_exact(layer.inputs).zip(&layer.bias).zip(&self.rows) {
            let from = weights.len();
            for weight in kernel {
                let (quotient, level) = (weight / scale, (weight / scale).round());
                if *weight != 0.0 && !(level.abs() <= LARGEST && (quotient - level).abs() <= WHOLE) {
                    return None;
                }
                weights.push(if *weight == 0.0 { 0 } else { level as i8 });
            }
            let real = RealRow { scale: scale * step, bias };
            if weights[from..].iter().all(|&weight| weight == 0) {
                rows.push(RealRow::constant(bias));
                continue;
            }
            let usable = real.scale.is_normal() && real.scale > 0.0 && (bias / real.scale).abs() <= MAX_BIAS;
            rows.push(usable.then_some(real)?);
        }
        Some((weights, rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integers(kernel: &[f64], scale: f64, step: f64) -> Option<(Vec<i8>, Vec<RealRow>)> {
        let layer =
            FoldedLayer { inputs: kernel.len(), units: 1, relu: true, kernel: kernel.to_vec(), bias: vec![2.0] };
        Kept { rows: vec![scale], output: None }.integers(&layer, step)
    }

    #[test]
    fn whole_multiples_of_a_scale_are_kept() {
        let (weights, rows) = integers(&[0.75, -31.75, 0.0], 0.25, 0.5).expect("whole");
        assert_eq!((weights, rows), (vec![3, -127, 0], vec![RealRow { scale: 0.125, bias: 2.0 }]));
        let (_, rows) = integers(&[0.0, 0.0], 0.25, 0.5).expect("whole");
        assert_eq!(rows, [RealRow::constant(2.0)]);
    }

    #[test]
    fn other_weights_are_not() {
        for (weight, scale, step) in [
            (0.8, 0.25, 1.0),
            (32.0, 0.25, 1.0),
            (0.5, 0.0, 1.0),
            (0.5, f64::NAN, 1.0),
            (0.5, -0.25, 1.0),
            (1.0, 1.0, 1e-12),
        ] {
            assert_eq!(integers(&[weight], scale, step), None, "{weight} {scale} {step}");
        }
        let layer = FoldedLayer { inputs: 1, units: 2, relu: true, kernel: vec![1.0; 2], bias: vec![0.0; 2] };
        assert_eq!(Kept { rows: vec![1.0], output: None }.integers(&layer, 1.0), None);
    }
}
