//! Several models, or all boards, in one run of the command: every model on every board, and a table.

use super::error::CliError;
use super::output::Output;
use super::table::{Outcome, Row, Table};
use super::{Args, firmware, input, progress};
use foldnet_sim::board::{BOARDS, Board, by_name};
use foldnet_sim::emulate::{Survey, emulate_all, emulator_version};
use foldnet_sim::{AlignedBytes, EmulateError, Emulation, Firmware};
use std::path::Path;

/// What `--board` takes in place of a name.
pub(crate) const ALL: &str = "all";

/// A model file.
struct Subject<'a> {
    path: &'a Path,
    bytes: AlignedBytes,
    bits: Vec<u8>,
}

/// Reads models and images, builds all firmware, makes all runs.
pub(crate) fn run(args: &Args, output: &Output) -> Result<(), CliError> {
    let boards = boards(args.board.as_deref())?;
    let subjects = args.models.iter().map(|path| Subject::read(path)).collect::<Result<Vec<_>, _>>()?;
    let set = input::load(&args.dataset)?;
    for subject in &subjects {
        input::belong_together(subject.path, &input::parse(subject.path, &subject.bytes)?, &set)?;
    }
    let images = input::first(set, args.images)?;
    let (built, failed) = build(&boards, args.firmware.as_deref());
    let models: Vec<&[u8]> = subjects.iter().map(|subject| &*subject.bytes).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let survey = Survey { firmware: &built, models: &models, pixels: &images.pixels, labels: &images.labels, threads };
    let bar = progress::Bar::new("emulating", built.len() * models.len() * images.labels.len());
    let runs = emulate_all(&survey, &|more| bar.add(more));
    bar.finish();
    let runs = built.iter().zip(runs).flat_map(|(firmware, runs)| rows(firmware, &subjects, runs));
    let failed = failed.iter().flat_map(|(board, cause)| subjects.iter().map(|subject| failure(board, subject, cause)));
    let table = Table {
        rows: runs.chain(failed).collect(),
        dataset: images.dataset,
        images: images.labels.len(),
        built_by: compilers(&built),
        emulators: emulators(&boards),
    };
    output.table(&table);
    table.verdict()
}

impl<'a> Subject<'a> {
    fn read(path: &'a Path) -> Result<Self, CliError> {
        let bytes = input::read(path)?;
        let bits = input::parse(path, &bytes)?.header().layers.iter().map(|layer| layer.bits).collect();
        Ok(Self { path, bytes, bits })
    }

    fn row(&self, board: &'static Board, outcome: Outcome) -> Row {
        Row { board, model: self.path.to_owned(), bits: self.bits.clone(), outcome }
    }
}

/// The board of this name, or all.
fn boards(name: Option<&str>) -> Result<Vec<&'static Board>, CliError> {
    match name {
        None | Some(ALL) => Ok(BOARDS.iter().collect()),
        Some(name) => Ok(vec![by_name(name)?]),
    }
}

/// Firmware for each board, and the boards for which there is none.
fn build(boards: &[&'static Board], elf: Option<&Path>) -> (Vec<Firmware>, Vec<(&'static Board, CliError)>) {
    let (mut built, mut failed) = (Vec::new(), Vec::new());
    for &board in boards {
        match firmware(board, elf) {
            Ok(firmware) => built.push(firmware),
            Err(cause) => failed.push((board, cause)),
        }
    }
    (built, failed)
}

/// What came of the runs on one board.
fn rows(firmware: &Firmware, subjects: &[Subject], runs: Vec<Result<Emulation, EmulateError>>) -> Vec<Row> {
    let outcome = |run| match run {
        Ok(emulation) => Outcome::Ran(Box::new(emulation)),
        Err(EmulateError::DoesNotFit(cause)) => Outcome::DoesNotFit(cause.to_string()),
        Err(cause) => Outcome::Failed(cause.to_string()),
    };
    subjects.iter().zip(runs).map(|(subject, run)| subject.row(firmware.board(), outcome(run))).collect()
}

fn failure(board: &'static Board, subject: &Subject, cause: &CliError) -> Row {
    subject.row(board, Outcome::Failed(cause.to_string()))
}

/// Each target with its compiler, once.
fn compilers(built: &[Firmware]) -> Vec<String> {
    once(built.iter().filter_map(|firmware| Some(format!("{}: {}", firmware.board().target, firmware.compiler()?))))
}

/// The emulators, as they call themselves; one that is missing shows in the rows.
fn emulators(boards: &[&Board]) -> Vec<String> {
    once(boards.iter().filter_map(|board| emulator_version(board).ok()))
}

/// `lines` without those that came before.
fn once(lines: impl Iterator<Item = String>) -> Vec<String> {
    lines.fold(Vec::new(), |mut all, line| {
        if !all.contains(&line) {
            all.push(line);
        }
        all
    })
}
