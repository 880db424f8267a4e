//! Folding: its effect on the network's answers and on the weights.

use super::parts::Column::{Number, Text};
use super::parts::{details, heads, table};
use crate::format::counted;
use crate::format::thousands;
use crate::show::format::{multiple, number};
use crate::show::report::draw::heat::{heat, scale};
use crate::show::report::draw::histogram::compared;
use crate::show::report::gather::Report;
use crate::show::report::gather::folding::{FoldedWeights, Folding, Inputs, Weights};
use crate::show::report::gather::values::MinMedianMax;
use foldnet_data::Task;
use maud::{Markup, html};

/// Number of inputs in the table of the largest.
const LARGEST: usize = 10;

/// Changes layer by layer, then input by input.
pub(super) fn section(report: &Report) -> Markup {
    let Some(folding) = &report.folding else {
        let why = report.not_folded.as_deref().unwrap_or_default();
        return html! { p { "This network cannot be folded: " (why) "." } };
    };
    html! {
        p { (said(folding, report)) }
        h3 { "Weights, layer by layer" }
        div.figures { @for (index, layer) in folding.layers.iter().enumerate() { (figure(index, layer)) } }
        p.legend { span.key.before {} "as trained" span.key.after {} "after the fold" }
        p.note {
            "Magnitudes of the weights as multiples of their own median, on a logarithmic axis; the height of a bar is the square root of its \
             share, so that a few weights among many can be seen."
        }
        (ranges(folding))
        h3 { "The first layer, " (report.words.input) " by " (report.words.input) }
        (pixels(&folding.inputs, report))
    }
}

fn said(folding: &Folding, report: &Report) -> String {
    let words = report.words;
    let scaling = if words.is_images() { "Pixel scaling" } else { "The scaling of inputs" };
    let folded = match (folding.inputs.std.is_some(), !report.norms.is_empty()) {
        (true, true) => ", standardization and every BatchNormalization are",
        (true, false) => " and standardization are",
        (false, true) => " and every BatchNormalization are",
        (false, false) => " is",
    };
    let (layers, deviation) =
        (counted(folding.layers.len(), "Dense layer", "Dense layers"), number(f64::from(folding.largest_deviation)));
    let all = format!("{scaling}{folded} now part of {layers}. Over all {}", words.many);
    if report.task != Task::Classify {
        return format!("{all} no output moved by more than {deviation}.");
    }
    let changed = if folding.changed == 0 { "none".to_owned() } else { words.counted(folding.changed) };
    format!("{all} no logit moved by more than {deviation}, and {changed} changed class.")
}

fn figure(index: usize, layer: &FoldedWeights) -> Markup {
    let ratio = |weights: &Weights| multiple(weights.magnitude.largest_over_median());
    let (before, after) = (ratio(&layer.before), ratio(&layer.after));
    let label = format!(
        "Magnitudes of the weights of layer {index} over their median: the largest is {before} as trained and {after} after the fold"
    );
    html! {
        figure {
            h4 { "Layer " (index) ", " code { (layer.names.join(" + ")) } }
            (compared(&layer.before.relative, &layer.after.relative, &label))
            figcaption { "Largest weight over the median: " (before) " as trained, " (after) " after the fold." }
        }
    }
}

fn ranges(folding: &Folding) -> Markup {
    let names = [
        Text("Layer"),
        Number("Weights"),
        Number("Smallest, as trained"),
        Number("Largest, as trained"),
        Number("Smallest, folded"),
        Number("Largest, folded"),
    ];
    let rows = html! {
        (heads(&names))
        tbody {
            @for layer in &folding.layers {
                tr {
                    th scope="row" { code { (layer.names.join(" + ")) } }
                    td { (thousands(layer.inputs * layer.units)) }
                    @for MinMedianMax { min, max, .. } in [layer.before.range, layer.after.range] {
                        td { (number(min)) }
                        td { (number(max)) }
                    }
                }
            }
        }
    };
    table("Ranges of the weights before and after the fold", rows)
}

fn pixels(inputs: &Inputs, report: &Report) -> Markup {
    let image = report.image;
    let [before, after] = [&inputs.before, &inputs.after].map(|values| relative(values));
    if !report.words.is_images() {
        return html! {
            p { (explained(inputs, MinMedianMax::of(&after).max, report)) }
            (largest_inputs(inputs, &after, report))
        };
    }
    let [from, middle, to] = ends(before.iter().chain(&after).copied());
    let share = move |ratio: f64| (ratio / from).ln() / (to / from).ln();
    let largest = MinMedianMax::of(&after).max;
    let label = |when: &str, values: &[f64]| {
        let MinMedianMax { min, max, .. } = MinMedianMax::of(values);
        format!("Weight of every pixel {when}: {} to {} the median", multiple(min), multiple(max))
    };
    html! {
        p { (explained(inputs, largest, report)) }
        div.figures.maps {
            figure {
                h4 { "As trained" }
                (heat(&before, image, share, &label("as trained", &before)))
                figcaption { "weights of standardized pixels" }
            }
            figure {
                h4 { "After the fold" }
                (heat(&after, image, share, &label("after the fold", &after)))
                figcaption { "weights of raw pixels, 0 to 255" }
            }
        }
        (scale([from, middle, to].map(multiple)))
        p.note { "Root mean square of a pixel\u{2019}s weights over all units, as a multiple of the median pixel\u{2019}s; logarithmic colours, the same in both." }
        (details("The pixels with the largest weights", largest_pixels(inputs, &after, image)))
    }
}

/// Ends and middle of a logarithmic scale for `ratios`, which covers at least a decade; zeros are below it.
fn ends(ratios: impl Iterator<Item = f64>) -> [f64; 3] {
    let positive = ratios.filter(|ratio| *ratio > 0.0);
    let (from, to) = positive.fold((1.0, 1.0), |(from, to), ratio| (f64::min(from, ratio), f64::max(to, ratio)));
    let to = f64::max(to, from * 10.0);
    [from, (from * to).sqrt(), to]
}

fn explained(inputs: &Inputs, largest: f64, report: &Report) -> String {
    let input = report.words.input;
    let effect =
        format!("After the fold the heaviest {input} weighs {} times as much as the median one", number(largest));
    match &inputs.std {
        Some(_) if !report.words.is_images() => format!(
            "{effect}. Standardization divides every input by its standard deviation, and the fold moves that division into the weights; \
             the windows in which inputs become 8 bits take it out again."
        ),
        Some(std) => {
            let least = std.iter().copied().fold(f32::INFINITY, f32::min);
            format!(
                "{effect}. Standardization divides every pixel by its standard deviation, which is as small as {} where images are nearly \
                 always black, and the fold moves that division into the weights: this is what plain rounding to a few bits cannot hold.",
                number(f64::from(least))
            )
        }
        None => format!(
            "{effect}. {} are not standardized here.",
            if report.words.is_images() { "Pixels" } else { "Inputs" }
        ),
    }
}

/// Values as multiples of their median.
fn relative(values: &[f64]) -> Vec<f64> {
    let median = MinMedianMax::of(values).median;
    values.iter().map(|value| if median > 0.0 { value / median } else { 1.0 }).collect()
}

/// The inputs with the largest weights, by their channel and sample.
fn largest_inputs(inputs: &Inputs, after: &[f64], report: &Report) -> Markup {
    let mut order: Vec<usize> = (0..after.len()).collect();
    order.sort_by(|&a, &b| after[b].total_cmp(&after[a]));
    let channels = report.shape.channels.max(1);
    let name = |input: usize| {
        let channel = report.channels.get(input % channels).cloned();
        channel.unwrap_or_else(|| (input % channels).to_string())
    };
    let std = |input: usize| inputs.std.as_ref().map_or("\u{2013}".to_owned(), |std| number(f64::from(std[input])));
    let rows = html! {
        (heads(&[Text("Channel"), Number("Sample"), Number("Standard deviation"), Number("Weight over the median")]))
        tbody {
            @for &input in order.iter().take(LARGEST) {
                tr {
                    th scope="row" { (name(input)) }
                    td { (input / channels) }
                    td { (std(input)) }
                    td { (multiple(after[input])) }
                }
            }
        }
    };
    table("The inputs with the largest weights after the fold; samples count from 0", rows)
}

fn largest_pixels(inputs: &Inputs, after: &[f64], (_, width): (usize, usize)) -> Markup {
    let mut order: Vec<usize> = (0..after.len()).collect();
    order.sort_by(|&a, &b| after[b].total_cmp(&after[a]));
    let std = |input: usize| inputs.std.as_ref().map_or("\u{2013}".to_owned(), |std| number(f64::from(std[input])));
    let rows = html! {
        (heads(&[Text("Row"), Number("Column"), Number("Standard deviation"), Number("Weight over the median")]))
        tbody {
            @for &input in order.iter().take(LARGEST) {
                tr {
                    th scope="row" { (input / width) }
                    td { (input % width) }
                    td { (std(input)) }
                    td { (multiple(after[input])) }
                }
            }
        }
    };
    table("The pixels with the largest weights after the fold; rows and columns count from 0", rows)
}
