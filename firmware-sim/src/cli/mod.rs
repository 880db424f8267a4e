//! The command line of `foldnet-sim`: parses arguments, runs the steps in order, and prints any error as one line.
//!
//! Exit codes: 0 success, 1 an error in one line on stderr, 2 wrong usage.

mod answers;
mod args;
mod dataset;
mod error;
mod firmware;
mod input;
mod layers;
mod markdown;
mod output;
mod progress;
mod survey;
mod table;

use args::Args;
use clap::CommandFactory;
use error::CliError;
use firmware::firmware;
use foldnet_data::write::{check_not_input, check_writable};
use foldnet_sim::board::{self, slow_layers};
use foldnet_sim::emulate::{Task, runs};
use foldnet_sim::manual::{completions, man_page};
use foldnet_sim::{Record, emulate, print, simulate, usage};
use output::Output;
use std::path::Path;
use std::process::ExitCode;

/// Prefix of an error message.
const PROGRAM: &str = "foldnet-sim";

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let args = match usage::parse::<Args>().and_then(Args::checked) {
        Ok(args) => args,
        Err(error) => return usage::refuse::<Args>(&error),
    };
    let output = Output::new(args.json, args.quiet);
    print::end(PROGRAM, run(&args, &output))
}

fn run(args: &Args, output: &Output) -> Result<(), CliError> {
    match &args.models[..] {
        _ if args.boards && args.toml => output.boards_toml(board::BUILT_IN),
        _ if args.boards => {
            output.boards(&board::known(args.board.board_file.as_deref())?);
            Ok(())
        }
        _ if args.man => output.man_page(&man_page(Args::command()).map_err(CliError::Unwritable)?),
        _ if args.completions.is_some() => {
            let scripts = args.completions.iter().map(|&shell| (shell, completions(shell, &mut Args::command())));
            scripts.into_iter().try_for_each(|(shell, script)| output.completions(shell, &script))
        }
        [model] if !args.is_survey() => run_one(model, args, output),
        _ => survey::run(args, output),
    }
}

/// Runs one model, simulated, or on one emulated board.
fn run_one(path: &Path, args: &Args, output: &Output) -> Result<(), CliError> {
    for out in args.predictions.iter().chain(&args.outputs) {
        let inputs = [path].into_iter().chain(args.dataset.path()).chain(args.board.board_file.as_deref());
        check_not_input(out, &inputs.collect::<Vec<_>>())?;
        check_writable(out).map_err(CliError::Output)?;
    }
    let board = args.board.chosen()?;
    let bytes = input::read(path)?;
    let model = input::parse(path, &bytes)?;
    let footprint = input::footprint(path, &model, board)?;
    let set = args.dataset.load(&[(path, &model)], args.images)?;
    let record = Record::new(board, path, &bytes, &model, &set.dataset);
    output.model(path, &model, board, &footprint);
    set.notes.iter().for_each(|note| output.note(note));
    let slow = board.map_or_else(Vec::new, |board| slow_layers(&model, board.kernel()));
    slow.iter().for_each(|slow| output.note(&slow.to_string()));
    let simulation = match board.filter(|_| args.emulate) {
        Some(board) => {
            let firmware = firmware(board, args)?;
            let task = Task { firmware: &firmware, model: &bytes, examples: set.examples.view(), layers: args.layers };
            let bar = progress::Bar::new("emulating", runs(&model, args.layers) * set.examples.len());
            let emulation =
                emulate(&task, &mut |done| bar.set(done)).map_err(|cause| CliError::emulate(path, cause))?;
            bar.finish();
            output.emulation(record, board, &emulation);
            let different = |image| CliError::Different { board: board.name, image };
            emulation.simulation.ok_or_else(|| different(emulation.first_difference.unwrap_or_default()))?
        }
        None => {
            let bar = progress::Bar::new("simulating", set.examples.len());
            let simulation = simulate(&model, set.examples.view(), &mut |done| bar.set(done));
            bar.finish();
            output.simulation(record, &footprint, &simulation);
            simulation
        }
    };
    answers::write(&model, &simulation, args.predictions.as_deref(), args.outputs.as_deref())
}
