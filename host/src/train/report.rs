//! The events of a training run. Nothing is printed here: `show::training` does that.

use super::fit::{Epoch, TrainProgress};
use super::history::{History, Test};
use super::plan::TrainPlan;
use crate::compute::Fast;
use crate::deploy::shrink::Shrunk;
use foldnet_core::Network;
use foldnet_data::View;

/// A run's plan, its examples, and what it computes with.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The plan.
    pub plan: &'a TrainPlan,
    /// Training examples.
    pub train: View<'a>,
    /// Validation examples, possibly none.
    pub valid: View<'a>,
    /// Instruction set and threads.
    pub compute: &'a Fast,
}

impl Run<'_> {
    /// Training examples per second in an epoch.
    pub fn rate(&self, epoch: &Epoch) -> f64 {
        self.train.len() as f64 / epoch.seconds.max(1e-9)
    }
}

/// Receives what a run tells, in this order.
pub trait Report {
    /// Nothing can refuse the training any more. `smaller` is what was merged and removed first.
    fn begins(&mut self, run: Run, network: Network, smaller: Option<&Shrunk>);
    /// A step is done.
    fn step(&mut self, run: Run, progress: TrainProgress);
    /// An epoch, counted from 0, is done.
    fn epoch(&mut self, run: Run, epoch: usize, record: &Epoch);
    /// The network was tested.
    fn tested(&mut self, test: &Test);
    /// All files are written.
    fn written(&mut self, plan: &TrainPlan, history: &History);
}
