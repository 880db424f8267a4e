//! What Foldnet takes of a device: flash and RAM without the test harness, and no panic.

use crate::{firmware, models};
use foldnet_sim::board::by_name;
use foldnet_sim::emulate;
use foldnet_sim::emulate::{EmulateError, Task, bare_sizes, bare_with_panic};

const BOARDS: [&str; 2] = ["netduinoplus2", "microbit"];

#[test]
fn firmware_is_small_and_cannot_panic() {
    for board in BOARDS {
        let sizes = bare_sizes(by_name(board).unwrap()).unwrap_or_else(|error| panic!("{board}: {error}"));
        println!("{board}: {sizes:?}, with the harness {:?}", firmware(board).sizes());
        // A program that does anything is larger than a vector table.
        assert!((2_000..12 * 1024).contains(&sizes.flash), "{board}: {sizes:?}");
        assert!(sizes.flash < firmware(board).sizes().flash && sizes.statics < 64, "{board}: {sizes:?}");
    }
}

#[test]
fn a_panic_would_be_found() {
    for board in BOARDS {
        match bare_with_panic(by_name(board).unwrap()) {
            Err(EmulateError::Build { cause, .. }) => assert!(cause.contains("this_firmware_can_panic"), "{cause}"),
            other => panic!("{board}: a panicking index goes unnoticed: {other:?}"),
        }
    }
}

#[test]
fn the_notebooks_network_runs_in_6_kb_of_ram() {
    for board in BOARDS {
        let (firmware, model) = (firmware(board), models::random_integer(28, 28, &[300, 100, 10], 4, 1));
        let (pixels, labels) = models::images(2, 784, 1);
        let task = Task { firmware: &firmware, model: &model, pixels: &pixels, labels: &labels };
        let ram = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{board}: {error}")).ram;
        assert!((1184..6 * 1024).contains(&ram.total()), "{board}: {ram:?}");
    }
}
