//! The command line of `foldnet-sim`: arguments in, steps in order, one line for whatever goes wrong.
//!
//! Exit codes: 0 done, 1 an error in one line on stderr, 2 wrong usage.

mod error;
mod input;
mod output;
mod progress;

use clap::Parser;
use error::CliError;
use foldnet_data::Source;
use foldnet_sim::board::by_name;
use foldnet_sim::{board, simulate};
use output::{Output, Report};
use std::path::PathBuf;
use std::process::ExitCode;

/// Run a model on test images as a board would: one image at a time, in the same code.
#[derive(Debug, Parser)]
#[command(name = "foldnet-sim", version, after_help = EXAMPLE)]
struct Args {
    /// The model file
    #[arg(value_name = "MODEL.fnet", required_unless_present = "boards")]
    model: Option<PathBuf>,
    /// Check that the model fits this board's flash and RAM
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// Stop after the first N test images
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    images: Option<u32>,
    /// Test images: fashion-mnist, synthetic, or a folder with IDX files
    #[arg(long, value_name = "NAME|DIR", default_value = "fashion-mnist")]
    dataset: Source,
    /// One JSON object on stdout, text for people on stderr
    #[arg(long)]
    json: bool,
    /// List the boards and leave
    #[arg(long)]
    boards: bool,
}

const EXAMPLE: &str = "Example:
  foldnet-sim model.fnet --board netduinoplus2 --images 1000

Exit codes: 0 done, 1 an error (one line on stderr), 2 wrong usage.";

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output::new(args.json);
    match run(&args, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args, output: &Output) -> Result<(), CliError> {
    let Some(path) = args.model.as_deref().filter(|_| !args.boards) else {
        output.boards(board::BOARDS);
        return Ok(());
    };
    let board = args.board.as_deref().map(by_name).transpose()?;
    let bytes = input::read(path)?;
    let model = input::parse(path, &bytes)?;
    let footprint = input::footprint(path, &model, board)?;
    let images = input::images(path, &model, &args.dataset, args.images)?;
    output.model(path, &model, board, &footprint);
    let bar = progress::Bar::new("simulating", images.labels.len());
    let simulation = simulate(&model, &images.pixels, &images.labels, &mut |done| bar.set(done));
    bar.finish();
    output.report(&Report { board: board.map(|board| board.name), dataset: &images.dataset, footprint, simulation });
    Ok(())
}
