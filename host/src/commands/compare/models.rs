//! Models side by side: the accuracy of each, class by class, and the examples on which they disagree.

use super::Compare;
use crate::commands::data::{ONE_THREAD, check_classes, known, ordered};
use crate::commands::inspect::MS;
use crate::commands::record::channels;
use crate::compute::Fast;
use crate::files::open::{Opened, check_images, class_names, open, resolve};
use crate::format::thousands;
use crate::judge::compare::models::{Comparison, Contender, Disagreement, Entry, Pair, compare, side_by_side};
use crate::judge::evaluate::Metrics;
use crate::network::parameters::Parameters;
use crate::show::summary::of_model;
use crate::show::terminal::{Ui, bold, table};
use anyhow::{Context, bail};
use foldnet_core::Model;
use foldnet_core::model::FLOAT_BITS;
use foldnet_data::{Part, Task, View, text};
use foldnet_sim::board::{Board, ms_without_zeros};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

impl Compare {
    pub(super) fn side_by_side(&self, ui: Ui) -> anyhow::Result<()> {
        let hints = self.hints.hints();
        let opened = self.paths.iter().map(|path| Ok((path.as_path(), open(path, &hints)?)));
        let opened = opened.collect::<anyhow::Result<Vec<_>>>()?;
        let models = opened.iter().all(|(_, opened)| matches!(opened, Opened::Model { .. }));
        if let Some(flag) = self.hints.given().filter(|_| models) {
            bail!("{flag}: these are device models, which describe themselves; leave it out");
        }
        let valid = "is for --split valid or train, but models are compared on the test examples";
        let notes =
            self.given.notes(&[("threads", !models, ONE_THREAD), ("valid-split", self.split != Part::Test, valid)]);
        ui.say_all(notes);
        let paths: Vec<&Path> = self.paths.iter().map(PathBuf::as_path).collect();
        if self.boards.board_file.is_some() && opened.iter().all(|(_, opened)| matches!(opened, Opened::Checkpoint(_)))
        {
            bail!("--board-file is for device models, and these are trained networks; leave it out");
        }
        let boards = self.boards.known()?;
        let (mut dataset, compute) = (self.dataset.load(&paths, ui)?, self.threads.compute()?);
        if let Some((path, first)) = opened.first() {
            known(path, dataset.number_as(&first.labels()))?;
            ordered(path, dataset.order_as(&channels(path, first)), ui)?;
        }
        let view = dataset.part(self.split);
        if view.is_empty() {
            bail!("--split {}: the set has no such examples (--valid-split 0); give another part", self.split);
        }
        let tasks: Vec<Task> = opened.iter().map(|(_, opened)| opened.task()).collect();
        if let Some(other) = tasks.iter().position(|task| *task != tasks[0]) {
            let [a, b] = [0, other].map(|at| self.paths[at].display());
            bail!("{b} is trained to {}, but {a} to {}; compare models of the same task", tasks[other], tasks[0]);
        }
        let disagree = "is for classes, on which models disagree, but these networks do not classify";
        self.given.check(&[("list", tasks[0] == Task::Classify, disagree)])?;
        if tasks[0] != Task::Classify {
            return other(&opened, view, &compute, tasks[0], &boards, ui);
        }
        let (mut entries, mut names) = (Vec::new(), Vec::new());
        for (path, opened) in &opened {
            let entry = entry(path, opened, view, &compute, &boards)?;
            check_classes(path, entry.outputs.classes, &dataset.labels)?;
            names.push(class_names(opened.labels(), entry.outputs.classes, &dataset.labels));
            entries.push(entry);
        }
        if let Some(other) = names.iter().position(|other| other.len() != names[0].len()) {
            let [a, b] = [0, other].map(|at| (self.paths[at].display(), names[at].len()));
            bail!("{}: has {} classes, but {} has {}; compare models with the same classes", b.0, b.1, a.0, a.1);
        }
        let comparison = compare(&entries, view.classes()?, &names[0]);
        say(&comparison, self.list, view.unit(), &boards, ui);
        ui.result(&comparison)
    }
}

/// Models that do not classify, with the metrics of their task.
fn other(
    opened: &[(&Path, Opened)],
    view: View,
    compute: &Fast,
    task: Task,
    boards: &[&'static Board],
    ui: Ui,
) -> anyhow::Result<()> {
    let mut entries = Vec::new();
    for (path, opened) in opened {
        let entry = entry(path, opened, view, compute, boards)?;
        let evaluation = entry.outputs.by_task(task, view, &[], opened.threshold())?;
        entries.push((entry, evaluation));
    }
    let comparison = side_by_side(entries);
    let rows = comparison.models.iter().map(|model| {
        let bits: Vec<String> = model.bits.iter().map(u8::to_string).collect();
        let counts = [thousands(model.bytes as usize), thousands(model.parameters)];
        let known = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
        let values = match &model.evaluation.metrics {
            Metrics::Regression(found) => [Some(found.rmse), Some(found.mae), Some(found.r2)],
            Metrics::Anomaly(found) => [found.auc, found.false_alarms, found.detected],
            Metrics::Classification(_) => [None; 3],
        };
        [model.name.clone(), bits.join(",")].into_iter().chain(counts).chain(values.map(known)).collect()
    });
    let measures = match task {
        Task::Reconstruct => ["AUC", "normal above threshold", "abnormal above it"],
        _ => ["RMSE", "MAE", "R2"],
    };
    let header: Vec<&str> = ["model", "bits", "bytes", "parameters"].into_iter().chain(measures).collect();
    ui.block(table(&header, rows));
    say_milliseconds(&comparison, boards, ui);
    ui.result(&comparison)
}

/// A model with its outputs.
fn entry(path: &Path, opened: &Opened, view: View, compute: &Fast, boards: &[&'static Board]) -> anyhow::Result<Entry> {
    check_images(path, opened.size(), view)?;
    let outputs = opened.run(path, view, compute)?;
    let file = resolve(path);
    let bytes = std::fs::metadata(&file).with_context(|| format!("{}: cannot be read", file.display()))?.len();
    let (parameters, bits, ms_without_zeros) = match opened {
        Opened::Checkpoint(checkpoint) => {
            (Parameters::of(checkpoint.network()).total, vec![FLOAT_BITS], BTreeMap::new())
        }
        Opened::Model { model, .. } => {
            let bits = model.header().layers.iter().map(|layer| layer.bits).collect();
            (of_model(&model.header()).parameters.total, bits, milliseconds(model, boards))
        }
    };
    Ok(Entry { name: path.display().to_string(), bytes, parameters, bits, ms_without_zeros, outputs })
}

/// Modelled milliseconds for an example without zeros, on each of the `boards` that the model fits, if known.
fn milliseconds(model: &Model, boards: &[&'static Board]) -> BTreeMap<&'static str, f64> {
    let fitting = boards.iter().filter(|board| board.fit(model).is_ok());
    fitting.filter_map(|board| Some((board.name, ms_without_zeros(board, model)?))).collect()
}

/// The same as a table, with a row for each board for which any model has a figure.
fn say_milliseconds(comparison: &Comparison, boards: &[&'static Board], ui: Ui) {
    let models = &comparison.models;
    let of =
        |model: &Contender, board| model.ms_without_zeros.get(board).map_or("-".to_owned(), |ms| format!("{ms:.2}"));
    let known =
        boards.iter().filter(|board| models.iter().any(|model| model.ms_without_zeros.contains_key(board.name)));
    let row = |board: &&Board| {
        let name = board.name.to_owned();
        std::iter::once(name).chain(models.iter().map(|model| of(model, board.name))).collect()
    };
    let rows: Vec<Vec<String>> = known.map(row).collect();
    if !rows.is_empty() {
        let header: Vec<&str> = ["ms, no zeros"].into_iter().chain(models.iter().map(|model| &*model.name)).collect();
        ui.block(format!("\n{}", table(&header, rows.into_iter())));
        ui.say(MS);
    }
}

fn say(comparison: &Comparison, list: usize, unit: &str, boards: &[&'static Board], ui: Ui) {
    let models = &comparison.models;
    let rows = models.iter().map(|model| {
        let bits: Vec<String> = model.bits.iter().map(u8::to_string).collect();
        let evaluation = &model.evaluation;
        let counts = [thousands(model.bytes as usize), thousands(model.parameters)];
        let values = [format!("{:.4}", evaluation.accuracy), format!("{:.4}", evaluation.loss)];
        [model.name.clone(), bits.join(",")].into_iter().chain(counts).chain(values).collect()
    });
    ui.block(table(&["model", "bits", "bytes", "parameters", "accuracy", "loss"], rows));
    say_milliseconds(comparison, boards, ui);
    let header: Vec<&str> = ["class", unit].into_iter().chain(models.iter().map(|model| &*model.name)).collect();
    ui.block(format!("\n{}", table(&header, (0..comparison.labels.len()).map(|class| class_row(comparison, class)))));
    comparison.pairs.iter().for_each(|pair| ui.block(verdict(pair, comparison.images, unit)));
    let shown = comparison.disagreements.iter().take(list).map(|image| disagreement_row(image, &comparison.labels));
    if !comparison.disagreements.is_empty() && list > 0 {
        let header: Vec<&str> =
            [&unit[..unit.len() - 1], "is"].into_iter().chain(models.iter().map(|model| &*model.name)).collect();
        let all = thousands(comparison.disagreements.len());
        ui.block(format!("\n{all} {unit} on which the models disagree, the first {}:", shown.len()));
        ui.block(table(&header, shown));
    }
}

/// Accuracy of a class with the first model, then the gain or loss with each other model.
fn class_row(comparison: &Comparison, class: usize) -> Vec<String> {
    let of = |model: usize| &comparison.models[model].evaluation.per_class[class];
    let first = of(0);
    let others = (1..comparison.models.len()).map(|model| match of(model).accuracy - first.accuracy {
        0.0 => "=".to_owned(),
        difference => format!("{difference:+.4}"),
    });
    let row = [first.label.clone(), thousands(first.images), format!("{:.4}", first.accuracy)];
    row.into_iter().chain(others).collect()
}

fn verdict(pair: &Pair, images: usize, unit: &str) -> String {
    let Pair { disagree, only_a, only_b, p_value, significant, .. } = pair;
    let (a, b) = (&text::line(&pair.a), &text::line(&pair.b));
    let better = if only_a > only_b { a } else { b };
    let verdict = match significant {
        true => format!("{better} is better"),
        false => "no more than chance".to_owned(),
    };
    format!(
        "\n{a} and {b} differ on {} of {} {unit}; {a} alone is right on {only_a}, {b} alone on {only_b}: {} (McNemar's \
         exact test, p = {})",
        thousands(*disagree),
        thousands(images),
        bold(verdict),
        if *p_value < 0.001 { format!("{p_value:.0e}") } else { format!("{p_value:.3}") }
    )
}

fn disagreement_row(image: &Disagreement, labels: &[String]) -> Vec<String> {
    let name = |class: &u16| labels.get(usize::from(*class)).cloned().unwrap_or_else(|| class.to_string());
    let says = image.classes.iter().map(name);
    [image.image.to_string(), name(&image.label)].into_iter().chain(says).collect()
}
