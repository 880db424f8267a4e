//! From a checkpoint to a device model: fold, quantize, encode, and compare what came out with what went in.

use crate::deploy::arrange::arrange;
use crate::deploy::fold::{FoldedLayer, fold};
use crate::deploy::head::Head;
use crate::deploy::inputs::{Inputs, LossyInput};
use crate::deploy::integers::{Made, Quantizer};
use crate::deploy::quantize::{self, QuantizedLayer, integer_layers};
use crate::deploy::shrink::{Shrunk, Wanted};
use crate::judge::evaluate::{Metrics, Outputs, answers, is_nan, run_checkpoint, run_model};
use crate::network::checkpoint::Checkpoint;
use anyhow::{Context, bail};
use foldnet_core::model::{FLOAT_BITS, LayerHeader, LayerWeights, ModelSpec, encode, encoded_len};
use foldnet_core::{Compute, Model};
use foldnet_data::{TargetsRef, Task, View};
use foldnet_sim::AlignedBytes;
use serde::Serialize;

/// What to export, and on what images to look at it.
#[derive(Debug, Clone, Copy)]
pub struct ExportPlan<'a> {
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
    /// Accuracy of the network on the test images. This and the two below are NaN, and not written, where there are no
    /// classes.
    #[serde(skip_serializing_if = "is_nan")]
    pub float_accuracy: f64,
    /// Accuracy of the fold, before quantization.
    #[serde(skip_serializing_if = "is_nan")]
    pub folded_accuracy: f64,
    /// Accuracy of the exported model.
    #[serde(skip_serializing_if = "is_nan")]
    pub accuracy: f64,
    /// Test images whose class is another than the network's.
    pub changed: usize,
    /// Relative error of every layer's output on the calibration images, see [`QuantizedLayer::error`]; none for floats.
    pub layer_errors: Vec<f64>,
    /// Type of an input.
    pub input: &'static str,
    /// Largest rounding error that 8 bits of an input make, as a share of its standard deviation.
    pub input_loss: f64,
    /// Of values: root of the network's mean squared error on the test examples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_rmse: Option<f64>,
    /// The same of the exported model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// Of an anomaly score: the network's area under the ROC curve on the test examples, where some are abnormal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_auc: Option<f64>,
    /// The same of the exported model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    /// Inputs of which 8 bits lose more than [`LOSS_BOUND`](crate::deploy::inputs::LOSS_BOUND), the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lossy_inputs: Vec<LossyInput>,
    /// What was merged and removed, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smaller: Option<Shrunk>,
}

/// Exports `checkpoint` and compares the model with it on the test images; `progress` is told of the quantizer's.
///
/// # Errors
/// When the layer list cannot be folded, a shape is beyond the format's, or the bits are not what the format has.
pub fn export<C: Compute>(
    checkpoint: &Checkpoint,
    plan: &ExportPlan,
    compute: &C,
    progress: &mut dyn FnMut(quantize::QuantizeProgress),
) -> anyhow::Result<(AlignedBytes, Export)> {
    export_smaller(checkpoint, plan, None, compute, progress)
}

/// The same with inputs merged and units removed as far as is `wanted`.
///
/// # Errors
/// As [`export`]; and when the task or the bits are such that nothing can be made smaller, or what can costs too much.
pub fn export_smaller<C: Compute>(
    checkpoint: &Checkpoint,
    plan: &ExportPlan,
    wanted: Option<&Wanted>,
    compute: &C,
    progress: &mut dyn FnMut(quantize::QuantizeProgress),
) -> anyhow::Result<(AlignedBytes, Export)> {
    if wanted.is_some() {
        check_smaller(checkpoint, plan)?;
    }
    if checkpoint.about.quantized.is_some() {
        return export_integers(checkpoint, plan, compute);
    }
    let folded = fold(checkpoint).context("this network cannot be exported")?;
    let bits = bits_per_layer(plan.bits, folded.len())?;
    let float_model = encode_float(&folded, checkpoint, plan)?;
    let float = answers(checkpoint, plan.test, compute)?;
    let folded_outputs = run(&float_model, plan.test)?.finite().context("folded, this network cannot be computed")?;
    let made = if bits.contains(&FLOAT_BITS) {
        Made { model: float_model, errors: Vec::new(), inputs: Inputs::plain(plan.test), smaller: None }
    } else {
        Quantizer { checkpoint, plan, bits: &bits }.run(folded, wanted, compute, progress)?
    };
    let Made { model, errors, inputs, smaller } = made;
    let exported = run(&model, plan.test)?.finite()?;
    let classify = checkpoint.about.task == Task::Classify;
    let accuracy = |outputs: &Outputs| match plan.test.classes() {
        Ok(labels) if classify && !labels.is_empty() => outputs.accuracy(labels),
        _ => f64::NAN,
    };
    let auc = |outputs: &Outputs| match outputs.of_scores(None, plan.test).metrics {
        Metrics::Anomaly(found) if !outputs.scores.is_empty() => found.auc,
        _ => None,
    };
    let rmse = |outputs: &Outputs| rmse(outputs, plan.test);
    let report = Export {
        bits,
        bytes: model.len(),
        folded_max_deviation: float.largest_deviation(&folded_outputs),
        float_accuracy: accuracy(&float),
        folded_accuracy: accuracy(&folded_outputs),
        accuracy: accuracy(&exported),
        changed: if classify { float.changed(&exported) } else { 0 },
        layer_errors: errors,
        input: plan.test.inputs.input_type().name(),
        input_loss: inputs.loss,
        float_rmse: rmse(&float),
        rmse: rmse(&exported),
        float_auc: auc(&float),
        auc: auc(&exported),
        lossy_inputs: inputs.lossy.clone(),
        smaller,
    };
    Ok((model, report))
}

/// Refuses what has no smaller form.
fn check_smaller(checkpoint: &Checkpoint, plan: &ExportPlan) -> anyhow::Result<()> {
    if checkpoint.about.quantized.is_some() {
        bail!(
            "--merge, --prune: this network was trained in integers, which export takes as they are; export it without"
        );
    }
    if checkpoint.about.task == Task::Reconstruct {
        bail!(
            "--merge, --prune: a network that reconstructs its inputs needs all of them, and has no accuracy to judge by; export it without"
        );
    }
    if plan.bits.contains(&FLOAT_BITS) {
        bail!("--merge, --prune: only integer models are made smaller; give --bits 8, 4 or 2");
    }
    Ok(())
}

/// Root of the mean squared error of values; none where the set has none.
fn rmse(outputs: &Outputs, view: View) -> Option<f64> {
    let TargetsRef::Values { values, .. } = view.targets else { return None };
    let squares = outputs.logits.iter().zip(values).map(|(y, target)| (f64::from(*y) - f64::from(*target)).powi(2));
    Some((squares.sum::<f64>() / values.len().max(1) as f64).sqrt())
}

/// Of a network that was trained in integers: its weights and steps as they are.
fn export_integers<C: Compute>(
    checkpoint: &Checkpoint,
    plan: &ExportPlan,
    compute: &C,
) -> anyhow::Result<(AlignedBytes, Export)> {
    let mut layers = integer_layers(checkpoint)?;
    let trained: Vec<u8> = layers.iter().map(|layer| layer.bits).collect();
    let bits = bits_per_layer(plan.bits, layers.len())?;
    if bits != trained {
        let trained = trained.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        bail!(
            "--bits: this network was trained with weights of {trained} bits, which export takes as they are; give --bits {trained}"
        );
    }
    let order = arrange(&mut layers, plan.calibration.bytes()?);
    let inputs = Inputs::choose(plan.calibration);
    let model = encode_integer(
        &layers,
        &order,
        Ends { inputs: &inputs, head: &Head::Softmax, dataset: checkpoint.about.digest() },
        plan,
    )?;
    let (trained, exported) = (run_checkpoint(checkpoint, plan.test, compute), run(&model, plan.test)?);
    let labels = plan.test.classes()?;
    let accuracy = trained.accuracy(labels);
    let report = Export {
        bits,
        bytes: model.len(),
        folded_max_deviation: trained.largest_deviation(&exported),
        float_accuracy: accuracy,
        folded_accuracy: accuracy,
        accuracy: exported.accuracy(labels),
        changed: trained.changed(&exported),
        layer_errors: Vec::new(),
        input: plan.test.inputs.input_type().name(),
        input_loss: 0.0,
        float_rmse: None,
        rmse: None,
        float_auc: None,
        auc: None,
        lossy_inputs: Vec::new(),
        smaller: None,
    };
    Ok((model, report))
}

/// The outputs of a model file.
pub(super) fn run(model: &[u8], view: View) -> anyhow::Result<Outputs> {
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
fn encode_float(layers: &[FoldedLayer], checkpoint: &Checkpoint, plan: &ExportPlan) -> anyhow::Result<AlignedBytes> {
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
    let (inputs, head) = (Inputs::plain(plan.test), Head::of_floats(checkpoint));
    let ends = Ends { inputs: &inputs, head: &head, dataset: checkpoint.about.digest() };
    encode_layers(with_weights.collect::<anyhow::Result<_>>()?, 1.0, &[], ends, plan)
}

/// Quantized layers, the first in this order of the pixels; the scale of the last one's outputs is that of the logits.
pub(super) fn encode_integer(
    layers: &[QuantizedLayer],
    order: &[u16],
    ends: Ends,
    plan: &ExportPlan,
) -> anyhow::Result<AlignedBytes> {
    let with_weights = layers.iter().map(|layer| {
        let header = header(layer.inputs, layer.units, layer.bits, layer.relu, layer.scale as f32)?;
        Ok((header, LayerWeights::Integer { weights: &layer.weights, rows: &layer.rows }))
    });
    let logit_scale = layers.last().map_or(1.0, |last| last.scale as f32);
    encode_layers(with_weights.collect::<anyhow::Result<_>>()?, logit_scale, order, ends, plan)
}

fn header(inputs: usize, units: usize, bits: u8, relu: bool, scale: f32) -> anyhow::Result<LayerHeader> {
    let (Ok(inputs), Ok(units)) = (u16::try_from(inputs), u16::try_from(units)) else {
        bail!("a layer of {inputs} inputs and {units} units: a device model has at most 65,535");
    };
    Ok(LayerHeader { inputs, units, bits, relu, scale })
}

/// Layers of a device model, with their weights.
type Layers<'a> = heapless::Vec<(LayerHeader, LayerWeights<'a>), { foldnet_core::model::MAX_MODEL_LAYERS }>;

/// How values come in, what comes out, and of which set all of it was learned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) head: &'a Head,
    /// SHA-256.
    pub(super) dataset: Option<[u8; 32]>,
}

fn encode_layers(
    layers: Layers,
    logit_scale: f32,
    order: &[u16],
    ends: Ends,
    plan: &ExportPlan,
) -> anyhow::Result<AlignedBytes> {
    let labels: String = plan.labels.iter().map(|label| format!("{label}\n")).collect();
    let shape = plan.test.shape;
    let (height, width, channels) =
        (u16::try_from(shape.height)?, u16::try_from(shape.width)?, u16::try_from(shape.channels)?);
    let spec = ModelSpec {
        height,
        width,
        channels,
        input: ends.inputs.spec(),
        head: ends.head.spec(),
        labels: &labels,
        layers,
        logit_scale,
        order,
        dataset: ends.dataset.as_ref(),
    };
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
