//! Learning: loss and accuracy over the epochs.

use super::Column::{Number, Text};
use super::{details, heads, table};
use crate::show::report::draw::format::{number, percent};
use crate::show::report::draw::lines::{Lines, Unit, lines};
use crate::show::report::gather::Report;
use crate::train::fit::Epoch;
use crate::train::history::History;
use maud::{Markup, html};

/// Both curves, and their numbers.
pub(super) fn section(report: &Report) -> Markup {
    match report.history.as_ref().filter(|history| !history.epochs.is_empty()) {
        Some(history) => curves(history, !report.norms.is_empty()),
        None => html! {
            p { "How this network was trained is not known: no history.jsonl lies beside it. " code { "foldnet train" } " writes one." }
        },
    }
}

/// `normalized`: whether the network has a BatchNormalization.
fn curves(history: &History, normalized: bool) -> Markup {
    html! {
        p { (said(history)) }
        div.figures {
            figure {
                h3 { "Loss" }
                (lines(&drawn(history, "Loss", [|epoch| epoch.loss, |epoch| epoch.val_loss], Unit::Nats)))
                figcaption { "Mean cross-entropy, in nats; lower is better." }
            }
            figure {
                h3 { "Accuracy" }
                (lines(&drawn(history, "Accuracy", [|epoch| epoch.accuracy, |epoch| epoch.val_accuracy], Unit::Share)))
                figcaption { "Share of the images recognized." }
            }
        }
        p.note {
            "Training figures are running means over the epoch, while the network still learns"
            @if normalized { " and each batch is normalized by its own statistics" }
            "; validation follows the epoch" @if normalized { ", with the moving statistics" } ". So validation may look better than training."
        }
        (details("Numbers, epoch by epoch", numbers(history)))
    }
}

/// What is to be seen, in a sentence.
fn said(history: &History) -> String {
    let (Some(first), Some(last)) = (history.epochs.first(), history.epochs.last()) else { return String::new() };
    let epochs = super::counted(history.epochs.len(), "epoch", "epochs");
    match history.epochs.len() {
        1 => format!("After {epochs} the validation accuracy is {}.", percent(last.val_accuracy)),
        _ => format!(
            "Over {epochs} the validation loss went from {} to {}, the validation accuracy from {} to {}.",
            number(first.val_loss),
            number(last.val_loss),
            percent(first.val_accuracy),
            percent(last.val_accuracy)
        ),
    }
}

fn drawn(history: &History, name: &str, values: [fn(&Epoch) -> f64; 2], unit: Unit) -> Lines {
    let [train, valid] = values.map(|value| history.epochs.iter().map(value).collect::<Vec<f64>>());
    let text = |values: &[f64]| values.last().map_or(String::new(), |&value| unit.text(value));
    let label = format!("{name} by epoch, ending at {} in training and {} in validation", text(&train), text(&valid));
    Lines { train, valid, unit, label }
}

fn numbers(history: &History) -> Markup {
    let names = [
        Text("Epoch"),
        Number("Loss"),
        Number("Accuracy"),
        Number("Validation loss"),
        Number("Validation accuracy"),
        Number("Seconds"),
    ];
    let rows = html! {
        (heads(&names))
        tbody {
            @for (index, epoch) in history.epochs.iter().enumerate() {
                tr {
                    th scope="row" { (index + 1) }
                    td { (format!("{:.4}", epoch.loss)) }
                    td { (percent(epoch.accuracy)) }
                    td { (format!("{:.4}", epoch.val_loss)) }
                    td { (percent(epoch.val_accuracy)) }
                    td { (format!("{:.2}", epoch.seconds)) }
                }
            }
        }
    };
    table("Loss and accuracy by epoch", rows)
}
