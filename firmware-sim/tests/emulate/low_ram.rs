//! Firmware with the feature `low-ram`: equal to the simulation in every logit, at every width, in less memory.

use crate::{firmware, low_ram_firmware, models};
use foldnet_sim::emulate;
use foldnet_sim::emulate::Task;

/// The model's scratch memory with the feature, and without it.
fn check(board: &str, model: &[u8], inputs: usize) {
    let (pixels, labels) = models::images(10, inputs, 5);
    let [low, usual] = [low_ram_firmware(board), firmware(board)].map(|firmware| {
        let task = Task { firmware: &firmware, model, examples: models::view(&pixels, &labels), layers: false };
        let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{board}: {error}"));
        assert!(run.identical(), "{board}, {inputs} inputs: example {:?}", run.first_difference);
        run.ram.scratch
    });
    println!("{board}: {inputs} inputs, {low} bytes of scratch memory instead of {usual}");
    assert!(low < usual, "{board}: {low} bytes, without the feature {usual}");
}

#[test]
fn low_ram_changes_no_logit() {
    for board in ["mps2-an385-m0", "mps2-an385", "riscv32"] {
        for bits in [8, 4, 2] {
            // One group of blocks and two, rows whose sums the kernel cannot tell apart, an odd number of inputs.
            check(board, &models::random_integer(28, 28, &[300, 100, 10], bits, 1), 28 * 28);
            check(board, &models::random_integer(24, 24, &[500, 10], bits, 2), 24 * 24);
            check(board, &models::random_integer(56, 56, &[32, 10], bits, 3), 56 * 56);
            check(board, &models::random_integer(35, 15, &[30, 10], bits, 4), 35 * 15);
        }
    }
}
