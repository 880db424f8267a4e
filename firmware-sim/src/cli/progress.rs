//! Progress on stderr, and only where that is a terminal.

use foldnet_data::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts images.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(what: &'static str, images: usize) -> Self {
        let bar = ProgressBar::new(images as u64);
        bar.set_style(style("{msg} {bar:40} {pos}/{len} images, {eta} left"));
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

/// What is shown while something takes its time.
#[derive(Debug)]
pub(crate) struct Waiting(ProgressBar);

impl Waiting {
    pub(crate) fn new(what: String) -> Self {
        let bar = ProgressBar::no_length();
        bar.set_style(style("{spinner} {msg}, {elapsed}"));
        bar.set_message(what);
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        Self(bar)
    }

    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// What is shown while images are read or fetched.
#[derive(Debug)]
pub(crate) struct Loading(ProgressBar);

impl Loading {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::no_length();
        bar.set_style(style("{msg} {bytes}"));
        Self(bar)
    }

    pub(crate) fn show(&self, step: Progress) {
        let (verb, file, done) = match step {
            Progress::Reading { file, done, .. } => ("reading", file, done),
            Progress::Downloading { file, done, .. } => ("downloading", file, done),
        };
        self.0.set_message(format!("{verb} {file}"));
        self.0.set_position(done);
    }

    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// The style of `template`, or the plain one should the template be wrong.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
