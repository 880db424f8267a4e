//! Arguments that several commands share: the dataset, the threads, hints for a checkpoint.

use crate::compute::Fast;
use crate::network::architecture::Norm;
use crate::network::checkpoint::{Hints, PixelRange};
use crate::network::open::resolve;
use crate::show::terminal::LoadBars;
use crate::train::history::History;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use foldnet_data::{DataError, Dataset, Source, TestSet, load, load_test};
use std::path::{Path, PathBuf};

/// Refuses a count of 0.
pub(super) fn check_positive(name: &str, count: usize) -> anyhow::Result<()> {
    if count == 0 {
        bail!("{name} 0: give a number of at least 1");
    }
    Ok(())
}

/// The units of one layer of a list such as `300,100`.
pub(super) fn units(text: &str) -> Result<u32, &'static str> {
    text.trim().parse().map_err(|_| "give the units of each layer with commas between them, such as 300,100")
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
    /// fashion-mnist, synthetic, or a folder: four IDX files, or PNG pictures in a folder for each class [default: what the run
    /// was trained on, by its history.json, else fashion-mnist]
    #[arg(long, value_name = "NAME|DIR")]
    dataset: Option<Source>,
}

impl DatasetArg {
    /// The whole set, with progress: the one asked for, else the one that `files` were trained on.
    pub(super) fn load(&self, files: &[&Path]) -> anyhow::Result<Dataset> {
        self.with_source(files, load)
    }

    /// Its test images alone.
    pub(super) fn load_test(&self, files: &[&Path]) -> anyhow::Result<TestSet> {
        self.with_source(files, load_test)
    }

    fn with_source<T>(&self, files: &[&Path], load: Load<T>) -> anyhow::Result<T> {
        let (source, named_by) = self.source(files)?;
        let mut bars = LoadBars::default();
        let loaded = load(&source, &mut |step| bars.update(step));
        match named_by {
            Some(history) => loaded.with_context(|| format!("{}: names the dataset", history.display())),
            None => Ok(loaded?),
        }
    }

    /// What `--dataset` says, else what the records beside `files` say, and which of them did; else Fashion-MNIST.
    fn source(&self, files: &[&Path]) -> anyhow::Result<(Source, Option<PathBuf>)> {
        if let Some(source) = &self.dataset {
            return Ok((source.clone(), None));
        }
        let mut found: Option<(Source, PathBuf)> = None;
        for file in files.iter().map(|file| resolve(file)) {
            let Some(history) = History::beside(&file)? else { continue };
            let path = file.with_file_name(History::FILE);
            let source = history.dataset.parse::<Source>().map_err(|cause| anyhow!("{}: {cause}", path.display()))?;
            match &found {
                Some((first, of)) if *first != source => {
                    let (of, path) = (of.display(), path.display());
                    bail!("{of} and {path} name different datasets; give --dataset")
                }
                Some(_) => {}
                None => found = Some((source, path)),
            }
        }
        Ok(found.map_or((Source::FashionMnist, None), |(source, path)| (source, Some(path))))
    }
}

/// [`load`] or [`load_test`].
type Load<T> = fn(&Source, &mut dyn FnMut(foldnet_data::Progress)) -> Result<T, DataError>;

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
