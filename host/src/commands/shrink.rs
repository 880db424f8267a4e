//! Options for smaller models of `foldnet export` and `foldnet train`: `--merge`, `--prune`, `--max-loss`.

use crate::deploy::format::Format;
use crate::deploy::shrink::{Limits, Wanted};
use anyhow::{Context, bail};
use clap::Args;
use foldnet_data::{Dataset, Part};

/// Default limit of the loss, in points of accuracy.
const MAX_LOSS: f64 = 0.2;

/// How much smaller a model may become.
#[derive(Debug, Args)]
pub(super) struct ShrinkArgs {
    /// Merge inputs with nearly the same information: averages of 2 or 4 of them become one
    #[arg(long)]
    merge: bool,
    /// Remove hidden units that the others can compensate for
    #[arg(long)]
    prune: bool,
    /// Limit on the total cost of --merge and --prune, on training and validation examples: points of accuracy, or
    /// percent of the root mean squared error for estimated values [default: 0.2]
    #[arg(long, value_name = "LOSS", value_parser = loss)]
    max_loss: Option<f64>,
}

/// A number above 0; [`Limits::check`] has the upper bound, which depends on the task.
fn loss(text: &str) -> Result<f64, &'static str> {
    let loss = text.parse().ok().filter(|loss: &f64| *loss > 0.0 && loss.is_finite());
    loss.ok_or("give points of accuracy (or percent of the error) above 0, such as 0.2")
}

impl ShrinkArgs {
    /// The requested reduction, if any.
    ///
    /// # Errors
    /// If there is a limit without a method.
    fn limits(&self) -> anyhow::Result<Option<Limits>> {
        let (merge, prune, max_loss) = (self.merge, self.prune, self.max_loss.unwrap_or(MAX_LOSS));
        let asked = merge || prune;
        if self.max_loss.is_some() && !asked {
            bail!("--max-loss limits the cost of --merge and --prune; give one of them, too");
        }
        Ok(asked.then_some(Limits { merge, prune, max_loss }))
    }

    /// The requested reduction of an export, except to formats that keep the network unchanged.
    pub(super) fn of_export(&self, format: Format) -> anyhow::Result<Option<Limits>> {
        let limits = self.limits()?;
        if limits.is_some() && format == Format::Onnx {
            bail!("--merge, --prune: only device models can be made smaller; give --format fnet, bin, hex or c");
        }
        Ok(limits)
    }

    /// The requested reduction before training in integers.
    pub(super) fn of_training(&self, in_integers: bool) -> anyhow::Result<Option<Limits>> {
        let limits = self.limits()?;
        if limits.is_some() && !in_integers {
            bail!(
                "--merge, --prune: training in floats keeps the network's size; give --bits to train a smaller one in integers, or give these flags to export"
            );
        }
        Ok(limits)
    }
}

/// The requested reduction, measured on training and validation examples.
///
/// # Errors
/// If there is no data set, and so no labels to measure with.
pub(super) fn wanted(limits: Limits, set: Option<&Dataset>) -> anyhow::Result<Wanted<'_>> {
    let set = set.context("--merge, --prune: their cost is measured on labelled examples; give --dataset")?;
    Ok(Wanted::new(limits, [Part::Train, Part::Valid].map(|part| set.part(part))))
}
