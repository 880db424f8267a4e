//! Runs whatever file a user named.

use super::checkpoint::answers;
use super::model::run_model;
use super::outputs::Outputs;
use crate::files::open::Opened;
use anyhow::Context;
use foldnet_core::Compute;
use foldnet_data::View;
use std::path::Path;

impl Opened {
    /// The outputs for examples of its [`size`](Self::size); `path` is where it was opened.
    ///
    /// # Errors
    /// If a logit is infinite or not a number.
    pub fn run<C: Compute>(&self, path: &Path, view: View, compute: &C) -> anyhow::Result<Outputs> {
        match self {
            Self::Checkpoint(checkpoint) => answers(checkpoint, view, compute),
            Self::Model { model, .. } => run_model(model, view).finite(),
        }
        .with_context(|| path.display().to_string())
    }
}
