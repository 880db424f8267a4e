//! Runs a model file with the device's code.

use super::outputs::{Outputs, Scored, two_classes};
use foldnet_core::Model;
use foldnet_core::infer::Answer;
use foldnet_core::model::HeadKind;
use foldnet_data::{TargetsRef, View};
use foldnet_sim::simulate::{Simulation, simulate_each};

/// Runs a model file, image by image, as a device does.
///
/// # Panics
/// If the images do not have the model's size and type: see [`Model::inputs`].
pub fn run_model(model: &Model, view: View) -> Outputs {
    let (known, mut scores) = (model.threshold().is_some(), Vec::new());
    let unjudged = View { targets: TargetsRef::None, ..view };
    let Simulation { values, logits_sha256, .. } = simulate_each(model, unjudged, &mut |_, answer, _| {
        if let Answer::Score { score, above } = answer {
            scores.push(Scored { score: score.value(), above: known.then_some(above) });
        }
    });
    let (logits, classes) = two_classes(values, model.outputs(), model.head() == HeadKind::Sigmoid);
    Outputs { logits, classes, scores, logits_sha256: Some(logits_sha256) }
}
