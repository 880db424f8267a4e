//! Encodes folded or quantized layers into a model file.

use super::head::Head;
use super::quantized::QuantizedLayer;
use crate::model::fold::FoldedLayer;
use crate::network::checkpoint::Checkpoint;
use crate::network::windows::Inputs;
use anyhow::{anyhow, bail};
use foldnet_core::model::{EncodeError, FLOAT_BITS, LayerHeader, LayerWeights, ModelSpec, encode, encoded_len};
use foldnet_data::Shape;
use foldnet_sim::AlignedBytes;

/// Encodes the fold of `checkpoint` as 32-bit floats.
pub(crate) fn encode_float(
    layers: &[FoldedLayer],
    checkpoint: &Checkpoint,
    inputs: &Inputs,
    examples: Examples,
) -> anyhow::Result<AlignedBytes> {
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
    let ends = Ends { inputs, head: &Head::of_floats(checkpoint), examples, dataset: checkpoint.about.digest() };
    encode_layers(with_weights.collect::<anyhow::Result<_>>()?, 1.0, &[], ends)
}

/// Encodes quantized layers, the first in this order of the pixels; the scale of the last layer's outputs is that of
/// the logits.
pub(crate) fn encode_integer(layers: &[QuantizedLayer], order: &[u16], ends: Ends) -> anyhow::Result<AlignedBytes> {
    let with_weights = layers.iter().map(|layer| {
        let header = header(layer.inputs, layer.units, layer.bits, layer.relu, layer.scale as f32)?;
        Ok((header, LayerWeights::Integer { weights: &layer.weights, rows: &layer.rows }))
    });
    let logit_scale = layers.last().map_or(1.0, |last| last.scale as f32);
    encode_layers(with_weights.collect::<anyhow::Result<_>>()?, logit_scale, order, ends)
}

fn header(inputs: usize, units: usize, bits: u8, relu: bool, scale: f32) -> anyhow::Result<LayerHeader> {
    let (Ok(inputs), Ok(units)) = (u16::try_from(inputs), u16::try_from(units)) else {
        bail!("a layer of {inputs} inputs and {units} units: a device model has at most 65,535; train a smaller one");
    };
    Ok(LayerHeader { inputs, units, bits, relu, scale })
}

/// Layers of a device model, with their weights.
type Layers<'a> = heapless::Vec<(LayerHeader, LayerWeights<'a>), { foldnet_core::model::MAX_MODEL_LAYERS }>;

/// The examples that a model takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Examples<'a> {
    pub(crate) shape: Shape,
    /// Names of the classes.
    pub(crate) labels: &'a [String],
}

/// Inputs, outputs and data set of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) head: &'a Head,
    pub(crate) examples: Examples<'a>,
    /// SHA-256.
    pub(crate) dataset: Option<[u8; 32]>,
}

fn encode_layers(layers: Layers, logit_scale: f32, order: &[u16], ends: Ends) -> anyhow::Result<AlignedBytes> {
    let Examples { shape, labels } = ends.examples;
    let labels: String = labels.iter().map(|label| format!("{label}\n")).collect();
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
    let len = encode(&spec, &mut bytes).map_err(|cause| match cause {
        EncodeError::Row { .. } | EncodeError::Weights { .. } | EncodeError::Scale { .. } => {
            anyhow!("{cause}; train again with a smaller --learning-rate, or give more --bits")
        }
        _ => anyhow!("internal error: {cause}; please report this"),
    })?;
    bytes.truncate(len);
    Ok(AlignedBytes::from_vec(bytes))
}
