//! Printing for both programs: error lines, wrong usage, and failures of standard output.
//!
//! A reader that closes the pipe early is not an error (`foldnet summary runs/after | head -1`). Any other failure to
//! deliver a text, such as a full disk, ends the program with exit code 1 once its work is done.

use clap::error::{Error as UsageError, ErrorKind as Usage};
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

/// Ends the program if its command line is invalid or asks for help.
pub fn usage(program: &str, error: &UsageError) -> ExitCode {
    match error.kind() {
        Usage::DisplayHelp | Usage::DisplayVersion => {
            keep(error.print());
            end(program, Ok::<(), Error>(()))
        }
        _ => failure(program, &one_line(program, &error.render().to_string()), 2),
    }
}

/// Reduces clap's lines to one: the error, tips in brackets, and where to find help.
fn one_line(program: &str, text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let told = text.split("\nUsage: ").next().unwrap_or_default();
    let told = told.split("\nFor more information").next().unwrap_or_default();
    let lines: Vec<&str> = told.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let usage = text.split("\nUsage: ").nth(1).and_then(|usage| usage.lines().next()).unwrap_or(program);
    // "foldnet train [OPTIONS] ..." is asked for help as `foldnet train --help`.
    let words = usage.split_whitespace().take_while(|word| !word.starts_with(['[', '<', '-'])).take(2);
    let command = words.filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-')).collect::<Vec<_>>();
    format!("{}; see {} --help", lines.join("; ").replace(":; ", ": "), command.join(" "))
}

fn failure(program: &str, message: &str, code: u8) -> ExitCode {
    // If stderr is closed, the exit code still reports the error.
    let _ = writeln!(stderr(), "{program}: {}", text::message(message));
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn usage_is_one_line() {
        let check = |text: &str, expected: &str| assert_eq!(one_line("foldnet", text), expected);
        check(
            "error: unexpected argument '--sed' found\n\n  tip: a similar argument exists: '--seed'\n\n\
             Usage: foldnet train --seed <SEED>\n\nFor more information, try '--help'.\n",
            "unexpected argument '--sed' found; tip: a similar argument exists: '--seed'; see foldnet train --help",
        );
        check(
            "error: the following required arguments were not provided:\n  --out <MODEL>\n  <FILE>\n\n\
             Usage: foldnet export --out <MODEL> <FILE>\n\nFor more information, try '--help'.\n",
            "the following required arguments were not provided: --out <MODEL>; <FILE>; see foldnet export --help",
        );
        check(
            "error: invalid value 'x' for '--hidden <UNITS,...>': give numbers\n\nFor more information, try '--help'.\n",
            "invalid value 'x' for '--hidden <UNITS,...>': give numbers; see foldnet --help",
        );
    }
}
