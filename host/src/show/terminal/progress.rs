//! Progress bars on stderr, drawn only if that is a terminal.

use crate::deploy::quantize;
use crate::train::fit::TrainProgress;
use foldnet_data::LoadProgress;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Minimum time between two updates of a bar.
const DRAW_EVERY: Duration = Duration::from_millis(50);

/// Whether bars are hidden even on a terminal.
static HIDDEN: AtomicBool = AtomicBool::new(false);

/// Hides all bars from now on.
pub(super) fn hide_bars() {
    HIDDEN.store(true, Ordering::Relaxed);
}

/// A bar of `len`, which is only drawn if stderr is a terminal.
fn bar(len: usize) -> ProgressBar {
    match HIDDEN.load(Ordering::Relaxed) {
        true => ProgressBar::with_draw_target(Some(len as u64), ProgressDrawTarget::hidden()),
        false => ProgressBar::new(len as u64),
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸─")
}

/// A bar for every file that is read or downloaded, shown once it takes noticeably long.
#[derive(Debug, Default)]
pub struct LoadBars {
    bars: HashMap<String, ProgressBar>,
}

impl LoadBars {
    /// Updates the bar.
    pub fn update(&mut self, step: LoadProgress) {
        // Reading takes a moment; only a download is worth a bar.
        if let LoadProgress::Downloading { file, done, total } = step {
            let bar = self.bars.entry(file.to_owned()).or_insert_with(|| {
                let bar = bar(total.unwrap_or(0) as usize).with_message(format!("downloading {file}"));
                bar.with_style(style("{msg:40} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}"))
            });
            bar.set_position(done);
        }
    }
}

impl Drop for LoadBars {
    fn drop(&mut self) {
        self.bars.values().for_each(ProgressBar::finish_and_clear);
    }
}

/// A Keras-style bar for an epoch.
#[derive(Debug)]
pub struct EpochBar {
    bar: ProgressBar,
}

impl EpochBar {
    /// A bar of `steps`, each of about `images_per_step`, with `epochs_left` more epochs to follow.
    pub fn new(steps: usize, images_per_step: usize, epochs_left: usize) -> Self {
        let bar = bar(steps);
        let key = move |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            // An unwritable terminal is no reason to fail.
            let _ = write!(out, "{:.0}", state.per_sec() * images_per_step as f64);
        };
        let left = move |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            let epoch = steps as f64 / state.per_sec().max(1e-9);
            let left = state.eta() + Duration::try_from_secs_f64(epoch * epochs_left as f64).unwrap_or_default();
            let _ = write!(out, "{} left", HumanDuration(left));
        };
        let style = style("{pos}/{len} {bar:30} {eta} {images} images/s {left} {msg}");
        bar.set_style(style.with_key("images", key).with_key("left", left));
        bar.enable_steady_tick(DRAW_EVERY * 4);
        Self { bar }
    }

    /// Shows a step; cheap between two updates.
    pub fn update(&self, progress: TrainProgress) {
        self.bar.set_position(progress.step as u64);
        if progress.step % 16 == 0 && !self.bar.is_hidden() {
            self.bar.set_message(format!("- accuracy: {:.4} - loss: {:.4}", progress.accuracy, progress.loss));
        }
    }
}

impl Drop for EpochBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar for every layer being quantized.
#[derive(Debug, Default)]
pub struct QuantizeBar {
    layer: usize,
    bar: Option<StageBar>,
}

impl QuantizeBar {
    /// Counts a row.
    pub fn update(&mut self, step: quantize::QuantizeProgress) {
        if step.layer != self.layer {
            (self.layer, self.bar) = (step.layer, None);
        }
        let name = || format!("quantizing layer {} of {}", step.layer + 1, step.layers);
        self.bar.get_or_insert_with(|| StageBar::new(&name(), step.rows)).update(step.row);
    }
}

/// A bar for any other stage with a count.
#[derive(Debug)]
pub struct StageBar {
    bar: ProgressBar,
}

impl StageBar {
    /// A bar of `len` with a name.
    pub fn new(name: &str, len: usize) -> Self {
        let bar = bar(len).with_message(name.to_owned());
        bar.set_style(style("{msg:24} {bar:30} {pos}/{len} {eta}"));
        Self { bar }
    }

    /// Shows the progress.
    pub fn update(&self, done: usize) {
        self.bar.set_position(done as u64);
    }
}

impl Drop for StageBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
