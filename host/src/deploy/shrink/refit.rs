//! The first layer on averages: the weights that best reproduce its outputs, by least squares.

use super::moments::{Statistics, factor};
use crate::model::fold::FoldedLayer;
use crate::network::groups::Groups;
use nalgebra::DMatrix;

/// Pulls the weights towards the sums of the members' own, as a fraction of the mean variance of an average.
const DAMPING: f64 = 1e-3;

/// `layer` with the groups' averages as its inputs; `of` are the moments of its original inputs.
///
/// With `x` the inputs, `a = G x` the averages, `C` the covariance of `x`: starting from `S`, the sums of the members'
/// weights, `W' = S + (W - S G) C G^T (G C G^T + damping)^-1`, and the bias keeps the mean of every output.
pub(super) fn refit(layer: &FoldedLayer, groups: &Groups, of: &Statistics) -> FoldedLayer {
    if groups.is_empty() {
        return layer.clone();
    }
    let kernel = DMatrix::from_row_slice(layer.units, layer.inputs, &layer.kernel);
    let own = sums(&kernel, groups);
    let left = &kernel - spread(&own, groups, layer.inputs);
    let with_averages = averages(&of.covariance, groups);
    let among = averages(&with_averages.transpose(), groups);
    let wanted = (left * &with_averages).transpose();
    let refitted = own + factor(&among, DAMPING).solve(&wanted).transpose();
    let change = &kernel - spread(&refitted, groups, layer.inputs);
    let bias = (change * &of.mean).iter().zip(&layer.bias).map(|(more, bias)| bias + more).collect();
    let kernel = refitted.transpose().as_slice().to_vec();
    FoldedLayer { inputs: refitted.ncols(), kernel, bias, ..layer.clone() }
}

/// Sums of the columns `[R][I]` within each group.
fn sums(columns: &DMatrix<f64>, groups: &Groups) -> DMatrix<f64> {
    let of = |group: &[u16]| {
        group.iter().map(|&value| columns.column(value.into()).into_owned()).sum::<nalgebra::DVector<f64>>()
    };
    DMatrix::from_columns(&groups.iter().map(of).collect::<Vec<_>>())
}

/// Averages of the columns within each group.
fn averages(columns: &DMatrix<f64>, groups: &Groups) -> DMatrix<f64> {
    let mut averages = sums(columns, groups);
    averages.column_iter_mut().zip(groups.iter()).for_each(|(mut column, group)| column /= group.len() as f64);
    averages
}

/// The weights of the values that correspond to weights of averages: an equal part for each member of a group.
fn spread(weights: &DMatrix<f64>, groups: &Groups, values: usize) -> DMatrix<f64> {
    let mut spread = DMatrix::zeros(weights.nrows(), values);
    for (column, group) in weights.column_iter().zip(groups.iter()) {
        let share = column / group.len() as f64;
        group.iter().for_each(|&value| spread.set_column(value.into(), &share));
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DVector;

    #[test]
    fn values_that_are_equal_lose_nothing() {
        let layer = FoldedLayer { inputs: 3, units: 1, relu: true, kernel: vec![2.0, -7.0, 4.0], bias: vec![1.0] };
        // Values 0 and 2 are always the same.
        let covariance = DMatrix::from_row_slice(3, 3, &[3.0, 1.0, 3.0, 1.0, 2.0, 1.0, 3.0, 1.0, 3.0]);
        let of = Statistics { mean: DVector::from_vec(vec![5.0, 1.0, 5.0]), covariance };
        let found = refit(&layer, &Groups::new(vec![vec![0, 2], vec![1]]), &of);
        assert_eq!(found.inputs, 2);
        let [both, other] = [found.kernel[0], found.kernel[1]];
        assert!((both - 6.0).abs() < 1e-9 && (other + 7.0).abs() < 1e-9, "{found:?}");
        assert!((found.bias[0] - 1.0).abs() < 1e-9, "{found:?}");
    }

    /// For varying values, no other weights of the averages come closer: the residual is uncorrelated with them.
    #[test]
    fn what_is_left_is_uncorrelated_with_the_averages() {
        let layer = FoldedLayer { inputs: 3, units: 1, relu: true, kernel: vec![1.0, 0.5, -2.0], bias: vec![0.0] };
        let covariance = DMatrix::from_row_slice(3, 3, &[4.0, 1.0, 0.5, 1.0, 3.0, 1.0, 0.5, 1.0, 2.0]);
        let of = Statistics { mean: DVector::from_vec(vec![1.0, 2.0, 3.0]), covariance: covariance.clone() };
        let groups = Groups::new(vec![vec![0, 1], vec![2]]);
        let found = refit(&layer, &groups, &of);
        let merged = spread(&DMatrix::from_row_slice(1, 2, &found.kernel), &groups, 3);
        let left = DMatrix::from_row_slice(1, 3, &layer.kernel) - merged;
        let correlation = left * averages(&covariance, &groups);
        assert!(correlation.amax() < 5e-3, "{correlation}");
        let mean = |kernel: &[f64], bias: f64, x: &[f64]| kernel.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + bias;
        let before = mean(&layer.kernel, 0.0, &[1.0, 2.0, 3.0]);
        assert!((mean(&found.kernel, found.bias[0], &[1.5, 3.0]) - before).abs() < 1e-9);
    }
}
