//! Losses from a network to its device model: the error layer by layer, and the images that changed class.

use super::devices::{BoardFit, LayerCost, fits, layers};
use super::measured::{Measurement, ModelFile};
use super::mistakes::confidences;
use super::plan::{ReportPlan, Stage, run_in_parts};
use crate::absent::is_nan;
use crate::deploy::errors::{is_strange, layer_errors};
use crate::files::open::{ImageSize, check_images};
use crate::judge::evaluate::Metrics;
use crate::run::{Outputs, run_model};
use anyhow::bail;
use foldnet_core::Compute;
use foldnet_data::Task;
use foldnet_sim::{ConversionCost, described};
use serde::Serialize;

/// A device model compared with its network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceModel {
    /// Path of the file.
    pub file: String,
    /// Bits per weight of every layer.
    pub bits: Vec<u8>,
    /// Size of the file in bytes.
    pub bytes: usize,
    /// Mean cross-entropy on the images, in nats, mean squared error, or mean score.
    pub loss: f64,
    /// Fraction of the images classified correctly; NaN, and not written, if there are no classes.
    #[serde(skip_serializing_if = "is_nan")]
    pub accuracy: f64,
    /// Metrics of the task, if it does not classify.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// `rms(model - network) / rms(network)` over all logits of the images.
    pub logit_error: f64,
    /// See [`layer_errors`]; also `None` for floats. Against the whole fold on the report's calibration examples, so
    /// that what merging costs is included; `export` states the errors against what it quantized.
    pub layer_errors: Option<Vec<f64>>,
    /// Images whose class differs from the network's, first those of which it was most certain.
    pub changed: Vec<Changed>,
    /// Cost of converting raw values to activations, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion: Option<ConversionCost>,
    /// Its layers.
    pub layers: Vec<LayerCost>,
    /// Its memory on every board.
    pub boards: Vec<BoardFit>,
    /// Its instructions, on the boards where they were counted.
    pub measured: Vec<Measurement>,
}

/// An image whose class changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Changed {
    /// Index of the image.
    pub image: usize,
    /// Its label.
    pub class: usize,
    /// The network's class.
    pub from: usize,
    /// Its probability according to the network.
    pub probability: f32,
    /// The device model's class.
    pub to: usize,
}

impl DeviceModel {
    /// Number of images that only the device model classifies correctly.
    pub fn mended(&self) -> usize {
        self.changed.iter().filter(|image| image.to == image.class).count()
    }

    /// Number of images that only the network classifies correctly.
    pub fn broken(&self) -> usize {
        self.changed.iter().filter(|image| image.from == image.class).count()
    }

    /// Whether it is probably from another network.
    pub fn is_strange(&self) -> bool {
        is_strange(&self.bits, self.layer_errors.as_deref().unwrap_or_default())
    }

    /// Whether the weights are floats.
    pub fn is_float(&self) -> bool {
        self.bits.iter().all(|&bits| bits == foldnet_core::model::FLOAT_BITS)
    }
}

/// Runs the model in `file` on the images; `network` has the network's outputs for them.
///
/// # Errors
/// If its inputs, task or outputs are not those of this network. A model of another network with the same ones is
/// measured like any other: its answers differ on many images.
pub fn device_model<C: Compute>(
    file: &ModelFile,
    plan: &ReportPlan,
    network: &Outputs,
    compute: &C,
    progress: &mut dyn FnMut(Stage),
) -> anyhow::Result<DeviceModel> {
    let model = &file.model;
    check(file, plan)?;
    let task = plan.checkpoint.about.task;
    let name = file.path.display().to_string();
    let outputs = run_in_parts(plan.test, &name, progress, |part| run_model(model, part)).finite()?;
    let evaluation = outputs.by_task(task, plan.test, &plan.labels, model.threshold())?;
    let changed = match task {
        Task::Classify => changed(network, &outputs, plan.test.classes()?),
        Task::Regress | Task::Reconstruct => Vec::new(),
    };
    Ok(DeviceModel {
        file: name,
        bits: model.header().layers.iter().map(|layer| layer.bits).collect(),
        bytes: model.bytes(),
        loss: evaluation.loss,
        accuracy: evaluation.accuracy,
        metrics: (task != Task::Classify).then_some(evaluation.metrics),
        logit_error: logit_error(network, &outputs),
        layer_errors: layer_errors(model, plan.checkpoint, plan.calibration, compute)?,
        changed,
        conversion: ConversionCost::of(model),
        layers: layers(model),
        boards: fits(model, plan.boards),
        measured: file.measured.clone(),
    })
}

fn check(file: &ModelFile, plan: &ReportPlan) -> anyhow::Result<()> {
    let model = &file.model;
    check_images(&file.path, ImageSize::of_model(model), plan.test)?;
    let path = file.path.display();
    let task = described::task(model);
    if task != plan.checkpoint.about.task {
        let network = plan.checkpoint.about.task;
        bail!("{path}: is trained to {task}, but the network to {network}; give a model exported from this network");
    }
    let (found, needed) = match task {
        Task::Classify => (model.classes(), plan.labels.len()),
        Task::Regress | Task::Reconstruct => (model.outputs(), plan.checkpoint.network().outputs()),
    };
    if found != needed {
        let what = match task {
            Task::Classify => format!("has {found} classes"),
            Task::Regress | Task::Reconstruct => format!("has {found} outputs"),
        };
        bail!("{path}: {what}, but the network has {needed}; give a model exported from this network");
    }
    Ok(())
}

/// See [`DeviceModel::logit_error`].
fn logit_error(network: &Outputs, model: &Outputs) -> f64 {
    let squares = network.logits.iter().zip(&model.logits).fold((0.0, 0.0), |(error, all), (&a, &b)| {
        let (a, b) = (f64::from(a), f64::from(b));
        (error + (b - a).powi(2), all + a.powi(2))
    });
    if squares.1 > 0.0 { (squares.0 / squares.1).sqrt() } else { 0.0 }
}

/// See [`DeviceModel::changed`].
fn changed(network: &Outputs, model: &Outputs, labels: &[u16]) -> Vec<Changed> {
    let pairs = network.predictions().into_iter().zip(model.predictions()).zip(confidences(network)).zip(labels);
    let differing = pairs.enumerate().filter(|(_, (((from, to), _), _))| from != to);
    let mut changed: Vec<Changed> = differing
        .map(|(image, (((from, to), probability), &class))| {
            let [class, from, to] = [class, from, to].map(usize::from);
            Changed { image, class, from, probability, to }
        })
        .collect();
    changed.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(logits: &[f32]) -> Outputs {
        Outputs { logits: logits.to_vec(), classes: 2, ..Outputs::default() }
    }

    #[test]
    fn what_changed_by_hand() {
        let network = outputs(&[1.0, 0.0, 0.0, 3.0, 2.0, 0.0]);
        let model = outputs(&[0.0, 1.0, 1.0, 0.0, 2.0, 0.0]);
        let found = changed(&network, &model, &[1, 1, 0]);
        let facts: Vec<_> = found.iter().map(|c| (c.image, c.class, c.from, c.to)).collect();
        assert_eq!(facts, [(1, 1, 1, 0), (0, 1, 0, 1)], "the network was more confident in the second");
        // Squares of the differences: 1, 1, 1, 9; of the network's: 1, 9, 4.
        assert!((logit_error(&network, &model) - (12.0f64 / 14.0).sqrt()).abs() < 1e-12);
        assert_eq!(logit_error(&outputs(&[0.0, 0.0]), &outputs(&[0.0, 0.0])), 0.0);
    }
}
