//! Placements of BatchNormalization over several seeds: mean and spread of each epoch, differences, and a plot.

use super::Compare;
use super::study::{Answer, EpochSpread, OfNorm, Study, Versus, study};
use crate::commands::data::check_positive;
use crate::format::thousands;
use crate::judge::compare::statistics::MeanDeviation;
use crate::show::figure::{Dots, Panel, svg};
use crate::show::plot::lines::{Lines, Series};
use crate::show::plot::ticks::Unit;
use crate::show::terminal::{Ui, bold, strip, table};
use crate::train::fit::Config;
use crate::write::{atomic_write, check_folder, check_writable};
use anyhow::bail;
use serde_json::json;

/// Upper limit of runs for each placement.
const MOST_SEEDS: u64 = 1000;

impl Compare {
    pub(super) fn over_seeds(&self, seeds: u64, ui: Ui) -> anyhow::Result<()> {
        check_positive("--epochs", self.epochs)?;
        if !(1..=MOST_SEEDS).contains(&seeds) {
            bail!("--seeds {seeds}: give a number from 1 to {MOST_SEEDS}");
        }
        if let Some(norm) =
            self.norms.iter().enumerate().find_map(|(at, norm)| self.norms[..at].iter().find(|n| *n == norm))
        {
            bail!("--norms: {norm} is named twice; name each once");
        }
        if let Some(out) = &self.out {
            self.dataset.keeps_inputs(out, &[], &[])?;
            check_writable(out)?;
        }
        check_folder(&self.runs)?;
        let (compute, dataset) = (self.threads.compute()?, self.dataset.load(&[], ui)?);
        let config = Config { epochs: self.epochs, seed: 1, ..Config::default() };
        let plan = Study {
            norms: self.norms.clone(),
            seeds: (1..=seeds).collect(),
            hidden: self.hidden.clone(),
            config,
            out: self.runs.clone(),
        };
        let answer = study(&plan, &dataset, &compute, ui)?;
        if let Some(path) = &self.out {
            let figure = figure(&answer);
            atomic_write(path, |out| out.write_all(figure.as_bytes()))?;
        }
        say(&answer, ui);
        if let Some(path) = &self.out {
            ui.say(format!("wrote {}", path.display()));
        }
        ui.result(&json!({ "dataset": answer.dataset, "seeds": answer.seeds, "norms": answer.norms,
            "differences": answer.differences, "plot": self.out }))
    }
}

fn say(answer: &Answer, ui: Ui) {
    let seeds = answer.seeds.len();
    ui.block("");
    ui.say(bold(format!("{}, mean ± standard deviation of {seeds} seeds", answer.dataset)));
    let header = ["model", "parameters", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"];
    ui.block(table(&header, answer.norms.iter().flat_map(epoch_rows)));
    let header = ["test", "loss", "accuracy", "min", "max"];
    ui.block(format!("\n{}", table(&header, answer.norms.iter().map(test_row))));
    let accuracies = |of: fn(f64, f64) -> f64, ends: fn(&MeanDeviation) -> f64| {
        answer.norms.iter().map(|norm| ends(&norm.test.accuracy)).reduce(of).unwrap_or(0.0)
    };
    let (low, high) = (accuracies(f64::min, |spread| spread.min), accuracies(f64::max, |spread| spread.max));
    ui.block(format!("\ntest accuracy, one dot per seed, from {low:.4} to {high:.4}"));
    for norm in &answer.norms {
        let values: Vec<f64> = norm.runs.iter().map(|run| run.test.accuracy).collect();
        ui.say(format!("{:7} {}", norm.norm.to_string(), strip(&values, low, high)));
    }
    answer.differences.iter().for_each(|versus| ui.block(verdict(versus, seeds)));
}

fn epoch_rows(norm: &OfNorm) -> Vec<Vec<String>> {
    let row = |(at, epoch): (usize, &EpochSpread)| {
        let (name, parameters) = match at {
            0 => (norm.norm.to_string(), thousands(norm.parameters.total)),
            _ => Default::default(),
        };
        let values = [epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy].map(plus_minus);
        [name, parameters, (at + 1).to_string()].into_iter().chain(values).collect()
    };
    norm.epochs.iter().enumerate().map(row).collect()
}

fn test_row(norm: &OfNorm) -> Vec<String> {
    let accuracy = norm.test.accuracy;
    let ends = [accuracy.min, accuracy.max].map(|value| format!("{value:.4}"));
    [norm.norm.to_string(), plus_minus(norm.test.loss), plus_minus(accuracy)].into_iter().chain(ends).collect()
}

fn plus_minus(spread: MeanDeviation) -> String {
    format!("{:.4} ± {:.4}", spread.mean, spread.sd)
}

fn verdict(versus: &Versus, seeds: usize) -> String {
    let Versus { a, b, accuracy, wins } = versus;
    let verdict = match (accuracy.significant, accuracy.mean > 0.0) {
        (false, _) => "no more than chance".to_owned(),
        (true, true) => format!("{a} is better"),
        (true, false) => format!("{b} is better"),
    };
    format!(
        "{a} - {b}: {:+.4} test accuracy, 95 % interval {:+.4} to {:+.4}, {a} ahead with {wins} of {seeds} seeds: {}",
        accuracy.mean,
        accuracy.low,
        accuracy.high,
        bold(verdict)
    )
}

/// Training loss and validation accuracy as curves, test accuracy as dots.
fn figure(answer: &Answer) -> String {
    let series = |norm: &OfNorm, value: fn(&EpochSpread) -> MeanDeviation| {
        let (values, spread) = norm.epochs.iter().map(value).map(|spread| (spread.mean, spread.sd)).unzip();
        Series { name: norm.norm.to_string(), values, spread }
    };
    let lines = |unit, value| {
        let series = answer.norms.iter().map(|norm| series(norm, value)).collect();
        Panel::Lines(Lines { series, best: None, unit })
    };
    let dots = answer.norms.iter().map(|norm| {
        let values = norm.runs.iter().map(|run| run.test.accuracy).collect();
        Dots { name: norm.norm.to_string(), values }
    });
    let panels = [
        ("training loss, mean ± sd", lines(Unit::Nats, |epoch| epoch.loss)),
        ("validation accuracy, mean ± sd", lines(Unit::Share, |epoch| epoch.val_accuracy)),
        ("test accuracy, one dot per seed", Panel::Dots(dots.collect(), Unit::Share)),
    ];
    let title = format!("BatchNormalization on {}, {} seeds", answer.dataset, answer.seeds.len());
    svg(&title, &panels)
}
