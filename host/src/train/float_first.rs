//! Trains a fresh network in floats, in the folder `float` of the run, and then in integers from there. Both are
//! ordinary runs: the first can be resumed, evaluated, and used as a starting point.

use super::fit::Config;
use super::fresh;
use super::plan::{Extras, TrainPlan};
use super::qat;
use super::report::Report;
use super::run::{Trained, train_run};
use crate::compute::Fast;
use crate::files::open::CHECKPOINT;
use anyhow::Context;
use foldnet_data::{Dataset, Part};

/// Name of the first training's folder within the run.
pub const FLOAT: &str = "float";

/// Trains in floats according to `plan`, then in integers with the configuration `integers`.
///
/// # Errors
/// As [`train_run`]; also, before any training, if the network cannot be trained in integers.
pub fn train_in_two<R: Report>(
    mut plan: TrainPlan,
    integers: Config,
    dataset: &Dataset,
    compute: &Fast,
    report: &mut R,
) -> anyhow::Result<Trained> {
    let quantized = plan.extras.quantized.take().context("--bits: no width is given")?;
    qat::check(&fresh::network(&plan, dataset, dataset.part(Part::Train))?, &quantized)?;
    let (out, folder) = (plan.out.clone(), plan.out.join(FLOAT));
    plan.extras.notes.push(format!("in floats first: {}", folder.display()));
    let floats = train_run(TrainPlan { out: folder.clone(), ..plan.clone() }, dataset, compute, report)?;
    let notes = vec![format!("in integers: {}", out.display())];
    let extras = Extras { from: Some(folder.join(CHECKPOINT)), quantized: Some(quantized), notes, ..plan.extras };
    let init = Some(floats.network);
    train_run(TrainPlan { config: integers, init, out, extras, ..plan }, dataset, compute, report)
}
