//! The command `foldnet`.

use clap::Parser;
use foldnet::commands::{Cli, run};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The exit code says it, too.
            let _ = writeln!(anstream::stderr(), "foldnet: {error:#}");
            ExitCode::FAILURE
        }
    }
}
