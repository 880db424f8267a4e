//! Network and run: the layers, and how they were trained.

use super::parts::Column::{Number, Text};
use super::parts::{heads, table};
use crate::format::thousands;
use crate::show::report::gather::Report;
use crate::train::history::History;
use maud::{Markup, html};

/// The layers in Keras's form, then the record of the training.
pub(super) fn section(report: &Report) -> Markup {
    html! {
        h3 { "Layers" }
        (layers(report))
        @if let Some(history) = &report.history {
            h3 { "Training" }
            (training(history, report.words.many))
        }
    }
}

fn layers(report: &Report) -> Markup {
    let parameters = report.summary.parameters;
    let rows = html! {
        (heads(&[Text("Layer"), Text("Type"), Number("Units"), Number("Parameters")]))
        tbody {
            @for row in &report.summary.layers {
                tr {
                    th scope="row" { code { (row.name) } }
                    td.text { (row.kind) }
                    td { (thousands(row.units)) }
                    td { (thousands(row.parameters)) }
                }
            }
        }
    };
    html! {
        (table("Layers of the network", rows))
        p.note {
            (thousands(parameters.total)) " parameters: " (thousands(parameters.trainable)) " trained, "
            (thousands(parameters.non_trainable)) " moving statistics."
        }
    }
}

fn training(history: &History, many: &str) -> Markup {
    let facts = [
        ("Command", &history.command),
        ("Dataset", &history.dataset),
        ("Seed", &history.seed.to_string()),
        ("Version", &history.version),
        ("Machine", &history.machine),
        ("Speed", &format!("{} training {many} per second", thousands(history.images_per_second as usize))),
    ];
    html! { dl.facts { @for (name, value) in facts { dt { (name) } dd { (value) } } } }
}
