//! Cycles by the emulator's plugin: it sees the same inferences as the board's clock, costs what the flash costs, and is
//! what estimates without an emulator are compared with.

use crate::firmware;
use crate::models;
use foldnet_core::Model;
use foldnet_core::cases::Dice;
use foldnet_core::model::ModelSpec;
use foldnet_core::quantized::Row;
use foldnet_sim::board::{BUILT_IN, Board, by_name, cycles_without_zeros, read, timed_cores};
use foldnet_sim::emulate::{Cycles, Task, build_plugin};
use foldnet_sim::{AlignedBytes, Emulation, Firmware, emulate};
use std::path::Path;

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

/// Layers of `units` on `inputs` values, of weights of `bits`, in which no activation is zero, whatever the inputs.
fn without_zeros(inputs: u16, units: &[u16], bits: u8) -> Vec<u8> {
    let mut dice = Dice(u32::from(inputs));
    let (mut width, mut drawn) = (inputs, Vec::new());
    for &units in units {
        let largest = f32::from((1u16 << (bits - 1)) - 1);
        let len = usize::from(units) * usize::from(width);
        let weights: Vec<i8> =
            models::draw(&mut dice, len, largest).iter().map(|weight| weight.round() as i8).collect();
        let rows: Vec<Row> = weights.chunks(width.into()).map(positive).collect();
        drawn.push((width, units, weights, rows));
        width = units;
    }
    models::written_integers(ModelSpec { height: 1, width: inputs, ..ModelSpec::default() }, bits, &drawn)
}

/// A row whose outputs are from 1 to 255 or not far above, for all inputs.
fn positive(weights: &[i8]) -> Row {
    let sum = |sign: i32| 255 * weights.iter().map(|&weight| (sign * i32::from(weight)).max(0)).sum::<i32>();
    let shift = ((sum(1) + sum(-1)) / 512).max(1).ilog2() + 1;
    Row { bias: sum(-1) + (2 << shift), multiplier: 20_000, shift: shift as u8, worst: 0 }
}

/// The board whose entry in `boards.toml` is that of `name`, with this core and without wait states; its file is in `folder`.
fn with_core(name: &str, core: &str, folder: &Path) -> &'static Board {
    let of_name = |entry: &&str| entry.contains(&format!("name = \"{name}\""));
    let entry = BUILT_IN.split("[[board]]").find(of_name).unwrap();
    let text = format!("[[board]]{}", entry.replace(by_name(name).unwrap().core, core));
    let path = folder.join(format!("{core}.toml"));
    std::fs::write(&path, &text).unwrap();
    let [board] = read(&text, path.to_str()).unwrap()[..] else { panic!("{text}") };
    assert_eq!((board.core, board.wait_states), (core, 0));
    Box::leak(Box::new(board))
}

/// The networks of the fit, `docs/cycles.md`.
const NETWORKS: [(u16, &[u16]); 4] = [(64, &[32, 10]), (256, &[64, 10]), (640, &[128, 16]), (784, &[300, 100, 10])];

/// Counts of the plugin beside the estimates for all networks of the fit; they agree to 2 %.
fn estimates(firmware: &Firmware) {
    let (core, mut dice) = (firmware.board().core, Dice(7));
    for (inputs, units) in NETWORKS {
        let pixels: Vec<u8> = (0..2 * inputs).map(|_| (128.0 + dice.signed() * 127.0) as u8).collect();
        for bits in [8, 4, 2] {
            let model = AlignedBytes::from_vec(without_zeros(inputs, units, bits));
            let task = Task { firmware, model: &model, examples: models::view(&pixels, &[0, 0]), layers: false };
            let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{core}: {error}"));
            assert!(run.identical());
            let counted = run.cycles.unwrap().mean;
            let estimate = cycles_without_zeros(firmware.board(), &Model::parse(&model).unwrap()).unwrap();
            let apart = 100.0 * (estimate / counted - 1.0);
            println!(
                "{core} {bits} bits, {inputs}-{units:?}: counted {counted}, estimate {estimate:.0}, {apart:+.2} %"
            );
            assert!(
                apart.abs() < 2.0,
                "{core}, {bits} bits, {inputs}-{units:?}: {counted} counted, {estimate} estimated"
            );
        }
    }
}

#[test]
fn estimates_are_what_the_plugin_counts() {
    let folder = tempfile::tempdir().unwrap();
    // The M4 without an FPU has the M4F's kernel and coefficients.
    for core in timed_cores().filter(|core| *core != "Cortex-M4") {
        let firmware = match core {
            "Cortex-M0" => firmware("mps2-an385-m0"),
            "Cortex-M3" => firmware("mps2-an385"),
            "Cortex-M4F" => firmware("mps2-an386"),
            "Cortex-M0+" => Firmware::build(with_core("mps2-an385-m0", core, folder.path())).unwrap(),
            _ => panic!("no board here has a {core}"),
        };
        let plugin = build_plugin(firmware.board()).unwrap();
        estimates(&firmware.with_cycles(&plugin));
    }
}
