//! Plots as SVG, for the report and for files of their own: the rectangle that values are drawn in, its grid and its
//! labels, and the shapes that all figures share. `ticks` has the values of an axis, `lines` draws values over epochs.
//!
//! Colours come from [`STYLE`], so that they follow light and dark mode; no meaning depends on colour alone.

pub(crate) mod lines;
pub(crate) mod ticks;

use maud::{Markup, Render, html};
use ticks::{Ticks, Unit};

/// Colours of the report and of plots, and the style of plots.
pub(crate) const STYLE: &str = include_str!("style.css");

/// Number of series that differ in colour, stroke and marker; further ones look the same.
pub(crate) const STYLES: usize = 4;

/// Distances of a text from the frame, and of its baseline from its middle, in pixels.
const BESIDE: f64 = 8.0;
pub(crate) const BELOW: f64 = 18.0;
const HALF: f64 = 4.0;

/// The rectangle that values are drawn in, in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Frame {
    /// The horizontal position of a share of the width: 0 is left.
    pub(crate) fn x(&self, share: f64) -> f64 {
        self.left + share * (self.right - self.left)
    }

    /// The vertical position of a share of the height: 0 is at the bottom.
    pub(crate) fn y(&self, share: f64) -> f64 {
        self.bottom - share * (self.bottom - self.top)
    }

    /// A horizontal line at each of `ticks`, with its value.
    pub(crate) fn grid(&self, ticks: &Ticks, unit: Unit) -> Markup {
        let (Self { left, right, bottom, .. }, (labels, power)) = (self, ticks.labels(unit));
        html! {
            @for (y, label) in ticks.at.iter().map(|&value| self.y(ticks.share(value))).zip(labels) {
                path.grid d=(format!("M{left} {y:.1}H{right}")) {}
                (text(left - BESIDE, y + HALF, "end", label))
            }
            @if let Some(power) = power { (text(left - BESIDE, bottom + BELOW, "end", power)) }
        }
    }

    /// A text below the frame.
    pub(crate) fn below(&self, x: f64, content: impl Render) -> Markup {
        text(x, self.bottom + BELOW, "middle", content)
    }
}

/// A drawing in a page; `label` is for screen readers.
pub(crate) fn drawing(class: &str, (width, height): (f64, f64), label: &str, content: Markup) -> Markup {
    html! { svg class=(class) role="img" aria-label=(label) viewBox=(format!("0 0 {width} {height}")) { (content) } }
}

/// A text that starts, ends or has its middle (`anchor`) at `x`.
pub(crate) fn text(x: f64, y: f64, anchor: &str, content: impl Render) -> Markup {
    html! { text x=(format!("{x:.1}")) y=(format!("{y:.1}")) text-anchor=(anchor) { (content) } }
}

/// Path data of a line through `points`.
pub(crate) fn line(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let part = |(at, (x, y))| format!("{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    points.into_iter().enumerate().map(part).collect()
}

/// Path data of a disc.
pub(crate) fn disc((x, y): (f64, f64), radius: u8) -> String {
    let (left, width) = (x - f64::from(radius), 2 * radius);
    format!("M{left:.1} {y:.1}a{radius} {radius} 0 1 0 {width} 0a{radius} {radius} 0 1 0 -{width} 0Z")
}
