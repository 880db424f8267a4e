//! A bar beside its number, in a table's cell. The number says it all; the bar is hidden from screen readers.

use maud::{Markup, html};

/// A bar that fills `share` of its track; one of more than 1 is full and striped.
pub fn bar(share: f64) -> Markup {
    let style = format!("width:{:.2}%", share.clamp(0.0, 1.0) * 100.0);
    html! { span.bar aria-hidden="true" { span.over[share > 1.0] style=(style) {} } }
}
