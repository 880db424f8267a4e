//! Instructions of each device model per image, layer by layer, on the boards where they were counted.

use super::parts::table;
use super::quantization::name;
use crate::format::thousands;
use crate::show::report::draw::bar::bar_with_range;
use crate::show::report::gather::measured::Measurement;
use crate::show::report::gather::models::DeviceModel;
use crate::show::report::gather::words::Words;
use foldnet_sim::emulate::Instructions;
use maud::{Markup, html};

/// A table per model with the source of the counts, or instructions for counting.
pub(super) fn section(models: &[DeviceModel], words: Words) -> Markup {
    let all = || models.iter().flat_map(|model| &model.measured);
    let largest = all().map(|run| run.all.max).max().unwrap_or_default();
    html! {
        h3 { "Instructions for one " (words.one) }
        @if largest == 0 {
            p {
                "Instructions are measured, never estimated: "
                code { "foldnet-sim MODEL.fnet --board all --emulate --layers --images 1000 --json > run.json" }
                " runs the real firmware on emulated boards and counts, and " code { "foldnet report --device run.json" } " shows the counts here."
            }
        } @else {
            @for model in models.iter().filter(|model| !model.measured.is_empty()) {
                h4 { (name(model)) }
                (counts(model, largest, words))
            }
            p.note {
                "A bar is the mean over the " (words.many) ", and the line in it spans the fewest to the most for one " (words.one) "; all bars have the same scale. Counted by the emulator while the real firmware ran, \
                 with every logit equal to the simulator\u{2019}s. Each layer was timed by itself, including the code that leads to it, so the layers do not add up exactly to the whole. Instructions are not cycles."
            }
            (origins(&all().collect::<Vec<_>>(), words))
        }
    }
}

/// A row per board, a column per layer.
fn counts(model: &DeviceModel, largest: u64, words: Words) -> Markup {
    let rows = html! {
        thead {
            tr {
                th scope="col" { "Board" }
                th.text scope="col" { "Whole " (words.one) }
                @for (index, layer) in model.layers.iter().enumerate() {
                    th.text scope="col" {
                        "Layer " (index) br;
                        span.faint { (thousands(layer.inputs)) " \u{2192} " (thousands(layer.units)) ", " (layer.bits) "\u{a0}bits" }
                    }
                }
            }
        }
        tbody {
            @for run in &model.measured {
                tr {
                    th scope="row" { (run.board) br; span.faint { (run.core) ", kernel " (run.kernel) } }
                    @for count in std::iter::once(&run.all).chain(&run.layers) { td.fit.count { (cell(count, largest)) } }
                }
            }
        }
    };
    table(&format!("Instructions of {} for one {}", name(model), words.one), rows)
}

fn cell(count: &Instructions, largest: u64) -> Markup {
    let share = |instructions: f64| instructions / largest as f64;
    html! {
        p { (thousands(count.mean.round() as usize)) }
        (bar_with_range(share(count.mean), share(count.min as f64)..share(count.max as f64)))
        p { span.faint { (thousands(count.min as usize)) " to " (thousands(count.max as usize)) } }
    }
}

/// The images and the compiler of every run, with one line for runs that share them.
fn origins(runs: &[&Measurement], words: Words) -> Markup {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for run in runs {
        let origin = origin(run, words);
        let at = lines.iter().position(|(line, _)| *line == origin).unwrap_or_else(|| {
            lines.push((origin, Vec::new()));
            lines.len() - 1
        });
        let boards = &mut lines[at].1;
        if !boards.contains(&run.board.as_str()) {
            boards.push(&run.board);
        }
    }
    html! { dl.facts.origins { @for (origin, boards) in lines { dt { (boards.join(", ")) } dd { (origin) } } } }
}

fn origin(run: &Measurement, words: Words) -> String {
    let counted = words.counted(run.images);
    let (images, dataset) = (counted.replacen(' ', " test ", 1), &run.dataset);
    let built = run
        .compiler
        .as_ref()
        .map_or_else(|| "firmware given as a file".to_owned(), |compiler| format!("firmware built by {compiler}"));
    format!("{images} of {dataset}; {built}")
}
