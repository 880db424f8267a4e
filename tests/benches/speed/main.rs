//! Writes docs/training-speed.md: training steps compared with their matrix products, the effect of a busy core on two
//! threads, throughput by batch size and width, and the cost of loading and evaluating.
//!
//! `cargo bench -p foldnet-tests --bench speed`, on an idle machine; takes about two minutes.

mod growth;
mod shares;
mod whole;

use foldnet::network::architecture::NormPlacement;
use foldnet_core::Layer;
use foldnet_tests::speed::{CLASSES, steps::Data};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const COMMAND: &str = "cargo bench -p foldnet-tests --bench speed";
const BATCH: usize = 32;
const THREADS: [usize; 2] = [1, 2];

fn main() -> anyhow::Result<()> {
    let mut text = String::new();
    writeln!(text, "# Training speed\n\nWritten by `{COMMAND}`; do not edit.\n\n{}\n", machine())?;
    // First, while this process has little memory of its own.
    let whole = whole::section()?;
    let data = Data::random();
    for section in [shares::section(&data)?, shares::busy(&data)?, growth::section(&data)?, whole] {
        writeln!(text, "{section}")?;
    }
    writeln!(text, "Load average at the end: {}.", load())?;
    print!("{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/training-speed.md");
    Ok(std::fs::write(&path, text)?)
}

/// One of the notebook's models.
fn model(norm: NormPlacement) -> Vec<Layer> {
    norm.layers(&[300, 100], CLASSES as u32)
}

/// The first line that a command prints; empty if it fails.
fn first_line(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// Machine, cores, commit, compiler and load.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "- Machine: {}; {cores} cores\n- Commit: {}\n- Compiler: {}\n- Load average at the beginning: {}",
        foldnet::train::history::machine(&foldnet::compute::Fast::new(cores).description()),
        first_line("git", &["describe", "--always", "--dirty"]),
        first_line("rustc", &["--version"]),
        load()
    )
}
