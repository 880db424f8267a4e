//! From a checkpoint to a device model: fold, encode, and compare what came out with what went in.

use crate::checkpoint::Checkpoint;
use crate::evaluate::{Outputs, run_checkpoint, run_model};
use crate::fold::{FoldedLayer, fold};
use anyhow::{Context, bail};
use foldnet_core::model::{LayerHeader, LayerWeights, Spec, encode, encoded_len};
use foldnet_core::{Compute, Model};
use foldnet_data::View;
use foldnet_sim::AlignedBytes;
use serde::Serialize;

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
}

/// Folds `checkpoint` and writes the fold as 32-bit floats.
///
/// # Errors
/// When the layer list cannot be folded, or a shape is beyond the format's.
pub fn encode_float(checkpoint: &Checkpoint, image: (usize, usize), labels: &[String]) -> anyhow::Result<AlignedBytes> {
    let layers = fold(checkpoint).context("this network cannot be exported")?;
    let narrowed: Vec<(Vec<f32>, Vec<f32>)> = layers.iter().map(|l| (narrow(&l.kernel), narrow(&l.bias))).collect();
    let weights = layers.iter().zip(&narrowed);
    let with_weights =
        weights.map(|(layer, (kernel, bias))| Ok((float_header(layer)?, LayerWeights::Float { kernel, bias })));
    let labels: String = labels.iter().map(|label| format!("{label}\n")).collect();
    let (height, width) = (u16::try_from(image.0)?, u16::try_from(image.1)?);
    let layers = with_weights.collect::<anyhow::Result<_>>()?;
    encode_spec(&Spec { height, width, labels: &labels, layers, logit_scale: 1.0 })
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn float_header(layer: &FoldedLayer) -> anyhow::Result<LayerHeader> {
    let (Ok(inputs), Ok(units)) = (u16::try_from(layer.inputs), u16::try_from(layer.units)) else {
        bail!("a layer of {} inputs and {} units: a device model has at most 65,535", layer.inputs, layer.units);
    };
    Ok(LayerHeader { inputs, units, bits: 32, relu: layer.relu, scale: 1.0 })
}

fn encode_spec(spec: &Spec) -> anyhow::Result<AlignedBytes> {
    let mut bytes = vec![0; encoded_len(spec)];
    let len = encode(spec, &mut bytes)?;
    bytes.truncate(len);
    Ok(AlignedBytes::from_vec(bytes))
}

/// What the export did to the network, on labelled images: `float` is the network itself, `folded` its fold in f32,
/// `exported` the model file.
pub fn compare(
    bits: Vec<u8>,
    bytes: usize,
    labels: &[u8],
    float: &Outputs,
    folded: &Outputs,
    exported: &Outputs,
) -> Export {
    Export {
        bits,
        bytes,
        folded_max_deviation: float.largest_deviation(folded),
        float_accuracy: float.accuracy(labels),
        folded_accuracy: folded.accuracy(labels),
        accuracy: exported.accuracy(labels),
        changed: float.changed(exported),
    }
}

/// Exports 32-bit floats and compares them with the network on the test images.
///
/// # Errors
/// As [`encode_float`].
pub fn export_float<C: Compute>(
    checkpoint: &Checkpoint,
    test: View,
    labels: &[String],
    compute: &C,
) -> anyhow::Result<(AlignedBytes, Export)> {
    let bytes = encode_float(checkpoint, (test.height, test.width), labels)?;
    let model = Model::parse(&bytes)?;
    let (float, folded) = (run_checkpoint(checkpoint, test, compute), run_model(&model, test));
    let bits = vec![32; model.header().layers.len()];
    let export = compare(bits, model.bytes(), test.labels, &float, &folded, &folded);
    drop(model);
    Ok((bytes, export))
}
