//! The head of the page: what was measured, and the main results.

use super::answers::measure;
use super::quantization::{name, widths};
use crate::format::counted;
use crate::format::thousands;
use crate::judge::evaluate::Metrics;
use crate::show::format::{bytes, number, percent};
use crate::show::report::gather::Report;
use foldnet_data::Task;
use maud::{Markup, html};

/// Title, one sentence, and the most important figures.
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
        true => format!("all {} test {}", thousands(all), report.words.many),
        false => format!("the first {} of {} test {}", thousands(images), thousands(all), report.words.many),
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

/// Name, figure and additional text of each tile.
fn tiles(report: &Report) -> Vec<(String, String, String)> {
    if report.task != Task::Classify {
        return other_tiles(report);
    }
    let words = report.words;
    let of =
        |count: usize| format!("{} of {} {} wrong", thousands(count), thousands(report.evaluation.images), words.many);
    let network = ("Network, float".to_owned(), percent(report.evaluation.accuracy), of(report.mistakes.len()));
    let folded = report.folding.iter().map(|fold| {
        let note = format!("{} changed class", words.counted(fold.changed));
        ("Folded, float".to_owned(), percent(fold.accuracy), note)
    });
    let models = report.models.iter().map(|model| {
        let changed = words.counted(model.changed.len());
        let note = format!("{}, {}; {changed} changed class", widths(model), bytes(model.bytes));
        (name(model).to_owned(), percent(model.accuracy), note)
    });
    std::iter::once(network).chain(folded).chain(models).collect()
}

/// The tiles without classes: RMSE or AUC, or the number of scores above the threshold.
fn other_tiles(report: &Report) -> Vec<(String, String, String)> {
    let tile = |name: &str, metrics: &Metrics, note: String| {
        let (value, of) = match (measure(metrics), metrics) {
            (Some((of, value)), _) => (number(value), of),
            (None, Metrics::Anomaly(found)) => {
                (found.false_alarms.map_or("\u{2013}".to_owned(), percent), "above the threshold")
            }
            (None, _) => ("\u{2013}".to_owned(), ""),
        };
        let note = if note.is_empty() { of.to_owned() } else { format!("{of}; {note}") };
        (name.to_owned(), value, note)
    };
    let network = tile("Network, float", &report.evaluation.metrics, String::new());
    let models = report.models.iter().filter_map(|model| {
        let note = format!("{}, {}", widths(model), bytes(model.bytes));
        Some(tile(name(model), model.metrics.as_ref()?, note))
    });
    std::iter::once(network).chain(models).collect()
}
