//! The command `foldnet`.

use clap::error::ErrorKind;
use foldnet::commands::{Cli, run};
use foldnet_sim::given::Idle;
use foldnet_sim::{print, usage};
use std::process::ExitCode;

/// Prefix of an error message.
const PROGRAM: &str = "foldnet";

fn main() -> ExitCode {
    match usage::parse::<Cli>() {
        Ok(cli) => match run(&cli) {
            Err(error) if error.is::<Idle>() => {
                usage::refuse::<Cli>(&clap::Error::raw(ErrorKind::ArgumentConflict, error))
            }
            result => print::end(PROGRAM, result.map_err(|error| format!("{error:#}"))),
        },
        Err(error) => usage::refuse::<Cli>(&error),
    }
}
