//! A training run: after each epoch a checkpoint and a history in the run's folder, so that no finished epoch is ever
//! lost.

use crate::compute::Fast;
use crate::files::open::{CHECKPOINT, ImageSize};
use crate::judge::evaluate::evaluate;
use crate::judge::metrics::quantile;
use crate::network::architecture::NormPlacement;
use crate::network::checkpoint::{Checkpoint, Hints};
use crate::network::parameters::Parameters;
use crate::run::{run_checkpoint, with_scores};
use crate::train::answers::with_units;
use crate::train::fit::{Epoch, Observer, Start, TrainError, TrainProgress, fit_from};
use crate::train::fresh;
use crate::train::history::{Continued, History, Recipe, Test, command_line, machine};
use crate::train::plan::{Extras, Resume, TrainPlan};
use crate::train::qat::{self, fit_quantized};
use crate::train::report::{Report, Run};
use crate::train::schedule::Decay;
use crate::train::state;
use crate::write::{atomic_write, check_folder, folder_message};
use anyhow::{Context, bail};
use foldnet_data::{Dataset, Known, Options, Part, Source, Stamp, Task, View};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by Ctrl-C during [`TRAINING`].
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether a training may be in progress.
static TRAINING: AtomicBool = AtomicBool::new(false);

/// Exit code of a program ended by Ctrl-C, as in shells.
const ENDED_BY_INTERRUPT: i32 = 130;

impl Resume {
    /// The training in `folder`, and its plan.
    ///
    /// # Errors
    /// If there is none that can be resumed; the error names the file.
    pub fn plan(folder: &Path) -> anyhow::Result<TrainPlan> {
        let checkpoint = folder.join(CHECKPOINT);
        let mut network = Checkpoint::read(&checkpoint, &Hints::default())?;
        if network.about.quantized.is_some() {
            bail!(
                "{}: was trained in integers, which cannot be resumed; train again from its float network: --init FLOAT --bits",
                checkpoint.display()
            );
        }
        let start = state::read(folder, &mut network)?;
        let history = History::beside(&checkpoint)?;
        let mut history = history.with_context(|| {
            format!("{}: has no history.jsonl beside it; continue with --init", checkpoint.display())
        })?;
        let (norm, hidden, config, limit) = match (&history.recipe, &history.continued) {
            (Some(recipe), _) => (recipe.norm, recipe.hidden.clone(), recipe.config.clone(), recipe.limit),
            (None, Some(continued)) => (NormPlacement::After, Vec::new(), continued.config.clone(), continued.limit),
            (None, None) => bail!("{}: does not say how it was trained; continue with --init", checkpoint.display()),
        };
        history.epochs.truncate(start.state.epochs);
        if history.epochs.len() < start.state.epochs {
            bail!(
                "{}: does not belong to the history beside it; continue with --init",
                folder.join(state::FILE).display()
            );
        }
        let data = history.data.clone();
        history.test = None;
        let resume = Some(Self { network, start, history });
        let extras = Extras { resume, ..Extras::default() };
        Ok(TrainPlan { norm, hidden, config, init: None, limit, out: folder.to_owned(), data, extras })
    }
}

impl TrainPlan {
    /// The recipe for the history; `None` if training continues from another network.
    pub fn recipe(&self) -> Option<Recipe> {
        let Self { norm, hidden, config, init, limit, .. } = self;
        let recipe = || Recipe { norm: *norm, hidden: hidden.clone(), config: config.clone(), limit: *limit };
        init.is_none().then(recipe)
    }
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The network after the last epoch.
    pub network: Checkpoint,
    /// Its history, as written.
    pub history: History,
}

/// Trains according to `plan` on `dataset`, and evaluates on its test images.
///
/// # Errors
/// If the folder cannot be written, training diverges, or Ctrl-C stops it. Finished epochs are then on disk.
pub fn train_run<R: Report>(
    plan: TrainPlan,
    dataset: &Dataset,
    compute: &Fast,
    report: &mut R,
) -> anyhow::Result<Trained> {
    let train = dataset.part(Part::Train);
    let train = train.slice(0..plan.limit.unwrap_or(train.len()).min(train.len()));
    check_validation(&plan, dataset)?;
    let digest = remembered(dataset, &plan.data);
    let mut network = match &plan.extras.resume {
        Some(resume) => resumed(resume, dataset, train)?,
        None => fresh::network(&plan, dataset, train)?,
    };
    network.about.dataset.clone_from(&digest);
    plan.config.method.augment.check(train.shape, network.about.pool).map_err(anyhow::Error::msg)?;
    let quantized = plan.extras.quantized.as_ref();
    let valid = dataset.part(Part::Valid);
    let mut student = quantized.map(|how| qat::begin(&network, how, [train, valid], compute)).transpose()?;
    if let Some(student) = &student {
        network.clone_from(&student.network);
    }
    let made = prepare_folder(&plan.out)?;
    catch_interrupts()?;
    TRAINING.store(true, Ordering::Relaxed);
    let smaller = student.as_ref().and_then(|student| student.smaller.clone());
    let run = Run { plan: &plan, train, valid, compute };
    report.begins(run, network.network(), smaller.as_ref());
    let (start, history) = beginning(&plan, &network, digest, dataset, compute);
    let history = History { smaller, ..history };
    let normal = if valid.is_empty() { train } else { valid };
    let mut observer = Saver { report, run, normal, history, saved: 0 };
    let result = match (&mut student, quantized) {
        (Some(student), Some(how)) => {
            let teacher = how.teacher.as_ref();
            let result = fit_quantized(student, teacher, &plan.config, [train, valid], compute, &mut observer);
            network.clone_from(&student.network);
            result
        }
        _ => fit_from(&mut network, &plan.config, start, [train, valid], compute, &mut observer),
    };
    TRAINING.store(false, Ordering::Relaxed);
    let Saver { report, mut history, saved, .. } = observer;
    result.map_err(|error| early_end(error, saved, &plan.out, &made))?;
    let test = dataset.part(Part::Test);
    let network = finished(&network, normal, compute);
    let (_, found) = evaluate(&network, test, &dataset.labels, compute).context("on the test examples")?;
    let result = Test::of(&found);
    report.tested(&result);
    history.test = Some(result);
    history.write(&plan.out)?;
    report.written(&plan, &history);
    Ok(Trained { network, history })
}

/// The network of a stopped training, if it matches the shape of `dataset`.
fn resumed(resume: &Resume, dataset: &Dataset, train: View) -> anyhow::Result<Checkpoint> {
    let (network, size) = (resume.network.clone(), ImageSize::of(&resume.network));
    if !size.takes(train) || (network.about.task == Task::Classify && network.labels != dataset.labels) {
        bail!(
            "--resume: the dataset no longer has examples of {size} and the same classes; give the one it was trained on"
        );
    }
    Ok(network)
}

/// Refuses options that need validation examples if there are none.
fn check_validation(plan: &TrainPlan, dataset: &Dataset) -> anyhow::Result<()> {
    let method = &plan.config.method;
    let flag = match (method.monitor, method.schedule.decay) {
        (Some(_), _) => "--monitor and --patience",
        (_, Decay::Plateau { .. }) => "--schedule plateau",
        _ => return Ok(()),
    };
    if dataset.part(Part::Valid).is_empty() {
        bail!("{flag}: there are no examples to validate on; give a --valid-split above 0, such as 0.1");
    }
    Ok(())
}

/// Remembers a set on disk under its digest, and returns that.
fn remembered(dataset: &Dataset, options: &Options) -> Option<String> {
    let Ok(Source::Path(_)) = dataset.name.parse() else { return None };
    let digest = dataset.digest();
    let path = PathBuf::from(whole_path(&dataset.name));
    let (channels, stamp) = (dataset.channels.clone(), Stamp::of(&path));
    Known { path, options: options.clone(), channels, stamp }.remember(&digest);
    Some(digest)
}

/// The starting point of the training, and the record so far.
fn beginning(
    plan: &TrainPlan,
    network: &Checkpoint,
    digest: Option<String>,
    dataset: &Dataset,
    compute: &Fast,
) -> (Start, History) {
    let mut history = History { digest, ..empty_history(plan, network, dataset, compute) };
    if let Some(resume) = &plan.extras.resume {
        let History { command, version, machine, digest, .. } = history;
        let mut history = History { command, version, machine, digest, ..resume.history.clone() };
        if let Some(recipe) = &mut history.recipe {
            recipe.config.epochs = plan.config.epochs;
        }
        if let Some(continued) = &mut history.continued {
            continued.config.epochs = plan.config.epochs;
        }
        return (resume.start.clone(), history);
    }
    let origin = if plan.init.is_some() { state::origin(network) } else { 0 };
    history.continued = plan.extras.from.as_ref().map(|from| Continued {
        from: std::path::absolute(from).unwrap_or_else(|_| from.clone()),
        origin: format!("{origin:016x}"),
        config: plan.config.clone(),
        limit: plan.limit,
    });
    (Start { origin, ..Start::default() }, history)
}

/// Makes sure that the folder exists and is writable, before any time is spent on training. Returns the folders that
/// did not exist, the innermost first.
fn prepare_folder(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let made = folder.ancestors().take_while(missing).map(Path::to_owned).collect();
    check_folder(folder)?;
    std::fs::create_dir_all(folder).map_err(|error| anyhow::anyhow!(folder_message(folder, &error)))?;
    check_folder(folder)?;
    Ok(made)
}

/// Makes Ctrl-C end training after the current step, or the program at once if nothing is being trained.
fn catch_interrupts() -> anyhow::Result<()> {
    static ONCE: std::sync::Once = std::sync::Once::new();
    let mut result = Ok(());
    let handler = || match TRAINING.load(Ordering::Relaxed) {
        true => INTERRUPTED.store(true, Ordering::Relaxed),
        false => std::process::exit(ENDED_BY_INTERRUPT),
    };
    ONCE.call_once(|| result = ctrlc::set_handler(handler));
    result.map_err(|cause| {
        anyhow::anyhow!(
            "Ctrl-C cannot be handled, which needs a thread ({cause}); allow the program more memory or threads (ulimit -v, \
             -u)"
        )
    })
}

/// Fraction of the normal validation examples that score below the threshold.
const THRESHOLD: f64 = 0.95;

/// The network as it is saved: outputs in real units, and the threshold of an anomaly score.
fn finished(network: &Checkpoint, valid: View, compute: &Fast) -> Checkpoint {
    let mut network = with_units(network);
    if network.about.task == Task::Reconstruct {
        let outputs = with_scores(run_checkpoint(&network, valid, compute), &network, valid);
        let scores: Vec<f32> = outputs.scores.iter().map(|scored| scored.score).collect();
        network.about.threshold = quantile(&scores, THRESHOLD).filter(|threshold| threshold.is_finite());
    }
    network
}

/// The name of a set, or the absolute path of its file or folder.
pub(crate) fn whole_path(name: &str) -> String {
    let Ok(Source::Path(path)) = name.parse() else { return name.to_owned() };
    std::path::absolute(path).map_or_else(|_| name.to_owned(), |path| path.to_string_lossy().into_owned())
}

fn empty_history(plan: &TrainPlan, network: &Checkpoint, dataset: &Dataset, compute: &Fast) -> History {
    History {
        epochs: Vec::new(),
        test: None,
        best_epoch: None,
        continued: None,
        smaller: None,
        parameters: Parameters::of(network.network()),
        seed: plan.config.seed,
        recipe: plan.recipe(),
        dataset: whole_path(&dataset.name),
        data: plan.data.clone(),
        digest: None,
        images_per_second: 0.0,
        command: command_line(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: machine(&compute.description()),
    }
}

/// Describes what remains of a training that ended early, after `saved` epochs were written. Without any, the folders
/// that were `made` for it are removed.
fn early_end(error: TrainError, saved: usize, out: &Path, made: &[PathBuf]) -> anyhow::Error {
    let left = match saved {
        0 => {
            // A folder with other files stays.
            made.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
            format!("nothing new was written to {}", out.display())
        }
        _ => format!("{} holds the network after epoch {saved}", out.join(CHECKPOINT).display()),
    };
    anyhow::anyhow!("{error}; {left}")
}

/// Name of the checkpoint of the best epoch.
pub const BEST: &str = "best.safetensors";

/// Removes files of an older training from the folder that the new one may not replace.
fn forget(out: &Path) -> anyhow::Result<()> {
    for name in [BEST, state::FILE, History::TABLE] {
        let path = out.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| {
                    format!(
                        "{}: left by an older training, and cannot be removed; remove it, or give another --out",
                        path.display()
                    )
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reports, and saves after each epoch.
struct Saver<'a, R> {
    report: &'a mut R,
    run: Run<'a>,
    /// The examples that determine the threshold of an anomaly score: validation examples, or without any those for
    /// training.
    normal: View<'a>,
    history: History,
    /// Number of epochs whose network is on disk.
    saved: usize,
}

impl<R: Report> Observer for Saver<'_, R> {
    fn step(&mut self, progress: TrainProgress) -> bool {
        self.report.step(self.run, progress);
        !INTERRUPTED.load(Ordering::Relaxed)
    }

    fn epoch(&mut self, epoch: usize, record: Epoch, network: &Checkpoint) -> anyhow::Result<()> {
        self.report.epoch(self.run, epoch, &record);
        let (Run { plan, compute, .. }, rate) = (self.run, self.run.rate(&record));
        self.history.epochs.push(record);
        self.history.images_per_second = self.history.images_per_second.max(rate);
        finished(network, self.normal, compute).write(&plan.out.join(CHECKPOINT))?;
        // Not earlier: a full disk must not destroy the existing run.
        if self.saved == 0 && plan.extras.resume.is_none() {
            forget(&plan.out)?;
        }
        self.saved = epoch + 1;
        self.history.write(&plan.out)
    }

    fn state(&mut self, network: &Checkpoint, start: &Start) -> anyhow::Result<()> {
        let TrainPlan { out, extras, .. } = self.run.plan;
        let best = start.state.best.map(|(epoch, _)| epoch + 1);
        if best == Some(start.state.epochs) {
            let bytes = std::fs::read(out.join(CHECKPOINT))?;
            atomic_write(&out.join(BEST), |file| file.write_all(&bytes))?;
        }
        if best != self.history.best_epoch {
            self.history.best_epoch = best;
            self.history.write(out)?;
        }
        if extras.table {
            self.history.write_table(out)?;
        }
        state::write(out, network, start)
    }
}
