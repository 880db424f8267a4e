//! The command line, with one file per subcommand.

mod calibration;
mod compare;
mod complete;
mod data;
mod demo;
mod evaluate;
mod export;
mod flash;
mod import;
mod inspect;
mod method;
mod predict;
mod record;
mod report;
mod shrink;
mod summary;
mod train;

use crate::show::terminal::Ui;
use clap::{CommandFactory, Parser, Subcommand};

/// Trains batch-normalized networks, folds every BatchNormalization away, and exports them for microcontrollers.
///
/// Without a command, `demo` runs.
#[derive(Debug, Parser)]
#[command(name = "foldnet", version, after_help = "Example:\n  foldnet train --norm after --epochs 2 --out runs/after")]
pub struct Cli {
    /// Print one JSON object on stdout; text for people goes to stderr
    #[arg(long, global = true)]
    json: bool,
    /// Print only errors, and draw no progress bars
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(train::Train),
    Import(import::Import),
    Summary(summary::Summary),
    Evaluate(evaluate::Evaluate),
    Export(export::Export),
    Inspect(inspect::Inspect),
    Predict(predict::Predict),
    Report(report::Report),
    Compare(compare::Compare),
    Demo(demo::Demo),
    Completions(complete::Completions),
    Man(complete::Man),
}

/// Executes the command line.
///
/// # Errors
/// Any failure, as one line when printed with `{:#}`.
pub fn run(cli: &Cli) -> anyhow::Result<()> {
    let ui = Ui::new(cli.json, cli.quiet);
    match &cli.command {
        Some(Command::Train(command)) => command.run(ui),
        Some(Command::Import(command)) => command.run(ui),
        Some(Command::Summary(command)) => command.run(ui),
        Some(Command::Evaluate(command)) => command.run(ui),
        Some(Command::Export(command)) => command.run(ui),
        Some(Command::Inspect(command)) => command.run(ui),
        Some(Command::Predict(command)) => command.run(ui),
        Some(Command::Report(command)) => command.run(ui),
        Some(Command::Compare(command)) => command.run(ui),
        Some(Command::Demo(command)) => command.run(ui),
        Some(Command::Completions(command)) => command.run(Cli::command(), ui),
        Some(Command::Man(command)) => command.run(Cli::command(), ui),
        None => demo::Demo::default().run(ui),
    }
}
