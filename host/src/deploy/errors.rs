//! The error of every layer of a model file: its outputs in the device's arithmetic, beside those of the network's fold.
//!
//! The file has its hidden units in an order of its own (`arrange`), which it does not state. They are therefore compared
//! with the units of the fold to which their outputs are closest. Units that are hardly active can be confused; the errors
//! are estimates for that reason.

use super::quantize::{ImageWeights, float_outputs};
use crate::model::fold::{FoldedLayer, fold};
use crate::model::head::Head;
use crate::network::checkpoint::Checkpoint;
use crate::run::{layer_outputs, run_checkpoint};
use foldnet_core::{Compute, Model};
use foldnet_data::{Task, View};
use nalgebra::DMatrix;

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
    let mut outputs = layer_outputs(model, calibration)?;
    if let (Some(layer), Some(outputs)) = (folded.last_mut(), outputs.last_mut()) {
        scale_values(layer, outputs, checkpoint, calibration, compute);
    }
    let seen = checkpoint.seen(calibration);
    let inputs = seen.view().inputs;
    let inputs = (0..inputs.len()).map(|at| f64::from(inputs.get(at)));
    let inputs = DMatrix::from_iterator(folded[0].inputs, calibration.len(), inputs);
    let errors = compared(&folded, inputs, outputs);
    Ok(errors.iter().all(|error| error.is_finite()).then_some(errors))
}

/// The error of every layer of a fold on inputs `x [I][N]`, whose quantized layers have the `outputs [N][O]`.
fn compared(folded: &[FoldedLayer], mut x: DMatrix<f64>, outputs: Vec<Vec<f64>>) -> Vec<f64> {
    let mut errors = Vec::new();
    for (index, (layer, found)) in folded.iter().zip(outputs).enumerate() {
        let outputs = float_outputs(layer, &x);
        let images = ImageWeights::of(&outputs);
        x = if layer.relu { outputs.map(|z| z.max(0.0)) } else { outputs };
        let found = DMatrix::from_vec(layer.units, x.ncols(), found);
        let last = index + 1 == folded.len();
        let order = if last { (0..layer.units).collect() } else { order(&found, &x, &images) };
        let images_of_both = found.column_iter().zip(x.column_iter());
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

/// For each unit of a model, with the outputs `found [O][N]`, its unit in the fold, whose outputs are `float [O][N]`:
/// first the nearest one that is free, beginning with the most active unit, then exchanges of two as long as they bring
/// outputs closer together.
fn order(found: &DMatrix<f64>, float: &DMatrix<f64>, images: &ImageWeights) -> Vec<usize> {
    let shares = images.shares();
    let weighted = |outputs: &DMatrix<f64>| {
        let mut outputs = outputs.clone();
        outputs.column_iter_mut().zip(&shares).for_each(|(mut image, share)| image *= share.sqrt());
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
mod tests {
    use super::*;

    #[test]
    fn units_are_found_in_any_order() {
        // Units 1 and 3 are never active: which is which makes no difference.
        let float = DMatrix::from_row_slice(4, 3, &[9.0, 0.0, 5.0, 0.0, 0.0, 0.0, 8.0, 1.0, 5.0, 0.0, 0.0, 0.0]);
        let found = DMatrix::from_row_slice(4, 3, &[0.0, 0.0, 0.0, 7.9, 1.2, 5.1, 8.8, 0.1, 5.1, 0.0, 0.0, 0.0]);
        let order = order(&found, &float, &ImageWeights::of(&float));
        assert_eq!(order[1..3], [2, 0]);
        assert!([[1, 3], [3, 1]].contains(&[order[0], order[3]]), "{order:?}");
    }
}
