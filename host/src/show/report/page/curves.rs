//! Learning: loss and accuracy over the epochs.

use super::parts::Column::{Number, Text};
use super::parts::{details, heads, table};
use crate::show::format::{number, percent};
use crate::show::plot::drawing;
use crate::show::plot::lines::{Lines, SIZE, Series, lines};
use crate::show::plot::ticks::Unit;
use crate::show::report::gather::Report;
use crate::train::fit::Epoch;
use crate::train::history::History;
use crate::train::method::ValueLoss;
use foldnet_data::Task;
use maud::{Markup, html};

/// Both curves, and their numbers.
pub(super) fn section(report: &Report) -> Markup {
    match report.history.as_ref().filter(|history| !history.epochs.is_empty()) {
        Some(history) => curves(history, report),
        None => html! {
            p { "It is not known how this network was trained: there is no history.jsonl beside it. " code { "foldnet train" } " writes one." }
        },
    }
}

fn curves(history: &History, report: &Report) -> Markup {
    // Whether the network has a BatchNormalization.
    let normalized = !report.norms.is_empty();
    let known = |value: fn(&Epoch) -> f64| history.epochs.iter().all(|epoch| value(epoch).is_finite());
    let huber = history.recipe.as_ref().is_some_and(|recipe| recipe.config.method.loss != ValueLoss::Mse);
    html! {
        p { (said(history)) }
        div.figures {
            figure {
                h3 { "Loss" }
                (drawn(history, "Loss", [|epoch| epoch.loss, |epoch| epoch.val_loss], Unit::Nats))
                figcaption {
                    @match (report.task, huber) {
                        (Task::Classify, _) => { "Mean cross-entropy, in nats; lower is better." }
                        (_, true) => { "Huber\u{2019}s loss, in training units; lower is better." }
                        (_, false) => { "Mean squared error, in training units; lower is better." }
                    }
                }
            }
            @if known(|epoch| epoch.accuracy) { figure {
                h3 { "Accuracy" }
                (drawn(history, "Accuracy", [|epoch| epoch.accuracy, |epoch| epoch.val_accuracy], Unit::Share))
                figcaption { "Share of the " (report.words.many) " recognized." }
            } }
        }
        @if known(|epoch| epoch.val_loss) { p.note {
            "Training figures are running means over the epoch, while the network still learns"
            @if normalized { " and each batch is normalized by its own statistics" }
            "; validation follows the epoch" @if normalized { ", with the moving statistics" } ". So validation may look better than training."
        } }
        @if let Some(best) = history.best_epoch { p.note {
            "The dashed line is epoch " (best) ", the best by the metric that was monitored; its network is best.safetensors."
        } }
        (details("Numbers, epoch by epoch", numbers(history)))
    }
}

/// A sentence that describes the curves.
fn said(history: &History) -> String {
    let (Some(first), Some(last)) = (history.epochs.first(), history.epochs.last()) else { return String::new() };
    let epochs = crate::format::counted(history.epochs.len(), "epoch", "epochs");
    let recognized = last.val_accuracy.is_finite();
    if !recognized {
        let of = if last.val_loss.is_finite() { |epoch: &Epoch| epoch.val_loss } else { |epoch: &Epoch| epoch.loss };
        let what = if last.val_loss.is_finite() { "validation" } else { "training" };
        return format!("Over {epochs}, the {what} loss went from {} to {}.", number(of(first)), number(of(last)));
    }
    match history.epochs.len() {
        1 => format!("After {epochs}, the validation accuracy is {}.", percent(last.val_accuracy)),
        _ => format!(
            "Over {epochs}, the validation loss went from {} to {}, the validation accuracy from {} to {}.",
            number(first.val_loss),
            number(last.val_loss),
            percent(first.val_accuracy),
            percent(last.val_accuracy)
        ),
    }
}

fn drawn(history: &History, name: &str, values: [fn(&Epoch) -> f64; 2], unit: Unit) -> Markup {
    let [train, valid] = values.map(|value| history.epochs.iter().map(value).collect::<Vec<f64>>());
    let text = |values: &[f64]| values.last().map_or(String::new(), |&value| unit.text(value));
    let mut label = format!("{name} by epoch, ending at {} in training", text(&train));
    let series = |name: &str, values| Series { name: name.to_owned(), values, spread: Vec::new() };
    // Without examples to validate on there is nothing to draw of them.
    let valid = Some(valid).filter(|valid| valid.iter().all(|value| value.is_finite()));
    valid.iter().for_each(|valid| label += &format!(" and {} in validation", text(valid)));
    let both = std::iter::once(series("training", train)).chain(valid.map(|valid| series("validation", valid)));
    let best = history.best_epoch.and_then(|best| best.checked_sub(1));
    drawing("plot wide", SIZE, &label, lines(&Lines { series: both.collect(), best, unit }))
}

/// A figure, or a dash if there is none.
fn known(value: f64, text: fn(f64) -> String) -> String {
    if value.is_finite() { text(value) } else { "\u{2013}".to_owned() }
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
                    td { (known(epoch.accuracy, percent)) }
                    td { (known(epoch.val_loss, |loss| format!("{loss:.4}"))) }
                    td { (known(epoch.val_accuracy, percent)) }
                    td { (format!("{:.2}", epoch.seconds)) }
                }
            }
        }
    };
    table("Loss and accuracy by epoch", rows)
}
