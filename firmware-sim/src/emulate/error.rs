//! Errors of an emulated run, each in one line with the remedy.

use crate::board::{DoesNotFit, timed_cores};
use crate::exit::Exit;
use foldnet_core::model::ParseError;
use std::path::{Path, PathBuf};

/// Reason why a model could not be run on an emulated board.
#[derive(Debug, thiserror::Error)]
pub enum EmulateError {
    /// The bytes are not a model.
    #[error("{0}; export the model again with foldnet export")]
    NoModel(#[from] ParseError),
    /// The model is too large for the board.
    #[error(transparent)]
    DoesNotFit(#[from] DoesNotFit),
    /// A required program is missing.
    #[error("{tool} is not installed; {remedy}")]
    Missing {
        /// The program.
        tool: String,
        /// How to get it.
        remedy: String,
    },
    /// There is no QEMU machine for the board.
    #[error("{board} has no QEMU machine; add one to its file (qemu = {{ machine = \"...\" }}), or omit --emulate")]
    NoMachine {
        /// The board's name.
        board: &'static str,
    },
    /// Cycles cannot be modelled for the core.
    #[error(
        "--cycles: {board} has a {core}, whose timing is not published per instruction; omit --cycles, or use a board with one of {}",
        timed_cores().collect::<Vec<_>>().join(", ")
    )]
    NoTiming {
        /// The board's name.
        board: &'static str,
        /// Its core.
        core: &'static str,
    },
    /// Firmware can only be built in a checkout.
    #[error("Foldnet's source, needed to build firmware, is not at {}; give a prebuilt one with \
        --firmware ELF", path.display())]
    NoSource {
        /// Path of the source when this program was built.
        path: PathBuf,
    },
    /// The build failed.
    #[error("building the firmware for {board} failed ({cause}); for the full output run: {command}")]
    Build {
        /// The board's name.
        board: &'static str,
        /// The compiler's first error.
        cause: String,
        /// The command that failed.
        command: String,
    },
    /// The file is not firmware for this board.
    #[error("{}: {cause}", path.display())]
    Firmware {
        /// The ELF file.
        path: PathBuf,
        /// What is wrong, and the remedy.
        cause: String,
    },
    /// The system denies access to the temporary folder, or cannot start a program.
    #[error("{what}: {cause}; check free space and permissions of the temporary folder (TMPDIR)")]
    Io {
        /// The attempted operation.
        what: String,
        /// The system's error.
        cause: std::io::Error,
    },
    /// The firmware ended with an error.
    #[error("the firmware stopped with exit code {code}: {0}", code = .0.code())]
    Device(Exit),
    /// The emulator was stopped because the firmware requested more than its own files.
    #[error(
        "the firmware requested a system call that the emulator's sandbox forbids, such as running a program on this \
         PC; it was stopped"
    )]
    Forbidden,
    /// Nothing protects the user's files from external firmware.
    #[error(
        "{}: this system has neither Landlock nor bubblewrap to protect your files from firmware; install bubblewrap, \
         or give --trust-firmware if you know where it comes from", path.display()
    )]
    Untrusted {
        /// The ELF file.
        path: PathBuf,
    },
    /// One of core's own tests did not pass on the board.
    #[error("case {number} of core's own tests, counted from 0, did not pass on {board}: {cause}")]
    Case {
        /// The board's name.
        board: &'static str,
        /// Its index in the table.
        number: usize,
        /// What happened.
        cause: Box<EmulateError>,
    },
    /// There was no answer for too long.
    #[error("the emulated board hung: no answer for {seconds} s after {images} images; it was stopped")]
    Stalled {
        /// The time waited.
        seconds: u64,
        /// Number of images answered before.
        images: usize,
    },
    /// The emulator itself failed.
    #[error("{emulator} stopped with {status}: {said}")]
    Emulator {
        /// The program.
        emulator: &'static str,
        /// Its exit status.
        status: String,
        /// The beginning of its output.
        said: String,
    },
    /// The firmware ended normally, but its results are incomplete.
    #[error("the firmware's results do not match its job ({0}); was it built from the same source?")]
    Results(&'static str),
    /// The emulated board's clock differs from the table of boards.
    #[error(
        "{board}'s clock counts {found:.0} instructions where {expected} were executed; correct \
         qemu.clock_hz in the board file"
    )]
    Clock {
        /// The board's name.
        board: &'static str,
        /// Executed instructions.
        expected: u32,
        /// Counted ticks as instructions.
        found: f64,
    },
}

impl EmulateError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |cause| Self::Io { what, cause }
    }

    pub(super) fn firmware(path: &Path, cause: impl Into<String>) -> Self {
        Self::Firmware { path: path.to_owned(), cause: cause.into() }
    }
}
