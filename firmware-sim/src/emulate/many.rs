//! Several models on several emulated boards, with as many concurrent runs as the PC has processors. Instructions are
//! counted by the emulated clock, so concurrent runs do not affect the results.

use super::error::EmulateError;
use super::expected::Expected;
use super::firmware::Firmware;
use super::one::{Emulation, Task, emulate_expected, runs};
use crate::aligned::AlignedBytes;
use foldnet_core::Model;
use foldnet_data::View;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::Builder;

/// The runs to make: every model on every board.
#[derive(Debug, Clone, Copy)]
pub struct Survey<'a> {
    /// The boards' firmware.
    pub firmware: &'a [Firmware],
    /// Bytes of the model files, all for examples of the same type and size.
    pub models: &'a [&'a [u8]],
    /// At least one.
    pub examples: View<'a>,
    /// See [`Task::layers`].
    pub layers: bool,
    /// Number of concurrent runs, at least one.
    pub threads: usize,
}

/// Runs of a survey, `[firmware][models]`.
pub type Surveyed = Vec<Vec<Result<Emulation, EmulateError>>>;

/// Makes all runs of `survey`, each as in [`super::emulate`]; a failing run does not affect the others. `progress`
/// receives the number of newly finished examples, out of the examples of all [`runs`](super::runs) of all models on
/// all boards; a failing run counts as finished.
///
/// # Panics
/// If the examples do not have a model's type and number of values.
pub fn emulate_all(survey: &Survey, progress: &(dyn Fn(usize) + Sync)) -> Surveyed {
    let models = survey.models.len();
    let pairs = survey.firmware.len() * models;
    let expected: Vec<OnceLock<Expected>> = survey.models.iter().map(|_| OnceLock::new()).collect();
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(pairs)));
    let work = || {
        while let Some(pair) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&pair| pair < pairs) {
            let (board, model) = (pair / models, pair % models);
            let result = one(survey, board, model, &expected[model], progress);
            results.lock().unwrap_or_else(PoisonError::into_inner).push((pair, result));
        }
    };
    std::thread::scope(|scope| {
        // If the system refuses a thread, there are fewer; the caller's thread also works.
        let spawn = |_: &usize| Builder::new().spawn_scoped(scope, work).is_ok();
        _ = (1..survey.threads.min(pairs)).take_while(spawn).count();
        work();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(pair, _)| *pair);
    let mut results = results.into_iter().map(|(_, result)| result);
    survey.firmware.iter().map(|_| results.by_ref().take(models).collect()).collect()
}

/// Runs one model on one board; the simulation is made only once for all boards.
fn one(
    survey: &Survey,
    board: usize,
    model: usize,
    expected: &OnceLock<Expected>,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Emulation, EmulateError> {
    let Survey { examples, layers, .. } = *survey;
    let task = Task { firmware: &survey.firmware[board], model: survey.models[model], examples, layers };
    let mut told = 0;
    let mut tell = |done| {
        progress(done - told);
        told = done;
    };
    let bytes = AlignedBytes::from_slice(task.model);
    let model = Model::parse(&bytes)?;
    let mut run = || {
        // A model that does not fit need not be simulated.
        task.firmware.board().fit(&model)?;
        emulate_expected(&task, &model, expected.get_or_init(|| Expected::of(&model, examples)), &mut tell)
    };
    let result = run();
    tell(runs(&model, layers) * examples.len());
    result
}
