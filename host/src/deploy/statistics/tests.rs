//! Networks with known statistics, and refusals.

use super::*;
use crate::compute::Fast;
use crate::network::checkpoint::{About, Input, PixelStatistics};
use foldnet_core::Layer;
use foldnet_core::network::LayerList;
use foldnet_data::InputType;

const INPUTS: usize = 12;
const UNITS: usize = 7;

/// A Dense with a BatchNormalization `before` or after its ReLU, on bytes.
fn checkpoint(before: bool) -> Checkpoint {
    let norm = Layer::BatchNorm { momentum: 0.99, epsilon: 1e-3 };
    let hidden = if before { [norm, Layer::Relu] } else { [Layer::Relu, norm] };
    let layers = [&[Layer::dense(UNITS as u32)], &hidden[..], &[Layer::dense(3), Layer::Softmax]].concat();
    let mut dice = (1..).map(|n: i32| f64::from((n * 7919) % 101) / 50.0 - 1.0);
    let mut next = || dice.next().unwrap_or(0.0) as f32;
    let mut params: Vec<f32> = (0..INPUTS * UNITS + UNITS).map(|_| next()).collect();
    for _ in 0..UNITS {
        params.extend([1.0 + 0.2 * next(), next(), 0.8 + 0.3 * next(), 0.5 + 0.2 * next()]);
    }
    params.extend((0..UNITS * 3 + 3).map(|_| next()));
    hold(&mut params, before);
    Checkpoint::new(layers, INPUTS, params, PixelStatistics::Unit).expect("a network")
}

/// Gives the BatchNormalization the statistics of examples with correlated inputs.
fn hold(params: &mut [f32], before: bool) {
    let rows: Vec<u8> = (0..500)
        .flat_map(|example: usize| {
            (0..INPUTS).map(move |input| ((example * 89 % 200) * (input + 2) / 14 + (example * input * 31) % 37) as u8)
        })
        .collect();
    for unit in 0..UNITS {
        let (mean, variance) = measured(params, before, unit, &rows);
        params[INPUTS * UNITS + UNITS + 4 * unit + 2..][..2].copy_from_slice(&[mean as f32, variance as f32]);
    }
}

/// Mean and variance of a unit of the first Dense over examples, taken where the BatchNormalization is.
fn measured(params: &[f32], before: bool, unit: usize, rows: &[u8]) -> (f64, f64) {
    let (kernel, bias) = params.split_at(INPUTS * UNITS);
    let values: Vec<f64> = rows
        .chunks_exact(INPUTS)
        .map(|row| {
            let products = row.iter().zip(&kernel[unit * INPUTS..]).map(|(&x, &w)| f64::from(x) / 255.0 * f64::from(w));
            let z = products.sum::<f64>() + f64::from(bias[unit]);
            if before { z } else { z.max(0.0) }
        })
        .collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, values.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / values.len() as f64)
}

/// Recomputes the statistics from the examples with plain loops.
#[test]
fn examples_leave_what_the_norms_hold() {
    let checkpoint = checkpoint(true);
    let made = examples(&checkpoint, 400, &Fast::new(1)).expect("described");
    let Values::U8(rows) = &made.examples.inputs else { panic!("{:?}", made.examples.inputs.view().input_type()) };
    assert_eq!(rows.len(), 400 * INPUTS);
    for unit in 0..UNITS {
        let norm = &checkpoint.params[INPUTS * UNITS + UNITS + 4 * unit..][..4];
        let (mean, variance) = measured(&checkpoint.params, true, unit, rows);
        let std = f64::from(norm[3]).sqrt();
        assert!((mean - f64::from(norm[2])).abs() < 0.2 * std, "{unit}: {mean} for {norm:?}");
        assert!((variance.sqrt() - std).abs() < 0.2 * std, "{unit}: {variance} for {norm:?}");
    }
    assert!(made.fit.norms == 1 && made.fit.mean < 0.1 && made.fit.deviation < 0.1, "{:?}", made.fit);
}

#[test]
fn threads_and_runs_change_nothing() {
    let checkpoint = checkpoint(true);
    let made = |threads| examples(&checkpoint, 50, &Fast::new(threads)).expect("described");
    let one = made(1);
    assert_eq!(one, made(1));
    assert_eq!(one, made(3));
    for count in [1, 2, 9] {
        let made = examples(&checkpoint, count, &Fast::new(2)).expect("described");
        assert_eq!(made.examples.len(), count);
    }
}

#[test]
fn what_nothing_describes_is_refused() {
    let refused = |checkpoint: &Checkpoint| examples(checkpoint, 10, &Fast::new(1)).expect_err("nothing is known");
    let mut untrained = checkpoint(true);
    for norm in untrained.params[INPUTS * UNITS + UNITS..][..4 * UNITS].chunks_exact_mut(4) {
        norm[2..].copy_from_slice(&[0.0, 1.0]);
    }
    assert_eq!(refused(&untrained), Undescribed::Untrained { layer: 1 });
    let mut bare = checkpoint(true);
    let mut layers = bare.layers.to_vec();
    layers.remove(1);
    bare.layers = LayerList::new(layers, INPUTS).expect("valid layers");
    bare.params.drain(INPUTS * UNITS + UNITS..INPUTS * UNITS + 5 * UNITS);
    assert_eq!(refused(&bare), Undescribed::Relu { layer: 1 });
    let floats = Checkpoint {
        about: About { input: Input(InputType::F32), ..About::default() },
        pixels: PixelStatistics::Raw,
        ..checkpoint(false)
    };
    assert_eq!(refused(&floats), Undescribed::Inputs { input: InputType::F32 });
    // A standardization provides the statistics.
    let (mean, std) = (vec![3.0; INPUTS], vec![0.25; INPUTS]);
    let known = Checkpoint { pixels: PixelStatistics::Values { mean, std }, ..floats };
    let made = examples(&known, 30, &Fast::new(1)).expect("described");
    assert!(matches!(made.examples.inputs, Values::F32(rows) if rows.iter().all(|x| (0.0..6.0).contains(x))));
}

/// Numbers beyond the range of floats give examples nevertheless, or none.
#[test]
fn extreme_statistics_end() {
    for value in [f32::MAX, f32::MIN_POSITIVE, 0.0, 1e-30, 1e30] {
        for place in [0, INPUTS * UNITS, INPUTS * UNITS + UNITS + 2, INPUTS * UNITS + UNITS + 3] {
            let mut checkpoint = checkpoint(false);
            checkpoint.params[place] = value;
            let made = examples(&checkpoint, 20, &Fast::new(1)).expect("described");
            assert_eq!(made.examples.len(), 20);
        }
    }
}
