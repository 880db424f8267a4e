//! Figures of several runs as SVG: lines with their spread, and dots. A file is self-contained, follows the reader's
//! light or dark setting, and describes its contents to screen readers.

use crate::judge::compare::statistics::MeanDeviation;
use crate::show::ticks::{Ticks, named_epochs};
use std::fmt::{Display, Write};

/// One curve.
#[derive(Debug, Clone)]
pub struct Line {
    /// Name in the legend.
    pub name: String,
    /// Values at 1, 2, 3 and so on.
    pub points: Vec<MeanDeviation>,
}

/// A group of dots.
#[derive(Debug, Clone)]
pub struct Dots {
    /// Name below the dots.
    pub name: String,
    /// One value per dot; at least one.
    pub values: Vec<f64>,
}

/// One part of a figure.
#[derive(Debug, Clone)]
pub enum Panel {
    /// Means as lines over epochs, with a band of one standard deviation on each side.
    Lines(String, Vec<Line>),
    /// Single values as dots, with a dash for their mean.
    Dots(String, Vec<Dots>),
}

/// Width of a panel with its axis, height of a figure, and the margins within a panel, in pixels.
const PANEL: f64 = 320.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 40.0;

/// Colours that colour-blind people can distinguish (Okabe and Ito), lighter on a dark background.
const STYLE: &str = "\
svg{--ink:#222;--paper:#fff;--grid:#ddd;--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#aa4499}\
@media(prefers-color-scheme:dark){svg{--ink:#ddd;--paper:#16181c;--grid:#3a3d42;--c0:#56b4e9;--c1:#f0883e;--c2:#3fc79a;--c3:#dd88cc}}\
text{font:12px system-ui,sans-serif;fill:var(--ink)}.title{font-weight:600}.grid{stroke:var(--grid)}\
.k0{--c:var(--c0)}.k1{--c:var(--c1)}.k2{--c:var(--c2)}.k3{--c:var(--c3)}\
.line,.mean{fill:none;stroke:var(--c);stroke-width:2}.band{fill:var(--c);opacity:.18}.dot{fill:var(--c);opacity:.75}";

/// Number of colours; further series start again.
const COLOURS: usize = 4;

/// A figure of `panels` side by side.
pub fn svg(title: &str, panels: &[Panel]) -> String {
    let width = PANEL * panels.len() as f64;
    let body: String = panels.iter().enumerate().map(|(at, panel)| draw(panel, PANEL * at as f64)).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" role=\"img\" \
         aria-label=\"{0}\"><title>{0}</title><style>{STYLE}</style><rect width=\"100%\" height=\"100%\" \
         fill=\"var(--paper)\"/>\n{body}</svg>\n",
        escaped(title)
    )
}

fn draw(panel: &Panel, left: f64) -> String {
    let axis = Axis::of(panel, left);
    let (title, columns) = match panel {
        Panel::Lines(title, lines) => (title, lines.iter().map(|line| line.points.len()).max().unwrap_or(0)),
        Panel::Dots(title, dots) => (title, dots.len()),
    };
    let mut out = text(left + LEFT, 20.0, "start", "title", title);
    out += &axis.grid();
    match panel {
        Panel::Lines(_, lines) => {
            for column in named_epochs(columns) {
                out += &text(axis.x(column, columns), HEIGHT - BOTTOM + 18.0, "middle", "", column + 1);
            }
            out += &text(left + PANEL / 2.0, HEIGHT - 6.0, "middle", "", "epoch");
            for (at, line) in lines.iter().enumerate() {
                out += &draw_line(line, at, columns, &axis);
            }
        }
        Panel::Dots(_, dots) => {
            for (at, dots) in dots.iter().enumerate() {
                out += &draw_dots(dots, at, columns, &axis);
            }
        }
    }
    out
}

fn draw_line(line: &Line, at: usize, columns: usize, axis: &Axis) -> String {
    let point = |column: usize, value: f64| format!("{:.1},{:.1} ", axis.x(column, columns), axis.y(value));
    let points = || line.points.iter().enumerate();
    let mean: String = points().map(|(column, spread)| point(column, spread.mean)).collect();
    let upper: String = points().map(|(column, spread)| point(column, spread.mean + spread.sd)).collect();
    let lower: String = points().rev().map(|(column, spread)| point(column, spread.mean - spread.sd)).collect();
    let legend = axis.left + LEFT + 80.0 * at as f64;
    let mark: String = points().map(|(column, spread)| dot(axis.x(column, columns), axis.y(spread.mean), "")).collect();
    format!(
        "<g class=\"k{}\"><polygon class=\"band\" points=\"{upper}{lower}\"/><polyline class=\"line\" points=\"{mean}\"/>\
         {mark}{}{}</g>\n",
        at % COLOURS,
        dot(legend, 40.0, ""),
        text(legend + 10.0, 44.0, "start", "", &line.name)
    )
}

fn draw_dots(dots: &Dots, at: usize, columns: usize, axis: &Axis) -> String {
    let x = axis.left + LEFT + (PANEL - LEFT - RIGHT) * (at as f64 + 0.5) / columns as f64;
    let marks: String =
        dots.values.iter().map(|&value| dot(x, axis.y(value), &format!("{}: {value:.4}", dots.name))).collect();
    let mean = axis.y(dots.values.iter().sum::<f64>() / dots.values.len() as f64);
    let (from, to) = (x - 18.0, x + 18.0);
    format!(
        "<g class=\"k{}\">{marks}<path class=\"mean\" d=\"M{from:.1} {mean:.1}H{to:.1}\"/>{}</g>\n",
        at % COLOURS,
        text(x, HEIGHT - BOTTOM + 18.0, "middle", "", &dots.name)
    )
}

/// The vertical axis of a panel, and the positions of its columns.
struct Axis {
    left: f64,
    ticks: Ticks,
}

impl Axis {
    fn of(panel: &Panel, left: f64) -> Self {
        let values: Vec<f64> = match panel {
            Panel::Lines(_, lines) => {
                let points = lines.iter().flat_map(|line| &line.points);
                points.flat_map(|point| [point.mean - point.sd, point.mean + point.sd]).collect()
            }
            Panel::Dots(_, dots) => dots.iter().flat_map(|dots| dots.values.iter().copied()).collect(),
        };
        Self { left, ticks: Ticks::around(values.into_iter()) }
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.ticks.share(value) * (HEIGHT - TOP - BOTTOM)
    }

    /// The first column is on the left edge, the last on the right; a single one is in the middle.
    fn x(&self, column: usize, columns: usize) -> f64 {
        let share = if columns > 1 { column as f64 / (columns - 1) as f64 } else { 0.5 };
        self.left + LEFT + 8.0 + share * (PANEL - LEFT - RIGHT - 16.0)
    }

    fn grid(&self) -> String {
        let (from, to) = (self.left + LEFT, self.left + PANEL - RIGHT);
        let line = |&value: &f64| {
            let y = self.y(value);
            let shown = self.ticks.digits(1.0).map_or(format!("{value:e}"), |digits| format!("{value:.digits$}"));
            let label = text(from - 6.0, y + 4.0, "end", "", shown);
            format!("<path class=\"grid\" d=\"M{from:.1} {y:.1}H{to:.1}\"/>{label}")
        };
        self.ticks.at.iter().map(line).collect()
    }
}

fn dot(x: f64, y: f64, title: &str) -> String {
    let title = if title.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(title)) };
    format!("<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\">{title}</circle>")
}

fn text(x: f64, y: f64, anchor: &str, class: &str, text: impl Display) -> String {
    let mut out = format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"");
    if !class.is_empty() {
        out += &format!(" class=\"{class}\"");
    }
    out + &format!(">{}</text>", escaped(&text.to_string()))
}

/// Escapes text for XML content and attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '"' => {
                let written = write!(out, "&#{};", u32::from(character));
                debug_assert!(written.is_ok(), "a String takes everything");
            }
            plain if foldnet_data::text::is_plain(plain) => out.push(plain),
            special => out.extend(special.escape_default()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_is_higher_and_all_is_within() {
        let spread = |mean| MeanDeviation { mean, sd: 0.1, min: mean, max: mean };
        let lines = vec![Line { name: "a<b".into(), points: [1.0, 2.0, 4.0].map(spread).to_vec() }];
        let axis = Axis::of(&Panel::Lines(String::new(), lines.clone()), 0.0);
        assert!(axis.y(4.1) < axis.y(2.0) && axis.y(4.1) >= TOP - 1e-9 && axis.y(0.9) <= HEIGHT - BOTTOM + 1e-9);
        let drawn = svg("A \"title\"", &[Panel::Lines("loss".into(), lines)]);
        assert!(drawn.contains("a&#60;b") && drawn.contains("aria-label=\"A &#34;title&#34;\""), "{drawn}");
        assert_eq!(drawn.matches("<polyline").count(), 1);
    }

    #[test]
    fn equal_values_have_an_axis() {
        let drawn = svg("t", &[Panel::Dots("d".into(), vec![Dots { name: "a".into(), values: vec![0.5, 0.5] }])]);
        assert!(drawn.matches("<circle").count() == 2 && !drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }
}
