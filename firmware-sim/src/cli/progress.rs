//! Progress on stderr, only if that is a terminal and `--quiet` is not given.

use foldnet_data::LoadProgress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether bars are hidden even on a terminal.
static HIDDEN: AtomicBool = AtomicBool::new(false);

/// Hides all bars from now on.
pub(crate) fn hide() {
    HIDDEN.store(true, Ordering::Relaxed);
}

/// A visible or hidden bar; without a length, it cannot show the progress.
fn bar(length: Option<u64>) -> ProgressBar {
    let target =
        if HIDDEN.load(Ordering::Relaxed) { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    ProgressBar::with_draw_target(length, target)
}

/// A bar that counts examples.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(what: &'static str, examples: usize) -> Self {
        let bar = bar(Some(examples as u64));
        bar.set_style(style("{msg} {bar:40} {pos}/{len} examples, {eta} left"));
        bar.set_message(what);
        Self(bar)
    }

    pub(crate) fn set(&self, done: usize) {
        self.0.set_position(done as u64);
    }

    pub(crate) fn add(&self, more: usize) {
        self.0.inc(more as u64);
    }

    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// A spinner during a long operation.
#[derive(Debug)]
pub(crate) struct Waiting(ProgressBar);

impl Waiting {
    pub(crate) fn new(what: String) -> Self {
        let bar = bar(None);
        bar.set_style(style("{spinner} {msg}, {elapsed}"));
        bar.set_message(what);
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        Self(bar)
    }

    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// Progress while examples are read or downloaded.
#[derive(Debug)]
pub(crate) struct Loading(ProgressBar);

impl Loading {
    pub(crate) fn new() -> Self {
        let bar = bar(None);
        bar.set_style(style("{msg} {bytes}"));
        Self(bar)
    }

    pub(crate) fn show(&self, step: LoadProgress) {
        let (verb, file, done) = match step {
            LoadProgress::Reading { file, done, .. } => ("reading", file, done),
            LoadProgress::Downloading { file, done, .. } => ("downloading", file, done),
        };
        self.0.set_message(format!("{verb} {file}"));
        self.0.set_position(done);
    }

    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// The style of `template`, or the default style if the template is invalid.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
