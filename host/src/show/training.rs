//! A training run as people see it: the notes and the summary, a progress bar, a line for every epoch, and the test.

use super::shrunk::say_shrunk;
use super::summary::of_checkpoint;
use super::terminal::{EpochBar, Ui, bold};
use crate::deploy::shrink::Shrunk;
use crate::files::open::CHECKPOINT;
use crate::format::thousands;
use crate::train::fit::{Epoch, TrainProgress};
use crate::train::history::{History, Test};
use crate::train::plan::TrainPlan;
use crate::train::report::{Report, Run};
use crate::train::run::BEST;
use foldnet_core::Network;

/// Prints a run.
#[derive(Debug)]
pub struct TrainingText {
    ui: Ui,
    bar: Option<EpochBar>,
}

impl TrainingText {
    /// Prints with `ui`.
    pub fn new(ui: Ui) -> Self {
        Self { ui, bar: None }
    }
}

impl Report for TrainingText {
    fn begins(&mut self, run: Run, network: Network, smaller: Option<&Shrunk>) {
        let (ui, Run { plan, train, valid, compute }) = (self.ui, run);
        plan.extras.notes.iter().for_each(|note| ui.say(note));
        smaller.into_iter().for_each(|smaller| say_shrunk(smaller, ui));
        ui.block(of_checkpoint(network));
        ui.say(format!(
            "Train on {} {}, validate on {}; {}",
            thousands(train.len()),
            train.unit(),
            thousands(valid.len()),
            compute.description()
        ));
    }

    fn step(&mut self, Run { plan, train, .. }: Run, progress: TrainProgress) {
        let batch = plan.config.batch_size.min(train.len());
        let epochs_left = plan.config.epochs.saturating_sub(progress.epoch + 1);
        self.bar.get_or_insert_with(|| EpochBar::new(progress.steps, batch, epochs_left)).update(progress);
    }

    fn epoch(&mut self, run: Run, epoch: usize, record: &Epoch) {
        self.bar = None;
        self.ui.say(format!(
            "Epoch {}/{} - {:.2}s - {} {}/s - loss: {:.4}{}{}{}",
            epoch + 1,
            run.plan.config.epochs,
            record.seconds,
            thousands(run.rate(record) as usize),
            run.train.unit(),
            record.loss,
            share("accuracy", record.accuracy),
            share("val_loss", record.val_loss),
            share("val_accuracy", record.val_accuracy)
        ));
    }

    fn tested(&mut self, test: &Test) {
        self.ui.say(format!("test - loss: {:.4}{}", test.loss, measures(test)));
    }

    fn written(&mut self, plan: &TrainPlan, history: &History) {
        let file = |name: &str| plan.out.join(name).display().to_string();
        if let Some(best) = history.best_epoch {
            self.ui.say(format!("epoch {best} is the best of {}: {}", history.epochs.len(), file(BEST)));
        }
        self.ui.say(format!("wrote {} and {}", file(CHECKPOINT), file(History::FILE)));
    }
}

/// A known fraction as text.
fn share(name: &str, value: f64) -> String {
    if value.is_nan() { String::new() } else { format!(" - {name}: {value:.4}") }
}

/// The metrics of the task on test examples, as text.
fn measures(test: &Test) -> String {
    let accuracy = Some(test.accuracy).filter(|accuracy| !accuracy.is_nan());
    let all = [("accuracy", accuracy), ("rmse", test.rmse), ("mae", test.mae), ("r2", test.r2), ("auc", test.auc)];
    let known = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
    known.map(|(name, value)| format!(" - {name}: {}", bold(format!("{value:.4}")))).collect()
}
