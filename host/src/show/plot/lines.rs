//! Values over the epochs, as lines that differ in colour, stroke and marker, each labelled at its end.

use super::ticks::{Ticks, Unit, named_epochs};
use super::{Frame, HALF, STYLES, disc, line, text};
use maud::{Markup, html};

/// Size of a plot, and the frame in it: labels of the axis on the left, the names of the lines on the right.
pub(crate) const SIZE: (f64, f64) = (360.0, 230.0);
pub(crate) const FRAME: Frame = Frame { left: 70.0, right: 258.0, top: 14.0, bottom: 192.0 };

/// Distance of the first and the last epoch from the sides of the frame.
const INSET: f64 = 10.0;

/// Minimum distance between the labels at the ends of two lines.
const APART: f64 = 30.0;

/// Maximum number of markers on a line.
const MOST_MARKS: usize = 24;

/// The values to draw.
pub(crate) struct Lines {
    /// In the order of their colours.
    pub(crate) series: Vec<Series>,
    /// The epoch to mark as the best, from 0.
    pub(crate) best: Option<usize>,
    /// Unit of the values.
    pub(crate) unit: Unit,
}

/// One line.
pub(crate) struct Series {
    /// Its name.
    pub(crate) name: String,
    /// A value for each epoch; at least one.
    pub(crate) values: Vec<f64>,
    /// Standard deviations, drawn as a band on both sides of the line; empty if there are none.
    pub(crate) spread: Vec<f64>,
}

impl Series {
    /// The values moved by `times` their standard deviations, as far as the unit has such values.
    fn moved(&self, times: f64, unit: Unit) -> impl Iterator<Item = f64> {
        let spread = |epoch| self.spread.get(epoch).copied().unwrap_or(0.0);
        self.values.iter().enumerate().map(move |(epoch, value)| unit.nearest(value + times * spread(epoch)))
    }
}

/// The axes of a plot, for values over epochs.
struct Axes {
    ticks: Ticks,
    unit: Unit,
    epochs: usize,
}

impl Axes {
    fn of(lines: &Lines) -> Self {
        let unit = lines.unit;
        let values = lines.series.iter().flat_map(|series| series.moved(-1.0, unit).chain(series.moved(1.0, unit)));
        let epochs = lines.series.iter().map(|series| series.values.len()).max();
        Self { ticks: Ticks::around(values), unit, epochs: epochs.unwrap_or(0) }
    }

    fn y(&self, value: f64) -> f64 {
        FRAME.y(self.ticks.share(value))
    }

    /// Horizontal position of an epoch; the middle for a single one.
    fn x(&self, epoch: usize) -> f64 {
        let share = if self.epochs > 1 { epoch as f64 / (self.epochs - 1) as f64 } else { 0.5 };
        Frame { left: FRAME.left + INSET, right: FRAME.right - INSET, ..FRAME }.x(share)
    }

    /// The points of these values, epoch by epoch.
    fn points<I: Iterator<Item = f64>>(&self, values: I) -> impl Iterator<Item = (f64, f64)> + use<'_, I> {
        values.enumerate().map(|(epoch, value)| (self.x(epoch), self.y(value)))
    }

    /// The line and its markers at every value, or only at the last if there are many; the band around it.
    fn series(&self, series: &Series, style: usize) -> Markup {
        let points = || self.points(series.values.iter().copied());
        let skipped = if series.values.len() > MOST_MARKS { series.values.len() - 1 } else { 0 };
        let marks: String = points().skip(skipped).map(|point| mark(point, style)).collect();
        let upper = self.points(series.moved(1.0, self.unit));
        let mut lower: Vec<_> = self.points(series.moved(-1.0, self.unit)).collect();
        lower.reverse();
        html! {
            @if !series.spread.is_empty() { path.band d=(line(upper.chain(lower)) + "Z") {} }
            path.line d=(line(points())) {}
            path.marks d=(marks) {}
        }
    }
}

/// The contents of a drawing of [`SIZE`].
pub(crate) fn lines(lines: &Lines) -> Markup {
    let axes = Axes::of(lines);
    let last: Vec<f64> = lines.series.iter().filter_map(|series| series.values.last().copied()).collect();
    let ends = apart(&last.iter().map(|&value| axes.y(value)).collect::<Vec<_>>());
    let (middle, side) = (FRAME.x(0.5), FRAME.right + INSET);
    html! {
        (FRAME.grid(&axes.ticks, lines.unit))
        @for epoch in named_epochs(axes.epochs) { (FRAME.below(axes.x(epoch), epoch + 1)) }
        (text(middle, SIZE.1 - HALF, "middle", "epoch"))
        @if let Some(best) = lines.best.filter(|&best| best < axes.epochs).map(|best| axes.x(best)) {
            path.best d=(format!("M{best:.1} {}V{}", FRAME.top, FRAME.bottom)) {}
            (text(best, FRAME.top - 3.0, "middle", "best"))
        }
        @for (style, ((series, value), end)) in lines.series.iter().zip(last).zip(ends).enumerate() {
            g class=(format!("series s{}", style % STYLES)) {
                (axes.series(series, style))
                g.name { (text(side, end - 2.0, "start", &series.name)) }
                (text(side, end + 12.0, "start", lines.unit.text(value)))
            }
        }
    }
}

/// Positions of the labels at the ends of the lines, moved apart so that all are readable.
fn apart(ends: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_by(|&a, &b| ends[a].total_cmp(&ends[b]));
    // Both keep the order and the distance; their mean moves two close labels equally far.
    let (mut down, mut up) = (ends.to_vec(), ends.to_vec());
    for pair in order.windows(2) {
        down[pair[1]] = down[pair[1]].max(down[pair[0]] + APART);
    }
    for pair in order.windows(2).rev() {
        up[pair[0]] = up[pair[0]].min(up[pair[1]] - APART);
    }
    let mut moved: Vec<f64> = down.iter().zip(&up).map(|(a, b)| (a + b) / 2.0).collect();
    // None leaves the plot, unless there are too many.
    let over = order.last().map_or(0.0, |&last| (FRAME.bottom - moved[last]).min(0.0));
    moved.iter_mut().for_each(|end| *end += over);
    let shift = order.first().map_or(0.0, |&first| (FRAME.top - moved[first]).max(0.0));
    moved.iter_mut().for_each(|end| *end += shift);
    moved
}

/// The marker of a style at a point.
fn mark((x, y): (f64, f64), style: usize) -> String {
    match style % STYLES {
        0 => disc((x, y), 4),
        1 => format!("M{:.1} {:.1}h7v7h-7Z", x - 3.5, y - 3.5),
        2 => format!("M{x:.1} {:.1}l4.5 8h-9Z", y - 5.0),
        _ => format!("M{x:.1} {:.1}l5 5l-5 5l-5 -5Z", y - 5.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_at_the_ends_do_not_overlap() {
        let cases: [&[f64]; 8] = [
            &[100.0, 101.0],
            &[101.0, 100.0],
            &[50.0, 150.0],
            &[15.0, 14.0],
            &[60.0, 60.0],
            &[90.0, 91.0, 92.0],
            &[FRAME.bottom; 3],
            &[],
        ];
        for ends in cases {
            let moved = apart(ends);
            for (a, b) in (0..ends.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
                assert!((moved[a] - moved[b]).abs() >= APART - 1e-9, "{ends:?}: {moved:?}");
                assert!(ends[a] == ends[b] || (moved[a] < moved[b]) == (ends[a] < ends[b]), "{ends:?}: in their order");
            }
            let within = FRAME.top..=FRAME.bottom;
            assert!(moved.iter().all(|end| within.contains(end)), "{ends:?}: {moved:?}");
        }
    }

    #[test]
    fn no_band_leaves_the_values_there_are() {
        let series = |values, spread| Series { name: "a".into(), values, spread };
        let moved =
            |series: &Series, unit| -> Vec<f64> { series.moved(-1.0, unit).chain(series.moved(1.0, unit)).collect() };
        assert_eq!(moved(&series(vec![0.75, 1.0], vec![0.5, 0.5]), Unit::Share), [0.25, 0.5, 1.0, 1.0]);
        assert_eq!(moved(&series(vec![0.25, 2.0], vec![0.5, 0.5]), Unit::Nats), [0.0, 1.5, 0.75, 2.5]);
        assert!(moved(&series(vec![f64::NAN], Vec::new()), Unit::Nats)[0].is_nan());
    }

    #[test]
    fn larger_is_higher_and_the_band_is_within() {
        let series = Series { name: "a".into(), values: vec![1.0, 2.0, 4.0], spread: vec![0.1; 3] };
        let axes = Axes::of(&Lines { series: vec![series], best: None, unit: Unit::Nats });
        assert!(axes.y(4.1) < axes.y(2.0), "larger is higher");
        assert!(axes.y(4.1) >= FRAME.top - 1e-9 && axes.y(0.9) <= FRAME.bottom + 1e-9);
        assert!(axes.x(0) >= FRAME.left && axes.x(2) <= FRAME.right);
    }
}
