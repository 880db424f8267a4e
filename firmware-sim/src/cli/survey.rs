//! Runs of several models, or on all boards: every model on every board, and a table.

use super::args::{ALL, Args};
use super::error::CliError;
use super::firmware::{firmware, without_plugin};
use super::output::Output;
use super::table::{Outcome, Row, Table};
use super::{input, progress};
use foldnet_core::Model;
use foldnet_sim::board::{self, Board, slow_layers_on};
use foldnet_sim::emulate::{Survey, emulate_all, emulator_version, is_modelled, runs};
use foldnet_sim::{AlignedBytes, EmulateError, Emulation, Firmware, Record};
use std::path::Path;

/// A model file.
struct Subject<'a> {
    path: &'a Path,
    bytes: AlignedBytes,
}

/// Reads models and examples, builds all firmware, and makes all runs.
pub(crate) fn run(args: &Args, output: &Output) -> Result<(), CliError> {
    let boards = boards(args)?;
    let subjects = args.models.iter().map(|path| Subject::read(path)).collect::<Result<Vec<_>, _>>()?;
    let models = subjects.iter().map(Subject::model).collect::<Result<Vec<_>, _>>()?;
    let paths = subjects.iter().map(|subject| subject.path);
    let set = args.dataset.load(&paths.zip(&models).collect::<Vec<_>>(), args.images)?;
    set.notes.iter().for_each(|note| output.note(note));
    for (subject, model) in subjects.iter().zip(&models) {
        let slow = slow_layers_on(model, &boards);
        slow.iter().for_each(|slow| output.note(&format!("{}: {slow}", subject.path.display())));
    }
    let timed: usize = models.iter().map(|model| runs(model, args.layers)).sum();
    let (built, failed) = build(&boards, args);
    let files: Vec<&[u8]> = subjects.iter().map(|subject| &*subject.bytes).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let survey =
        Survey { firmware: &built, models: &files, examples: set.examples.view(), layers: args.layers, threads };
    let bar = progress::Bar::new("emulating", built.len() * timed * set.examples.len());
    let outcomes = emulate_all(&survey, &|more| bar.add(more));
    bar.finish();
    let outcomes =
        built.iter().zip(outcomes).map(|(firmware, runs)| (firmware.board(), runs.into_iter().map(outcome).collect()));
    let failed = failed
        .into_iter()
        .map(|(board, cause)| (board, models.iter().map(|_| Outcome::Failed(cause.to_string())).collect()));
    let rows = outcomes.chain(failed).flat_map(|(board, outcomes): (_, Vec<_>)| {
        let subjects = subjects.iter().zip(&models).zip(outcomes);
        subjects.map(|((subject, model), outcome)| subject.row(board, model, &set.dataset, outcome)).collect::<Vec<_>>()
    });
    let table = Table {
        rows: rows.collect(),
        dataset: set.dataset,
        images: set.examples.len(),
        built_by: compilers(&built),
        emulators: emulators(&boards),
    };
    output.table(&table);
    table.verdict()
}

impl<'a> Subject<'a> {
    fn read(path: &'a Path) -> Result<Self, CliError> {
        Ok(Self { path, bytes: input::read(path)? })
    }

    fn model(&self) -> Result<Model<'_>, CliError> {
        input::parse(self.path, &self.bytes)
    }

    fn row(&self, board: &'static Board, model: &Model, dataset: &str, outcome: Outcome) -> Row {
        Row { record: Record::new(Some(board), self.path, &self.bytes, model, dataset), outcome }
    }
}

/// The board with this name, or all.
fn boards(args: &Args) -> Result<Vec<&'static Board>, CliError> {
    if args.board.board.as_deref() == Some(ALL) {
        return Ok(board::known(args.board.board_file.as_deref())?);
    }
    Ok(args.board.chosen()?.into_iter().collect())
}

/// Firmware for each board, and the boards for which there is none.
fn build(boards: &[&'static Board], args: &Args) -> (Vec<Firmware>, Vec<(&'static Board, CliError)>) {
    let (mut built, mut failed) = (Vec::new(), Vec::new());
    for &board in boards {
        // With several boards, one without a timing model is run anyway.
        let timed = !args.cycles || is_modelled(board);
        match if timed { firmware(board, args) } else { without_plugin(board, args) } {
            Ok(firmware) => built.push(firmware),
            Err(cause) => failed.push((board, cause)),
        }
    }
    (built, failed)
}

/// Result of one run.
fn outcome(run: Result<Emulation, EmulateError>) -> Outcome {
    match run {
        Ok(emulation) => Outcome::Ran(Box::new(emulation)),
        Err(EmulateError::DoesNotFit(cause)) => Outcome::DoesNotFit(cause.to_string()),
        Err(cause) => Outcome::Failed(cause.to_string()),
    }
}

/// Each target with its compiler, once.
fn compilers(built: &[Firmware]) -> Vec<String> {
    once(built.iter().filter_map(|firmware| Some(format!("{}: {}", firmware.board().target, firmware.compiler()?))))
}

/// The emulators' version strings; a missing one shows up in the rows.
fn emulators(boards: &[&Board]) -> Vec<String> {
    once(boards.iter().filter_map(|board| emulator_version(board).ok()))
}

/// `lines` without duplicates.
fn once(lines: impl Iterator<Item = String>) -> Vec<String> {
    lines.fold(Vec::new(), |mut all, line| {
        if !all.contains(&line) {
            all.push(line);
        }
        all
    })
}
