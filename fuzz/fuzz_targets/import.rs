//! Any bytes as a model file of another tool: an error or a network, never a panic, a hang or a gigabyte.
//!
//! The first byte picks the format by its ending, which ONNX is told by; the body is that of the ordinary test
//! `host/import/tests/small.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;

const NAMES: [&str; 5] = ["a.keras", "a.h5", "a.onnx", "a.tflite", "a.pt"];

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let name = NAMES[usize::from(*first) % NAMES.len()];
    if let Ok(foldnet_import::Imported::Network(network)) = foldnet_import::parse(bytes, Path::new(name)) {
        assert!(network.inputs() > 0 && !network.layers.is_empty());
    }
});
