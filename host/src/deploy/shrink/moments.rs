//! Mean and covariance of real activations, with the quantizer's weights of the examples.

use crate::deploy::quantize::{ImageWeights, Moments, float_outputs};
use crate::model::fold::FoldedLayer;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// Statistics of activations over the calibration examples.
#[derive(Debug, Clone)]
pub(super) struct Statistics {
    /// `[I]`
    pub(super) mean: DVector<f64>,
    /// `[I][I]`
    pub(super) covariance: DMatrix<f64>,
}

/// Number of examples whose outputs are computed at once.
const BATCH: usize = 1000;

impl Statistics {
    /// Moments of the activations `codes [N][I]` that `layer` takes; its outputs determine the weights of the examples.
    pub(super) fn of_codes(codes: &[u8], layer: &FoldedLayer) -> Self {
        let batches =
            codes.chunks(BATCH * layer.inputs).map(|codes| float_outputs(layer, &columns(codes, layer.inputs)));
        let outputs: Vec<f64> = batches.flat_map(|batch| batch.as_slice().to_vec()).collect();
        let outputs = DMatrix::from_vec(layer.units, codes.len() / layer.inputs, outputs);
        let Moments { mean, covariance, .. } = Moments::of(codes, layer.inputs, &ImageWeights::of(&outputs));
        Self { mean: DVector::from_vec(mean), covariance }
    }

    /// Moments of activations `[I][N]`, one example per column; the `outputs [O][N]` of the layer that takes them
    /// determine the weights of the examples.
    pub(super) fn of(activations: &DMatrix<f64>, outputs: &DMatrix<f64>) -> Self {
        let shares = ImageWeights::of(outputs).shares();
        let shares = DVector::from_vec(shares);
        let mean = activations * &shares;
        let mut centred = activations.clone();
        centred.column_iter_mut().zip(shares.iter()).for_each(|(mut column, share)| {
            column -= &mean;
            column *= share.sqrt();
        });
        let covariance = &centred * centred.transpose();
        Self { mean, covariance }
    }
}

/// Replaces the mean variance if nothing varies.
const LEAST_VARIANCE: f64 = 1e-9;

/// Cholesky factor of a covariance with `damping` times its mean variance added to the diagonal, or more if that is not
/// enough.
pub(super) fn factor(covariance: &DMatrix<f64>, damping: f64) -> Cholesky<f64, Dyn> {
    let variance = (covariance.trace() / covariance.nrows() as f64).max(LEAST_VARIANCE);
    let mut damping = damping;
    loop {
        let mut damped = covariance.clone();
        (0..damped.nrows()).for_each(|i| damped[(i, i)] += damping * variance);
        if let Some(factor) = Cholesky::new(damped) {
            return factor;
        }
        damping *= 10.0;
    }
}

/// `[I][N]` from `[N][I]`.
pub(super) fn columns(codes: &[u8], inputs: usize) -> DMatrix<f64> {
    DMatrix::from_iterator(inputs, codes.len() / inputs, codes.iter().map(|&code| f64::from(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_that_count_alike_give_plain_moments() {
        let x = DMatrix::from_row_slice(2, 4, &[1.0, 3.0, 1.0, 3.0, 0.0, 0.0, 4.0, 4.0]);
        // Equal energies: all examples weigh the same.
        let found = Statistics::of(&x, &DMatrix::from_row_slice(1, 4, &[1.0, -1.0, 1.0, -1.0]));
        assert!((found.mean - DVector::from_vec(vec![2.0, 2.0])).amax() < 1e-12);
        assert!((found.covariance - DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 4.0])).amax() < 1e-12);
    }

    #[test]
    fn what_does_not_vary_has_a_factor() {
        assert!(factor(&DMatrix::zeros(3, 3), 1e-3).l().iter().all(|x| x.is_finite()));
    }
}
