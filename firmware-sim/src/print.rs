//! What both programs print passes here: the line of an error, wrong usage, and what became of standard output.
//!
//! A reader that goes away early is no error (`foldnet summary runs/after | head -1`). Anything else that keeps a text
//! from its reader, such as a full disk, ends the program with exit code 1, once its work is done.

use clap::error::{Error as UsageError, ErrorKind as Usage};
use foldnet_data::text;
use std::fmt::Display;
use std::io::{Error, ErrorKind, Result, Write, stderr, stdout};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// The first text that could not be written.
static LOST: Mutex<Option<Error>> = Mutex::new(None);

/// Takes note of a text that went to standard output, or did not.
pub fn keep(written: Result<()>) {
    if let Err(error) = written {
        if error.kind() != ErrorKind::BrokenPipe {
            LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }
}

/// How the program ends: with the error that ended it, or with the first text that was lost, in one line on stderr.
pub fn end<E: Display>(program: &str, result: std::result::Result<(), E>) -> ExitCode {
    keep(stdout().flush());
    let lost = LOST.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (result, lost) {
        (Err(error), _) => failure(program, &error.to_string(), 1),
        (Ok(()), Some(error)) => {
            failure(program, &format!("stdout cannot be written ({error}); make room there, or write elsewhere"), 1)
        }
        (Ok(()), None) => ExitCode::SUCCESS,
    }
}

/// How the program ends where its command line is no use, or asks for help.
pub fn usage(program: &str, error: &UsageError) -> ExitCode {
    match error.kind() {
        Usage::DisplayHelp | Usage::DisplayVersion => {
            keep(error.print());
            end(program, Ok::<(), Error>(()))
        }
        _ => failure(program, &one_line(program, &error.render().to_string()), 2),
    }
}

/// One line of the several that clap has: what is wrong, tips in brackets, and where help is.
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
    // The exit code says it, too, where stderr is closed.
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
