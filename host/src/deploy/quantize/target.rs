//! The target outputs of a layer, and the weights that come closest to them on the inputs it actually gets.
//!
//! After quantized layers, a layer's inputs deviate. Its weights are therefore fitted by least squares to the outputs
//! of the float network on its own inputs, before rounding, which corrects part of the earlier layers' error.

use super::images::ImageWeights;
use super::moments::Moments;
use super::rounding::cholesky;
use crate::model::fold::FoldedLayer;
use nalgebra::DMatrix;

/// Pulls the fit towards the layer's own weights, as a fraction of the mean `E[x^2]`.
const DAMPING: f64 = 0.1;

/// The float outputs `[O][N]` of a layer before ReLU for inputs `[I][N]`, both in columns.
pub(crate) fn outputs(layer: &FoldedLayer, inputs: &DMatrix<f64>) -> DMatrix<f64> {
    let mut outputs = kernel(layer, 1.0) * inputs;
    for mut image in outputs.column_iter_mut() {
        image.iter_mut().zip(&layer.bias).for_each(|(z, bias)| *z += bias);
    }
    outputs
}

/// The layer's weights per step of its input `[O][I]`.
pub(super) fn kernel(layer: &FoldedLayer, step: f64) -> DMatrix<f64> {
    DMatrix::from_row_slice(layer.units, layer.inputs, &layer.kernel) * step
}

/// Weights `[O][I]` near `kernel` with which inputs `codes [N][I]` give the `outputs [O][N]`, up to a bias.
pub(super) fn fit(
    kernel: DMatrix<f64>,
    codes: &[u8],
    outputs: &DMatrix<f64>,
    images: &ImageWeights,
    moments: &Moments,
) -> DMatrix<f64> {
    let codes = DMatrix::from_iterator(kernel.ncols(), outputs.ncols(), codes.iter().map(|&x| f64::from(x)));
    let mut missing = outputs - &kernel * &codes;
    for mut unit in missing.row_iter_mut() {
        let mean = images.mean(unit.iter().copied());
        let weights = images.weights.iter().map(|&weight| f64::from(weight) / images.total);
        unit.iter_mut().zip(weights).for_each(|(value, weight)| *value = (*value - mean) * weight);
    }
    let correlation = &codes * missing.transpose();
    let correction = cholesky(DAMPING, |damping| moments.damped(damping)).solve(&correlation);
    kernel + correction.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    const INPUTS: usize = 6;
    const IMAGES: usize = 400;

    fn case() -> (Vec<u8>, FoldedLayer, DMatrix<f64>) {
        let mut dice = ChaCha8Rng::seed_from_u64(9);
        let codes: Vec<u8> = (0..INPUTS * IMAGES).map(|_| (dice.random::<f64>() * 256.0) as u8).collect();
        let kernel = (0..2 * INPUTS).map(|_| dice.random_range(-1.0..1.0f64)).collect();
        let layer = FoldedLayer { inputs: INPUTS, units: 2, relu: true, kernel, bias: vec![3.0, -50.0] };
        let inputs = DMatrix::from_iterator(INPUTS, IMAGES, codes.iter().map(|&x| f64::from(x) * 0.5));
        (codes, layer, inputs)
    }

    fn fitted(kernel: DMatrix<f64>, codes: &[u8], outputs: &DMatrix<f64>) -> DMatrix<f64> {
        let images = ImageWeights::of(outputs);
        let moments = Moments::of(codes, INPUTS, &images);
        fit(kernel, codes, outputs, &images, &moments)
    }

    #[test]
    fn outputs_are_those_of_the_layer() {
        let (_, layer, inputs) = case();
        let outputs = outputs(&layer, &inputs);
        let expected: f64 = layer.kernel[INPUTS..].iter().zip(&inputs.column(7)).map(|(w, x)| w * x).sum();
        assert!((outputs[(1, 7)] - (expected - 50.0)).abs() < 1e-9);
        assert_eq!(outputs.shape(), (2, IMAGES));
    }

    #[test]
    fn right_inputs_leave_the_weights_alone() {
        let (codes, layer, inputs) = case();
        let kernel = kernel(&layer, 0.5);
        let fitted = fitted(kernel.clone(), &codes, &outputs(&layer, &inputs));
        assert!((fitted - kernel).amax() < 1e-9);
    }

    #[test]
    fn wrong_inputs_are_made_up_for() {
        let (codes, layer, inputs) = case();
        let (outputs, kernel) = (outputs(&layer, &inputs), kernel(&layer, 0.5));
        // The preceding quantized layer outputs four fifths of the correct values.
        let less: Vec<u8> = codes.iter().map(|&x| (f64::from(x) * 0.8) as u8).collect();
        let fitted = fitted(kernel.clone(), &less, &outputs);
        let ideal = &kernel / 0.8;
        assert!((&fitted - &ideal).norm() < 0.5 * (&kernel - &ideal).norm());
    }
}
