//! From a folded network to integers: weights of 8, 4 or 2 bits, activations of 8.
//!
//! Layer by layer, first to last, on calibration images:
//!
//! * `target`: the layer's target outputs, from the float network, and the weights that come closest to them on the
//!   inputs that it actually gets from the preceding quantized layers;
//! * `images`: the weight of each image; `moments`: exact statistics of its inputs;
//! * `scale`, `rounding`: a scale for each row, and second-order rounding to its levels;
//! * the bias absorbs the remaining mean error; `activations`: the step of the outputs;
//! * `model::row`: the rows of the model file; `integer`: the next layer's inputs in exactly the device's arithmetic.
//!
//! The following variants were tried on six networks and left out, because the number of classes that change at 8, 4
//! and 2 bits (then 0.62, 2.0 and 6.1 %) did not fall: a step per unit (0.62, 2.1, 6.1), activations weighted by the
//! next layer's kernel (0.64, 2.1, 6.1), damping of 0.1 or 5 % (0.65, 2.1, 6.2 and 0.63, 2.1, 6.0), damping also in the
//! refinement's error (22, 10, 8). Every part of the method is needed: plain rounding changes 0.75, 2.7 and 9.2 %, the
//! nearest plane without refinement 0.60, 2.3 and 6.6, equal weights for all images 1.6 % at 8 bits.
//!
//! Nothing is random and nothing depends on threads: the same input gives the same bytes, at least on processors with
//! the same vector instructions (which determine the order of sums in f64 products).

mod activations;
mod error;
mod images;
mod integer;
mod kept;
mod moments;
mod nearest;
mod parameters;
mod rounding;
mod scale;
mod target;

#[cfg(test)]
mod tests;

pub(crate) use activations::step as activation_step;
pub(crate) use error::check_width;
pub use error::{MAX_INPUTS, MAX_WEIGHT, QuantizeError};
pub(crate) use images::ImageWeights;
pub use kept::Kept;
pub(crate) use moments::Moments;
pub use parameters::Quantization;
pub(crate) use scale::search as row_scale;
pub(crate) use target::outputs as float_outputs;

pub use crate::model::quantized::QuantizedLayer;

use crate::model::fold::FoldedLayer;
use crate::model::row::{MAX_BIAS, RealRow, least_step, row};
use foldnet_core::quantized::Row;
use nalgebra::DMatrix;
use rounding::{RoundedRow, Rounding};

/// Progress of [`quantize`]: one report per row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantizeProgress {
    /// The layer, from 0.
    pub layer: usize,
    /// Total number of layers.
    pub layers: usize,
    /// Number of finished rows of the layer.
    pub row: usize,
    /// Total number of rows of the layer.
    pub rows: usize,
}

/// Quantizes a network of Dense with ReLU between them.
///
/// # Errors
/// If the layers do not match each other or the request, see [`QuantizeError`].
pub fn quantize(
    layers: &[FoldedLayer],
    how: &Quantization,
    progress: &mut dyn FnMut(QuantizeProgress),
) -> Result<Vec<QuantizedLayer>, QuantizeError> {
    error::check(layers, how)?;
    let mut inputs = Inputs::first(how, layers[0].inputs);
    let mut quantized = Vec::with_capacity(layers.len());
    for (index, (layer, &bits)) in layers.iter().zip(how.bits).enumerate() {
        let rows = layer.units;
        let mut done = |row| progress(QuantizeProgress { layer: index, layers: layers.len(), row, rows });
        let kept = how.kept.get(index).filter(|_| bits == 8);
        let plan = LayerPlan::new(layer, bits, kept, how.measured, &inputs);
        let largest = plan.outputs.amax();
        if largest > f64::from(f32::MAX) / 2.0 {
            return Err(QuantizeError::Outputs { layer: index, largest });
        }
        let (layer, next) = plan.carry_out(&inputs, index + 1 == layers.len(), &mut done);
        quantized.push(layer);
        inputs = next;
    }
    Ok(quantized)
}

/// The activations `[N][O]` of a quantized layer for activations `x [N][I]`, in exactly the device's arithmetic.
pub fn codes(layer: &QuantizedLayer, x: &[u8]) -> Vec<u8> {
    let products = integer::products(x, layer.inputs, &layer.weights);
    integer::outputs(&products, &layer.rows).into_iter().map(|y| y.clamp(0, 255) as u8).collect()
}

/// The logits `[N][O]` of quantized layers on bytes `[N][I]`, in exactly the device's arithmetic.
#[cfg(test)]
pub(crate) fn logits(layers: &[QuantizedLayer], images: &[u8]) -> Vec<i32> {
    let Some((last, hidden)) = layers.split_last() else { return Vec::new() };
    let mut x = images.to_vec();
    for layer in hidden {
        x = codes(layer, &x);
    }
    let mut outputs = integer::outputs(&integer::products(&x, last.inputs, &last.weights), &last.rows);
    if last.relu {
        outputs.iter_mut().for_each(|z| *z = (*z).max(0));
    }
    outputs
}

/// A layer's inputs on the calibration images.
struct Inputs {
    /// From the quantized layers before it `[N][I]`.
    codes: Vec<u8>,
    /// Real value of one step of a code.
    step: f64,
    /// From the float network `[I][N]`, in columns.
    float: DMatrix<f64>,
    /// Whether both are the same.
    exact: bool,
}

impl Inputs {
    fn first(how: &Quantization, inputs: usize) -> Self {
        let (codes, examples) = (how.calibration, how.calibration.len() / inputs);
        let float = match how.exact {
            Some(exact) => DMatrix::from_iterator(inputs, examples, exact.iter().copied()),
            None => DMatrix::from_iterator(inputs, examples, codes.iter().map(|&code| f64::from(code))),
        };
        Self { codes: codes.to_vec(), step: 1.0, float, exact: how.exact.is_none() }
    }
}

/// A layer about to be quantized.
struct LayerPlan<'a> {
    layer: &'a FoldedLayer,
    bits: u8,
    kept: Option<&'a Kept>,
    /// See [`Quantization::measured`].
    measured: usize,
    /// Float outputs before ReLU `[O][N]`, in columns.
    outputs: DMatrix<f64>,
    images: ImageWeights,
    moments: Moments,
}

impl<'a> LayerPlan<'a> {
    fn new(layer: &'a FoldedLayer, bits: u8, kept: Option<&'a Kept>, measured: usize, inputs: &Inputs) -> Self {
        let outputs = target::outputs(layer, &inputs.float);
        let images = ImageWeights::of(&outputs);
        let moments = Moments::of(&inputs.codes, layer.inputs, &images);
        Self { layer, bits, kept, measured, outputs, images, moments }
    }

    /// Quantizes the layer; also returns the next layer's inputs.
    fn carry_out(self, inputs: &Inputs, last: bool, done: &mut dyn FnMut(usize)) -> (QuantizedLayer, Inputs) {
        let kept = self.kept.and_then(|kept| Some((kept.integers(self.layer, inputs.step)?, kept.output)));
        let is_kept = kept.is_some();
        let ((weights, real), output) = kept.unwrap_or_else(|| (self.round_rows(inputs, done), None));
        let products = integer::products(&inputs.codes, self.layer.inputs, &weights);
        let step = self.step(&products, &real, if last { output.or(Some(0.0)) } else { output });
        let rows: Vec<Row> = real.iter().map(|&real| row(real, step)).collect();
        let mut outputs = integer::outputs(&products, &rows);
        if self.layer.relu {
            let most = if last { i32::MAX } else { 255 };
            outputs.iter_mut().for_each(|y| *y = (*y).clamp(0, most));
        }
        let error = self.error(outputs.iter().map(|&y| f64::from(y) * step));
        let codes = outputs.iter().map(|&y| y.clamp(0, 255) as u8).collect();
        let FoldedLayer { inputs, units, relu, .. } = *self.layer;
        let layer =
            QuantizedLayer { inputs, units, relu, bits: self.bits, weights, rows, scale: step, kept: is_kept, error };
        (layer, Inputs { codes, step, float: self.outputs.map(|z| z.max(0.0)), exact: false })
    }

    /// See [`QuantizedLayer::error`], for these outputs `[N][O]`.
    fn error(&self, found: impl Iterator<Item = f64>) -> f64 {
        let measured = self.outputs.columns(0, self.measured).into_owned();
        let float = measured.iter().map(|&z| if self.layer.relu { z.max(0.0) } else { z });
        ImageWeights::of(&measured).error(self.layer.units, found.zip(float))
    }

    /// The weights `[O][I]`, and the real values of each row.
    fn round_rows(&self, inputs: &Inputs, done: &mut dyn FnMut(usize)) -> (Vec<i8>, Vec<RealRow>) {
        let kernel = target::kernel(self.layer, inputs.step);
        let wanted = if inputs.exact {
            kernel
        } else {
            target::fit(kernel, &inputs.codes, &self.outputs, &self.images, &self.moments)
        };
        let rounding = Rounding::new(&self.moments, self.bits);
        let (mut weights, mut rows) = (Vec::with_capacity(self.layer.kernel.len()), Vec::new());
        for unit in 0..self.layer.units {
            let row: Vec<f64> = wanted.row(unit).iter().copied().collect();
            let mean = self.images.mean(self.outputs.row(unit).iter().copied());
            let (rounded, real) = self.round_row(&rounding, &row, mean);
            weights.extend(rounded.weights);
            rows.push(real);
            done(unit + 1);
        }
        (weights, rows)
    }

    /// The weights of a row per code; its outputs are to have this mean.
    fn round_row(&self, rounding: &Rounding, row: &[f64], mean: f64) -> (RoundedRow, RealRow) {
        let means = &self.moments.mean;
        // Half of the maximum bias: the actual bias only differs from this by rounding errors.
        let most = mean.abs() + row.iter().zip(means).map(|(w, x)| (w * x).abs()).sum::<f64>();
        let least = most / (MAX_BIAS / 2.0);
        let rounded = rounding.round(row, least);
        if rounded.weights.iter().all(|&weight| weight == 0) {
            return (rounded, RealRow::constant(mean));
        }
        let sum: f64 = rounded.weights.iter().zip(means).map(|(&w, x)| f64::from(w) * x).sum();
        let (scale, bias) = (rounded.scale, mean - rounded.scale * sum);
        (rounded, RealRow { scale, bias })
    }

    /// The step of the layer's outputs: as `asked`, or that which loses least; larger if the rows do not allow it.
    fn step(&self, products: &[i32], rows: &[RealRow], asked: Option<f64>) -> f64 {
        // At least the smallest step that an f32, the type in the file, can represent.
        let least = least_step(rows).max(f64::from(f32::MIN_POSITIVE));
        if let Some(asked) = asked.filter(|asked| asked.is_finite()) {
            return asked.max(least);
        }
        let real = |(sum, row): (&i32, &RealRow)| (f64::from(*sum) * row.scale + row.bias).max(0.0);
        let outputs: Vec<f64> = products.iter().zip(rows.iter().cycle()).map(real).collect();
        activations::step(&outputs, self.layer.units, &self.images).max(least)
    }
}
