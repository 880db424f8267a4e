//! The command lines of both programs: parsing, and wrong usage as one line that names the help to read.

use crate::print::{end, failure, keep};
use clap::error::{Error, ErrorKind as Usage};
use clap::{Arg, Command, Parser};
use std::ffi::OsString;
use std::process::ExitCode;

/// Parses the arguments of the program. A negative number after an option is its value, never another option, so that
/// the option itself says what it accepts.
///
/// # Errors
/// If they are invalid, or ask for help.
pub fn parse<P: Parser>() -> Result<P, Error> {
    let mut command = numbers_are_values(P::command());
    let matches = command.try_get_matches_from_mut(joined(std::env::args_os()))?;
    P::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Ends the program if its command line is invalid or asks for help.
pub fn refuse<P: Parser>(error: &Error) -> ExitCode {
    let command = P::command();
    let program = command.get_name();
    match error.kind() {
        Usage::DisplayHelp | Usage::DisplayVersion => {
            keep(error.print());
            end(program, Ok::<(), std::io::Error>(()))
        }
        _ => failure(program, &one_line(&named(&command, std::env::args_os()), &error.render().to_string()), 2),
    }
}

/// Joins a list such as `-1,5` to the option before it: clap only takes single negative numbers for values.
fn joined(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let is_list = |text: &str| text.contains(',') && text.starts_with('-') && !text.starts_with("--");
    let is_option = |text: &str| text.len() > 2 && text.starts_with("--") && !text.contains('=');
    let mut all: Vec<OsString> = Vec::new();
    for argument in arguments {
        match all.last_mut() {
            Some(option) if argument.to_str().is_some_and(is_list) && option.to_str().is_some_and(is_option) => {
                option.push("=");
                option.push(argument);
            }
            _ => all.push(argument),
        }
    }
    all
}

fn numbers_are_values(command: Command) -> Command {
    let accept = |arg: Arg| match arg.is_positional() || !arg.get_action().takes_values() {
        true => arg,
        false => arg.allow_negative_numbers(true),
    };
    command.mut_args(accept).mut_subcommands(numbers_are_values)
}

/// The command that the arguments name, such as `foldnet train`.
fn named(command: &Command, arguments: impl Iterator<Item = OsString>) -> String {
    let word = arguments.skip(1).find_map(|word| command.find_subcommand(&word).map(Command::get_name));
    [Some(command.get_name()), word].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Reduces clap's lines to one: the error, tips after it, and where to find help. `command` is asked for help if clap
/// does not say which one.
fn one_line(command: &str, text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let told = text.split("\nUsage: ").next().unwrap_or_default();
    let told = told.split("\nFor more information").next().unwrap_or_default();
    let lines: Vec<String> = told.lines().map(str::trim).filter(|line| !line.is_empty()).map(plain).collect();
    let usage = text.split("\nUsage: ").nth(1).and_then(|usage| usage.lines().next()).unwrap_or(command);
    // "foldnet train [OPTIONS] ..." is asked for help as `foldnet train --help`.
    let words = usage.split_whitespace().take_while(|word| !word.starts_with(['[', '<', '-'])).take(2);
    let command = words.filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-')).collect::<Vec<_>>();
    format!("{}; see {} --help", lines.join("; ").replace(":; ", ": "), command.join(" "))
}

/// What Rust's parsers of numbers say, and what to give instead.
const PARSERS: [(&str, &str); 6] = [
    ("invalid digit found in string", "give a positive whole number"),
    ("cannot parse integer from empty string", "give a positive whole number"),
    ("number too large to fit in target type", "give a smaller number"),
    ("number too small to fit in target type", "give a positive whole number"),
    ("invalid float literal", "give a number, such as 0.5"),
    ("cannot parse float from empty string", "give a number, such as 0.5"),
];

/// A line of clap's, with errors of Rust's number parsers in plain words.
fn plain(line: &str) -> String {
    let found = PARSERS.iter().find_map(|(said, words)| Some(format!("{}{words}", line.strip_suffix(said)?)));
    found.or_else(|| in_range(line)).or_else(|| too_few(line)).unwrap_or_else(|| line.to_owned())
}

/// `...: 0 is not in 1..=9` as `...: give a whole number from 1 to 9`.
fn in_range(line: &str) -> Option<String> {
    let (front, range) = line.rsplit_once(" is not in ")?;
    let (front, _) = front.rsplit_once(": ")?;
    let (first, last) = range.split_once("..")?;
    let last = last.trim_start_matches('=');
    let last = if last.is_empty() { String::new() } else { format!(" to {last}") };
    Some(format!("{front}: give a whole number from {first}{last}"))
}

/// `2 values required by '[FILE] [FILE]...'; only 1 was provided` as `give at least 2 values for FILE; ...`.
fn too_few(line: &str) -> Option<String> {
    let (least, rest) = line.split_once(" values required by '")?;
    let (argument, given) = rest.split_once("'; only ")?;
    let name = argument.rsplit(['[', '<']).next()?.trim_end_matches(['.', ']', '>']);
    Some(format!("give at least {least} values for {name}; only {}", given.replace("provided", "given")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_one_line() {
        let check = |text: &str, expected: &str| assert_eq!(one_line("foldnet summary", text), expected);
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
            "invalid value 'x' for '--hidden <UNITS,...>': give numbers; see foldnet summary --help",
        );
    }

    #[test]
    fn numbers_are_asked_for_in_plain_words() {
        let check = |line: &str, expected: &str| assert_eq!(plain(line), expected);
        check("'x' for '--seed': invalid digit found in string", "'x' for '--seed': give a positive whole number");
        check(
            "'-9' for '--images': number too small to fit in target type",
            "'-9' for '--images': give a positive whole number",
        );
        check("'9' for '--seed': number too large to fit in target type", "'9' for '--seed': give a smaller number");
        check("'x' for '--rate': invalid float literal", "'x' for '--rate': give a number, such as 0.5");
        check("'300' for '--bits': 300 is not in 0..=255", "'300' for '--bits': give a whole number from 0 to 255");
        check("'0' for '--images': 0 is not in 1..", "'0' for '--images': give a whole number from 1");
        check(
            "2 values required by '[DIR|FILE] [DIR|FILE]...'; only 1 was provided",
            "give at least 2 values for DIR|FILE; only 1 was given",
        );
        check("unexpected argument 'x' found", "unexpected argument 'x' found");
    }

    #[test]
    fn the_command_is_found_behind_options() {
        let command = Command::new("foldnet").subcommand(Command::new("train"));
        let check = |words: &str, expected: &str| {
            assert_eq!(named(&command, words.split(' ').map(OsString::from)), expected);
        };
        check("/bin/foldnet --quiet train --seed x", "foldnet train");
        check("/bin/foldnet --quiet", "foldnet");
    }
}
