//! Cycles by the emulator's plugin: it sees the same inferences as the board's clock, and accounts for wait states.

use crate::{firmware, models};
use foldnet_sim::board::by_name;
use foldnet_sim::emulate::{Cycles, Task, build_plugin};
use foldnet_sim::{Emulation, emulate};

/// Bytes of the model's weights.
const WEIGHTS: usize = 256 * 30 + 30 * 10;

/// Twelve images on `board`; the cycles, and what else was measured.
fn run(board: &str) -> (Cycles, Emulation) {
    let plugin = build_plugin(by_name(board).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    let firmware = firmware(board).with_cycles(&plugin);
    let model = models::random_integer(16, 16, &[30, 10], 8, 1);
    let (pixels, labels) = models::images(12, 256, 5);
    let labels: Vec<u16> = labels.iter().map(|label| label % 10).collect();
    let task = Task { firmware: &firmware, model: &model, examples: models::view(&pixels, &labels), layers: false };
    let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{board}: {error}"));
    assert!(run.identical());
    println!("{board}: {:?}, {:?}", run.cycles, run.instructions);
    (run.cycles.unwrap(), run)
}

#[test]
fn the_plugin_counts_what_the_clock_counts() {
    for (board, waits) in [("netduinoplus2", true), ("microbit", false)] {
        let (cycles, run) = run(board);
        // A tick of the slowest clock is 63 instructions.
        assert!(
            (cycles.instructions - run.instructions.mean).abs() < 70.0,
            "{board}: {cycles:?}, {:?}",
            run.instructions
        );
        assert!(cycles.mean > cycles.instructions && cycles.mean < 4.0 * cycles.instructions, "{board}: {cycles:?}");
        assert!(cycles.min as f64 <= cycles.mean && cycles.mean <= cycles.max as f64);
        assert_eq!(cycles.waiting > 0.0, waits, "{board}");
        if waits {
            // Most inputs are not zero, so most of the weights are read, a line at a time. Code alone is less than a fifth of it.
            let board = by_name(board).unwrap();
            let read = cycles.waiting / f64::from(board.wait_states) * f64::from(board.flash_line);
            assert!(read > 0.8 * WEIGHTS as f64, "{read} bytes of flash are waited for, of {WEIGHTS} of weights");
        }
        let clock = f64::from(by_name(board).unwrap().clock_hz);
        assert!((run.ms.unwrap() - 1e3 * cycles.mean / clock).abs() < 1e-9);
    }
}
