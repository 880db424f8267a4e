//! All numbers of a report, measured before anything is drawn: one file per section.

pub mod answers;
pub mod classes;
pub mod devices;
pub mod folding;
pub mod measured;
pub mod mistakes;
pub mod models;
pub mod norms;
mod plan;
pub mod values;
pub mod words;

use crate::deploy::build::folded;
use crate::deploy::export::ExportPlan;
use crate::judge::evaluate::Evaluation;
use crate::model::fold::fold;
use crate::run::{Outputs, run_checkpoint, run_model, with_scores};
use crate::show::summary::{Summary, of_checkpoint};
use crate::train::history::History;
pub use plan::{ReportPlan, Stage};

use answers::Answers;
use classes::Classes;
use folding::{Difference, Folding, folding};
use foldnet_core::model::FLOAT_BITS;
use foldnet_core::{Compute, Model};
use foldnet_data::{Shape, Task, View};
use mistakes::{Mistake, mistakes};
use models::{DeviceModel, device_model};
use norms::{Norm, norms};
use plan::run_in_parts;
use serde::Serialize;
use words::Words;

/// All numbers of a report, as printed by `report --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name of the network.
    pub name: String,
    /// Name of the dataset.
    pub dataset: String,
    /// Number of test images in the dataset; [`Evaluation::images`] were measured on.
    pub test_images: usize,
    /// The network's task.
    pub task: Task,
    /// The words for examples and inputs.
    #[serde(skip)]
    pub words: Words,
    /// Shape of an example.
    #[serde(skip)]
    pub shape: Shape,
    /// Names of its channels, or empty.
    #[serde(skip)]
    pub channels: Vec<String>,
    /// Height and width of an image.
    pub image: (usize, usize),
    /// Names of the classes.
    pub labels: Vec<String>,
    /// Layers and parameters.
    pub summary: Summary,
    /// Its training history, if known.
    pub history: Option<History>,
    /// Evaluation of the network in float, as in `evaluate`.
    pub evaluation: Evaluation,
    /// Its answers, if it does not classify.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
    /// Its confusion matrix.
    pub classes: Classes,
    /// Its mistakes, the most confident first.
    pub mistakes: Vec<Mistake>,
    /// Its BatchNormalizations.
    pub norms: Vec<Norm>,
    /// Its fold.
    pub folding: Option<Folding>,
    /// The reason why it has no fold.
    pub not_folded: Option<String>,
    /// Its device models.
    pub models: Vec<DeviceModel>,
}

/// Measures everything; `progress` receives every part.
///
/// # Errors
/// If a device model does not belong to this network; the error names the file.
///
/// # Panics
/// If the images do not have the network's size.
pub fn gather<C: Compute>(plan: &ReportPlan, compute: &C, progress: &mut dyn FnMut(Stage)) -> anyhow::Result<Report> {
    let ReportPlan { checkpoint, labels, test, .. } = plan;
    let (task, threshold) = (checkpoint.about.task, checkpoint.about.threshold);
    let summary = of_checkpoint(checkpoint.network());
    let run = |part: View| with_scores(run_checkpoint(checkpoint, part, compute), checkpoint, part);
    let network = run_in_parts(*test, "network", progress, run).finite()?;
    let (classes, mistakes) = match task {
        Task::Classify => {
            let labels = test.classes()?;
            (Classes::of(labels, &network.predictions(), network.classes), mistakes(&network, labels))
        }
        Task::Regress | Task::Reconstruct => (Classes::of(&[], &[], 0), Vec::new()),
    };
    let (folding, not_folded) = match fold(checkpoint) {
        Ok(folded) => match difference(plan, &network, progress)? {
            Some(difference) => (Some(folding(checkpoint, &summary.layers, &folded, difference)?), None),
            None => (None, Some("it was trained in integers, so it has no fold".to_owned())),
        },
        Err(error) => (None, Some(error.to_string())),
    };
    let seen = checkpoint.seen(test.slice(0..1)).view().shape;
    let models = plan.models.iter().map(|file| device_model(file, plan, &network, compute, progress));
    Ok(Report {
        models: models.collect::<anyhow::Result<_>>()?,
        name: plan.name.clone(),
        dataset: plan.dataset.clone(),
        test_images: plan.test_images,
        task,
        words: Words::of(*test),
        shape: test.shape,
        channels: checkpoint.about.channels.clone(),
        image: (seen.height, seen.width),
        labels: labels.clone(),
        history: plan.history.clone(),
        evaluation: network.by_task(task, *test, labels, threshold)?,
        answers: Answers::of(task, &network, *test, labels, threshold)?,
        classes,
        mistakes,
        norms: norms(checkpoint, &summary.layers),
        summary,
        folding,
        not_folded,
    })
}

/// The differences that the fold makes, in 32-bit floats; `None` if the network was trained in integers.
fn difference(
    plan: &ReportPlan,
    network: &Outputs,
    progress: &mut dyn FnMut(Stage),
) -> anyhow::Result<Option<Difference>> {
    let exact =
        ExportPlan { bits: &[FLOAT_BITS], calibration: plan.calibration, test: plan.test, labels: &plan.labels };
    let Some(folded) = folded(plan.checkpoint, &exact)? else { return Ok(None) };
    let model = Model::parse(&folded.model)?;
    let run = |part: View| run_model(&model, plan.checkpoint.seen(part).view());
    let folded = run_in_parts(plan.test, "folded network", progress, run).finite()?;
    let classify = plan.checkpoint.about.task == Task::Classify;
    Ok(Some(Difference {
        largest_deviation: network.largest_deviation(&folded),
        accuracy: if classify { folded.accuracy(plan.test.classes()?) } else { f64::NAN },
        changed: if classify { network.changed(&folded) } else { 0 },
    }))
}
