//! The quantizer on the real Fashion-MNIST: Keras's own two networks, exported at 8, 4 and 2 bits, keep their accuracy.
//! These tests fail if the images are missing.

use foldnet::compute::Fast;
use foldnet::deploy::export::{ExportPlan, export};
use foldnet::network::checkpoint::{Checkpoint, Hints};
use foldnet_data::{Part, Source};
use foldnet_tests::tolerance::{
    CHANGED_AT_2_BITS, CHANGED_AT_4_BITS, CHANGED_AT_8_BITS, LOST_AT_2_BITS, LOST_AT_4_BITS, LOST_AT_8_BITS, Tolerance,
};
use std::path::Path;

/// Calibration images, selected as by the command.
const CALIBRATION: usize = 4_000;

/// Widths, with what they may cost.
const LIMITS: [(u8, Tolerance, Tolerance); 3] = [
    (8, LOST_AT_8_BITS, CHANGED_AT_8_BITS),
    (4, LOST_AT_4_BITS, CHANGED_AT_4_BITS),
    (2, LOST_AT_2_BITS, CHANGED_AT_2_BITS),
];

/// Exports Keras's network `name` at every width and compares with the network itself on all test images.
fn check_keras(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/keras_{name}.safetensors"));
    let hints = Hints { norm: Some(name.parse().expect("a placement")), ..Hints::default() };
    let checkpoint = Checkpoint::read(&file, &hints).expect("a checkpoint");
    let dataset = foldnet_data::load(&Source::FashionMnist, &mut |_| ()).expect("Fashion-MNIST");
    let (calibration, test) = (dataset.part(Part::Train).slice(0..CALIBRATION), dataset.part(Part::Test));
    for (bits, lost, changed) in LIMITS {
        let plan = ExportPlan { bits: &[bits], calibration, test, labels: &dataset.labels };
        let (_, report) = export(&checkpoint, &plan, &Fast::new(1), &mut |_| ()).expect("it can be exported");
        let found = report.float_accuracy - report.accuracy;
        assert!(found <= lost.value, "{name}: {found} lost, beyond {}: {}", lost.name, lost.reason);
        let found = report.changed as f64 / test.len() as f64;
        assert!(found <= changed.value, "{name}: {found} changed, beyond {}: {}", changed.name, changed.reason);
        assert_eq!(report.bits, [bits; 3]);
    }
}

#[test]
fn keras_after_keeps_its_accuracy() {
    check_keras("after");
}

#[test]
fn keras_before_keeps_its_accuracy() {
    check_keras("before");
}
