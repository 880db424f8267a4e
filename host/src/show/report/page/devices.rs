//! Devices: flash, RAM and time that each model takes on every board.

use super::instructions;
use super::parts::Column::{Bars, Number, Text};
use super::parts::{heads, table};
use super::quantization::name;
use crate::format::thousands;
use crate::show::format::bytes_of;
use crate::show::report::draw::bar::bar;
use crate::show::report::gather::Report;
use crate::show::report::gather::devices::BoardFit;
use crate::show::report::gather::models::DeviceModel;
use crate::show::report::gather::words::Words;
use maud::{Markup, html};

/// Boards, then layers.
pub(super) fn section(report: &Report) -> Markup {
    if report.models.is_empty() {
        return html! { p { "No device model was given, so there is nothing to fit." } };
    }
    html! {
        p { (said(&report.models)) }
        h3 { "Boards" }
        (boards(&report.models))
        p.note {
            "Flash: the model\u{2019}s share of what the firmware leaves; with room for two models, a new one is written beside the one in use. RAM is an upper bound: scratch memory, an " (report.words.one) ", and the space reserved for the \
             firmware\u{2019}s statics and stack. Milliseconds are modelled (docs/cycles.md), not measured: all layers for one without zeros; not available for cores with \
             unpublished timing."
        }
        (instructions::section(&report.models, report.words))
        h3 { "Products for one " (report.words.one) }
        (work(&report.models, report.words))
        @for line in report.models.iter().filter_map(converted) { p.note { (line) } }
    }
}

/// Cost of converting a model's inputs.
fn converted(model: &DeviceModel) -> Option<String> {
    let cost = model.conversion?;
    let [bytes, m0, m4f] = [cost.bytes, cost.cortex_m0, cost.cortex_m4f].map(thousands);
    Some(format!(
        "Before its first layer, {} converts the inputs to 8 bits: {bytes} bytes of the file, about {m0} instructions on a Cortex-M0 and {m4f} on a Cortex-M4F.",
        name(model)
    ))
}

fn said(models: &[DeviceModel]) -> String {
    let fits = models.iter().map(|model| {
        let count = model.boards.iter().filter(|board| board.fits).count();
        format!("{} fits {count} of {} boards", name(model), model.boards.len())
    });
    fits.collect::<Vec<_>>().join(", ") + "."
}

/// A row per board, a column per model.
fn boards(models: &[DeviceModel]) -> Markup {
    let known = models.first().map_or(&[][..], |model| model.boards.as_slice());
    let rows = html! {
        thead {
            tr {
                th scope="col" { "Board" }
                @for model in models { th.text scope="col" { (name(model)) } }
            }
        }
        tbody {
            @for (row, board) in known.iter().enumerate() {
                tr {
                    th scope="row" { (board.board) br; span.faint { (board.chip) ", " (board.core) } }
                    @for model in models { td.fit { (fit(&model.boards[row])) } }
                }
            }
        }
    };
    table("Flash and RAM of every board", rows)
}

fn fit(board: &BoardFit) -> Markup {
    let share = |needed: usize, available: usize| needed as f64 / available.max(1) as f64;
    html! {
        p {
            @match (board.fits, board.slots) {
                (false, _) => { b { "\u{2717}\u{a0}does not fit" } }
                (true, 2..) => { "\u{2713}\u{a0}fits, two slots" }
                (true, _) => { "\u{2713}\u{a0}fits, one slot" }
            }
        }
        (bar(share(board.flash, board.flash_available)))
        p { span.faint { "flash " } (bytes_of(board.flash, board.flash_available)) }
        (bar(share(board.ram, board.ram_available)))
        p { span.faint { "RAM " } (bytes_of(board.ram, board.ram_available)) }
        @if let (Some(ms), true) = (board.ms_without_zeros, board.fits) {
            p { span.faint { "without zeros " } (format!("{ms:.2}\u{a0}ms")) }
        }
    }
}

fn work(models: &[DeviceModel], words: Words) -> Markup {
    let all = |model: &DeviceModel| model.layers.iter().map(|layer| layer.multiply_accumulates).sum::<usize>();
    let rows = html! {
        (heads(&[Text("Model"), Number("Layer"), Number("Inputs"), Number("Units"), Number("Bits"), Number("Multiply-accumulates"), Bars]))
        tbody {
            @for model in models {
                @for (index, layer) in model.layers.iter().enumerate() {
                    tr {
                        th scope="row" { (name(model)) }
                        td { (index) }
                        td { (thousands(layer.inputs)) }
                        td { (thousands(layer.units)) }
                        td { (layer.bits) }
                        td { (thousands(layer.multiply_accumulates)) }
                        td.bars { (bar(layer.multiply_accumulates as f64 / all(model) as f64)) }
                    }
                }
            }
        }
    };
    table(&format!("Multiply-accumulates for one {}, layer by layer", words.one), rows)
}
