//! What sections are made of: tables, details to expand, the number of pictures.

use maud::{Markup, html};

/// Maximum number of images of a kind.
pub(super) const PICTURES: usize = 18;

/// A table that scrolls separately if it is too wide; `name` describes it.
pub(super) fn table(name: &str, content: Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(name) tabindex="0" {
            table { caption.unseen { (name) } (content) }
        }
    }
}

/// Contents of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Text(&'static str),
    Number(&'static str),
    /// Bars for the preceding column.
    Bars,
}

/// A row of column heads.
pub(super) fn heads(columns: &[Column]) -> Markup {
    html! {
        thead {
            tr {
                @for column in columns {
                    @match column {
                        Column::Text(name) => { th.text scope="col" { (name) } }
                        Column::Number(name) => { th scope="col" { (name) } }
                        Column::Bars => { td {} }
                    }
                }
            }
        }
    }
}

/// Details below a figure that can be expanded.
pub(super) fn details(summary: &str, content: Markup) -> Markup {
    html! { details { summary { (summary) } (content) } }
}
