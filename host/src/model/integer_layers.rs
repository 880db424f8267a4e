//! From a network that was trained in integers to the rows of a model file. The weights are used unchanged; the
//! BatchNormalization is folded into the multiplier and the bias of each row.

use super::quantized::QuantizedLayer;
use super::row::{RealRow, least_step, row};
use crate::network::checkpoint::Checkpoint;
use anyhow::{Context, bail, ensure};
use foldnet_core::network::{LayerList, Placed};
use foldnet_core::quantized::BitWidth;
use foldnet_core::{BatchNorm, Layer};

/// A raw input of 255 corresponds to 1 in the student.
const INPUT_STEP: f64 = 1.0 / 255.0;

/// The integer layers of a network that was trained in integers.
///
/// # Errors
/// If the network was not, its layers are not those of a student, or a step is finer than a device's sums.
pub(crate) fn integer_layers(checkpoint: &Checkpoint) -> anyhow::Result<Vec<QuantizedLayer>> {
    let layers = layers(checkpoint)?;
    for (index, (layer, step)) in layers.iter().enumerate() {
        ensure!(
            layer.scale == *step,
            "Dense number {index}: a step of its outputs, {step:.3e}, is finer than one of a sum, {:.3e}; train with more bits",
            layer.scale
        );
    }
    Ok(layers.into_iter().map(|(layer, _)| layer).collect())
}

/// Raises the steps of hidden layers to the resolution of a device's sums, which are coarse for a row with few levels
/// and large weights.
///
/// # Errors
/// As [`integer_layers`], except for the steps.
pub(crate) fn raise_steps(checkpoint: &mut Checkpoint) -> anyhow::Result<()> {
    let raised: Vec<f64> = layers(checkpoint)?.into_iter().map(|(layer, _)| layer.scale).collect();
    let mut layers = checkpoint.layers.to_vec();
    let steps = layers.iter_mut().filter_map(|layer| match layer {
        Layer::QuantizedRelu { step } => Some(step),
        _ => None,
    });
    steps.zip(raised).for_each(|(step, raised)| *step = raised as f32);
    checkpoint.layers = LayerList::new(layers, checkpoint.inputs())?;
    Ok(())
}

/// The layers with steps that a device can represent, and the steps in the checkpoint.
fn layers(checkpoint: &Checkpoint) -> anyhow::Result<Vec<(QuantizedLayer, f64)>> {
    let quantized = checkpoint.about.quantized.as_ref().context("this network was not trained in integers")?;
    let places: Vec<Placed> = checkpoint.network().placed().collect();
    let (mut layers, mut step, mut rest) = (Vec::new(), INPUT_STEP, &places[..]);
    for &bits in &quantized.bits {
        let ([dense, behind @ ..], Layer::Dense { .. }) = (rest, rest.first().map_or(Layer::Relu, |place| place.layer))
        else {
            bail!("{} widths, but fewer Dense layers", quantized.bits.len());
        };
        let next = match behind {
            [norm, relu, behind @ ..] if matches!(norm.layer, Layer::BatchNorm { .. }) => {
                rest = behind;
                hidden(checkpoint, [*dense, *norm, *relu], bits, step)?
            }
            _ => {
                rest = behind;
                last(checkpoint, *dense, &quantized.scales, bits, step)?
            }
        };
        step = next.0.scale;
        layers.push(next);
    }
    Ok(layers)
}

fn hidden(
    checkpoint: &Checkpoint,
    [dense, norm, relu]: [Placed; 3],
    bits: u8,
    input_step: f64,
) -> anyhow::Result<(QuantizedLayer, f64)> {
    let (Layer::BatchNorm { epsilon, .. }, Layer::QuantizedRelu { step }) = (norm.layer, relu.layer) else {
        bail!("layer {}: a Dense of integers needs BatchNormalization and a quantized ReLU", dense.index);
    };
    let kernel = &checkpoint.params[dense.range()];
    let norms = checkpoint.params[norm.range()].chunks_exact(BatchNorm::VALUES);
    let mut weights = integers(kernel, 1.0, bits, dense.index)?;
    let mut rows = Vec::new();
    for (weights, norm) in weights.chunks_exact_mut(dense.inputs).zip(norms) {
        let norm = BatchNorm::from_array([norm[0], norm[1], norm[2], norm[3]]);
        let (slope, shift) = norm.affine(epsilon);
        rows.push(real_row(weights, slope * input_step, shift));
    }
    Ok(layer(dense, bits, weights, &rows, Some(f64::from(step))))
}

fn last(
    checkpoint: &Checkpoint,
    dense: Placed,
    scales: &[f32],
    bits: u8,
    input_step: f64,
) -> anyhow::Result<(QuantizedLayer, f64)> {
    let (kernel, biases) = checkpoint.params[dense.range()].split_at(dense.inputs * dense.outputs);
    ensure!(
        scales.len() == dense.outputs && biases.len() == scales.len(),
        "not a scale for each row of the last Dense"
    );
    let mut weights = Vec::new();
    let mut rows = Vec::new();
    for ((row, &scale), &bias) in kernel.chunks_exact(dense.inputs).zip(scales).zip(biases) {
        let mut row = integers(row, scale, bits, dense.index)?;
        rows.push(real_row(&mut row, f64::from(scale) * input_step, f64::from(bias)));
        weights.extend(row);
    }
    Ok(layer(dense, bits, weights, &rows, None))
}

/// A row with `z = slope sum + shift`. The scale of a row is positive, so a negative slope negates the weights.
fn real_row(weights: &mut [i8], slope: f64, shift: f64) -> RealRow {
    if slope < 0.0 {
        weights.iter_mut().for_each(|weight| *weight = -*weight);
    }
    if slope == 0.0 || weights.iter().all(|&weight| weight == 0) {
        weights.fill(0);
        return RealRow::constant(shift);
    }
    RealRow { scale: slope.abs(), bias: shift }
}

/// The levels of `kernel = scale q`.
fn integers(kernel: &[f32], scale: f32, bits: u8, layer: usize) -> anyhow::Result<Vec<i8>> {
    let width =
        BitWidth::from_bits(bits).with_context(|| format!("layer {layer}: {bits} bits is not a supported width"))?;
    let most = f32::from(width.max_weight());
    kernel
        .iter()
        .map(|&w| {
            let level = (w / scale).round();
            ensure!(
                level.abs() <= most && (w / scale - level).abs() < 1e-3,
                "layer {layer}: {w} is not a level of {bits} bits"
            );
            Ok(level as i8)
        })
        .collect()
}

/// A layer with this step of its outputs. If the step is finer than the resolution of its sums, or missing, with the
/// smallest one that fits in an f32. Also returns the requested step.
fn layer(dense: Placed, bits: u8, weights: Vec<i8>, rows: &[RealRow], step: Option<f64>) -> (QuantizedLayer, f64) {
    let least = least_step(rows).max(f64::from(f32::MIN_POSITIVE));
    // The next larger f32 if the nearest one is smaller.
    let above =
        if f64::from(least as f32) < least { f32::from_bits((least as f32).to_bits() + 1) } else { least as f32 };
    let asked = step.unwrap_or(least);
    let scale = if asked < least { f64::from(above) } else { asked };
    let rows = rows.iter().map(|&real| row(real, scale)).collect();
    let (inputs, units) = (dense.inputs, dense.outputs);
    (QuantizedLayer { inputs, units, relu: step.is_some(), bits, weights, rows, scale, kept: false, error: 0.0 }, asked)
}
