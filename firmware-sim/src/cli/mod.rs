//! The command line of `foldnet-sim`: parses arguments, runs the steps in order, and prints any error as one line.
//!
//! Exit codes: 0 success, 1 an error in one line on stderr, 2 wrong usage.

mod answers;
mod dataset;
mod error;
mod input;
mod layers;
mod markdown;
mod output;
mod progress;
mod survey;
mod table;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use dataset::DatasetArgs;
use error::CliError;
use foldnet_sim::board::{self, Board, BoardArgs, slow_layers};
use foldnet_sim::emulate::{Confinement, EmulateError, Task, build_plugin, check_emulator, confinement, runs};
use foldnet_sim::manual::{Shell, completions, man_page};
use foldnet_sim::write::{check_not_input, check_writable};
use foldnet_sim::{Firmware, Record, emulate, print, simulate, usage};
use output::Output;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Prefix of an error message.
const PROGRAM: &str = "foldnet-sim";

/// Run a model on test examples as a board would: one at a time, with the same code
#[derive(Debug, Parser)]
#[command(name = "foldnet-sim", version, after_help = EXAMPLE)]
struct Args {
    /// The model file; several with --emulate give a table
    #[arg(value_name = "MODEL.fnet", required_unless_present_any = ["boards", "completions", "man"])]
    models: Vec<PathBuf>,
    /// The board whose flash and RAM the model must fit; with --emulate, `all` gives a table of all boards
    #[command(flatten)]
    board: BoardArgs,
    /// Run the real firmware on the emulated board (QEMU), and compare every output
    #[arg(long, requires = "for_board")]
    emulate: bool,
    /// Also count the instructions of each layer, each in a separate run over all examples
    #[arg(long, requires = "emulate")]
    layers: bool,
    /// Also model cycles and milliseconds with a plugin of the emulator: Cortex-M0, M0+, M3, M4 (docs/cycles.md)
    #[arg(long, requires = "emulate")]
    cycles: bool,
    /// Firmware for the board, instead of building it from this checkout; it runs in a sandbox: see below
    #[arg(long, value_name = "ELF", requires = "emulate")]
    firmware: Option<PathBuf>,
    /// Run that firmware even if nothing protects your files from it
    #[arg(long, requires = "firmware")]
    trust_firmware: bool,
    /// Stop after the first N test examples
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    images: Option<u32>,
    #[command(flatten)]
    dataset: DatasetArgs,
    /// Write the answer for every example to this file, one per line: its class, its values, or its anomaly score
    #[arg(long, value_name = "OUT")]
    predictions: Option<PathBuf>,
    /// Write the outputs of every example to this .npy: probabilities, or the model's values
    #[arg(long, value_name = "OUT.npy")]
    outputs: Option<PathBuf>,
    /// Print one JSON object to stdout; messages go to stderr
    #[arg(long)]
    json: bool,
    /// Print only errors, and draw no progress bars
    #[arg(long, short)]
    quiet: bool,
    /// List the boards and exit
    #[arg(long)]
    boards: bool,
    /// With --boards: print them as TOML for --board-file, to start from
    #[arg(long, requires = "boards")]
    toml: bool,
    /// Print the completion script of a shell and exit
    #[arg(long, value_name = "SHELL", value_enum)]
    completions: Option<Shell>,
    /// Print the man page and exit
    #[arg(long)]
    man: bool,
}

const EXAMPLE: &str = "Examples:
  foldnet-sim model.fnet --board netduinoplus2 --images 1000
  foldnet-sim model.fnet --board microbit --emulate
  foldnet-sim gait4.fnet --dataset gait.csv --group recording --step 8 --normal is_anomaly=0
  foldnet-sim model.fnet --board all --emulate --layers --images 1000 --json > run.json
  foldnet-sim --boards --toml > mine.toml; foldnet-sim model.fnet --board-file mine.toml --board mine
  foldnet-sim model.fnet smaller.fnet --board all --emulate --images 500

What firmware may do: an emulated board can read and write files of the PC (semihosting). On Linux, QEMU's sandbox
prevents it from running programs, and Landlock or bubblewrap from accessing any files except those in its own temporary
folder, which it may fill, and system files that QEMU itself needs (/usr, /lib), which it may read. It may also use one
processor for as long as it gives answers. If neither is available, --firmware requires --trust-firmware.

Exit codes: 0 success, 1 an error (one line on stderr), 2 wrong usage.";

impl Args {
    /// Whether several runs are requested, which are shown as a table.
    fn is_survey(&self) -> bool {
        self.models.len() > 1 || self.board.board.as_deref() == Some(survey::ALL)
    }

    /// Returns the arguments unless they contradict each other.
    fn checked(self) -> Result<Self, clap::Error> {
        let refuse = |what: &str| Err(Self::command().error(ErrorKind::ArgumentConflict, what));
        if self.is_survey() && !self.emulate {
            return refuse("several models or all boards need --board NAME|all --emulate");
        }
        if self.is_survey() && (self.predictions.is_some() || self.outputs.is_some()) {
            return refuse("--predictions and --outputs need a single model and board");
        }
        if self.board.board.as_deref() == Some(survey::ALL) && self.firmware.is_some() {
            return refuse("--firmware needs a single board: give --board NAME");
        }
        Ok(self)
    }
}

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
        check_not_input(out, &[path])?;
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

/// The given firmware, or a build of it, with the other options.
fn firmware(board: &'static Board, args: &Args) -> Result<Firmware, CliError> {
    check_emulator(board)?;
    let plugin = args.cycles.then(|| build_plugin(board)).transpose()?;
    let firmware = without_plugin(board, args)?;
    Ok(match plugin {
        Some(plugin) => firmware.with_cycles(&plugin),
        None => firmware,
    })
}

fn without_plugin(board: &'static Board, args: &Args) -> Result<Firmware, CliError> {
    check_emulator(board)?;
    let Some(elf) = args.firmware.as_deref() else {
        let waiting = progress::Waiting::new(format!("building the firmware for {}", board.name));
        let firmware = Firmware::build(board)?;
        waiting.finish();
        return Ok(firmware);
    };
    if !args.trust_firmware && confinement() == Confinement::None {
        return Err(EmulateError::Untrusted { path: elf.to_owned() }.into());
    }
    Ok(Firmware::open(elf, board)?)
}
