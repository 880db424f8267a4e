//! Tests of the whole quantizer: small networks, unusual networks, refusals.

use super::*;
use foldnet_core::quantized::MULTIPLIER_ONE;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn layer(inputs: usize, units: usize, relu: bool, dice: &mut ChaCha8Rng) -> FoldedLayer {
    let size = (3.0 / inputs as f64).sqrt();
    let kernel = (0..inputs * units).map(|_| size * dice.random_range(-1.0..1.0f64)).collect();
    FoldedLayer { inputs, units, relu, kernel, bias: (0..units).map(|_| dice.random_range(-1.0..1.0f64)).collect() }
}

/// Layers of these sizes, inputs first.
fn network(sizes: &[usize], dice: &mut ChaCha8Rng) -> Vec<FoldedLayer> {
    let last = sizes.len() - 2;
    let layers = sizes.windows(2).enumerate();
    layers.map(|(index, size)| layer(size[0], size[1], index < last, dice)).collect()
}

fn images(count: usize, inputs: usize, dice: &mut ChaCha8Rng) -> Vec<u8> {
    (0..count * inputs).map(|_| (256.0 * dice.random::<f64>()) as u8).collect()
}

fn run(layers: &[FoldedLayer], bits: &[u8], calibration: &[u8]) -> Result<Vec<QuantizedLayer>, QuantizeError> {
    let measured = calibration.len() / layers.first().map_or(1, |layer| layer.inputs.max(1));
    quantize(layers, &Quantization { bits, calibration, measured, exact: None, kept: &[] }, &mut |_| ())
}

/// Every result fits the format and its arithmetic.
fn assert_sound(layers: &[FoldedLayer], quantized: &[QuantizedLayer], name: &str) {
    assert_eq!(layers.len(), quantized.len(), "{name}");
    for (float, layer) in layers.iter().zip(quantized) {
        assert_eq!((layer.inputs, layer.units, layer.relu), (float.inputs, float.units, float.relu), "{name}");
        assert_eq!((layer.weights.len(), layer.rows.len()), (layer.inputs * layer.units, layer.units), "{name}");
        let most = (1u32 << (layer.bits - 1)) - 1;
        assert!(layer.weights.iter().all(|w| u32::from(w.unsigned_abs()) <= most), "{name}");
        for (row, weights) in layer.rows.iter().zip(layer.weights.chunks_exact(layer.inputs)) {
            assert!(row.multiplier < MULTIPLIER_ONE && row.shift <= 30 && row.fits(weights), "{name}: {row:?}");
            assert!(row.multiplier == 0 || row.multiplier >= 16_384, "{name}: {row:?}");
        }
        assert!((layer.scale as f32).is_normal() && layer.scale > 0.0, "{name}: {}", layer.scale);
        assert!(layer.error >= 0.0 && layer.error.is_finite(), "{name}: {}", layer.error);
    }
}

/// Checks that the error of a network's logits is between these bounds.
fn check(name: &str, layers: &[FoldedLayer], calibration: &[u8], bits: u8, most: f64) {
    let quantized = run(layers, &vec![bits; layers.len()], calibration).expect(name);
    assert_sound(layers, &quantized, name);
    let error = quantized.last().map_or(1.0, |layer| layer.error);
    assert!(error <= most, "{name}: relative error {error} at {bits} bits");
}

fn with(mut layers: Vec<FoldedLayer>, change: impl Fn(&mut FoldedLayer)) -> Vec<FoldedLayer> {
    change(&mut layers[0]);
    layers
}

#[test]
fn ordinary_networks_lose_little() {
    let dice = &mut ChaCha8Rng::seed_from_u64(10);
    for sizes in [&[20, 5][..], &[30, 20, 10], &[12, 40, 40, 6]] {
        let layers = network(sizes, dice);
        let images = images(300, sizes[0], dice);
        let limits = [(8, 0.02), (4, 0.15), (2, 0.6)];
        limits.iter().for_each(|&(bits, most)| check(&format!("{sizes:?}"), &layers, &images, bits, most));
    }
}

/// Unusual networks, with the largest accepted error of their logits at 8 bits.
fn odd_networks() -> Vec<(&'static str, Vec<FoldedLayer>, Vec<u8>, f64)> {
    let dice = &mut ChaCha8Rng::seed_from_u64(11);
    let net = || network(&[16, 8, 4], &mut ChaCha8Rng::seed_from_u64(12));
    let usual = images(200, 16, dice);
    let border: Vec<u8> = usual.iter().enumerate().map(|(i, &x)| if i % 16 < 4 { 0 } else { x }).collect();
    let rare: Vec<u8> = usual.iter().enumerate().map(|(i, &x)| if i % 16 == 0 && i > 16 { 0 } else { x }).collect();
    let row = |layer: &mut FoldedLayer, value: f64| layer.kernel[..16].fill(value);
    let constant = |layer: &mut FoldedLayer, row: usize, bias: f64| {
        layer.kernel[row * 16..][..16].fill(0.0);
        layer.bias[row] = bias;
    };
    let zeros = |layer: &mut FoldedLayer| (0..layer.units).for_each(|row| constant(layer, row, 0.0));
    let columns = |l: &mut FoldedLayer, w: f64| l.kernel.iter_mut().step_by(16).for_each(|k| *k *= w);
    vec![
        ("inputs never lit", net(), border.clone(), 0.05),
        ("huge weights on inputs never lit", with(net(), |l| columns(l, 1e5)), border, 0.05),
        ("huge weights on an input lit once", with(net(), |l| columns(l, 1e3)), rare, 0.5),
        ("a row of zeros", with(net(), |l| row(l, 0.0)), usual.clone(), 0.05),
        ("a dead row", with(net(), |l| l.bias[0] = -1e6), usual.clone(), 0.05),
        ("a row of tiny weights", with(net(), |l| row(l, 1e-30)), usual.clone(), 0.05),
        ("a row of bias alone", with(net(), |l| constant(l, 0, 500.0)), usual.clone(), 0.05),
        ("a kernel of zeros", with(net(), |l| l.kernel.fill(0.0)), usual.clone(), 0.05),
        ("a first layer of zeros", with(net(), zeros), usual.clone(), 0.05),
        ("all units dead", with(net(), |l| l.bias.fill(-1e9)), usual.clone(), 0.05),
        ("large weights everywhere", with(net(), |l| l.kernel.iter_mut().for_each(|w| *w *= 1e15)), usual, 0.05),
        ("black images", net(), vec![0; 16 * 20], 0.05),
        ("one image, many times", net(), images(1, 16, dice).repeat(50), 0.05),
        ("one image", net(), images(1, 16, dice), 0.05),
        ("fewer images than inputs", net(), images(5, 16, dice), 0.05),
        ("one input", network(&[1, 6, 3], dice), images(100, 1, dice), 0.05),
        ("one unit", network(&[16, 1, 1], dice), images(100, 16, dice), 0.05),
        ("one of each", network(&[1, 1], dice), images(3, 1, dice), 0.05),
        ("ReLU at the end", vec![layer(16, 4, true, dice)], images(100, 16, dice), 0.05),
        ("2,000 inputs", network(&[2000, 3, 2], dice), images(40, 2000, dice), 0.05),
    ]
}

#[test]
fn odd_networks_are_quantized_all_the_same() {
    for (name, layers, calibration, most) in odd_networks() {
        check(name, &layers, &calibration, 8, most);
        [4, 2].iter().for_each(|&bits| check(name, &layers, &calibration, bits, 1.5));
    }
}

#[test]
fn the_same_twice() {
    let dice = &mut ChaCha8Rng::seed_from_u64(13);
    let (layers, images) = (network(&[50, 30, 10], dice), images(500, 50, dice));
    assert_eq!(run(&layers, &[4, 8], &images), run(&layers, &[4, 8], &images));
}

#[test]
fn every_layer_has_its_own_width() {
    let dice = &mut ChaCha8Rng::seed_from_u64(14);
    let (layers, images) = (network(&[20, 12, 8, 4], dice), images(200, 20, dice));
    let quantized = run(&layers, &[8, 4, 2], &images).unwrap();
    assert_sound(&layers, &quantized, "8, 4, 2");
    assert_eq!(quantized.iter().map(|layer| layer.bits).collect::<Vec<_>>(), [8, 4, 2]);
    assert!(quantized[0].error < quantized[1].error && quantized[1].error < quantized[2].error);
}

#[test]
fn progress_counts_every_row() {
    let dice = &mut ChaCha8Rng::seed_from_u64(15);
    let (layers, images, mut seen) = (network(&[9, 3, 2], dice), images(20, 9, dice), Vec::new());
    let how = Quantization { bits: &[8, 8], calibration: &images, measured: 20, exact: None, kept: &[] };
    quantize(&layers, &how, &mut |p| seen.push((p.layer, p.layers, p.row, p.rows))).unwrap();
    assert_eq!(seen, [(0, 2, 1, 3), (0, 2, 2, 3), (0, 2, 3, 3), (1, 2, 1, 2), (1, 2, 2, 2)]);
}

#[test]
fn what_cannot_be_quantized_is_refused() {
    let net = || network(&[4, 3, 2], &mut ChaCha8Rng::seed_from_u64(16));
    let refused = |layers: &[FoldedLayer], bits: &[u8], bytes: usize| run(layers, bits, &vec![9; bytes]).unwrap_err();
    let shape = |layer, what| QuantizeError::Shape { layer, what };
    assert_eq!(refused(&[], &[], 4), QuantizeError::Empty);
    assert_eq!(refused(&net(), &[8], 4), QuantizeError::Widths { widths: 1, layers: 2 });
    for bits in [0, 1, 3, 16, 32, 255] {
        assert_eq!(refused(&net(), &[8, bits], 4), QuantizeError::Bits { layer: 1, bits });
    }
    for bytes in [0, 3, 9] {
        assert_eq!(refused(&net(), &[8, 8], bytes), QuantizeError::Calibration { bytes, inputs: 4 });
    }
    for bad in [f64::NAN, f64::INFINITY, -1e31] {
        let unit = QuantizeError::Weight { layer: 0, unit: 1 };
        assert_eq!(refused(&with(net(), |l| l.kernel[5] = bad), &[8, 8], 4), unit);
        assert_eq!(refused(&with(net(), |l| l.bias[1] = bad), &[8, 8], 4), unit);
    }
    let size = shape(0, "kernel or bias of another size than inputs and units");
    assert_eq!(refused(&with(net(), |l| l.kernel.truncate(11)), &[8, 8], 4), size);
    assert_eq!(refused(&with(net(), |l| l.bias.truncate(2)), &[8, 8], 4), size);
    assert_eq!(refused(&with(net(), |l| l.relu = false), &[8, 8], 4), shape(1, "no ReLU in front of it"));
    assert_eq!(
        refused(&network(&[0, 1], &mut ChaCha8Rng::seed_from_u64(1)), &[8], 4),
        shape(0, "no inputs or no units")
    );
    let wide = network(&[5_000, 1], &mut ChaCha8Rng::seed_from_u64(1));
    assert_eq!(refused(&wide, &[8], 5_000), QuantizeError::Inputs { layer: 0, inputs: 5_000 });
    let steep: Vec<_> = net().into_iter().map(|l| with(vec![l], |l| l.kernel.fill(1e25)).remove(0)).collect();
    assert!(matches!(refused(&steep, &[8, 8], 4), QuantizeError::Outputs { layer: 1, .. }));
}
