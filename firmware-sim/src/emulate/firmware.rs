//! The firmware of a board: built from this checkout, or an existing ELF file.

use super::elf::{Sizes, inspect};
use super::error::EmulateError;
use super::toolchain::Toolchain;
use crate::board::Board;
use foldnet_core::Model;
use foldnet_data::bounded::{self, limit};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Number of attempts, because another process may build for another board between our build and our reading of the
/// file.
const ATTEMPTS: usize = 10;

/// The program to build for a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// The firmware that the emulator talks to.
    Harnessed,
    /// The example `bare`: the code that a device needs, without harness, proven to contain no panic.
    Bare,
    /// The same with an inserted panic, which must not link.
    Panicking,
    /// The example `inference`, for weights of this many bits.
    Inference(u8),
    /// The example `cases`: core's own tests.
    Cases,
    /// The example `update`, which replaces its model, proven to contain no panic.
    Update,
}

impl Program {
    /// Its path from the profile's folder.
    fn file(self) -> &'static str {
        match self {
            Self::Harnessed => "foldnet-sim",
            Self::Bare | Self::Panicking => "examples/bare",
            Self::Inference(_) => "examples/inference",
            Self::Cases => "examples/cases",
            Self::Update => "examples/update",
        }
    }

    /// Adds the arguments that select it to cargo's.
    fn select(self, command: &mut Command) -> &mut Command {
        match self {
            Self::Harnessed => command,
            Self::Bare => command
                .args(["--example", "bare", "--no-default-features"])
                .args(["--features", "bare-metal,float,bits8,bits4,bits2"]),
            Self::Panicking => Self::Bare.select(command).env("FOLDNET_PANICKING", "1"),
            Self::Inference(bits) => command
                .args(["--example", "inference", "--no-default-features"])
                .args(["--features".into(), format!("bare-metal,bits{bits}")]),
            Self::Cases => command.args(["--example", "cases", "--features", "cases"]),
            Self::Update => command.args(["--example", "update", "--features", "update"]),
        }
    }
}

/// The RAM that a program may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ram {
    Usual,
    /// The feature `low-ram`.
    Low,
}

/// Memory that Foldnet takes on `board`, without model, image, scratch memory and stack, and without the harness of
/// emulated runs: the size of the example `bare`, which links only if it contains no panic.
///
/// # Errors
/// As [`Firmware::build`].
pub fn bare_sizes(board: &'static Board) -> Result<Sizes, EmulateError> {
    Firmware::build_program(board, Program::Bare, Ram::Usual).map(|firmware| firmware.sizes)
}

/// The same with the feature `low-ram`.
///
/// # Errors
/// As [`Firmware::build`].
pub fn low_ram_bare_sizes(board: &'static Board) -> Result<Sizes, EmulateError> {
    Firmware::build_program(board, Program::Bare, Ram::Low).map(|firmware| firmware.sizes)
}

/// Memory on `board` for running one model with weights of `bits` bits at a fixed address in flash, without the model:
/// the size of the example `inference`, which links only if it contains no panic. It includes a vector table and a
/// reset handler.
///
/// # Errors
/// As [`Firmware::build`].
pub fn inference_sizes(board: &'static Board, bits: u8) -> Result<Sizes, EmulateError> {
    Firmware::build_program(board, Program::Inference(bits), Ram::Usual).map(|firmware| firmware.sizes)
}

/// Builds the example `bare` with an inserted panic. Its failure shows that the proof of [`bare_sizes`] works.
///
/// # Errors
/// Always, unless the proof is broken: an [`EmulateError::Build`] that names `this_firmware_can_panic`.
pub fn bare_with_panic(board: &'static Board) -> Result<Sizes, EmulateError> {
    Firmware::build_program(board, Program::Panicking, Ram::Usual).map(|firmware| firmware.sizes)
}

/// Firmware for one board.
#[derive(Debug, Clone)]
pub struct Firmware {
    elf: Vec<u8>,
    board: &'static Board,
    sizes: Sizes,
    compiler: Option<String>,
    ram: Ram,
    /// The plugin that models cycles, if requested.
    plugin: Option<PathBuf>,
}

impl Firmware {
    /// Builds the firmware for `board`, in `target/firmware` of the checkout; fast if nothing has changed.
    ///
    /// # Errors
    /// Without a checkout or a compiler for the board, or if the build fails.
    pub fn build(board: &'static Board) -> Result<Self, EmulateError> {
        Self::build_program(board, Program::Harnessed, Ram::Usual)
    }

    /// The same with the feature `low-ram`.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_low_ram(board: &'static Board) -> Result<Self, EmulateError> {
        Self::build_program(board, Program::Harnessed, Ram::Low)
    }

    /// Builds the firmware that runs core's own tests on `board`, see [`super::run_cases`].
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_cases(board: &'static Board) -> Result<Self, EmulateError> {
        Self::build_program(board, Program::Cases, Ram::Usual)
    }

    /// Builds the firmware that replaces its own model, see [`super::run_update`]. It links only if it contains no
    /// panic, including the slot writer. Its flash driver supports the microbit's chip, and boards whose flash is RAM.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_update(board: &'static Board) -> Result<Self, EmulateError> {
        Self::build_program(board, Program::Update, Ram::Usual)
    }

    fn build_program(board: &'static Board, program: Program, ram: Ram) -> Result<Self, EmulateError> {
        let root = checkout()?;
        let toolchain = Toolchain::find(board.target, &root)?;
        let folder = root.join("target").join("firmware").join(board.target);
        let path = folder.join(board.target).join("firmware").join(program.file());
        let mut command = command(board, &toolchain, &root, &folder);
        program.select(&mut command);
        if ram == Ram::Low {
            command.args(["--features", "low-ram"]);
        }
        for _ in 0..ATTEMPTS {
            build(board, &mut command)?;
            let firmware = Self::read(&path, board)?;
            if firmware.board == board {
                return Ok(Self { compiler: Some(toolchain.description.clone()), ram, ..firmware });
            }
        }
        Err(EmulateError::firmware(&path, "other builds keep replacing it; try again when they are done"))
    }

    /// Firmware for `board` from an ELF file.
    ///
    /// # Errors
    /// If the file cannot be read, or is not for this board.
    pub fn open(path: &Path, board: &'static Board) -> Result<Self, EmulateError> {
        let firmware = Self::read(path, board)?;
        if firmware.board == board {
            return Ok(firmware);
        }
        let built_for = firmware.board.name;
        Err(EmulateError::firmware(
            path,
            format!("was built for {built_for}; give --board {built_for}, or other firmware"),
        ))
    }

    fn read(path: &Path, wanted: &'static Board) -> Result<Self, EmulateError> {
        let elf = bounded::read(path, limit::FIRMWARE)
            .map_err(|cause| EmulateError::firmware(path, format!("cannot be read ({cause}); check the path")))?;
        let (board, sizes) = inspect(&elf, wanted).map_err(|cause| EmulateError::firmware(path, cause))?;
        Ok(Self { elf, board, sizes, compiler: None, ram: Ram::Usual, plugin: None })
    }

    /// The same firmware, with cycles modelled by the plugin from [`super::build_plugin`].
    #[must_use]
    pub fn with_cycles(self, plugin: &Path) -> Self {
        Self { plugin: Some(plugin.to_owned()), ..self }
    }

    /// The plugin, if cycles are modelled.
    pub(super) fn plugin(&self) -> Option<&Path> {
        self.plugin.as_deref()
    }

    /// The board it runs on.
    pub fn board(&self) -> &'static Board {
        self.board
    }

    /// 32-bit words of scratch memory that it takes for `model`.
    pub(super) fn scratch_words(&self, model: &Model) -> usize {
        match self.ram {
            Ram::Usual => model.scratch_words_with(self.board.kernel()),
            Ram::Low => model.low_ram_words_with(self.board.kernel()),
        }
    }

    /// Memory that it takes on the board, without model, image, scratch memory and stack.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// The compiler that built it, if this program did: its version, and the source of the standard library.
    pub fn compiler(&self) -> Option<&str> {
        self.compiler.as_deref()
    }

    /// The bytes of the ELF file, for [`Firmware::open`].
    pub fn file(&self) -> &[u8] {
        &self.elf
    }
}

/// The checkout that this program was built from.
pub(super) fn checkout() -> Result<PathBuf, EmulateError> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_package = |folder: &Path| folder.join("Cargo.toml").is_file();
    let root = package.parent().filter(|root| is_package(package) && is_package(root));
    root.map(Path::to_owned).ok_or(EmulateError::NoSource { path: package.to_owned() })
}

/// The build command for `board`, with a separate target folder.
fn command(board: &Board, toolchain: &Toolchain, root: &Path, folder: &Path) -> Command {
    let mut command = toolchain.build(board.target, root);
    command.env("FOLDNET_BOARD", board.name).env_remove("FOLDNET_BOARD_FILE");
    if let Some(file) = board.file {
        command.env("FOLDNET_BOARD_FILE", file);
    }
    command.args(["--profile", "firmware", "-p", "foldnet-sim"]).arg("--target-dir").arg(folder);
    if let Some(feature) = board.feature {
        command.args(["--features", feature]);
    }
    command
}

fn build(board: &'static Board, command: &mut Command) -> Result<(), EmulateError> {
    let output = command.output().map_err(EmulateError::io("cargo cannot be started"))?;
    if output.status.success() {
        return Ok(());
    }
    let cause = first_error(&String::from_utf8_lossy(&output.stderr));
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    let file = board.file.map_or(String::new(), |file| format!("FOLDNET_BOARD_FILE={file} "));
    let command = format!("{file}FOLDNET_BOARD={} cargo {}", board.name, arguments.join(" "));
    Err(EmulateError::Build { board: board.name, cause, command })
}

/// The first error in cargo's output; for a linker error, the line with the cause.
fn first_error(said: &str) -> String {
    let linker = said.lines().find_map(|line| line.split_once("lld: error: ").map(|(_, cause)| cause));
    let cause = linker.or_else(|| said.lines().find(|line| line.starts_with("error")));
    cause.unwrap_or("no error message").trim().to_owned()
}
