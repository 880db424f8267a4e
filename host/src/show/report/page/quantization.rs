//! Quantization: the losses of each device model, layer by layer, and the images that changed class.

use super::answers::measure;
use super::parts::Column::{Bars, Number, Text};
use super::parts::{PICTURES, heads, table};
use crate::format::thousands;
use crate::judge::evaluate::Metrics;
use crate::show::format::{bytes, percent, points};
use crate::show::report::draw::bar::bar;
use crate::show::report::draw::picture::picture;
use crate::show::report::gather::Report;
use crate::show::report::gather::models::{Changed, DeviceModel};
use foldnet_data::{Task, View};
use maud::{Markup, html};

/// A table of all models, the errors of their layers, then the images of each.
pub(super) fn section(report: &Report, test: View) -> Markup {
    if report.models.is_empty() {
        return html! {
            p {
                "No device model was given. " code { "foldnet export" } " makes one from this network; " code { "foldnet report --model MODEL.fnet" }
                " shows its loss here."
            }
        };
    }
    html! {
        p {
            "Results of every device model on the same " (report.words.many) ", compared with the float network"
            @if report.task == Task::Classify { " (" (percent(report.evaluation.accuracy)) ")" } "."
        }
        @if report.task == Task::Classify { (models(report)) } @else { (other_models(report)) }
        h3 { "Error, layer by layer" }
        (errors(report))
        @for model in report.models.iter().filter(|_| report.task == Task::Classify) {
            h3 { "Changed class in " (name(model)) }
            (changes(model, report, test))
        }
    }
}

/// The file's own name.
pub(super) fn name(model: &DeviceModel) -> &str {
    model.file.rsplit(['/', '\\']).next().unwrap_or(&model.file)
}

/// `8-bit weights`, or the widths of the layers.
pub(super) fn widths(model: &DeviceModel) -> String {
    let mut bits = model.bits.clone();
    bits.dedup();
    let bits: Vec<String> = bits.iter().map(u8::to_string).collect();
    match (model.is_float(), bits.as_slice()) {
        (true, _) => "float weights".to_owned(),
        (false, [all]) => format!("{all}-bit weights"),
        _ => format!("{}-bit weights", model.bits.iter().map(u8::to_string).collect::<Vec<_>>().join("/")),
    }
}

fn models(report: &Report) -> Markup {
    let names = [
        Text("Model"),
        Number("File"),
        Number("Accuracy"),
        Number("Points"),
        Number("Changed class"),
        Number("Now right"),
        Number("Now wrong"),
        Number("Logit error"),
    ];
    let rows = html! {
        (heads(&names))
        tbody {
            @for model in &report.models {
                tr {
                    th scope="row" { (name(model)) br; span.faint { (widths(model)) } }
                    td { (bytes(model.bytes)) }
                    td { (percent(model.accuracy)) }
                    td { (points(model.accuracy - report.evaluation.accuracy)) }
                    td { (thousands(model.changed.len())) }
                    td { (thousands(model.mended())) }
                    td { (thousands(model.broken())) }
                    td { (percent(model.logit_error)) }
                }
            }
        }
    };
    html! {
        (table("Device models beside the network", rows))
        p.note {
            "Points: percentage points of difference in accuracy to the network. Logit error: root mean square of the error of the logits, relative to that of the logits, on \
             all " (report.words.many) "."
        }
    }
}

/// The table of models without classes.
fn other_models(report: &Report) -> Markup {
    let of = |metrics: &Metrics| measure(metrics).map_or("\u{2013}".to_owned(), |(_, value)| format!("{value:.4}"));
    let name_of = measure(&report.evaluation.metrics).map_or("Measure", |(name, _)| name);
    let rows = html! {
        (heads(&[Text("Model"), Number("File"), Number(name_of), Number("Output error")]))
        tbody {
            tr { th scope="row" { "Network, float" } td { "\u{2013}" } td { (of(&report.evaluation.metrics)) } td { "\u{2013}" } }
            @for model in &report.models {
                tr {
                    th scope="row" { (name(model)) br; span.faint { (widths(model)) } }
                    td { (bytes(model.bytes)) }
                    td { (model.metrics.as_ref().map_or("\u{2013}".to_owned(), of)) }
                    td { (percent(model.logit_error)) }
                }
            }
        }
    };
    html! {
        (table("Device models beside the network", rows))
        p.note { "Output error: root mean square of the error of the outputs, relative to that of the outputs, on all examples." }
    }
}

fn errors(report: &Report) -> Markup {
    let known: Vec<&DeviceModel> = report.models.iter().filter(|model| model.layer_errors.is_some()).collect();
    let largest = known.iter().flat_map(|model| model.layer_errors.iter().flatten()).copied().fold(0.0, f64::max);
    html! {
        @if !known.is_empty() {
            (table("Error of every quantized layer", error_rows(&known, largest)))
            p.note {
                "Root mean square of the error of a layer\u{2019}s outputs, relative to that of the outputs, on training " (report.words.many) "; one of unusual \
                 energy counts less. Errors of the layers before are in it."
            }
        }
        @for model in report.models.iter().filter(|model| model.layer_errors.is_none()) {
            p.note { (name(model)) ": " (unknown(model)) }
        }
    }
}

/// The reason why a model has no errors for its layers.
fn unknown(model: &DeviceModel) -> &'static str {
    match model.is_float() {
        true => "nothing was quantized, so no layer has an error.",
        false => {
            "not measured, since its layers are not those of this network\u{2019}s fold. Units were removed from it, it was \
             trained in integers, or it is from another network."
        }
    }
}

fn error_rows(models: &[&DeviceModel], largest: f64) -> Markup {
    html! {
        (heads(&[Text("Model"), Number("Layer"), Number("Bits"), Number("Error"), Bars]))
        tbody {
            @for model in models {
                @for (layer, &error) in model.layer_errors.iter().flatten().enumerate() {
                    tr {
                        th scope="row" { (name(model)) }
                        td { (layer) }
                        td { (model.bits[layer]) }
                        td { (percent(error)) }
                        td.bars { (bar(error / largest)) }
                    }
                }
            }
        }
    }
}

fn changes(model: &DeviceModel, report: &Report, test: View) -> Markup {
    let all = model.changed.len();
    if all == 0 {
        return html! { p { "No " (report.words.one) "." } };
    }
    let (mended, broken) = (model.mended(), model.broken());
    html! {
        p {
            (report.words.counted(all)) ": " (thousands(mended)) " corrected, " (thousands(broken))
            " newly wrong, " (thousands(all - mended - broken)) " wrong both before and after. "
            @if all > PICTURES { "Here are the " (PICTURES) " that the network was most confident in." }
        }
        ul.pictures { @for image in model.changed.iter().take(PICTURES) { (one(image, report, test)) } }
    }
}

fn one(image: &Changed, report: &Report, test: View) -> Markup {
    let [is, from, to] = [image.class, image.from, image.to].map(|class| report.labels[class].as_str());
    let verdict = match image {
        Changed { class, to, .. } if class == to => "now right",
        Changed { class, from, .. } if class == from => "now wrong",
        _ => "wrong before and after",
    };
    let description = format!("Test {} {}: {from} became {to}, is {is}", report.words.one, image.image);
    let caption = html! {
        (from) " \u{2192} " b { (to) } br;
        (verdict) @if verdict.starts_with("wrong") { ", is " (is) } br;
        span.faint { "test " (report.words.one) " " (image.image) }
    };
    picture(test, image.image, &description, caption)
}
