//! Options and messages of `foldnet export` for smaller models: `--merge`, `--prune`, `--max-loss`.

use crate::deploy::flash::Format;
use crate::deploy::shrink::{MOST_JUDGED, Shrunk, Unit, Wanted};
use crate::show::terminal::{Ui, bold};
use anyhow::{Context, bail};
use clap::Args;
use foldnet_data::{Dataset, Part};

/// Default limit of the loss, in points of accuracy.
const MAX_LOSS: f64 = 0.2;

/// How much smaller a model may become.
#[derive(Debug, Args)]
#[command(next_help_heading = "Less to compute")]
pub(super) struct SmallerArgs {
    /// Merge inputs with nearly the same information: averages of 2 or 4 of them become one
    #[arg(long)]
    merge: bool,
    /// Remove hidden units that the others can compensate for
    #[arg(long)]
    prune: bool,
    /// Limit on the total cost of --merge and --prune, on calibration and validation examples: points of accuracy, or
    /// percent of the root mean squared error for estimated values [default: 0.2]
    #[arg(long, value_name = "LOSS", value_parser = loss)]
    max_loss: Option<f64>,
}

/// A finite number above 0.
fn loss(text: &str) -> Result<f64, &'static str> {
    let loss = text.parse().ok().filter(|loss: &f64| *loss > 0.0 && loss.is_finite());
    loss.ok_or("give points of accuracy (or percent of an error) above 0, such as 0.2")
}

impl SmallerArgs {
    /// Refuses a limit without a method, and formats that keep the network unchanged.
    pub(super) fn check(&self, format: Format) -> anyhow::Result<()> {
        let asked = self.merge || self.prune;
        if self.max_loss.is_some() && !asked {
            bail!("--max-loss limits what --merge and --prune cost; give one of them, too");
        }
        if asked && format == Format::Onnx {
            bail!("--merge, --prune: only device models are made smaller; give --format fnet, bin or hex");
        }
        Ok(())
    }

    /// The requested reduction, measured on the first training and validation examples.
    ///
    /// # Errors
    /// If there is no data set, and so no labels to measure with.
    pub(super) fn wanted<'a>(&self, set: Option<&'a Dataset>) -> anyhow::Result<Option<Wanted<'a>>> {
        let (merge, prune, max_loss) = (self.merge, self.prune, self.max_loss.unwrap_or(MAX_LOSS));
        if !merge && !prune {
            return Ok(None);
        }
        let set = set.context("--merge, --prune: what they cost is judged on examples with answers; give --dataset")?;
        let judged = [Part::Train, Part::Valid].map(|part| set.part(part));
        let judged = judged.map(|part| part.slice(0..part.len().min(MOST_JUDGED)));
        Ok(Some(Wanted { merge, prune, max_loss, judged }))
    }
}

/// Prints what was merged and removed, and the cost.
pub(super) fn say_smaller(smaller: &Shrunk, ui: Ui) {
    let ([values, inputs], [fours, twos, ones]) = (smaller.inputs, smaller.groups);
    if inputs < values {
        ui.say(format!("merged: {values} inputs to {inputs}: {fours} averages of 4, {twos} of 2, {ones} single"));
    }
    if let Some([saved, spent]) = smaller.saved_and_spent().filter(|[saved, spent]| saved < spent) {
        ui.say(format!(
            "note: on a Cortex-M4F averaging takes about {spent:.0} instructions and fewer inputs save {saved:.0}: this model \
             is smaller, but not faster than one without --merge"
        ));
    }
    let removed = smaller.units.iter().enumerate().filter(|(_, [was, is])| is < was);
    let removed: Vec<String> = removed.map(|(layer, [was, is])| format!("layer {layer} {was} to {is}")).collect();
    if !removed.is_empty() {
        ui.say(format!("units: {}", removed.join(", ")));
    }
    let Shrunk { judged, loss, standard_error, max_loss, measures: [before, after], changed, .. } = *smaller;
    let of = format!("cost on {judged} examples of training and validation");
    let (after, changed) = (bold(format!("{after:.4}")), 100.0 * changed);
    ui.say(match smaller.unit {
        Unit::Points => format!(
            "{of}: accuracy {before:.4} to {after}, {loss:.2} \u{b1} {standard_error:.2} points of at most {max_loss}; \
             {changed:.2} % change class"
        ),
        Unit::Percent => format!("{of}: RMSE {before:.4} to {after}, {loss:.2} % of at most {max_loss}"),
    });
    let each = 100.0 / judged as f64;
    if smaller.unit == Unit::Points && each > max_loss {
        ui.say(format!(
            "note: one of these {judged} examples counts {each:.1} points, more than --max-loss {max_loss}: they are too few \
             to measure the cost; compare both models on more data before you use this one"
        ));
    }
}
