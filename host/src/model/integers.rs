//! The model of a network that was trained in integers, with its weights, steps and windows unchanged.

use super::encode::{Ends, Examples, encode_integer};
use super::head::Head;
use super::integer_layers::integer_layers;
use super::quantized::QuantizedLayer;
use crate::network::checkpoint::Checkpoint;
use crate::network::windows::Inputs;
use foldnet_data::Shape;
use foldnet_sim::AlignedBytes;

/// A network that was trained in integers: its weights and steps, unchanged.
pub(crate) struct Integers {
    pub(crate) layers: Vec<QuantizedLayer>,
    pub(crate) inputs: Inputs,
    head: Head,
}

impl Integers {
    /// # Errors
    /// If the checkpoint has no integers that a device can compute with.
    pub(crate) fn of(checkpoint: &Checkpoint) -> anyhow::Result<Self> {
        let (layers, inputs) = (integer_layers(checkpoint)?, Inputs::trained(checkpoint)?);
        let head = Head::trained(checkpoint, &inputs, step(&layers))?;
        Ok(Self { layers, inputs, head })
    }

    /// The same with another conversion of its inputs, to which the first layer is adapted.
    pub(crate) fn converted(self, checkpoint: &Checkpoint, inputs: Inputs) -> anyhow::Result<Self> {
        let head = Head::trained(checkpoint, &inputs, step(&self.layers))?;
        Ok(Self { inputs, head, ..self })
    }

    /// The model, with its inputs in this order.
    pub(crate) fn encode(
        &self,
        checkpoint: &Checkpoint,
        order: &[u16],
        examples: Examples,
    ) -> anyhow::Result<AlignedBytes> {
        let ends = Ends { inputs: &self.inputs, head: &self.head, examples, dataset: checkpoint.about.digest() };
        encode_integer(&self.layers, order, ends)
    }
}

/// The real value of a step of the outputs, as the file holds it: an f32.
fn step(layers: &[QuantizedLayer]) -> f64 {
    layers.last().map_or(1.0, |last| f64::from(last.scale as f32))
}

/// The model of a network that was trained in integers, with inputs and units in their own order, for evaluation.
///
/// # Errors
/// If the checkpoint has no integers that a device can compute with.
pub(crate) fn integer_model(checkpoint: &Checkpoint) -> anyhow::Result<AlignedBytes> {
    let shape = checkpoint.about.data_shape().unwrap_or_else(|| Shape::features(checkpoint.values()));
    Integers::of(checkpoint)?.encode(checkpoint, &[], Examples { shape, labels: &[] })
}
