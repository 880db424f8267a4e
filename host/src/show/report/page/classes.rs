//! Classes: accuracy and confusions of each.

use super::parts::Column::{Bars, Number, Text};
use super::parts::{heads, table};
use crate::format::thousands;
use crate::show::format::percent;
use crate::show::report::draw::bar::bar;
use crate::show::report::gather::Report;
use maud::{Markup, html};

/// With more classes than this, a list replaces the matrix, which would be unreadable.
const MOST_IN_MATRIX: usize = 32;

/// Number of pairs in that list.
const PAIRS: usize = 20;

/// Accuracy of each class, then the confusion matrix.
pub(super) fn section(report: &Report) -> Markup {
    html! {
        p { (said(report)) }
        h3 { "Each class" }
        (each(report))
        @if report.labels.len() <= MOST_IN_MATRIX {
            h3 { "Confusion matrix" }
            p.note {
                "A row holds the " (report.words.many) " of one class, a column those that were mistaken for it; correct answers are on the diagonal, in a frame. \
                 The deeper a field\u{2019}s colour, the larger its share of the row; mistakes have a scale of their own."
            }
            (matrix(report))
        } @else {
            h3 { "Most frequent mistakes" }
            (pairs(report))
        }
    }
}

fn said(report: &Report) -> String {
    let per_class = report.evaluation.per_class.iter().filter(|class| class.images > 0);
    let Some(worst) = per_class.min_by(|a, b| a.accuracy.total_cmp(&b.accuracy)) else { return String::new() };
    let (label, share) = (&worst.label, percent(worst.accuracy));
    let worst = format!("Hardest is {label}: {share} of its {} are recognized.", report.words.many);
    match report.classes.confused.first() {
        Some(pair) => format!(
            "{worst} The most frequent mistake is {} mistaken for {}: {} times.",
            report.labels[pair.class],
            report.labels[pair.taken_for],
            thousands(pair.images)
        ),
        None => format!("{worst} No class was mistaken for another."),
    }
}

fn each(report: &Report) -> Markup {
    let counted = if report.words.is_images() { "Images" } else { "Examples" };
    let names =
        [Text("Class"), Number("Recognized"), Bars, Number(counted), Number("Precision"), Text("Most often taken for")];
    let rows = html! {
        (heads(&names))
        tbody {
            @for (class, found) in report.evaluation.per_class.iter().enumerate() {
                tr {
                    th scope="row" { (found.label) }
                    td { (percent(found.accuracy)) }
                    td.bars { (bar(found.accuracy)) }
                    td { (thousands(found.images)) }
                    td { (report.classes.precision(class).map_or("\u{2013}".to_owned(), percent)) }
                    td.text {
                        @match report.classes.most_confused(class) {
                            Some(pair) => { (report.labels[pair.taken_for]) ", " (thousands(pair.images)) },
                            None => { "nothing else" },
                        }
                    }
                }
            }
        }
    };
    html! {
        (table("How well each class is recognized", rows))
        p.note {
            "Recognized: share of the class\u{2019}s " (report.words.many) " (recall). Precision: share of the " (report.words.many)
            " recognized as the class that belong to it."
        }
    }
}

fn matrix(report: &Report) -> Markup {
    let content = html! {
        thead {
            tr {
                th scope="col" { "is \u{2193}  taken for \u{2192}" }
                @for label in &report.labels { th.turned scope="col" { span { (label) } } }
            }
        }
        tbody {
            @for (class, row) in report.classes.confusion.iter().enumerate() {
                tr {
                    th scope="row" { (report.labels[class]) }
                    @for (taken_for, &images) in row.iter().enumerate() {
                        td.right[class == taken_for] style=(depth(report, class, taken_for)) { (images) }
                    }
                }
            }
        }
    };
    html! { div.confusion { (table("Confusion matrix", content)) } }
}

/// Colour depth of a cell: its share of the row, for mistakes relative to the most frequent one. The square root makes
/// rare ones visible.
fn depth(report: &Report, class: usize, taken_for: usize) -> String {
    let classes = &report.classes;
    let share = |class: usize, taken_for: usize| {
        classes.confusion[class][taken_for] as f64 / classes.images(class).max(1) as f64
    };
    let most = match classes.confused.first() {
        Some(pair) if class != taken_for => share(pair.class, pair.taken_for),
        _ => 1.0,
    };
    format!("--depth:{:.0}%", (share(class, taken_for) / most).min(1.0).sqrt() * 100.0)
}

fn pairs(report: &Report) -> Markup {
    let rows = html! {
        (heads(&[Text("Is"), Text("Taken for"), Number(if report.words.is_images() { "Images" } else { "Examples" })]))
        tbody {
            @for pair in report.classes.confused.iter().take(PAIRS) {
                tr {
                    th scope="row" { (report.labels[pair.class]) }
                    td.text { (report.labels[pair.taken_for]) }
                    td { (thousands(pair.images)) }
                }
            }
        }
    };
    table("Most frequent mistakes", rows)
}
