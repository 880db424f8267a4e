//! How raw values become 8 bits on a device. For every value, the window (its lowest value and its step) is chosen with
//! which 8 bits lose least on the calibration examples. Its affine part goes into the first layer. Bytes lose nothing;
//! those that are 255 more often than 0, as on a light background, are inverted, because a device skips zeros.
//!
//! Two clamped windows end to end with one weight, 9 bits, were tried on four sensor sets: they halve the rounding error,
//! which is the smaller part of a model's error already, and change no metric (docs/real-inputs.md).

use crate::model::fold::FoldedLayer;
use crate::model::quantized::QuantizedLayer;
use crate::network::windows::Inputs;
use foldnet_core::model::{InputMap, Sharing};
use foldnet_data::{InputType, Shape, ValuesRef, View};
use serde::Serialize;

/// Rounding error of an input, as a fraction of its standard deviation, above which [`InputLoss`] is reported.
pub const LOSS_BOUND: f64 = 0.02;

/// Fractions of the examples that a window may leave out on either side.
const LEFT_OUT: [f64; 4] = [0.0, 0.0005, 0.002, 0.01];

/// Margin of a window beyond the calibration examples on either side, since other examples extend further.
const MARGIN: f64 = 0.02;

/// Values share a window if it loses at most this many times as much as windows of their own.
const WORTH: f64 = 1.5;

/// Bytes are inverted if that makes at least this fraction of all values zero, since it costs a device a copy of the
/// example.
const WORTH_TURNING: f64 = 0.05;

/// An input that loses much with 8 bits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LossyInput {
    /// Its index, from 0.
    pub input: usize,
    /// Its rounding error (root mean square), in its standard deviations.
    pub lost: f64,
}

/// The conversion chosen on calibration examples, and what it loses.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The conversion.
    pub inputs: Inputs,
    /// What 8 bits lose.
    pub loss: InputLoss,
}

/// What inputs lose with 8 bits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InputLoss {
    /// The largest rounding error of an input (root mean square) in its standard deviations.
    pub largest: f64,
    /// Inputs that lose more than [`LOSS_BOUND`], the worst first.
    pub lossy: Vec<LossyInput>,
}

impl InputLoss {
    /// Summarizes the rounding errors of all inputs.
    fn of(losses: &[f64]) -> Self {
        let mut lossy: Vec<LossyInput> =
            losses.iter().enumerate().map(|(input, &lost)| LossyInput { input, lost }).collect();
        lossy.retain(|input| input.lost > LOSS_BOUND);
        lossy.sort_by(|a, b| b.lost.total_cmp(&a.lost));
        Self { largest: losses.iter().copied().fold(0.0, f64::max), lossy }
    }
}

/// The conversion that loses least on these examples: one window for all values, one for each channel or one for each
/// value.
pub fn choose(calibration: View) -> Chosen {
    let (plain, kind) = (Inputs::plain(calibration), calibration.inputs.input_type());
    if let ValuesRef::U8(bytes) = calibration.inputs {
        let inputs = plain.with_inversion(mostly_255(bytes, calibration.shape.inputs()));
        return Chosen { inputs, loss: InputLoss::default() };
    }
    if kind == InputType::I8 {
        return Chosen { inputs: plain, loss: InputLoss::default() };
    }
    let columns = columns(calibration);
    let of = |sharing| {
        let inputs = plain.clone().mapped(sharing, windows(kind, &columns, sharing, calibration.shape));
        let losses: Vec<f64> = columns.iter().enumerate().map(|(i, x)| loss_of(&inputs, i, x)).collect();
        let mean = losses.iter().map(|loss| loss * loss).sum::<f64>() / losses.len().max(1) as f64;
        (mean, Chosen { inputs, loss: InputLoss::of(&losses) })
    };
    let (own, each) = of(Sharing::Input);
    let shared = [Sharing::All, Sharing::Channel].map(of).into_iter();
    let enough = |(mean, chosen): &(f64, Chosen)| *mean <= own * WORTH * WORTH && chosen.loss.largest <= LOSS_BOUND;
    shared.into_iter().find(enough).map_or(each, |(_, chosen)| chosen)
}

/// Adapts the network of integers exactly to the inverted inputs: `w x = 255 w - w (255 - x)`. Inverts none if a sum
/// could then overflow.
pub fn invert_integers(inputs: Inputs, layer: &mut QuantizedLayer) -> Inputs {
    let mut adapted = layer.clone();
    for (weights, row) in adapted.weights.chunks_exact_mut(layer.inputs).zip(&mut adapted.rows) {
        for (_, weight) in weights.iter_mut().enumerate().filter(|&(value, _)| inputs.inverts(value)) {
            row.bias = row.bias.saturating_add(255 * i32::from(*weight));
            *weight = -*weight;
        }
        if !row.fits(weights) {
            return inputs.without_inversion();
        }
    }
    *layer = adapted;
    inputs
}

/// Adapts the first layer to activations instead of raw values.
pub fn fold_into(inputs: &Inputs, layer: &mut FoldedLayer) {
    for (row, bias) in layer.kernel.chunks_exact_mut(layer.inputs).zip(&mut layer.bias) {
        for (value, weight) in row.iter_mut().enumerate() {
            let (step, low) = inputs.step_and_low(value);
            *bias += *weight * low;
            *weight *= step;
        }
    }
}

/// The rounding error of a value over its column, in standard deviations; 0 if it never changes.
fn loss_of(inputs: &Inputs, value: usize, column: &[f64]) -> f64 {
    let (step, low) = inputs.step_and_low(value);
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let error = |x: &f64| (low + step * ((x - low) / step).round().clamp(0.0, 255.0) - x).powi(2);
    let error = column.iter().map(error).sum::<f64>() / n;
    if variance > 0.0 { (error / variance).sqrt() } else { 0.0 }
}

/// Which of `inputs` bytes are 255 more often than 0 in examples `[N][I]`; none if inverting them is not worthwhile.
fn mostly_255(bytes: &[u8], inputs: usize) -> Vec<bool> {
    let gain = |input: usize| {
        let column = || bytes.iter().skip(input).step_by(inputs);
        column().filter(|&&x| x == 255).count() as i64 - column().filter(|&&x| x == 0).count() as i64
    };
    let gains: Vec<i64> = (0..inputs).map(gain).collect();
    let gained: i64 = gains.iter().filter(|&&gain| gain > 0).sum();
    let worth = gained as f64 >= WORTH_TURNING * bytes.len() as f64 && gained > 0;
    if worth { gains.into_iter().map(|gain| gain > 0).collect() } else { Vec::new() }
}

/// Every value over the examples, sorted.
fn columns(view: View) -> Vec<Vec<f64>> {
    let inputs = view.shape.inputs();
    let mut columns = vec![Vec::with_capacity(view.len()); inputs];
    (0..view.inputs.len()).for_each(|at| columns[at % inputs].push(f64::from(view.inputs.get(at))));
    columns.iter_mut().for_each(|column| column.sort_unstable_by(f64::total_cmp));
    columns
}

fn windows(kind: InputType, columns: &[Vec<f64>], sharing: Sharing, shape: Shape) -> Vec<InputMap> {
    let groups = sharing.maps(columns.len(), shape.channels);
    let of = |group: usize| {
        let mut all: Vec<f64> = columns.iter().skip(group).step_by(groups).flatten().copied().collect();
        all.sort_unstable_by(f64::total_cmp);
        map(kind, window(&all))
    };
    (0..groups).map(of).collect()
}

/// Lowest and highest value of the window that loses least for a sorted column.
fn window(column: &[f64]) -> (f64, f64) {
    let last = column.len().saturating_sub(1);
    let candidates = LEFT_OUT.map(|share| {
        let out = (share * last as f64) as usize;
        let (low, high) = (column[out], column[last - out]);
        let margin = (high - low) * MARGIN;
        (low - margin, high + margin)
    });
    let cost = |&(low, high): &(f64, f64)| {
        let step = (high - low) / 255.0;
        let clipped = |x: &f64| (low - x).max(x - high).max(0.0).powi(2);
        column.iter().map(clipped).sum::<f64>() + column.len() as f64 * step * step / 12.0
    };
    let cheaper = |a: &(f64, f64), b: &(f64, f64)| cost(a).total_cmp(&cost(b));
    candidates.into_iter().min_by(cheaper).unwrap_or_default()
}

/// The map of a window.
fn map(kind: InputType, (low, high): (f64, f64)) -> InputMap {
    let step = if high > low { (high - low) / 255.0 } else { 1.0 };
    let (least, most) = match kind {
        InputType::I16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
        InputType::U16 => (0.0, f64::from(u16::MAX)),
        _ => {
            let scale = (1.0 / step) as f32;
            let usable = scale.is_finite() && scale > 0.0;
            return InputMap::Float { low: low as f32, scale: if usable { scale } else { 1.0 } };
        }
    };
    // The largest multiplier below 2^14 that a shift of at most 30 allows.
    let mut shift = 30;
    while shift > 0 && (f64::from(1u32 << shift) / step).round() >= f64::from(1 << 14) {
        shift -= 1;
    }
    let multiplier = (f64::from(1u32 << shift) / step).round().clamp(1.0, f64::from((1 << 14) - 1)) as u16;
    InputMap::Integer { low: low.floor().clamp(least, most) as i32, multiplier, shift }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_data::TargetsRef;

    fn view(inputs: ValuesRef<'_>, channels: usize, samples: usize) -> View<'_> {
        View { inputs, targets: TargetsRef::None, shape: Shape::window(samples, channels) }
    }

    /// Activations represent the values to within half a step.
    fn check(inputs: ValuesRef, channels: usize, samples: usize, sharing: Sharing) {
        let (Chosen { inputs: chosen, loss }, count) = (choose(view(inputs, channels, samples)), channels * samples);
        assert_eq!(chosen.spec().sharing, sharing, "{inputs:?}");
        for (at, code) in chosen.codes(inputs, count).into_iter().enumerate() {
            let ((step, low), x) = (chosen.step_and_low(at % count), f64::from(inputs.get(at)));
            assert!((low + step * f64::from(code) - x).abs() <= 0.51 * step.abs() + 1e-6, "{x} became {code}");
        }
        assert!(loss.largest < LOSS_BOUND, "{}", loss.largest);
    }

    #[test]
    fn windows_reach_over_all_values_and_are_shared_where_they_can_be() {
        let alike: Vec<i16> = (0..400).map(|i| (i * 7919 % 2001 - 1000) as i16).collect();
        check(ValuesRef::I16(&alike), 2, 2, Sharing::All);
        let channels: Vec<f32> =
            (0..400).map(|i| (i * 7919 % 2001) as f32 * if i % 2 == 0 { 1.0 } else { 1e-4 }).collect();
        check(ValuesRef::F32(&channels), 2, 2, Sharing::Channel);
        let each: Vec<u16> = (0..400u32).map(|i| (i * 7919 % 2001 * [1, 3, 20, 30][i as usize % 4]) as u16).collect();
        check(ValuesRef::U16(&each), 1, 4, Sharing::Input);
        check(ValuesRef::I8(&[-128, 0, 127, 5]), 1, 2, Sharing::None);
        check(ValuesRef::U8(&[0, 255, 7, 5]), 1, 2, Sharing::None);
    }

    #[test]
    fn bytes_of_a_light_background_are_inverted() {
        let check = |bytes: &[u8], expected: &[bool]| {
            assert_eq!(choose(view(ValuesRef::U8(bytes), 1, 2)).inputs.spec().inverted, expected, "{bytes:?}");
        };
        check(&[255, 0, 255, 9, 7, 200], &[true, false]);
        // 0 as often as 255; and neither ever.
        check(&[255, 200, 0, 201, 3, 254], &[]);
        check(&[], &[]);
        // One of 40 values.
        let rare: Vec<u8> = (0..40).map(|at| if at == 6 { 255 } else { 100 }).collect();
        check(&rare, &[]);
        let inputs = choose(view(ValuesRef::U8(&[255, 0, 255, 9]), 1, 2)).inputs;
        assert_eq!(inputs.codes(ValuesRef::U8(&[250, 1, 0, 9]), 2), [5, 1, 255, 9]);
        let layer = FoldedLayer { inputs: 2, units: 1, relu: false, kernel: vec![2.0, -0.5], bias: vec![1.0] };
        let mut folded = layer.clone();
        fold_into(&inputs, &mut folded);
        assert_eq!((folded.kernel, folded.bias), (vec![-2.0, -0.5], vec![511.0]));
    }

    #[test]
    fn a_layer_on_activations_computes_what_it_did_on_values() {
        let values = [-1.5f32, 20.0, 2.5, 10.0, 0.25, 15.0];
        let inputs = choose(view(ValuesRef::F32(&values), 2, 1)).inputs;
        let layer = FoldedLayer { inputs: 2, units: 1, relu: false, kernel: vec![2.0, -0.5], bias: vec![1.0] };
        let mut folded = layer.clone();
        fold_into(&inputs, &mut folded);
        for (x, steps) in values.chunks(2).zip(inputs.in_steps(ValuesRef::F32(&values), 2).chunks(2)) {
            let expected = 2.0 * f64::from(x[0]) - 0.5 * f64::from(x[1]) + 1.0;
            let found = folded.kernel[0] * steps[0] + folded.kernel[1] * steps[1] + folded.bias[0];
            assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
        }
    }
}
