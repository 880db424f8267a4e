//! The command `foldnet`.

use clap::Parser;
use foldnet::commands::{Cli, run};
use foldnet_sim::print;
use std::process::ExitCode;

/// Prefix of an error message.
const PROGRAM: &str = "foldnet";

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => print::end(PROGRAM, run(&cli).map_err(|error| format!("{error:#}"))),
        Err(error) => print::usage(PROGRAM, &error),
    }
}
