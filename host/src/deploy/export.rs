//! From a checkpoint to a device model and its accuracy: [`build`](super::build), then [`measure`](super::measure).

pub use super::plan::ExportPlan;

use super::build::{build, folded};
use super::measure::{Export, Reference};
use super::quantize::QuantizeProgress;
use super::shrink::Wanted;
use crate::network::checkpoint::Checkpoint;
use anyhow::bail;
use foldnet_core::Compute;
use foldnet_core::model::FLOAT_BITS;
use foldnet_sim::AlignedBytes;

/// Exports `checkpoint` and compares the model with it on the test images; `progress` receives the quantizer's
/// progress.
///
/// # Errors
/// If the layers cannot be folded, a shape exceeds the format, or the format does not support the bits.
pub fn export<C: Compute>(
    checkpoint: &Checkpoint,
    plan: &ExportPlan,
    compute: &C,
    progress: &mut dyn FnMut(QuantizeProgress),
) -> anyhow::Result<(AlignedBytes, Export)> {
    export_shrunk(checkpoint, plan, None, compute, progress)
}

/// Like [`export`], with inputs merged and units removed as far as `wanted` allows.
///
/// # Errors
/// As [`export`]; also if the task or the bits do not allow a reduction, or every reduction costs too much.
pub fn export_shrunk<C: Compute>(
    checkpoint: &Checkpoint,
    plan: &ExportPlan,
    wanted: Option<&Wanted>,
    compute: &C,
    progress: &mut dyn FnMut(QuantizeProgress),
) -> anyhow::Result<(AlignedBytes, Export)> {
    if let Some(wanted) = wanted {
        check_shrink(checkpoint, plan, wanted)?;
    }
    let folded = folded(checkpoint, plan)?;
    // First, because it is quick and refuses networks whose outputs are not finite.
    let reference = Reference::of(checkpoint, folded.as_ref(), plan, compute)?;
    let built = build(checkpoint, folded, plan, wanted, compute, progress)?;
    let report = reference.compare(&built, plan)?;
    Ok((built.model, report))
}

/// Refuses exports that have no smaller form.
fn check_shrink(checkpoint: &Checkpoint, plan: &ExportPlan, wanted: &Wanted) -> anyhow::Result<()> {
    if checkpoint.about.quantized.is_some() {
        bail!(
            "--merge, --prune: this network was trained in integers, which export keeps; merge first, then train: \
             foldnet train --init FLOAT --bits BITS --merge"
        );
    }
    wanted.limits().check(checkpoint)?;
    if plan.bits.contains(&FLOAT_BITS) {
        bail!("--merge, --prune: only integer models can be made smaller; give --bits 8, 4 or 2");
    }
    Ok(())
}
