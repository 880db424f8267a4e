//! The command `foldnet`.

use clap::Parser;
use foldnet::commands::{Cli, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("foldnet: {error:#}");
            ExitCode::FAILURE
        }
    }
}
