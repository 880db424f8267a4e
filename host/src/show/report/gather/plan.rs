//! What a report is made from, and its progress.

use super::measured::ModelFile;
use crate::network::checkpoint::Checkpoint;
use crate::run::Outputs;
use crate::train::history::History;
use foldnet_data::View;
use foldnet_sim::board::Board;

/// Input of a report.
pub struct ReportPlan<'a> {
    /// Name of the network.
    pub name: String,
    /// The network.
    pub checkpoint: &'a Checkpoint,
    /// Its training history, if known.
    pub history: Option<History>,
    /// Name of the dataset.
    pub dataset: String,
    /// Names of the classes, as many as the network has, or of the values.
    pub labels: Vec<String>,
    /// Labelled images to measure on; at least one.
    pub test: View<'a>,
    /// Number of test images in the dataset; `test` may be the first of them.
    pub test_images: usize,
    /// Training images on which the errors of the device models' layers are measured.
    pub calibration: View<'a>,
    /// Device models of the network.
    pub models: &'a [ModelFile<'a>],
    /// Boards whose memory and time they are compared with.
    pub boards: &'a [&'static Board],
}

/// Current step: a model is run on images.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// Name of the model.
    pub what: &'a str,
    /// Images finished.
    pub done: usize,
    /// Total number of images.
    pub images: usize,
}

/// Number of images between two progress reports: a multiple of the batch that a network runs at once.
const PART: usize = 500;

/// The outputs of all images of `view`, part by part.
pub(super) fn run_in_parts(
    view: View,
    what: &str,
    progress: &mut dyn FnMut(Stage),
    run: impl Fn(View) -> Outputs,
) -> Outputs {
    let images = view.len();
    let mut all = Outputs { logits: Vec::new(), classes: 0, ..Outputs::default() };
    for first in (0..images).step_by(PART) {
        let done = images.min(first + PART);
        let part = run(view.slice(first..done));
        all.classes = part.classes;
        all.logits.extend(part.logits);
        all.scores.extend(part.scores);
        progress(Stage { what, done, images });
    }
    all
}
