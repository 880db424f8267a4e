//! `foldnet train`: trains a network on a data set, or continues from a checkpoint.

use super::data::{DatasetArg, READING, ThreadsArg, check_positive, known, ordered, units};
use super::method::{Flags, METHOD, MethodArgs, Preset};
use super::shrink::ShrinkArgs;
use crate::deploy::shrink::Limits;
use crate::files::open::{CHECKPOINT, open_checkpoint};
use crate::network::architecture::NormPlacement;
use crate::network::checkpoint::{Checkpoint, Hints};
use crate::show::terminal::Ui;
use crate::show::training::TrainingText;
use crate::train::fit::Config;
use crate::train::float_first::train_in_two;
use crate::train::method::{Method, Standardize};
use crate::train::plan::{Extras, Resume, TrainPlan};
use crate::train::qat::{Quantize, default_learning_rate};
use crate::train::run::train_run;
use crate::train::schedule::Decay;
use crate::write::check_folder;
use anyhow::{Context, bail};
use clap::Args;
use foldnet_data::{Columns, Dataset, Part, Task};
use foldnet_sim::given::Given;
use std::path::{Path, PathBuf};

/// Train a network and write model.safetensors and history.jsonl
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet train --norm after --epochs 2 --out runs/after")]
pub(super) struct Train {
    #[command(flatten)]
    given: Given,
    /// Position of BatchNormalization: first and after each activation, between Dense and activation, or nowhere
    /// [default: before]
    #[arg(long, value_name = "after|before|none")]
    norm: Option<NormPlacement>,
    /// What to learn: classify, regress (real values) or reconstruct (its own inputs, to detect anomalies) [default:
    /// classify, or the task of --init]
    #[arg(long, value_name = "TASK")]
    task: Option<Task>,
    /// Units of the hidden layers [default: 300,100]
    #[arg(long, value_name = "UNITS,...", value_delimiter = ',', value_parser = units)]
    hidden: Vec<u32>,
    /// Use a named set of flags, which are printed: best or small. Other flags override it
    #[arg(long, value_name = "best|small", conflicts_with = "optimizer")]
    preset: Option<Preset>,
    /// Number of passes over the training examples [default: 2]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Number of examples per step [default: 32]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Learning rate, before --schedule lowers it [default: 0.01; adam and adamw: 0.001]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    learning_rate: Option<f32>,
    #[command(flatten)]
    method: MethodArgs,
    /// Seed of initial weights and shuffling
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    dataset: DatasetArg,
    /// Continue from this checkpoint, with its layers and pixel statistics
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// Resume the training in this folder where it stopped, with its own flags; only --epochs may differ
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Also write the epochs as a table, history.csv
    #[arg(long, value_name = "csv")]
    log: Option<Log>,
    /// Train in integers: weights of 8, 4 or 2 bits, or one width for each layer; export writes exactly what was
    /// trained. Without --init, a network is first trained in floats, in the subfolder float of --out
    #[arg(long, value_name = "BITS,...", value_delimiter = ',')]
    bits: Vec<u8>,
    /// With --bits: also learn the outputs of this trained network
    #[arg(long, value_name = "FILE", requires = "bits")]
    distill: Option<PathBuf>,
    /// Use the same order of examples in every epoch
    #[arg(long)]
    no_shuffle: bool,
    /// Train on only the first N training examples
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    threads: ThreadsArg,
    /// Folder for model.safetensors and history.jsonl [default: runs/ plus the value of --norm]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Smaller models: reduced before training with --bits")]
    smaller: ShrinkArgs,
}

/// Number of steps in a whole training below which a network has barely begun to learn.
const FEW_STEPS: usize = 200;

/// Additional format of the epochs besides `history.jsonl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    Csv,
}

impl std::str::FromStr for Log {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "csv" { Ok(Self::Csv) } else { Err("give csv; history.jsonl is always written") }
    }
}

impl Train {
    /// Trains, and prints a table, a progress bar and a line for every epoch.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        if let Some(folder) = &self.resume {
            let own = "is for a new training, but --resume continues one with its own flags";
            self.given.only(&format!("resume epochs dataset threads log {READING}"), own)?;
            return self.go_on(folder, ui);
        }
        let config = self.config()?;
        self.check(&config)?;
        check_folder(&self.out())?;
        let smaller = self.smaller.of_training(!self.bits.is_empty())?;
        let init = match &self.init {
            Some(path) => Some(open_checkpoint(path, &Hints { norm: self.norm, ..Hints::default() })?),
            None => None,
        };
        self.check_roles(&init, &config.method)?;
        let compute = self.threads.compute()?;
        let files: Vec<&Path> = self.init.iter().map(PathBuf::as_path).collect();
        let loaded = self.dataset.load_for(self.task(&init), &files, ui).context("cannot load the dataset")?;
        let mut dataset = loaded.dataset;
        if let (Some(path), Some(init)) = (&self.init, &init) {
            known(path, dataset.number_as(&init.labels))?;
            if dataset.order_as(&init.about.channels).as_ref().is_ok_and(|found| *found == Columns::Moved) {
                bail!(
                    "--init: the dataset has the network's columns in a different order; reorder them as in the network"
                );
            }
            ordered(path, dataset.order_as(&init.about.channels), ui)?;
        }
        let few = self.few_steps(&config, &dataset);
        let plan = TrainPlan {
            norm: self.placement(),
            hidden: self.hidden(),
            config,
            init,
            limit: self.limit,
            out: self.out(),
            data: loaded.options,
            extras: Extras {
                from: self.init.clone(),
                table: self.log.is_some(),
                resume: None,
                quantized: self.quantized(smaller)?,
                notes: self.understood(),
            },
        };
        let mut text = TrainingText::new(ui);
        let trained = match self.after_floats() {
            Some(integers) => train_in_two(plan, integers, &dataset, &compute, &mut text)?,
            None => train_run(plan, &dataset, &compute, &mut text)?,
        };
        few.iter().for_each(|note| ui.say(note));
        ui.result(&trained.history)
    }

    /// Notes on flags implied by a preset or by default.
    fn understood(&self) -> Vec<String> {
        let preset = self.preset.map(|preset| format!("preset: {}", preset.text()));
        let placed = self.init.is_some() || self.norm.or(self.preset().norm).is_some();
        let norm = (!placed).then(|| "norm: before, since --norm is not given".to_owned());
        preset.into_iter().chain(norm).collect()
    }

    /// A note if the default number of epochs, which is the notebook's, is far too small for a small set.
    fn few_steps(&self, config: &Config, dataset: &Dataset) -> Option<String> {
        let (epochs, examples) = (config.epochs, dataset.part(Part::Train).len());
        let steps = epochs * examples.div_ceil(config.batch_size);
        let usual = self.epochs.or(self.preset().epochs).is_none() && self.bits.is_empty() && self.limit.is_none();
        let note = || format!("note: {epochs} epochs are only {steps} training steps; give more --epochs, such as 60");
        (usual && steps < FEW_STEPS).then(note)
    }

    /// `--resume`
    fn go_on(&self, folder: &Path, ui: Ui) -> anyhow::Result<()> {
        if folder.is_file() {
            bail!("--resume {}: is a file; give the folder of the run that holds it", folder.display());
        }
        let mut plan = Resume::plan(folder)?;
        plan.extras.table = self.log.is_some();
        let done = plan.extras.resume.as_ref().map_or(0, |resume| resume.start.state.epochs);
        if let Some(epochs) = self.epochs.filter(|&epochs| epochs != plan.config.epochs) {
            if plan.config.method.schedule.decay == Decay::Cosine {
                ui.say(format!("note: the cosine schedule now ends after {epochs} epochs, not {}", plan.config.epochs));
            }
            plan.config.epochs = epochs;
        }
        let epochs = plan.config.epochs;
        if done >= epochs {
            bail!("--resume {}: already has {done} of {epochs} epochs; give a larger --epochs", folder.display());
        }
        let compute = self.threads.compute()?;
        let file = folder.join(CHECKPOINT);
        if self.dataset.reads_otherwise(&file)? {
            bail!(
                "--resume {}: its examples were read in another way; leave out the flags that say how, such as --valid-split",
                folder.display()
            );
        }
        let dataset = self.dataset.load(&[&file], ui).context("cannot load the dataset")?;
        ui.say(format!("resuming after epoch {done} of {epochs}"));
        let trained = train_run(plan, &dataset, &compute, &mut TrainingText::new(ui))?;
        ui.result(&trained.history)
    }

    fn placement(&self) -> NormPlacement {
        self.norm.or(self.preset().norm).unwrap_or(NormPlacement::Before)
    }

    fn task(&self, init: &Option<Checkpoint>) -> Task {
        self.task.or(init.as_ref().map(|init| init.about.task)).unwrap_or_default()
    }

    /// The preset's flags, or none.
    fn preset(&self) -> Flags {
        self.preset.map(Preset::flags).unwrap_or_default()
    }

    /// Settings for training in integers, if requested.
    fn quantized(&self, smaller: Option<Limits>) -> anyhow::Result<Option<Quantize>> {
        if self.bits.is_empty() {
            return Ok(None);
        }
        let teacher = self.distill.as_ref().map(|path| open_checkpoint(path, &Hints::default())).transpose()?;
        Ok(Some(Quantize { bits: self.bits.clone(), teacher, smaller }))
    }

    fn hidden(&self) -> Vec<u32> {
        let preset = || self.preset().hidden;
        let given = Some(self.hidden.clone()).filter(|hidden| !hidden.is_empty()).unwrap_or_else(preset);
        if given.is_empty() { vec![300, 100] } else { given }
    }

    fn config(&self) -> anyhow::Result<Config> {
        let preset = self.preset();
        let method = self.method.or(preset.method.clone());
        let usual = if self.only_integers() { integers(&self.bits) } else { (2, 32, method.rule().learning_rate()) };
        let (epochs, batch_size, learning_rate) = usual;
        Ok(Config {
            epochs: self.epochs.or(preset.epochs).unwrap_or(epochs),
            batch_size: self.batch_size.or(preset.batch_size).unwrap_or(batch_size),
            learning_rate: self.learning_rate.or(preset.learning_rate).unwrap_or(learning_rate),
            seed: self.seed,
            shuffle: !self.no_shuffle,
            method: method.method()?,
        })
    }

    /// Settings for training in integers after floats, if requested; the flags apply to the floats.
    fn after_floats(&self) -> Option<Config> {
        let (_, batch_size, learning_rate) = integers(&self.bits);
        let epochs = AFTER_FLOATS;
        let (seed, shuffle) = (self.seed, !self.no_shuffle);
        let config = Config { epochs, batch_size, learning_rate, seed, shuffle, method: Method::default() };
        self.floats_first().then_some(config)
    }

    /// Whether a network is trained in integers without floats first.
    fn only_integers(&self) -> bool {
        !self.bits.is_empty() && self.init.is_some()
    }

    /// Whether a network is first trained in floats and then in integers.
    fn floats_first(&self) -> bool {
        !self.bits.is_empty() && self.init.is_none()
    }

    fn out(&self) -> PathBuf {
        let default = || match (&self.init, self.norm) {
            (Some(_), None) => PathBuf::from("runs/continued"),
            _ => PathBuf::from(format!("runs/{}", self.placement())),
        };
        self.out.clone().unwrap_or_else(default)
    }

    /// Refuses flags that play no role in this training.
    fn check_roles(&self, init: &Option<Checkpoint>, method: &Method) -> anyhow::Result<()> {
        let task = self.task(init);
        let same_task = init.as_ref().is_none_or(|init| init.about.task == task);
        let (fresh, floats) = (self.init.is_none(), !self.only_integers());
        let (classes, values) = (task == Task::Classify, task != Task::Classify);
        let standardized = method.standardize != Standardize::None;
        Ok(self.given.check(&[
            ("preset", fresh, "is for a new network, but --init continues one; leave it out, or give flags of the training, such as --epochs"),
            ("hidden dropout std-floor norm-momentum pool standardize head", fresh, "is for a new network, but --init keeps the layers and statistics of its file"),
            ("task", same_task, "is for a new network, but --init continues one that was trained for another task; leave it out, or leave out --init"),
            (METHOD, floats, "is for training in floats, but --bits with --init trains in integers, which has its own method"),
            ("label-smoothing class-weights head", classes, "is for --task classify, but this network does not classify"),
            ("loss", values, "is for --task regress or reconstruct, but this network classifies"),
            ("norm-momentum", self.placement() != NormPlacement::Without, "is for BatchNormalization, but --norm none has none"),
            ("std-floor", standardized, "is for standardized inputs, but --standardize none leaves them as they are"),
        ])?)
    }

    /// Refuses values that are never valid.
    fn check(&self, config: &Config) -> anyhow::Result<()> {
        let hidden = self.hidden();
        if hidden.contains(&0) {
            bail!(
                "--hidden {}: every layer needs at least one unit; give a number for each layer, such as 300,100",
                join(&hidden)
            );
        }
        let Config { epochs, batch_size, learning_rate, ref method, .. } = *config;
        check_positive("--epochs", epochs)?;
        check_positive("--batch-size", batch_size)?;
        if !(learning_rate > 0.0 && learning_rate.is_finite()) {
            bail!("--learning-rate {learning_rate}: give a positive number, such as 0.01");
        }
        if method.schedule.warmup >= epochs as f64 {
            bail!("--warmup {}: training has only {epochs} epochs; give fewer", method.schedule.warmup);
        }
        if method.dropout.len() > 1 && method.dropout.len() != hidden.len() {
            let (shares, layers) = (method.dropout.len(), hidden.len());
            bail!("--dropout: {shares} shares for {layers} hidden layers; give one share, or one for each layer");
        }
        if self.limit == Some(0) {
            bail!("--limit 0: give a number of images of at least 1");
        }
        Ok(())
    }
}

/// Epochs in integers after those in floats; small networks gain from more epochs than a large one needs at 4 bits.
const AFTER_FLOATS: usize = 15;

/// Default epochs, batch size and learning rate of training in integers.
fn integers(bits: &[u8]) -> (usize, usize, f32) {
    (if bits.contains(&2) { 15 } else { 4 }, 128, default_learning_rate(bits))
}

fn join(units: &[u32]) -> String {
    units.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
