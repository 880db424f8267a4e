//! Modelled cycles from the plugin (`firmware-sim/plugin`): builds it, passes it the board's parameters, and reads its
//! output.

use super::error::EmulateError;
use super::firmware::checkout;
use super::toolchain::clear_environment;
use crate::board::{Board, timed_cores};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The plugin's output file, in the run's folder.
pub(super) const CYCLES_FILE: &str = "cycles";

/// Cycles per image: a model, not a measurement (`docs/cycles.md`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cycles {
    /// Mean over the images.
    pub mean: f64,
    /// Minimum over the images.
    pub min: u64,
    /// Maximum over the images.
    pub max: u64,
    /// Wait states of flash, included in the mean.
    pub waiting: f64,
    /// Instructions per image between the plugin's markers, for comparison with the board's clock.
    pub instructions: f64,
}

impl Cycles {
    /// The mean in milliseconds at the clock of `board`; `None` if the clock is unknown.
    pub fn milliseconds(&self, board: &Board) -> Option<f64> {
        (board.clock_hz > 0).then(|| 1e3 * self.mean / f64::from(board.clock_hz))
    }
}

/// Whether there is a timing model of the board's core.
pub fn is_modelled(board: &Board) -> bool {
    timed_cores().any(|core| core == board.core)
}

/// Builds the plugin from this checkout for cycles on `board`.
///
/// # Errors
/// If the core's timing is not published, there is no checkout, or the build fails.
pub fn build_plugin(board: &Board) -> Result<PathBuf, EmulateError> {
    if !is_modelled(board) {
        return Err(EmulateError::NoTiming { board: board.name, core: board.core });
    }
    let root = checkout()?;
    let mut command = Command::new("cargo");
    clear_environment(&mut command);
    command.current_dir(&root).args(["build", "--release", "-p", "foldnet-plugin", "--target-dir", "target/plugin"]);
    let output = command.output().map_err(EmulateError::io("cargo cannot be started"))?;
    let path = root.join("target/plugin/release").join(format!("{PREFIX}foldnet_plugin{SUFFIX}"));
    if output.status.success() && path.is_file() {
        return Ok(path);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let cause = said.lines().find(|line| line.starts_with("error")).unwrap_or("no error message").to_owned();
    let command = "cargo build --release -p foldnet-plugin --target-dir target/plugin".to_owned();
    Err(EmulateError::Build { board: board.name, cause, command })
}

use std::env::consts::{DLL_PREFIX as PREFIX, DLL_SUFFIX as SUFFIX};

/// QEMU's arguments.
pub(super) fn arguments(plugin: &Path, board: &Board) -> [String; 2] {
    let Board { core, flash, wait_states, flash_line, .. } = board;
    let (path, origin, end) = (plugin.display(), flash.origin, flash.end());
    let about = format!("core={core},origin={origin},end={end},line={flash_line},wait={wait_states},out={CYCLES_FILE}");
    ["-plugin".to_owned(), format!("{path},{about}")]
}

/// Decodes the plugin's file: instructions, half cycles and wait cycles of each image.
///
/// # Errors
/// If the number of lines differs from the number of images.
pub(super) fn read(text: &str, images: usize) -> Result<Cycles, EmulateError> {
    let numbers = |line: &str| {
        let mut words = line.split_whitespace().map(|word| word.parse::<u64>().ok());
        Some([words.next()??, words.next()??, words.next()??])
    };
    let lines: Vec<[u64; 3]> = text.lines().filter_map(numbers).collect();
    if lines.len() != images || images == 0 {
        return Err(EmulateError::Results("the plugin did not see every image; rebuild the firmware from this source"));
    }
    let mean = |at: usize| lines.iter().map(|line| line[at]).sum::<u64>() as f64 / images as f64;
    let cycles = || lines.iter().map(|line| line[1].div_ceil(2));
    let (min, max) = (cycles().min().unwrap_or_default(), cycles().max().unwrap_or_default());
    Ok(Cycles { mean: mean(1) / 2.0, min, max, waiting: mean(2), instructions: mean(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_s_lines_are_taken_together() {
        let cycles = read("10 24 2\n20 51 4\n", 2).unwrap();
        assert_eq!(cycles, Cycles { mean: 18.75, min: 12, max: 26, waiting: 3.0, instructions: 15.0 });
        for (text, images) in [("", 0), ("", 1), ("10 24 2\n", 2), ("10 24\n", 1)] {
            assert!(read(text, images).is_err(), "{text:?}");
        }
    }

    #[test]
    fn milliseconds_need_a_clock() {
        let cycles = Cycles { mean: 168_000.0, min: 0, max: 0, waiting: 0.0, instructions: 0.0 };
        let ms = |name| cycles.milliseconds(crate::board::by_name(name).unwrap());
        assert_eq!((ms("netduinoplus2"), ms("riscv32")), (Some(1.0), None));
        let refused = build_plugin(crate::board::by_name("mps2-an500").unwrap());
        assert!(matches!(refused, Err(EmulateError::NoTiming { core: "Cortex-M7", .. })));
    }
}
