//! The answers for all examples in files: one line each as text, an array for NumPy.

use super::error::CliError;
use foldnet_core::model::HeadKind;
use foldnet_core::{Model, softmax};
use foldnet_data::write::{atomic_write, npy};
use foldnet_sim::Simulation;
use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// Writes the requested files.
pub(crate) fn write(
    model: &Model,
    run: &Simulation,
    predictions: Option<&Path>,
    outputs: Option<&Path>,
) -> Result<(), CliError> {
    let predictions = predictions.map_or(Ok(()), |path| atomic_write(path, |out| lines(model, run, out)));
    predictions.and_then(|()| outputs.map_or(Ok(()), |path| write_values(path, model, run))).map_err(CliError::Output)
}

/// One line per example: its class, its score, or its values separated by commas.
fn lines(model: &Model, run: &Simulation, out: &mut dyn Write) -> std::io::Result<()> {
    let mut each = |line: &dyn Display| writeln!(out, "{line}");
    match model.head() {
        HeadKind::Softmax | HeadKind::Sigmoid => run.classes.iter().try_for_each(|class| each(class)),
        HeadKind::Reconstruction => run.scores.iter().try_for_each(|score| each(score)),
        HeadKind::Values => run.values.chunks(model.outputs().max(1)).try_for_each(|row| {
            let row: Vec<String> = row.iter().map(f32::to_string).collect();
            each(&row.join(","))
        }),
    }
}

/// Writes `[N][classes]` probabilities, two for a sigmoid as in `foldnet predict`, or `[N][outputs]` unchanged values.
fn write_values(path: &Path, model: &Model, run: &Simulation) -> std::io::Result<()> {
    let mut values = run.values.clone();
    let mut columns = model.outputs();
    if model.head() == HeadKind::Sigmoid {
        values = values.iter().flat_map(|&logit| [0.0, logit]).collect();
        columns = 2;
    }
    if matches!(model.head(), HeadKind::Softmax | HeadKind::Sigmoid) {
        values.chunks_exact_mut(columns.max(1)).for_each(softmax);
    }
    npy(path, &values, columns)
}
