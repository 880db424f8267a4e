//! The stack that is set aside is enough for every model, including the deepest that the format allows.

use crate::{KINDS, firmware, models};
use foldnet_core::model::MAX_MODEL_LAYERS;
use foldnet_sim::board::STACK_LEN;
use foldnet_sim::emulate;
use foldnet_sim::emulate::Task;

/// Required margin: an exception frame on a core with an FPU, in case a firmware has interrupts.
const LEFT: usize = 104;

/// The peak of the stack with `model` of 16 inputs on `board`.
fn peak(board: &str, model: &[u8]) -> usize {
    let firmware = firmware(board);
    let (pixels, labels) = models::images(3, 16, 3);
    let task = Task { firmware: &firmware, model, examples: models::view(&pixels, &labels), layers: false };
    emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{board}: {error}")).ram.stack_peak
}

#[test]
fn stack_is_left_with_the_deepest_models() {
    for board in KINDS {
        for layers in [1, 2, MAX_MODEL_LAYERS] {
            let units = vec![9; layers];
            let integer = [8, 4, 2].map(|bits| models::random_integer(4, 4, &units, bits, 1));
            let peaks: Vec<usize> =
                integer.iter().chain([&models::random(4, 4, &units, 1)]).map(|model| peak(board, model)).collect();
            println!("{board}: {layers} layers of 8, 4, 2 bits and floats: {peaks:?} bytes of stack");
            assert!(peaks.iter().all(|peak| peak + LEFT <= STACK_LEN as usize), "{board}: {layers}: {peaks:?}");
        }
    }
}
