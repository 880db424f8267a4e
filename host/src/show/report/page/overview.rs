//! The head of the page: what was measured, and what it came to.

use super::counted;
use super::quantization::{name, widths};
use crate::format::thousands;
use crate::show::report::draw::format::{bytes, percent};
use crate::show::report::gather::Report;
use maud::{Markup, html};

/// Title, one sentence, and the figures that matter.
pub(super) fn header(report: &Report) -> Markup {
    let tiles = tiles(report);
    html! {
        header {
            p.kicker { "Foldnet report" }
            h1 { (report.name) }
            p.lead { (sentence(report)) }
            dl.tiles {
                @for (name, value, note) in tiles { div { dt { (name) } dd { strong { (value) } span { (note) } } } }
            }
        }
    }
}

fn sentence(report: &Report) -> String {
    let (images, all) = (report.evaluation.images, report.test_images);
    let measured = match images == all {
        true => format!("all {}", counted(all, "test image", "test images")),
        false => format!("the first {} of {} test images", thousands(images), thousands(all)),
    };
    let norms = match report.norms.len() {
        0 => "no BatchNormalization".to_owned(),
        count => counted(count, "BatchNormalization", "BatchNormalizations"),
    };
    let (dataset, shape) = (&report.dataset, shape(report));
    format!("A network of {shape} with {norms}, measured on {measured} of {dataset}.")
}

/// `784 → 300 → 100 → 10`
fn shape(report: &Report) -> String {
    let rows = report.summary.layers.iter().filter(|row| ["Flatten", "Dense"].contains(&row.kind));
    rows.map(|row| thousands(row.units)).collect::<Vec<_>>().join(" \u{2192} ")
}

/// Name, figure and what belongs to it.
fn tiles(report: &Report) -> Vec<(String, String, String)> {
    let of = |count: usize| format!("{} of {} images wrong", thousands(count), thousands(report.evaluation.images));
    let network = ("Network, float".to_owned(), percent(report.evaluation.accuracy), of(report.mistakes.len()));
    let folded = report.folding.iter().map(|fold| {
        let note = format!("{} changed class", counted(fold.changed, "image", "images"));
        ("Folded, float".to_owned(), percent(fold.accuracy), note)
    });
    let models = report.models.iter().map(|model| {
        let changed = counted(model.changed.len(), "image", "images");
        let note = format!("{}, {}; {changed} changed class", widths(model), bytes(model.bytes));
        (name(model).to_owned(), percent(model.accuracy), note)
    });
    std::iter::once(network).chain(folded).chain(models).collect()
}
