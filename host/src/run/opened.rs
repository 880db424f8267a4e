//! Runs whatever file a user named.

use super::checkpoint::answers;
use super::model::run_model;
use super::outputs::Outputs;
use crate::files::open::{Opened, parse};
use anyhow::Context;
use foldnet_core::Compute;
use foldnet_data::View;
use std::path::Path;

impl Opened {
    /// The outputs for examples of its [`size`](Self::size), and the names of the classes or values in the file.
    ///
    /// # Errors
    /// As [`size`](Self::size), and if a logit is infinite or not a number.
    pub fn run<C: Compute>(&self, path: &Path, view: View, compute: &C) -> anyhow::Result<(Outputs, Vec<String>)> {
        let outputs = match self {
            Self::Checkpoint(checkpoint) => answers(checkpoint, view, compute),
            Self::Model(bytes) => run_model(&parse(bytes, path)?, view).finite(),
        };
        Ok((outputs.with_context(|| path.display().to_string())?, self.labels(path)?))
    }
}
