//! The arguments of `foldnet-sim`.

use super::dataset::DatasetArgs;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use foldnet_sim::board::BoardArgs;
use foldnet_sim::given::{Given, Idle};
use foldnet_sim::manual::Shell;
use std::path::PathBuf;

/// The flags that print something instead of running a model.
const PRINTING: [&str; 3] = ["boards", "completions", "man"];

/// Value of `--board` for all boards.
pub(super) const ALL: &str = "all";

/// Run a model on test examples as a board would: one at a time, with the same code
#[derive(Debug, Parser)]
#[command(name = "foldnet-sim", version, after_help = EXAMPLE)]
pub(super) struct Args {
    #[command(flatten)]
    given: Given,
    /// The model file; several with --emulate give a table
    #[arg(value_name = "MODEL.fnet", required_unless_present_any = PRINTING, conflicts_with_all = PRINTING)]
    pub(super) models: Vec<PathBuf>,
    /// The board whose flash and RAM the model must fit; with --emulate, `all` gives a table of all boards
    #[command(flatten)]
    pub(super) board: BoardArgs,
    /// Run the real firmware on the emulated board (QEMU), and compare every output
    #[arg(long, requires = "for_board")]
    pub(super) emulate: bool,
    /// Also count the instructions of each layer, each in a separate run over all examples
    #[arg(long, requires = "emulate")]
    pub(super) layers: bool,
    /// Also model cycles and milliseconds with a plugin of the emulator: Cortex-M0, M0+, M3, M4 (docs/cycles.md)
    #[arg(long, requires = "emulate")]
    pub(super) cycles: bool,
    /// Firmware for the board, instead of building it from this checkout; it runs in a sandbox: see below
    #[arg(long, value_name = "ELF", requires = "emulate")]
    pub(super) firmware: Option<PathBuf>,
    /// Run that firmware even if nothing protects your files from it
    #[arg(long, requires = "firmware")]
    pub(super) trust_firmware: bool,
    /// Stop after the first N test examples
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) images: Option<u32>,
    #[command(flatten)]
    pub(super) dataset: DatasetArgs,
    /// Write the answer for every example to this file, one per line: its class, its values, or its anomaly score
    #[arg(long, value_name = "OUT")]
    pub(super) predictions: Option<PathBuf>,
    /// Write the outputs of every example to this .npy: probabilities, or the model's values
    #[arg(long, value_name = "OUT.npy")]
    pub(super) outputs: Option<PathBuf>,
    /// Print one JSON object to stdout; messages go to stderr
    #[arg(long)]
    pub(super) json: bool,
    /// Print only errors, and draw no progress bars
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// List the boards and exit
    #[arg(long)]
    pub(super) boards: bool,
    /// With --boards: print them as TOML for --board-file, to start from
    #[arg(long, requires = "boards")]
    pub(super) toml: bool,
    /// Print the completion script of a shell and exit
    #[arg(long, value_name = "SHELL", value_enum)]
    pub(super) completions: Option<Shell>,
    /// Print the man page and exit
    #[arg(long)]
    pub(super) man: bool,
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
    pub(super) fn is_survey(&self) -> bool {
        self.models.len() > 1 || self.board.board.as_deref() == Some(ALL)
    }

    /// Refuses flags that play no role with one that only prints.
    fn play_a_role(&self) -> Result<(), Idle> {
        self.given.check(&[("board-file", !self.toml, "is for other boards, but --toml prints the built-in ones")])?;
        for (flag, with) in PRINTING.into_iter().zip(["boards toml board-file", "completions", "man"]) {
            if self.given.first_of(flag).is_some() {
                self.given.only(with, &format!("is for running a model, but --{flag} only prints"))?;
            }
        }
        Ok(())
    }

    /// Returns the arguments unless they contradict each other.
    pub(super) fn checked(self) -> Result<Self, clap::Error> {
        let refuse = |what: &str| Err(Self::command().error(ErrorKind::ArgumentConflict, what));
        if let Err(idle) = self.play_a_role() {
            return refuse(&idle.to_string());
        }
        if self.is_survey() && !self.emulate {
            return refuse("several models or all boards need --board NAME|all --emulate");
        }
        if self.is_survey() && (self.predictions.is_some() || self.outputs.is_some()) {
            return refuse("--predictions and --outputs need a single model and board");
        }
        if self.predictions.is_some() && self.predictions == self.outputs {
            return refuse("--predictions and --outputs name the same file; give each its own");
        }
        if self.board.board.as_deref() == Some(ALL) && self.firmware.is_some() {
            return refuse("--firmware needs a single board: give --board NAME");
        }
        Ok(self)
    }
}
