//! Printing for both programs: error lines, and failures of standard output.
//!
//! A reader that closes the pipe early is not an error (`foldnet summary runs/after | head -1`). Any other failure to
//! deliver a text, such as a full disk, ends the program with exit code 1 once its work is done.

use foldnet_data::text;
use std::fmt::Display;
use std::io::{Error, ErrorKind, Result, Write, stderr, stdout};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// The first error in writing to standard output.
static LOST: Mutex<Option<Error>> = Mutex::new(None);

/// Records whether a text could be written to standard output.
pub fn keep(written: Result<()>) {
    if let Err(error) = written {
        if error.kind() != ErrorKind::BrokenPipe {
            LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }
}

/// Ends the program: prints the error that ended it, or the first failure of standard output, as one line on stderr.
pub fn end<E: Display>(program: &str, result: std::result::Result<(), E>) -> ExitCode {
    keep(stdout().flush());
    let lost = LOST.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (result, lost) {
        (Err(error), _) => failure(program, &error.to_string(), 1),
        (Ok(()), Some(error)) => {
            failure(program, &format!("cannot write to stdout ({error}); free some space, or write elsewhere"), 1)
        }
        (Ok(()), None) => ExitCode::SUCCESS,
    }
}

/// Prints an error as one line on stderr, and returns the exit code.
pub(crate) fn failure(program: &str, message: &str, code: u8) -> ExitCode {
    // If stderr is closed, the exit code still reports the error.
    let _ = writeln!(stderr(), "{program}: {}", text::message(message));
    ExitCode::from(code)
}
