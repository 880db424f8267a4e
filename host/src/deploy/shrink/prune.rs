//! Chooses hidden units to remove: first those whose removal changes the next layer's outputs least when the remaining
//! units compensate (Hassibi and Stork, "Second order derivatives for network pruning: Optimal Brain Surgeon", 1993,
//! applied to a whole column of weights at a time).
//!
//! With `H` the covariance of the activations and `w_j` the next layer's weights of unit `j`, removing it costs
//! `|w_j|^2 / (H^-1)_jj`, and the others' weights become `W - w_j (H^-1)_j / (H^-1)_jj`.

use super::moments::{Statistics, factor};
use crate::model::fold::FoldedLayer;
use nalgebra::{DMatrix, DVector};

/// Added to the diagonal of the covariance, as a fraction of the mean variance.
const DAMPING: f64 = 1e-4;

/// Minimum number of units that a layer keeps.
const FEWEST: usize = 2;

/// Removes units of `layer` as long as the outputs of `next` lose at most a `share` of their variance, and adapts the
/// remaining weights of `next`; `of` are the moments of the units' activations. The number of remaining units is a
/// multiple of `block` if enough can be removed.
pub(super) fn prune(layer: &mut FoldedLayer, next: &mut FoldedLayer, of: &Statistics, share: f64, block: usize) {
    let kernel = DMatrix::from_row_slice(next.units, next.inputs, &next.kernel);
    let all = (&kernel * &of.covariance).component_mul(&kernel).sum();
    let removable = Removal::new(kernel.clone(), of).count(share * all);
    let keep = (layer.units - removable).max(FEWEST).next_multiple_of(block).min(layer.units);
    let mut removal = Removal::new(kernel.clone(), of);
    for _ in keep..layer.units {
        removal.remove();
    }
    let change = kernel - &removal.kernel;
    next.bias.iter_mut().zip((change * &of.mean).iter()).for_each(|(bias, more)| *bias += more);
    let left: Vec<usize> = (0..layer.units).filter(|&unit| removal.alive[unit]).collect();
    let columns: Vec<_> = left.iter().map(|&unit| removal.kernel.column(unit)).collect();
    next.kernel = DMatrix::from_columns(&columns).transpose().as_slice().to_vec();
    let inputs = layer.inputs;
    layer.kernel = left.iter().flat_map(|unit| &layer.kernel[unit * inputs..][..inputs]).copied().collect();
    layer.bias = left.iter().map(|&unit| layer.bias[unit]).collect();
    (layer.units, next.inputs) = (left.len(), left.len());
}

/// The state of removing units.
struct Removal {
    /// `[O][I]`, with 0 for removed units.
    kernel: DMatrix<f64>,
    inverse: DMatrix<f64>,
    alive: Vec<bool>,
}

impl Removal {
    fn new(kernel: DMatrix<f64>, of: &Statistics) -> Self {
        let alive = vec![true; kernel.ncols()];
        Self { kernel, inverse: factor(&of.covariance, DAMPING).inverse(), alive }
    }

    /// Number of units that can be removed at this total cost.
    fn count(mut self, allowed: f64) -> usize {
        let (mut count, mut spent) = (0, 0.0);
        while count < self.alive.len() {
            spent += self.remove();
            if spent > allowed {
                break;
            }
            count += 1;
        }
        count
    }

    /// Removes the unit that costs least; returns its cost.
    fn remove(&mut self) -> f64 {
        let cost = |unit: usize| self.kernel.column(unit).norm_squared() / self.inverse[(unit, unit)];
        let left = (0..self.alive.len()).filter(|&unit| self.alive[unit]);
        let costs = left.map(|unit| (cost(unit), unit));
        let Some((cost, unit)) = costs.min_by(|a, b| a.0.total_cmp(&b.0)) else { return 0.0 };
        let row: DVector<f64> = self.inverse.column(unit) / self.inverse[(unit, unit)];
        let weights = self.kernel.column(unit).into_owned();
        self.kernel -= weights * row.transpose();
        let column = self.inverse.column(unit).into_owned();
        self.inverse -= column * row.transpose();
        self.alive[unit] = false;
        for gone in (0..self.alive.len()).filter(|&unit| !self.alive[unit]) {
            self.kernel.column_mut(gone).fill(0.0);
        }
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(units: usize) -> [FoldedLayer; 2] {
        let (kernel, bias) = ((0..units).map(|unit| unit as f64 + 1.0).collect(), vec![0.0; units]);
        let first = FoldedLayer { inputs: 1, units, relu: true, kernel, bias };
        let kernel = (0..units).map(|unit| 1.0 + unit as f64 / 2.0).collect();
        [first, FoldedLayer { inputs: units, units: 1, relu: false, kernel, bias: vec![3.0] }]
    }

    #[test]
    fn a_unit_that_repeats_another_costs_nothing() {
        let [mut first, mut next] = layers(3);
        // Unit 2 is twice unit 0.
        let covariance = DMatrix::from_row_slice(3, 3, &[1.0, 0.2, 2.0, 0.2, 1.0, 0.4, 2.0, 0.4, 4.0]);
        let of = Statistics { mean: DVector::from_vec(vec![1.0, 5.0, 2.0]), covariance };
        prune(&mut first, &mut next, &of, 1e-3, 1);
        assert_eq!((first.units, next.inputs, first.kernel.len()), (2, 2, 2));
        assert!(first.kernel.contains(&2.0), "unit 1 says what no other does: {first:?}");
        let (x, y) = (if first.kernel[0] == 1.0 { 1.0 } else { 2.0 }, 5.0);
        let activations = if first.kernel[0] == 2.0 { [y, x] } else { [x, y] };
        let found: f64 = next.kernel.iter().zip(activations).map(|(w, x)| w * x).sum::<f64>() + next.bias[0];
        assert!((found - (1.0 + 1.5 * 5.0 + 2.0 * 2.0 + 3.0)).abs() < 0.01, "{found}");
    }

    #[test]
    fn nothing_is_allowed_nothing_goes() {
        let [mut first, mut next] = layers(3);
        let of = Statistics { mean: DVector::zeros(3), covariance: DMatrix::identity(3, 3) };
        let before = (first.clone(), next.clone());
        prune(&mut first, &mut next, &of, 0.0, 1);
        assert_eq!(before, (first, next));
    }

    #[test]
    fn whole_blocks_are_left() {
        let [mut first, mut next] = layers(13);
        let of = Statistics { mean: DVector::zeros(13), covariance: DMatrix::identity(13, 13) };
        prune(&mut first, &mut next, &of, 0.02, 6);
        assert_eq!(first.units, 12);
    }
}
