//! Answers of a network that does not classify: predicted against true values, or the distribution of its anomaly
//! scores.

use super::parts::Column::{Number, Text};
use super::parts::{heads, table};
use crate::format::thousands;
use crate::judge::evaluate::Metrics;
use crate::judge::metrics::{Anomaly, Regression};
use crate::show::format::{number, percent};
use crate::show::report::draw::histogram::scores;
use crate::show::report::draw::scatter::scatter;
use crate::show::report::gather::Report;
use crate::show::report::gather::answers::{Answers, Estimated, Scores};
use crate::show::report::gather::values::Axis;
use maud::{Markup, html};

/// A figure for each output, or one of the scores.
pub(super) fn section(report: &Report) -> Markup {
    match (&report.answers, &report.evaluation.metrics) {
        (Some(Answers::Values(values)), Metrics::Regression(found)) => estimated(values, *found),
        (Some(Answers::Scores(all)), Metrics::Anomaly(found)) => scored(all, found),
        _ => html! {},
    }
}

/// A metric as text: RMSE, or AUC; `None` for scores without abnormal examples.
pub(super) fn measure(metrics: &Metrics) -> Option<(&'static str, f64)> {
    match metrics {
        Metrics::Classification(_) => None,
        Metrics::Regression(found) => Some(("RMSE", found.rmse)),
        Metrics::Anomaly(found) => found.auc.map(|auc| ("AUC", auc)),
    }
}

fn estimated(values: &[Estimated], found: Regression) -> Markup {
    html! {
        p {
            "Root mean square error " (number(found.rmse)) ", mean absolute error " (number(found.mae)) ". "
            "R\u{b2}, the share of the targets\u{2019} variance that is explained: " (number(found.r2)) "."
        }
        div.figures {
            @for output in values {
                figure {
                    h3 { (output.name) }
                    (scatter(&output.targets, &output.values, &format!("Predicted against true {}", output.name)))
                    figcaption { "Each point is a test example; on the line both are equal." }
                }
            }
        }
    }
}

fn scored(all: &Scores, found: &Anomaly) -> Markup {
    let label = "Shares of the normal and of the abnormal examples by anomaly score, with the threshold";
    html! {
        p { (said(found)) }
        div.figures {
            figure {
                (scores(&all.normal, all.abnormal.as_ref(), all.threshold.map(f64::from), label))
                figcaption {
                    "Anomaly score: mean squared error of the reconstruction, in training units"
                    @if all.normal.axis == Axis::Logarithmic { "; logarithmic axis" } "."
                    @if all.threshold.is_some() { " The dashed line is the threshold." }
                }
            }
        }
        @if all.abnormal.is_some() {
            p.legend { span.key.after {} "normal" span.key.before {} "abnormal" }
        }
        (spread(found))
    }
}

fn said(found: &Anomaly) -> String {
    let auc = found.auc.map(|auc| {
        format!("An abnormal example scores higher than a normal one with probability {} (AUC).", number(auc))
    });
    let above = found.threshold.map(|threshold| {
        let share = |of: Option<f64>| of.map_or("none".to_owned(), percent);
        let (alarms, detected) = (share(found.false_alarms), share(found.detected));
        format!(
            "Above the threshold of {}: {alarms} of the normal examples and {detected} of the abnormal ones.",
            number(f64::from(threshold))
        )
    });
    auc.into_iter().chain(above).collect::<Vec<_>>().join(" ")
}

fn spread(found: &Anomaly) -> Markup {
    let parts = [("normal", found.normal), ("abnormal", found.abnormal)];
    let rows = html! {
        (heads(&[Text("Examples"), Number("Number"), Number("Smallest"), Number("Quartile"), Number("Median"), Number("Quartile"), Number("Largest")]))
        tbody {
            @for (name, part) in parts.into_iter().filter_map(|(name, part)| Some((name, part?))) {
                tr {
                    th scope="row" { (name) }
                    td { (thousands(part.examples)) }
                    @for value in [part.min, part.lower_quartile, part.median, part.upper_quartile, part.max] { td { (number(value)) } }
                }
            }
        }
    };
    table("Anomaly scores", rows)
}
