//! From a checkpoint to a device model: fold, quantize, encode, and compare what came out with what went in.

use crate::deploy::arrange::arrange;
use crate::deploy::fold::{FoldedLayer, fold};
use crate::deploy::quantize::{self, Quantization, QuantizedLayer, quantize};
use crate::judge::evaluate::{Outputs, run_checkpoint, run_model};
use crate::network::checkpoint::Checkpoint;
use anyhow::{Context, bail};
use foldnet_core::model::{FLOAT_BITS, LayerHeader, LayerWeights, Spec, encode, encoded_len};
use foldnet_core::{Compute, Model};
use foldnet_data::View;
use foldnet_sim::AlignedBytes;
use serde::Serialize;

/// What to export, and on what images to look at it.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// Bits of a weight: one number for all layers, or one for each.
    pub bits: &'a [u8],
    /// Training images that integer weights are fitted to; none are needed for 32 bits.
    pub calibration: View<'a>,
    /// Labelled images that accuracy is measured on.
    pub test: View<'a>,
    /// Names of the classes.
    pub labels: &'a [String],
}

/// What `export` reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Export {
    /// Bits of every layer's weights.
    pub bits: Vec<u8>,
    /// Bytes of the model file.
    pub bytes: usize,
    /// Largest difference of a logit between the network and its fold, both in f32, over the test images.
    pub folded_max_deviation: f32,
    /// Accuracy of the network on the test images.
    pub float_accuracy: f64,
    /// Accuracy of the fold, before quantization.
    pub folded_accuracy: f64,
    /// Accuracy of the exported model.
    pub accuracy: f64,
    /// Test images whose class is another than the network's.
    pub changed: usize,
    /// Relative error of every layer's output on the calibration images, see [`QuantizedLayer::error`]; none for floats.
    pub layer_errors: Vec<f64>,
}

/// Exports `checkpoint` and compares the model with it on the test images; `progress` is told of the quantizer's.
///
/// # Errors
/// When the layer list cannot be folded, a shape is beyond the format's, or the bits are not what the format has.
pub fn export<C: Compute>(
    checkpoint: &Checkpoint,
    plan: &Plan,
    compute: &C,
    progress: &mut dyn FnMut(quantize::Progress),
) -> anyhow::Result<(AlignedBytes, Export)> {
    let folded = fold(checkpoint).context("this network cannot be exported")?;
    let bits = bits_per_layer(plan.bits, folded.len())?;
    let float_model = encode_float(&folded, plan)?;
    let float = run_checkpoint(checkpoint, plan.test, compute).finite()?;
    let folded_outputs = run(&float_model, plan.test)?.finite().context("folded, this network cannot be computed")?;
    let (model, errors) = if bits.contains(&FLOAT_BITS) {
        (float_model, Vec::new())
    } else {
        let calibration = plan.calibration.bytes()?;
        let how = Quantization { bits: &bits, calibration };
        let mut layers = quantize(&folded, &how, progress)?;
        let order = arrange(&mut layers, calibration);
        (encode_integer(&layers, &order, plan)?, layers.iter().map(|layer| layer.error).collect())
    };
    let (exported, labels) = (run(&model, plan.test)?.finite()?, plan.test.classes()?);
    let report = Export {
        bits,
        bytes: model.len(),
        folded_max_deviation: float.largest_deviation(&folded_outputs),
        float_accuracy: float.accuracy(labels),
        folded_accuracy: folded_outputs.accuracy(labels),
        accuracy: exported.accuracy(labels),
        changed: float.changed(&exported),
        layer_errors: errors,
    };
    Ok((model, report))
}

fn run(model: &[u8], view: View) -> anyhow::Result<Outputs> {
    Ok(run_model(&Model::parse(model)?, view))
}

/// One width for every layer, from one for all or one for each.
fn bits_per_layer(bits: &[u8], layers: usize) -> anyhow::Result<Vec<u8>> {
    let listed = bits.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    let bits = match bits {
        [all] => vec![*all; layers],
        _ if bits.len() == layers => bits.to_vec(),
        _ => bail!(
            "--bits {listed}: give one number, or one for each of the {layers} layers that are left after the fold"
        ),
    };
    if let Some(unknown) = bits.iter().find(|bits| ![2, 4, 8, FLOAT_BITS].contains(bits)) {
        bail!("--bits {unknown}: weights have 32, 8, 4 or 2 bits");
    }
    if bits.contains(&FLOAT_BITS) && bits.iter().any(|&bits| bits != FLOAT_BITS) {
        bail!("--bits {listed}: a model is all float or all integer; give 32 alone, or 8, 4 and 2");
    }
    Ok(bits)
}

/// The fold as 32-bit floats.
fn encode_float(layers: &[FoldedLayer], plan: &Plan) -> anyhow::Result<AlignedBytes> {
    let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<_>>();
    let narrowed: Vec<_> = layers.iter().map(|layer| (narrow(&layer.kernel), narrow(&layer.bias))).collect();
    if let Some(layer) = narrowed.iter().position(|(kernel, bias)| kernel.iter().chain(bias).any(|w| !w.is_finite())) {
        bail!(
            "layer {layer} of the fold: a weight is not a number or beyond 32-bit floats (a BatchNormalization with a huge \
             gamma, or a variance of 0 and no epsilon); train again with a smaller --learning-rate"
        );
    }
    let with_weights = layers.iter().zip(&narrowed).map(|(layer, (kernel, bias))| {
        let header = header(layer.inputs, layer.units, FLOAT_BITS, layer.relu, 1.0)?;
        Ok((header, LayerWeights::Float { kernel, bias }))
    });
    encode_layers(with_weights.collect::<anyhow::Result<_>>()?, 1.0, &[], plan)
}

/// Quantized layers, the first in this order of the pixels; the scale of the last one's outputs is that of the logits.
fn encode_integer(layers: &[QuantizedLayer], order: &[u16], plan: &Plan) -> anyhow::Result<AlignedBytes> {
    let with_weights = layers.iter().map(|layer| {
        let header = header(layer.inputs, layer.units, layer.bits, layer.relu, layer.scale as f32)?;
        Ok((header, LayerWeights::Integer { weights: &layer.weights, rows: &layer.rows }))
    });
    let logit_scale = layers.last().map_or(1.0, |last| last.scale as f32);
    encode_layers(with_weights.collect::<anyhow::Result<_>>()?, logit_scale, order, plan)
}

fn header(inputs: usize, units: usize, bits: u8, relu: bool, scale: f32) -> anyhow::Result<LayerHeader> {
    let (Ok(inputs), Ok(units)) = (u16::try_from(inputs), u16::try_from(units)) else {
        bail!("a layer of {inputs} inputs and {units} units: a device model has at most 65,535");
    };
    Ok(LayerHeader { inputs, units, bits, relu, scale })
}

/// Layers of a device model, with their weights.
type Layers<'a> = heapless::Vec<(LayerHeader, LayerWeights<'a>), { foldnet_core::model::MAX_MODEL_LAYERS }>;

fn encode_layers(layers: Layers, logit_scale: f32, order: &[u16], plan: &Plan) -> anyhow::Result<AlignedBytes> {
    let labels: String = plan.labels.iter().map(|label| format!("{label}\n")).collect();
    let (height, width) = (u16::try_from(plan.test.shape.height)?, u16::try_from(plan.test.shape.width)?);
    let spec = Spec { height, width, labels: &labels, layers, logit_scale, order, ..Spec::default() };
    let mut bytes = vec![0; encoded_len(&spec)];
    let len = encode(&spec, &mut bytes)?;
    bytes.truncate(len);
    Ok(AlignedBytes::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::bits_per_layer;

    fn check(bits: &[u8], expected: Result<&[u8], &str>) {
        let found = bits_per_layer(bits, 3).map_err(|error| error.to_string());
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.starts_with(expected), "{found}"),
            _ => panic!("{bits:?}: {found:?}"),
        }
    }

    #[test]
    fn bits_are_for_all_layers_or_each() {
        check(&[8], Ok(&[8, 8, 8]));
        check(&[4, 4, 8], Ok(&[4, 4, 8]));
        check(&[32], Ok(&[32, 32, 32]));
        check(&[4, 8], Err("--bits 4,8: give one number"));
        check(&[7], Err("--bits 7: "));
        check(&[32, 8, 8], Err("--bits 32,8,8: a model is all float or all integer"));
    }
}
