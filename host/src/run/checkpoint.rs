//! Runs a trained network, with its moving statistics.

use super::model::run_model;
use super::outputs::{NotFinite, Outputs, Scored, two_classes};
use crate::model::integers::integer_model;
use crate::network::checkpoint::Checkpoint;
use crate::network::examples::Picked;
use foldnet_core::train::predict;
use foldnet_core::{Compute, Layer, Model};
use foldnet_data::{Task, View};
use foldnet_sim::metrics::scores;

/// Number of images run through a checkpoint at once.
const BATCH: usize = 250;

/// Runs a trained network, unfolded, with its moving statistics.
///
/// # Panics
/// If the images do not have the network's size: see [`ImageSize`](crate::files::open::ImageSize).
pub fn run_checkpoint<C: Compute>(checkpoint: &Checkpoint, view: View, compute: &C) -> Outputs {
    if checkpoint.about.quantized.is_some() {
        return run_integers(checkpoint, view);
    }
    let seen = checkpoint.seen(view);
    let view = seen.view();
    let (network, inputs) = (checkpoint.network(), checkpoint.inputs());
    assert_eq!(view.shape.inputs(), inputs, "inputs of an example and of the network");
    let [scale, shift] = checkpoint.standardization();
    let classes = network.outputs();
    let mut workspace = vec![0.0; network.predict_workspace(BATCH)];
    let (mut logits, mut columns) = (Vec::with_capacity(view.len() * classes), vec![0.0; classes * BATCH]);
    let order: Vec<u32> = (0..view.len() as u32).collect();
    for picked in order.chunks(BATCH) {
        let pixels = Picked { inputs: view.inputs, picked, scale: &scale, shift: &shift };
        let columns = &mut columns[..classes * picked.len()];
        predict(compute, network, &checkpoint.params, &mut workspace, &pixels, columns)
            .expect("a checkpoint is a network, and the buffers are made for it");
        for example in 0..picked.len() {
            logits.extend(columns[example..].iter().step_by(picked.len()));
        }
    }
    let (logits, classes) = two_classes(logits, classes, network.layers().last() == Some(&Layer::Sigmoid));
    Outputs { logits, classes, ..Outputs::default() }
}

/// Runs a network that was trained in integers with the device's code, on the model that export makes of it.
fn run_integers(checkpoint: &Checkpoint, view: View) -> Outputs {
    let file = integer_model(checkpoint).expect("reading a checkpoint has looked at its integers");
    let model = Model::parse(&file).expect("what is written can be read");
    Outputs { logits_sha256: None, ..run_model(&model, view) }
}

/// The outputs of a checkpoint, with scores if it reconstructs its inputs.
///
/// # Errors
/// If an output is infinite or not a number.
pub fn answers<C: Compute>(checkpoint: &Checkpoint, view: View, compute: &C) -> Result<Outputs, NotFinite> {
    with_scores(run_checkpoint(checkpoint, view, compute), checkpoint, view).finite()
}

/// `outputs` of a checkpoint for `view`, with scores if it reconstructs its inputs.
pub fn with_scores(mut outputs: Outputs, checkpoint: &Checkpoint, view: View) -> Outputs {
    if checkpoint.about.task == Task::Reconstruct && outputs.scores.is_empty() {
        let scores = scores(&outputs.logits, &checkpoint.standardized(view), outputs.classes);
        let above = |score: f32| checkpoint.about.threshold.map(|threshold| score > threshold);
        outputs.scores = scores.into_iter().map(|score| Scored { score, above: above(score) }).collect();
    }
    outputs
}
