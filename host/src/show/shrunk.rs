//! Prints what `--merge` and `--prune` did to a network, and what it costs.

use crate::deploy::shrink::{Shrunk, Unit};
use crate::show::terminal::{Ui, bold};

/// Prints what was merged and removed, and the cost.
pub(crate) fn say_shrunk(smaller: &Shrunk, ui: Ui) {
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
