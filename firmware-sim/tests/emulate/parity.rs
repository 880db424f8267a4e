//! Logits of the emulated boards against the simulator's, and the accompanying measurements.

use crate::{firmware, models};
use foldnet_core::model::{InputSpec, ModelSpec};
use foldnet_sim::board::FIRMWARE_RAM;
use foldnet_sim::emulate::Task;
use foldnet_sim::{Emulation, emulate};

/// Runs `model` on `board` over `images` random images; all results must equal the simulator's.
fn check(board: &str, model: &[u8], image_len: usize, images: usize) -> Emulation {
    let firmware = firmware(board);
    let (pixels, labels) = models::images(images, image_len, 11);
    let mut seen = 0;
    let task = Task { firmware: &firmware, model, examples: models::view(&pixels, &labels), layers: true };
    let run = emulate(&task, &mut |done| seen = done).unwrap_or_else(|error| panic!("{board}: {error}"));
    println!("{board}: {run:?}", run = Emulation { classes: Vec::new(), simulation: None, ..run.clone() });
    assert_eq!((run.first_difference, run.images, seen), (None, images, images * (1 + run.layers.len())), "{board}");
    assert!(run.instructions.min > 0 && run.instructions.min <= run.instructions.max, "{board}");
    assert!((run.instructions.min as f64 - 0.5..=run.instructions.max as f64 + 0.5).contains(&run.instructions.mean));
    let sum: f64 = run.layers.iter().map(|layer| layer.mean).sum();
    // The entry into each layer is included in its time: up to 900 instructions on an M0.
    let apart = (sum - run.instructions.mean).abs();
    assert!(!run.layers.is_empty() && apart < 3_000.0, "{board}: {sum} in the layers of {:?}", run.instructions);
    let own = run.ram.statics + run.ram.stack_peak;
    assert!(run.ram.stack_peak > 100 && own < FIRMWARE_RAM as usize, "{board}: statics and stack {own}");
    run
}

/// Every width, and every length of the last layers around the kernels' strides.
fn check_widths(board: &str) {
    for bits in [8, 4, 2] {
        check(board, &models::random_integer(8, 8, &[31, 17, 10], bits, 5), 64, 20);
        check(board, &models::random_integer(3, 7, &[5, 1, 3], bits, 6), 21, 20);
    }
    check(board, &models::random(8, 8, &[31, 10], 5), 64, 20);
    check(board, &models::tiny(), 4, 20);
}

#[test]
fn the_m4f_is_the_simulator() {
    check_widths("netduinoplus2");
    for bits in [8, 4, 2] {
        check("netduinoplus2", &models::random_integer(28, 28, &[300, 100, 10], bits, 1), 784, 20);
    }
}

#[test]
fn the_m0_is_the_simulator() {
    check_widths("microbit");
    for bits in [4, 2] {
        check("microbit", &models::random_integer(28, 28, &[300, 100, 10], bits, 1), 784, 20);
    }
}

#[test]
fn riscv_is_the_simulator() {
    check_widths("riscv32");
    for bits in [8, 4, 2] {
        check("riscv32", &models::random_integer(28, 28, &[300, 100, 10], bits, 1), 784, 20);
    }
}

#[test]
fn the_m55_is_the_simulator() {
    check_widths("mps3-an547");
    for bits in [8, 4, 2] {
        check("mps3-an547", &models::random_integer(28, 28, &[300, 100, 10], bits, 1), 784, 20);
    }
}

/// A model of averages of 2x2 pixels, without an order of them.
fn pooled(height: u16, width: u16, units: &[u16], bits: u8, seed: u32) -> Vec<u8> {
    let fours = height * width / 4;
    let corner = |input: u16| input / (width / 2) * 2 * width + input % (width / 2) * 2;
    let square = |input: u16| [0, 1, width, width + 1].map(|pixel| corner(input) + pixel);
    let members: Vec<u16> = (0..fours).flat_map(square).collect();
    let input = InputSpec { fours, members: &members, ..InputSpec::default() };
    models::integers(&ModelSpec { height, width, input, ..ModelSpec::default() }, units, bits, seed)
}

#[test]
fn averages_of_pixels_are_the_simulators() {
    for board in ["netduinoplus2", "microbit", "riscv32", "mps2-an385", "mps3-an547"] {
        check(board, &pooled(28, 28, &[64, 32, 10], 4, 1), 784, 20);
        check(board, &pooled(6, 10, &[7, 3], 8, 2), 60, 20);
    }
}

#[test]
fn the_other_cortex_m_boards_are_the_simulator() {
    for board in ["lm3s6965evb", "mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps2-an385-m0"] {
        check_widths(board);
    }
    check("mps2-an386", &models::random(28, 28, &[300, 100, 10], 1), 784, 5);
}
