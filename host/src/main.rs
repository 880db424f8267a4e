//! The command `foldnet`.

use foldnet::commands::{Cli, run};
use foldnet_sim::{print, usage};
use std::process::ExitCode;

/// Prefix of an error message.
const PROGRAM: &str = "foldnet";

fn main() -> ExitCode {
    match usage::parse::<Cli>() {
        Ok(cli) => print::end(PROGRAM, run(&cli).map_err(|error| format!("{error:#}"))),
        Err(error) => usage::refuse::<Cli>(&error),
    }
}
