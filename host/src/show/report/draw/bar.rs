//! A bar next to its number, in a table cell. The number is complete by itself; the bar is hidden from screen readers.

use maud::{Markup, html};
use std::ops::Range;

/// A bar that fills `share` of its track; if it exceeds 1, the bar is full and striped.
pub fn bar(share: f64) -> Markup {
    html! { span.bar aria-hidden="true" { span.over[share > 1.0] style=(format!("width:{}", percent(share))) {} } }
}

/// A bar that fills `share` of its track, with a line across the shares of `range`.
pub fn bar_with_range(share: f64, range: Range<f64>) -> Markup {
    let line = format!("left:{};width:{}", percent(range.start), percent(range.end - range.start));
    html! {
        span.bar aria-hidden="true" {
            span style=(format!("width:{}", percent(share))) {}
            span.range style=(line) {}
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share.clamp(0.0, 1.0) * 100.0)
}
