//! The cost of converting inputs on a board: a model of raw values compared with one of the same activations.

use crate::firmware;
use crate::models::{layer, written};
use foldnet_core::model::{InputMap, InputSpec, InputType, LayerHeader, LayerWeights, ModelSpec, Sharing};
use foldnet_core::quantized::Row;
use foldnet_data::{Shape, TargetsRef, Values, View};
use foldnet_sim::emulate::Task;
use foldnet_sim::{AlignedBytes, ConversionCost, emulate};

/// Samples of an example, of three channels.
const SAMPLES: usize = 64;
const VALUES: usize = 3 * SAMPLES;

const EXAMPLES: usize = 4;

/// Two classes of `VALUES` values, whose activations are the values themselves.
fn model(kind: InputType, sharing: Sharing) -> AlignedBytes {
    let header = LayerHeader { bits: 8, ..layer(VALUES as u16, 2, false) };
    let weights: Vec<i8> = (0..2 * VALUES).map(|at| (at * 37 % 255) as u8 as i8).map(|w| w.max(-127)).collect();
    let rows = [Row { bias: 0, multiplier: 20_000, shift: 10, worst: 0 }; 2];
    let map = match kind {
        InputType::F32 => InputMap::Float { low: 0.0, scale: 1.0 },
        _ => InputMap::Integer { low: 0, multiplier: 1 << 13, shift: 13 },
    };
    let sharing = if kind.is_mapped() { sharing } else { Sharing::None };
    let maps = vec![map; sharing.maps(VALUES, 3)];
    let layers = [(header, LayerWeights::Integer { weights: &weights, rows: &rows })].into_iter().collect();
    let input = InputSpec { kind, sharing, maps: &maps, ..InputSpec::default() };
    AlignedBytes::from_vec(written(&ModelSpec {
        height: SAMPLES as u16,
        channels: 3,
        layers,
        input,
        ..ModelSpec::default()
    }))
}

/// Values that become the same activations of 1 to 255 in every type.
fn values(kind: InputType) -> Values {
    let codes = (0..EXAMPLES * VALUES).map(|at| (at * 101 % 255 + 1) as u8);
    match kind {
        InputType::U8 => Values::U8(codes.collect()),
        InputType::I8 => Values::I8(codes.map(|code| (code ^ 0x80) as i8).collect()),
        InputType::I16 => Values::I16(codes.map(i16::from).collect()),
        InputType::U16 => Values::U16(codes.map(u16::from).collect()),
        InputType::F32 => Values::F32(codes.map(f32::from).collect()),
    }
}

/// Instructions per example, and the digest of its outputs.
fn measure(board: &str, kind: InputType, sharing: Sharing) -> (f64, String) {
    let (firmware, model, values) = (firmware(board), model(kind, sharing), values(kind));
    let examples = View { inputs: values.view(), targets: TargetsRef::None, shape: Shape::window(SAMPLES, 3) };
    let task = Task { firmware: &firmware, model: &model, examples, layers: false };
    let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{board}: {error}"));
    assert_eq!(run.first_difference, None, "{board}: {kind:?}");
    (run.instructions.mean, run.logits_sha256)
}

#[test]
fn a_value_takes_as_many_instructions_as_is_said() {
    for (core, board) in ["microbit", "netduinoplus2"].into_iter().enumerate() {
        let plain = measure(board, InputType::U8, Sharing::None);
        for kind in InputType::ALL {
            let (instructions, outputs) = measure(board, kind, Sharing::Channel);
            assert_eq!(outputs, plain.1, "{board}: {kind:?} becomes other activations");
            let (found, said) =
                ((instructions - plain.0) / VALUES as f64, ConversionCost::per_value(kind)[core] as f64);
            println!("{board} {kind:?}: {found:.1} instructions per value");
            // An emulated timer ticks every 16 to 64 instructions, and float routines depend on the value.
            assert!((found - said).abs() <= 1.0 + said / 10.0, "{board}: {kind:?} {found}, not {said}");
        }
    }
}
