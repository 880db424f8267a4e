//! Mistakes: the misclassified images with the highest confidence.

use super::parts::PICTURES;
use crate::format::counted;
use crate::show::format::confidence;
use crate::show::report::draw::picture::picture;
use crate::show::report::gather::Report;
use crate::show::report::gather::mistakes::Mistake;
use foldnet_data::View;
use maud::{Markup, html};

/// Images, the most confident mistakes first.
pub(super) fn section(report: &Report, test: View) -> Markup {
    let all = report.mistakes.len();
    if all == 0 {
        return html! { p { "None: every " (report.words.one) " was recognized." } };
    }
    let confident = report.mistakes.iter().filter(|mistake| mistake.probability > 0.9).count();
    html! {
        p {
            "Of " (counted(all, "mistake", "mistakes")) ", " (counted(confident, "was", "were"))
            " made with a confidence above 90\u{a0}%. "
            @if all > PICTURES { "Here are the " (PICTURES) " most confident." } @else { "Here they are, the most confident first." }
        }
        ul.pictures {
            @for mistake in report.mistakes.iter().take(PICTURES) { (one(mistake, report, test)) }
        }
    }
}

fn one(mistake: &Mistake, report: &Report, test: View) -> Markup {
    let (is, taken_for) = (&report.labels[mistake.class], &report.labels[mistake.taken_for]);
    let description = format!("Test {} {}: {is}, mistaken for {taken_for}", report.words.one, mistake.image);
    let caption = html! {
        b { (taken_for) } " " span.figure { (confidence(mistake.probability)) } br;
        "is " (is) br;
        span.faint { "test " (report.words.one) " " (mistake.image) }
    };
    picture(test, mistake.image, &description, caption)
}
