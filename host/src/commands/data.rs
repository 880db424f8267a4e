//! Arguments that several commands share: the dataset, the threads, hints for a checkpoint.

use crate::architecture::Norm;
use crate::checkpoint::{Hints, PixelRange};
use crate::compute::Fast;
use crate::ui::LoadBars;
use anyhow::bail;
use clap::Args;
use foldnet_data::{DataError, Dataset, Source, TestSet, load, load_test};
use std::path::Path;

/// Refuses a count of 0.
pub(super) fn check_positive(name: &str, count: usize) -> anyhow::Result<()> {
    if count == 0 {
        bail!("{name} 0: give a number of at least 1");
    }
    Ok(())
}

/// Refuses a network that has fewer classes than the dataset: a label may be none of them.
pub(super) fn check_classes(path: &Path, classes: usize, dataset: &[String]) -> anyhow::Result<()> {
    let needed = dataset.len();
    if classes < needed {
        bail!("{}: {classes} classes, the dataset has {needed}; give the --dataset it was trained on", path.display());
    }
    Ok(())
}

/// Where images come from.
#[derive(Debug, Clone, Args)]
pub(super) struct DatasetArg {
    /// fashion-mnist, synthetic, or a folder: four IDX files, or PNG pictures in a folder for each class
    #[arg(long, value_name = "NAME|DIR", default_value = "fashion-mnist")]
    pub(super) dataset: Source,
}

impl DatasetArg {
    /// The whole set, with progress.
    pub(super) fn load(&self) -> Result<Dataset, DataError> {
        let mut bars = LoadBars::default();
        load(&self.dataset, &mut |step| bars.update(step))
    }

    /// The test images alone, with progress.
    pub(super) fn load_test(&self) -> Result<TestSet, DataError> {
        let mut bars = LoadBars::default();
        load_test(&self.dataset, &mut |step| bars.update(step))
    }
}

/// How many threads work.
#[derive(Debug, Clone, Args)]
pub(super) struct ThreadsArg {
    /// Threads to train with; results do not depend on it [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl ThreadsArg {
    /// The arithmetic on that many threads.
    pub(super) fn compute(&self) -> anyhow::Result<Fast> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        match self.threads.unwrap_or(cores) {
            0 => bail!("--threads 0: at least one thread is needed"),
            threads => Ok(Fast::new(threads)),
        }
    }
}

/// What a file saved straight from Keras or PyTorch does not say.
#[derive(Debug, Clone, Args)]
pub(super) struct HintArgs {
    /// Where BatchNormalization stands, if the file does not tell
    #[arg(long, value_name = "after|before|none")]
    norm: Option<Norm>,
    /// Range of the pixels the network was trained on, if the file has no pixel statistics
    #[arg(long, value_name = "raw|unit")]
    pixels: Option<PixelRange>,
    /// What every BatchNormalization adds to its variance, if the file does not tell [default: 0.001 of Keras's files,
    /// 0.00001 of PyTorch's]
    #[arg(long, value_name = "EPSILON", value_parser = epsilon)]
    epsilon: Option<f32>,
}

/// A positive number.
fn epsilon(text: &str) -> Result<f32, &'static str> {
    let epsilon = text.parse().ok().filter(|&epsilon: &f32| epsilon > 0.0 && epsilon.is_finite());
    epsilon.ok_or("give a positive number, such as 0.00001")
}

impl HintArgs {
    /// As the checkpoint reader takes them.
    pub(super) fn hints(&self) -> Hints {
        Hints { norm: self.norm, pixels: self.pixels, epsilon: self.epsilon }
    }
}
