//! Figures of several runs as SVG: lines with their spread, and dots. A file is self-contained, follows the reader's
//! light or dark setting, and describes its contents to screen readers.

use super::plot::lines::{FRAME, Lines, SIZE, lines};
use super::plot::ticks::{Ticks, Unit};
use super::plot::{Frame, STYLE, STYLES, text};
use maud::{Markup, PreEscaped, html};

/// One part of a figure.
pub(crate) enum Panel {
    /// Values over epochs.
    Lines(Lines),
    /// Single values as dots, with a dash for their mean.
    Dots(Vec<Dots>, Unit),
}

/// A group of dots.
pub(crate) struct Dots {
    /// Name below the dots.
    pub(crate) name: String,
    /// One value per dot; at least one.
    pub(crate) values: Vec<f64>,
}

/// Height of a title.
const TITLE: f64 = 34.0;

/// The frame of dots, which have their names below instead of on the right.
const WIDE: Frame = Frame { right: SIZE.0 - 10.0, ..FRAME };

/// A figure of titled panels side by side.
pub(crate) fn svg(title: &str, panels: &[(&str, Panel)]) -> String {
    let (width, height) = (SIZE.0 * panels.len() as f64, SIZE.1 + TITLE);
    let drawn = html! {
        svg.plot xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {width} {height}")) width=(width) role="img"
            aria-label=(title) font-family="system-ui, sans-serif" {
            title { (title) }
            style { (PreEscaped(STYLE)) }
            rect.ground width="100%" height="100%" {}
            @for (at, (title, panel)) in panels.iter().enumerate() {
                g transform=(format!("translate({} {TITLE})", SIZE.0 * at as f64)) {
                    g.title { (text(FRAME.left, -12.0, "start", title)) }
                    @match panel {
                        Panel::Lines(values) => { (lines(values)) }
                        Panel::Dots(groups, unit) => { (dots(groups, *unit)) }
                    }
                }
            }
        }
    };
    // Names are escaped above; characters that would change the reading order are made visible here.
    foldnet_data::text::block(&drawn.into_string())
}

fn dots(groups: &[Dots], unit: Unit) -> Markup {
    let ticks = Ticks::around(groups.iter().flat_map(|dots| dots.values.iter().copied()));
    let y = |value| WIDE.y(ticks.share(value));
    let mean = |values: &[f64]| y(values.iter().sum::<f64>() / values.len() as f64);
    html! {
        (WIDE.grid(&ticks, unit))
        @for (at, dots) in groups.iter().enumerate() {
            @let x = WIDE.x((at as f64 + 0.5) / groups.len() as f64);
            g class=(format!("series s{}", at % STYLES)) {
                @for &value in &dots.values {
                    circle cx=(format!("{x:.1}")) cy=(format!("{:.1}", y(value))) r="4" {
                        title { (dots.name) ": " (format!("{value:.4}")) }
                    }
                }
                path.mean d=(format!("M{:.1} {:.1}h36", x - 18.0, mean(&dots.values))) {}
                g.name { (WIDE.below(x, &dots.name)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::plot::lines::Series;

    #[test]
    fn names_are_escaped() {
        let series = vec![Series { name: "a<b".into(), values: vec![1.0, 2.0], spread: vec![0.1; 2] }];
        let panel = Panel::Lines(Lines { series, best: None, unit: Unit::Nats });
        let drawn = svg("A \"title\"", &[("loss", panel)]);
        assert!(drawn.contains("a&lt;b") && drawn.contains("aria-label=\"A &quot;title&quot;\""), "{drawn}");
        assert_eq!([drawn.matches("class=\"line\"").count(), drawn.matches("class=\"band\"").count()], [1, 1]);
    }

    #[test]
    fn equal_values_have_an_axis() {
        let panel = Panel::Dots(vec![Dots { name: "a".into(), values: vec![0.5, 0.5] }], Unit::Share);
        let drawn = svg("t", &[("d", panel)]);
        assert!(drawn.matches("<circle").count() == 2 && !drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }
}
