//! The effect of folding on the weights: their ranges before and after, and the weight of each input.

use super::values::{Axis, Histogram, MinMedianMax, widened};
use crate::absent::is_nan;
use crate::model::fold::FoldedLayer;
use crate::network::checkpoint::{Checkpoint, PixelStatistics};
use crate::show::summary::Row;
use foldnet_core::Layer;
use foldnet_core::fold::{Block, Fold, FoldError};
use foldnet_core::network::Placed;
use serde::Serialize;

/// The fold of a network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Folding {
    /// Largest difference of a logit between the network and its fold, both in f32.
    pub largest_deviation: f32,
    /// Fraction of the images that the fold classifies correctly; NaN, and not written, if there are no classes.
    #[serde(skip_serializing_if = "is_nan")]
    pub accuracy: f64,
    /// Number of images whose class the fold changed.
    pub changed: usize,
    /// The remaining Dense.
    pub layers: Vec<FoldedWeights>,
    /// The first of them, input by input.
    pub inputs: Inputs,
}

/// One remaining Dense, and the weights from which it was folded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoldedWeights {
    /// Names of the Dense merged into this one.
    pub names: Vec<String>,
    /// `I`
    pub inputs: usize,
    /// `O`
    pub units: usize,
    /// Kernels as trained.
    pub before: Weights,
    /// The kernel after the fold.
    pub after: Weights,
}

/// Weights of a kernel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weights {
    /// Range with signs.
    pub range: MinMedianMax,
    /// Range of magnitudes, without zeros.
    pub magnitude: MinMedianMax,
    /// Magnitudes as multiples of their median.
    pub relative: Histogram,
}

/// The root mean square over the units for each input, `[I]` each.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inputs {
    /// For the first Dense as trained.
    pub before: Vec<f64>,
    /// For the fold, which takes raw pixels.
    pub after: Vec<f64>,
    /// Standard deviation of each pixel from 0 to 1, if inputs are standardized.
    pub std: Option<Vec<f32>>,
}

/// Differences between a network and its fold on some images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// See [`Folding::largest_deviation`].
    pub largest_deviation: f32,
    /// See [`Folding::accuracy`].
    pub accuracy: f64,
    /// See [`Folding::changed`].
    pub changed: usize,
}

/// Compares the weights; `rows` is the network's table, which begins with the input.
///
/// # Errors
/// If the network cannot be folded, which `folded` has ruled out.
pub fn folding(
    checkpoint: &Checkpoint,
    rows: &[Row],
    folded: &[FoldedLayer],
    difference: Difference,
) -> Result<Folding, FoldError> {
    let trained = trained(checkpoint, rows)?;
    let std = match &checkpoint.pixels {
        PixelStatistics::Standardized { std, .. } | PixelStatistics::Values { std, .. } => Some(std.clone()),
        PixelStatistics::Raw | PixelStatistics::Unit => None,
    };
    let first = trained.first().and_then(|block| block.first());
    let inputs = Inputs {
        before: first.map_or(Vec::new(), |dense| per_input(&dense.kernel, checkpoint.inputs())),
        after: folded.first().map_or(Vec::new(), |layer| per_input(&layer.kernel, layer.inputs)),
        std,
    };
    let layers = trained.iter().zip(folded).map(|(dense, folded)| compared(dense, folded)).collect();
    let Difference { largest_deviation, accuracy, changed } = difference;
    Ok(Folding { largest_deviation, accuracy, changed, layers, inputs })
}

/// A Dense as trained.
struct Trained {
    name: String,
    kernel: Vec<f64>,
}

/// The Dense of each block of a network.
fn trained(checkpoint: &Checkpoint, rows: &[Row]) -> Result<Vec<Vec<Trained>>, FoldError> {
    let network = checkpoint.network();
    let fold = Fold::new(network, &checkpoint.params, checkpoint.pixels.scaling())?;
    let trained = |place: Placed| {
        let kernel = &checkpoint.params[place.range()][..place.inputs * place.outputs];
        Trained { name: rows[place.index + 1].name.clone(), kernel: widened(kernel.iter().copied()) }
    };
    let dense = |block: &Block| {
        let places = network.placed().skip(block.layers().start).take(block.layers().len());
        places.filter(|place| matches!(place.layer, Layer::Dense { .. })).map(trained).collect()
    };
    Ok(fold.blocks().iter().map(dense).collect())
}

fn compared(dense: &[Trained], folded: &FoldedLayer) -> FoldedWeights {
    let before: Vec<f64> = dense.iter().flat_map(|dense| dense.kernel.iter().copied()).collect();
    let (old, new) = (magnitudes(&before), magnitudes(&folded.kernel));
    // One axis for both.
    let ends = old.iter().chain(&new).copied().filter(|&ratio| ratio > LEAST);
    let (from, to) = ends.fold((1.0, 1.0), |(from, to), ratio| (f64::min(from, ratio), f64::max(to, ratio)));
    let (from, to) = if from == to { (from / 2.0, to * 2.0) } else { (from, to) };
    let weights = |kernel: &[f64], relative: &[f64]| Weights {
        range: MinMedianMax::of(kernel),
        magnitude: MinMedianMax::of(&kernel.iter().map(|w| w.abs()).filter(|w| *w > 0.0).collect::<Vec<_>>()),
        relative: Histogram::between(relative, Axis::Logarithmic, from, to),
    };
    FoldedWeights {
        names: dense.iter().map(|dense| dense.name.clone()).collect(),
        inputs: folded.inputs,
        units: folded.units,
        before: weights(&before, &old),
        after: weights(&folded.kernel, &new),
    }
}

/// Smaller multiples of the median are not shown.
const LEAST: f64 = 1e-3;

/// Nonzero magnitudes as multiples of their median.
fn magnitudes(kernel: &[f64]) -> Vec<f64> {
    let magnitudes: Vec<f64> = kernel.iter().map(|w| w.abs()).filter(|w| *w > 0.0).collect();
    let median = MinMedianMax::of(&magnitudes).median;
    magnitudes.iter().map(|w| w / median).collect()
}

/// The root mean square of each column of `kernel [O][I]`.
fn per_input(kernel: &[f64], inputs: usize) -> Vec<f64> {
    let units = kernel.len() / inputs;
    let square = |input: usize| kernel[input..].iter().step_by(inputs).map(|w| w * w).sum::<f64>();
    (0..inputs).map(|input| (square(input) / units as f64).sqrt()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fold::fold;
    use crate::show::summary::of_checkpoint;

    #[test]
    fn dense_after_dense_is_one_and_a_relu_parts() {
        let layers = vec![Layer::dense(2), Layer::dense_without_bias(1), Layer::Relu, Layer::dense_without_bias(2)];
        // [[1, 2], [3, -4]] + [0, 0], then [1, 1], then [[5], [-10]].
        let params = vec![1.0, 2.0, 3.0, -4.0, 0.0, 0.0, 1.0, 1.0, 5.0, -10.0];
        let pixels = PixelStatistics::Standardized { mean: vec![0.0; 2], std: vec![1.0 / 255.0, 0.5 / 255.0] };
        let checkpoint = Checkpoint::new(layers, 2, params, pixels).expect("a network");
        let rows = of_checkpoint(checkpoint.network()).layers;
        let difference = Difference { largest_deviation: 0.5, accuracy: 0.25, changed: 3 };
        let found = folding(&checkpoint, &rows, &fold(&checkpoint).expect("folds"), difference).expect("folds");
        let names: Vec<_> = found.layers.iter().map(|layer| layer.names.join("+")).collect();
        assert_eq!(names, ["dense+dense_1", "dense_2"]);
        let range = |weights: &Weights| (weights.range.min.round(), weights.range.max.round());
        // The first Dense: 1 * [1, 2] + 1 * [3, -4] = [4, -2], each divided by 255 times its std: [4, -4].
        assert_eq!((range(&found.layers[0].before), range(&found.layers[0].after)), ((-4.0, 3.0), (-4.0, 4.0)));
        assert_eq!((range(&found.layers[1].before), range(&found.layers[1].after)), ((-10.0, 5.0), (-10.0, 5.0)));
        let rounded = |values: &[f64]| values.iter().map(|v| v.round()).collect::<Vec<_>>();
        // sqrt((1 + 9) / 2), sqrt((4 + 16) / 2)
        assert_eq!((rounded(&found.inputs.before), rounded(&found.inputs.after)), (vec![2.0, 3.0], vec![4.0, 4.0]));
        assert_eq!((found.largest_deviation, found.accuracy, found.changed), (0.5, 0.25, 3));
        let counted = |weights: &Weights| weights.relative.counts.iter().sum::<usize>();
        assert_eq!((counted(&found.layers[0].before), counted(&found.layers[0].after)), (6, 2));
    }
}
