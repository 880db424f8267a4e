//! Batch normalization: what each layer learned, unit by unit.

use super::parts::Column::{Number, Text};
use super::parts::{details, heads, table};
use crate::format::thousands;
use crate::show::format::number;
use crate::show::report::draw::histogram::histogram;
use crate::show::report::gather::Report;
use crate::show::report::gather::norms::{Norm, Values};
use crate::show::report::gather::values::Axis;
use maud::{Markup, html};

/// Four histograms per layer.
pub(super) fn section(report: &Report) -> Markup {
    if report.norms.is_empty() {
        return html! { p { "This network has no BatchNormalization." } };
    }
    html! {
        p {
            "Each unit of a BatchNormalization computes " span.formula { "gamma (x \u{2212} mean) / \u{221a}(variance + epsilon) + beta" }
            ". Gamma starts at 1 and beta at 0; mean and variance follow its inputs. All four are folded away on the device."
        }
        @for norm in &report.norms { (layer(norm)) }
        (details("Smallest, median and largest of every layer", numbers(&report.norms)))
    }
}

fn parts(norm: &Norm) -> [(&'static str, &'static str, &Values); 4] {
    [
        ("Gamma", "the learned scale", &norm.gamma),
        ("Beta", "the learned shift", &norm.beta),
        ("Moving mean", "of what comes in", &norm.moving_mean),
        ("Moving variance", "of what comes in", &norm.moving_variance),
    ]
}

fn layer(norm: &Norm) -> Markup {
    html! {
        h3 { code { (norm.name) } }
        p.note { (thousands(norm.units)) " units, behind " code { (norm.behind) } "." }
        div.figures.four { @for (name, meaning, values) in parts(norm) { (figure(norm, name, meaning, values)) } }
    }
}

fn figure(norm: &Norm, name: &str, meaning: &str, values: &Values) -> Markup {
    let [min, median, max] = [values.spread.min, values.spread.median, values.spread.max].map(number);
    let label = format!("{name} of the units of {}: {min} to {max}, median {median}", norm.name);
    html! {
        figure {
            h4 { (name) }
            (histogram(&values.histogram, &label))
            figcaption {
                (meaning) "; median " (median)
                @if values.histogram.axis == Axis::Logarithmic { "; logarithmic axis" }
            }
        }
    }
}

fn numbers(norms: &[Norm]) -> Markup {
    let rows = html! {
        (heads(&[Text("Layer"), Text("Values"), Number("Smallest"), Number("Median"), Number("Largest")]))
        tbody {
            @for norm in norms {
                @for (name, _, values) in parts(norm) {
                    tr {
                        th scope="row" { code { (norm.name) } }
                        td.text { (name) }
                        td { (number(values.spread.min)) }
                        td { (number(values.spread.median)) }
                        td { (number(values.spread.max)) }
                    }
                }
            }
        }
    };
    table("Values of every BatchNormalization", rows)
}
