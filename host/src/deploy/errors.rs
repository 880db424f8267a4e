//! The error of every layer of a model file: its outputs in the device's arithmetic, beside those of the network's fold.
//!
//! The file has its hidden units in an order of its own (`arrange`), which it does not state. They are therefore compared
//! with the units of the fold to which their outputs are closest, on the examples and on probes: examples with
//! independent values, which tell units apart that are alike on few examples. At 2 bits, units can still be confused;
//! the errors are estimates for that reason.

use super::quantize::{ImageWeights, float_outputs};
use crate::model::fold::{FoldedLayer, fold};
use crate::model::head::Head;
use crate::network::checkpoint::Checkpoint;
use crate::run::{layer_outputs, run_checkpoint};
use foldnet_core::{Compute, Model};
use foldnet_data::{Examples, Targets, Task, View};
use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::ops::Range;

/// See [`QuantizedLayer::error`](super::quantize::QuantizedLayer::error), for every layer of an integer model of
/// `checkpoint`, on these examples. `None` if the layers are not those of the network's fold, because units were
/// removed or the network was trained in integers, or if there are no examples.
///
/// # Errors
/// If the examples do not have the model's size and type.
pub fn layer_errors<C: Compute>(
    model: &Model,
    checkpoint: &Checkpoint,
    calibration: View,
    compute: &C,
) -> anyhow::Result<Option<Vec<f64>>> {
    let units = model.header().layers.iter().map(|layer| usize::from(layer.units)).collect::<Vec<_>>();
    let Some(mut folded) = fold(checkpoint).ok().filter(|_| checkpoint.about.quantized.is_none()) else {
        return Ok(None);
    };
    if model.is_float() || calibration.is_empty() || !folded.iter().map(|layer| layer.units).eq(units) {
        return Ok(None);
    }
    let probed = with_probes(calibration);
    let mut outputs = layer_outputs(model, probed.view())?;
    if let (Some(layer), Some(outputs)) = (folded.last_mut(), outputs.last_mut()) {
        scale_values(layer, outputs, checkpoint, calibration, compute);
    }
    let seen = checkpoint.seen(probed.view());
    let inputs = seen.view().inputs;
    let inputs = (0..inputs.len()).map(|at| f64::from(inputs.get(at)));
    let inputs = DMatrix::from_iterator(folded[0].inputs, probed.len(), inputs);
    let errors = compared(&folded, inputs, outputs, calibration.len());
    Ok(errors.iter().all(|error| error.is_finite()).then_some(errors))
}

/// Errors of layers of 8 bits that quantization alone does not cause. That of the first is about .03, with merged inputs
/// .2; above 1, outputs are worse than none.
const STRANGE: f64 = 0.3;
const WORSE_THAN_NONE: f64 = 1.0;

/// Whether a model with these [`layer_errors`] is probably from another network, judged by its first layers of 8 bits.
pub fn is_strange(bits: &[u8], errors: &[f64]) -> bool {
    let of_8_bits = bits.iter().zip(errors).take_while(|(bits, _)| **bits == 8).map(|(_, error)| *error);
    of_8_bits.enumerate().any(|(layer, error)| error > if layer == 0 { STRANGE } else { WORSE_THAN_NONE })
}

/// Examples and probes per input, up to a maximum number of probes.
const FOR_EACH_INPUT: usize = 2;
const MOST_PROBES: usize = 1_000;

/// The examples, followed by probes if there are few; a probe has every value from one of the examples at random.
fn with_probes(examples: View) -> Examples {
    let mut dice = ChaCha8Rng::seed_from_u64(0);
    let (inputs, count) = (examples.shape.inputs(), examples.len());
    let probes = (FOR_EACH_INPUT * inputs).saturating_sub(count).min(MOST_PROBES);
    let of_probes = (0..probes * inputs).map(|at| dice.next_u32() as usize % count * inputs + at % inputs);
    let values: Vec<usize> = (0..count * inputs).chain(of_probes).collect();
    Examples { inputs: examples.inputs.rows(&values, 1), targets: Targets::None, shape: examples.shape }
}

/// The error of every layer of a fold on the first `examples` of its inputs `x [I][N]`, whose quantized layers have the
/// `outputs [N][O]`.
fn compared(folded: &[FoldedLayer], mut x: DMatrix<f64>, outputs: Vec<Vec<f64>>, examples: usize) -> Vec<f64> {
    let mut errors = Vec::new();
    for (index, (layer, found)) in folded.iter().zip(outputs).enumerate() {
        let outputs = float_outputs(layer, &x);
        let images = ImageWeights::of(&outputs.columns(0, examples).into_owned());
        x = if layer.relu { outputs.map(|z| z.max(0.0)) } else { outputs };
        let found = DMatrix::from_vec(layer.units, x.ncols(), found);
        let last = index + 1 == folded.len();
        let order = if last { (0..layer.units).collect() } else { matched(&found, &x, images.shares()) };
        let images_of_both = found.column_iter().zip(x.column_iter()).take(examples);
        let pairs = images_of_both
            .flat_map(|(found, float)| order.iter().enumerate().map(move |(o, &unit)| (found[o], float[unit])));
        errors.push(images.error(layer.units, pairs));
    }
    errors
}

/// Brings values of different sizes to a common one, in the fold and in the model's outputs `[N][O]`.
fn scale_values<C: Compute>(
    layer: &mut FoldedLayer,
    outputs: &mut [f64],
    checkpoint: &Checkpoint,
    calibration: View,
    compute: &C,
) {
    if checkpoint.about.task != Task::Regress {
        return;
    }
    let network = run_checkpoint(checkpoint, calibration, compute).logits;
    if let Head::Values(rows) = Head::prepare(checkpoint, layer, &network) {
        let rows = rows.iter().cycle().map(|row| row.map(f64::from));
        outputs.iter_mut().zip(rows).for_each(|(value, [std, mean])| *value = (*value - mean) / std);
    }
}

/// Maximum number of passes over all pairs of units.
const PASSES: usize = 20;

/// For each unit of a model, with the outputs `found [O][N]`, its unit in the fold, whose outputs are `float [O][N]`. The
/// examples come first and have these `shares`; probes count less, as their errors are larger.
fn matched(found: &DMatrix<f64>, float: &DMatrix<f64>, mut shares: Vec<f64>) -> Vec<usize> {
    let (examples, all) = (shares.len(), float.ncols());
    shares.resize(all, 0.0);
    let first = order(found, float, &shares);
    if examples == all {
        return first;
    }
    let error = |images: Range<usize>| {
        let square = |(image, o): (usize, usize)| (found[(o, image)] - float[(first[o], image)]).powi(2);
        let count = images.len() as f64;
        images.flat_map(|image| (0..first.len()).map(move |o| (image, o))).map(square).sum::<f64>() / count
    };
    let (near, far) = (error(0..examples), error(examples..all));
    shares[examples..].fill(if far > 0.0 { near / far / examples as f64 } else { 0.0 });
    order(found, float, &shares)
}

/// See [`matched`], on images with these `shares`: first the nearest unit that is free, beginning with the most active
/// one, then exchanges of two as long as they bring outputs closer together.
fn order(found: &DMatrix<f64>, float: &DMatrix<f64>, shares: &[f64]) -> Vec<usize> {
    let weighted = |outputs: &DMatrix<f64>| {
        let mut outputs = outputs.clone();
        outputs.column_iter_mut().zip(shares).for_each(|(mut image, share)| image *= share.sqrt());
        outputs
    };
    let (found, float) = (weighted(found), weighted(float));
    let squares = |outputs: &DMatrix<f64>| outputs.row_iter().map(|unit| unit.norm_squared()).collect::<Vec<_>>();
    let (of_found, of_float, both) = (squares(&found), squares(&float), &found * float.transpose());
    let units = of_found.len();
    let (mut active, mut free) = ((0..units).collect::<Vec<_>>(), (0..units).collect::<Vec<_>>());
    active.sort_by(|&a, &b| of_found[b].total_cmp(&of_found[a]));
    let mut order = vec![0; units];
    for o in active {
        let distance = |&at: &usize| of_float[free[at]] - 2.0 * both[(o, free[at])];
        let nearest = (0..free.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        order[o] = nearest.map_or(0, |at| free.swap_remove(at));
    }
    for _ in 0..PASSES {
        let before = order.clone();
        for a in 1..units {
            for b in 0..a {
                // The squares are the same either way.
                if both[(a, order[b])] + both[(b, order[a])] > both[(a, order[a])] + both[(b, order[b])] {
                    order.swap(a, b);
                }
            }
        }
        if order == before {
            break;
        }
    }
    order
}

#[cfg(test)]
mod tests;
