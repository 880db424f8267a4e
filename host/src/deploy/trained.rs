//! The model of a network that was trained in integers, with its weights, steps and windows unchanged.

use super::arrange::arrange;
use super::encode::{Ends, encode_integer};
use super::head::Head;
use super::inputs::Inputs;
use super::plan::{Built, ExportPlan};
use super::quantize::{QuantizedLayer, integer_layers};
use crate::network::checkpoint::Checkpoint;
use foldnet_data::{Shape, TargetsRef, ValuesRef, View};
use foldnet_sim::AlignedBytes;

/// A network that was trained in integers: its weights and steps, unchanged.
pub(super) struct Integers {
    layers: Vec<QuantizedLayer>,
    inputs: Inputs,
    head: Head,
}

impl Integers {
    pub(super) fn of(checkpoint: &Checkpoint) -> anyhow::Result<Self> {
        let (layers, inputs) = (integer_layers(checkpoint)?, Inputs::trained(checkpoint)?);
        // In steps of what the file holds, an f32.
        let step = layers.last().map_or(1.0, |last| f64::from(last.scale as f32));
        let head = Head::trained(checkpoint, &inputs, step)?;
        Ok(Self { layers, inputs, head })
    }

    fn encode(&self, checkpoint: &Checkpoint, order: &[u16], plan: &ExportPlan) -> anyhow::Result<AlignedBytes> {
        let ends = Ends { inputs: &self.inputs, head: &self.head, dataset: checkpoint.about.digest() };
        encode_integer(&self.layers, order, ends, plan)
    }

    /// The model with its inputs and units in the order that is fastest on a device.
    pub(super) fn arranged(mut self, checkpoint: &Checkpoint, plan: &ExportPlan) -> anyhow::Result<Built> {
        let bits = self.layers.iter().map(|layer| layer.bits).collect();
        let (seen, groups) = (checkpoint.seen(plan.calibration), checkpoint.groups());
        let mut codes = seen.view().bytes()?.to_vec();
        if groups.is_empty() && plan.calibration.bytes().is_ok() {
            self.inputs = Inputs::choose(plan.calibration).turn_integers(&mut self.layers[0]);
            let step = self.layers.last().map_or(1.0, |last| f64::from(last.scale as f32));
            self.head = Head::trained(checkpoint, &self.inputs, step)?;
            codes = self.inputs.codes(plan.calibration.inputs, checkpoint.inputs);
        }
        let arranged = arrange(&mut self.layers, &codes, &groups);
        self.inputs = self.inputs.grouped(&arranged.groups);
        let model = self.encode(checkpoint, &arranged.order, plan)?;
        Ok(Built { model, bits, errors: Vec::new(), kept: Vec::new(), inputs: self.inputs, smaller: None })
    }
}

/// The model of a network that was trained in integers, with inputs and units in their own order, for evaluation.
///
/// # Errors
/// If the checkpoint has no integers that a device can compute with.
pub(crate) fn integer_model(checkpoint: &Checkpoint) -> anyhow::Result<AlignedBytes> {
    let shape = checkpoint.about.data_shape().unwrap_or_else(|| Shape::features(checkpoint.values()));
    let none = View { inputs: ValuesRef::U8(&[]), targets: TargetsRef::None, shape };
    let plan = ExportPlan { bits: &[], calibration: none, test: none, labels: &[] };
    Integers::of(checkpoint)?.encode(checkpoint, &[], &plan)
}
