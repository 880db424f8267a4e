//! Measures a device model: compares its outputs with the network's and its fold's on the test examples.

use super::inputs::LossyInput;
use super::plan::{Built, ExportPlan, Folded};
use super::shrink::Shrunk;
use crate::absent::{is_nan, is_zero};
use crate::judge::evaluate::Metrics;
use crate::judge::metrics;
use crate::network::checkpoint::Checkpoint;
use crate::run::{Outputs, answers, run_checkpoint, run_model};
use anyhow::Context;
use foldnet_core::{Compute, Model};
use foldnet_data::{TargetsRef, Task, View};
use foldnet_sim::ConversionCost;
use serde::Serialize;

/// The report of `export`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Export {
    /// Bits of every layer's weights.
    pub bits: Vec<u8>,
    /// Bytes of the model file.
    pub bytes: usize,
    /// Largest difference of a logit between the network and its fold, both in f32, over the test images.
    pub folded_max_deviation: f32,
    /// Accuracy of the network on the test images. This and the next two are NaN, and not written, if there are no
    /// classes.
    #[serde(skip_serializing_if = "is_nan")]
    pub float_accuracy: f64,
    /// Accuracy of the fold, before quantization.
    #[serde(skip_serializing_if = "is_nan")]
    pub folded_accuracy: f64,
    /// Accuracy of the exported model.
    #[serde(skip_serializing_if = "is_nan")]
    pub accuracy: f64,
    /// Number of test images whose class differs from the network's.
    pub changed: usize,
    /// Relative error of every layer's output on the calibration images, see
    /// [`QuantizedLayer::error`](super::quantize::QuantizedLayer::error); empty for floats.
    pub layer_errors: Vec<f64>,
    /// Number of layers that keep the integers of the file that the network was imported from; not written if 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub kept_layers: usize,
    /// Type of an input.
    pub input: &'static str,
    /// Largest rounding error from 8 bits of an input, as a fraction of its standard deviation.
    pub input_loss: f64,
    /// Cost of converting inputs to activations on a device, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion: Option<ConversionCost>,
    /// RMSE of the network on the test examples, if it estimates values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_rmse: Option<f64>,
    /// The same for the exported model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// AUC of the network's anomaly score on the test examples, if some of them are abnormal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_auc: Option<f64>,
    /// The same for the exported model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    /// Inputs that lose more than [`LOSS_BOUND`](super::inputs::LOSS_BOUND) with 8 bits, the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lossy_inputs: Vec<LossyInput>,
    /// What was merged and removed, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smaller: Option<Shrunk>,
}

/// The outputs that a model is compared with.
#[derive(Debug)]
pub(super) struct Reference {
    /// The network's outputs.
    network: Outputs,
    /// The fold's outputs; `None` for a network that was trained in integers.
    folded: Option<Outputs>,
    task: Task,
}

impl Reference {
    /// Runs `checkpoint` and its fold on the test examples of `plan`.
    ///
    /// # Errors
    /// If an output is not a number.
    pub(super) fn of<C: Compute>(
        checkpoint: &Checkpoint,
        folded: Option<&Folded>,
        plan: &ExportPlan,
        compute: &C,
    ) -> anyhow::Result<Self> {
        let task = checkpoint.about.task;
        let Some(Folded { model, .. }) = folded else {
            return Ok(Self { network: run_checkpoint(checkpoint, plan.test, compute), folded: None, task });
        };
        let network = answers(checkpoint, plan.test, compute)?;
        let folded = run(model, checkpoint.seen(plan.test).view())?
            .finite()
            .context("folded, this network cannot be computed")?;
        Ok(Self { network, folded: Some(folded), task })
    }

    /// The report on the model.
    ///
    /// # Errors
    /// If an output of the model is not a number.
    pub(super) fn compare(&self, built: &Built, plan: &ExportPlan) -> anyhow::Result<Export> {
        let Self { network, folded, task } = self;
        let exported = run(&built.model, plan.test)?.finite()?;
        let classify = *task == Task::Classify;
        let accuracy = |outputs: &Outputs| match plan.test.classes() {
            Ok(labels) if classify && !labels.is_empty() => outputs.accuracy(labels),
            _ => f64::NAN,
        };
        Ok(Export {
            bits: built.bits.clone(),
            bytes: built.model.len(),
            folded_max_deviation: network.largest_deviation(folded.as_ref().unwrap_or(&exported)),
            float_accuracy: accuracy(network),
            folded_accuracy: accuracy(folded.as_ref().unwrap_or(network)),
            accuracy: accuracy(&exported),
            changed: if classify { network.changed(&exported) } else { 0 },
            layer_errors: built.errors.clone(),
            kept_layers: built.kept.iter().filter(|&&kept| kept).count(),
            input: plan.test.inputs.input_type().name(),
            input_loss: built.loss.largest,
            conversion: ConversionCost::of(&Model::parse(&built.model)?),
            float_rmse: rmse(network, plan.test),
            rmse: rmse(&exported, plan.test),
            float_auc: auc(network, plan.test),
            auc: auc(&exported, plan.test),
            lossy_inputs: built.loss.lossy.clone(),
            smaller: built.shrunk.clone(),
        })
    }
}

/// Area under the ROC curve of anomaly scores; `None` if the set or the network has none.
fn auc(outputs: &Outputs, view: View) -> Option<f64> {
    match outputs.of_scores(None, view).metrics {
        Metrics::Anomaly(found) if !outputs.scores.is_empty() => found.auc,
        _ => None,
    }
}

/// Root of the mean squared error of values; `None` if the set has none.
fn rmse(outputs: &Outputs, view: View) -> Option<f64> {
    let TargetsRef::Values { values, .. } = view.targets else { return None };
    Some(metrics::rmse(&outputs.logits, values))
}

/// The outputs of a model file.
pub(super) fn run(model: &[u8], view: View) -> anyhow::Result<Outputs> {
    Ok(run_model(&Model::parse(model)?, view))
}
