//! The page: sections in the order in which a reader asks, one file each. Every figure has a description in words and
//! its numbers as text; wide tables scroll in boxes of their own.

mod answers;
mod classes;
mod curves;
mod devices;
mod folding;
mod instructions;
mod mistakes;
mod norms;
mod overview;
mod parts;
mod quantization;
mod run;

use super::gather::Report;
use crate::show::plot;
use foldnet_data::{Task, View};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Type and layout, for light and dark, wide and narrow; the colours are those of plots.
const STYLE: &str = include_str!("style.css");

/// Nothing is fetched and nothing is run, whatever name a class has.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// A section of the page, with its anchor.
struct Section {
    id: &'static str,
    title: &'static str,
    content: Markup,
}

/// The whole page; `test` are the images that were measured on.
pub fn page(report: &Report, test: View) -> String {
    let sections = sections(report, test);
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (report.name) " \u{2013} Foldnet report" }
                style { (PreEscaped(plot::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the figures" }
                (overview::header(report))
                nav aria-label="Sections" {
                    ul { @for section in &sections { li { a href=(format!("#{}", section.id)) { (section.title) } } } }
                }
                main #main tabindex="-1" { @for section in &sections { (section.markup()) } }
                footer { p { "Written by foldnet " (env!("CARGO_PKG_VERSION")) "." } }
            }
        }
    };
    // Names are escaped above; characters that would change the reading order are made visible here.
    foldnet_data::text::block(&document.into_string())
}

fn sections(report: &Report, test: View) -> Vec<Section> {
    let section = |id, title, content| Section { id, title, content };
    let answers = match report.task {
        Task::Classify => vec![
            section("classes", "Classes", classes::section(report)),
            section("mistakes", "Mistakes", mistakes::section(report, test)),
        ],
        Task::Regress | Task::Reconstruct => vec![section("answers", "Answers", answers::section(report))],
    };
    let mut sections = vec![section("learning", "Learning", curves::section(report))];
    sections.extend(answers);
    sections.extend([
        section("norms", "Batch normalization", norms::section(report)),
        section("folding", "Folding", folding::section(report)),
        section("quantization", "Quantization", quantization::section(report, test)),
        section("devices", "Devices", devices::section(report)),
        section("run", "Network and run", run::section(report)),
    ]);
    sections
}

impl Section {
    fn markup(&self) -> Markup {
        let heading = format!("{}-heading", self.id);
        html! {
            section id=(self.id) aria-labelledby=(heading) {
                h2 id=(heading) { (self.title) }
                (self.content)
            }
        }
    }
}
