//! The speed of training compared with its matrix products: whole steps, and the products of such steps alone, timed in
//! alternation on the same arithmetic, so that anything that slows down the machine affects both.
//!
//! [`steps`] times steps, [`products`] their products, [`busy`] keeps cores busy meanwhile.

pub mod busy;
pub mod products;
pub mod steps;

use foldnet_core::{Layer, Network, Shape};
use std::time::Duration;

/// Inputs of the notebook's models.
pub const INPUTS: usize = 784;
/// Their shape.
pub const SHAPE: Shape = Shape::image(28, 28);
/// Classes of the notebook's models.
pub const CLASSES: usize = 10;
/// Images of an epoch of the notebook: 60,000 without the validation split.
pub const EPOCH: usize = 55_000;

/// Floating-point operations of one step that cannot be avoided: those of the forward products, of every gradient of a
/// kernel, and of the gradients of the inputs of all Dense except the first. (62 GFLOP per epoch for either of the
/// notebook's models in batches of 32.)
pub fn operations(network: Network, batch: usize) -> f64 {
    let products = network.placed().filter(|place| matches!(place.layer, Layer::Dense { .. }));
    let each = products.enumerate().map(|(index, place)| {
        let times = if index == 0 { 2 } else { 3 };
        times * 2 * place.inputs * place.outputs * batch
    });
    each.sum::<usize>() as f64
}

/// The median of an odd number of values.
///
/// # Panics
/// If there is none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value that a tenth of them do not exceed.
///
/// # Panics
/// If there is none.
pub fn lowest_tenth(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 10]
}

/// Runs all of `work` in alternation, `rounds` times; returns the seconds of each, `[work][rounds]`.
pub fn in_turn<const W: usize>(rounds: usize, mut work: [&mut dyn FnMut() -> Duration; W]) -> [Vec<f64>; W] {
    let mut seconds = [const { Vec::new() }; W];
    for _ in 0..rounds {
        for (work, seconds) in work.iter_mut().zip(&mut seconds) {
            seconds.push(work().as_secs_f64());
        }
    }
    seconds
}

/// The median of `a / b`, round by round.
pub fn ratio(a: &[f64], b: &[f64]) -> f64 {
    median(a.iter().zip(b).map(|(a, b)| a / b))
}

/// The first of up to `attempts` measurements that reaches `floor`, or the best of all: noise lowers single
/// measurements, while code that is really slow is slow in all of them.
pub fn reached(attempts: usize, floor: f64, measure: impl FnMut() -> f64) -> f64 {
    let mut best = f64::NEG_INFINITY;
    for value in std::iter::repeat_with(measure).take(attempts) {
        best = best.max(value);
        if best >= floor {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_of_the_notebook_is_62_gflop_for_either_model() {
        let (dense, bias) = (Layer::dense_without_bias, Layer::dense);
        let before = [dense(300), Layer::batch_norm(), Layer::Relu, dense(100), Layer::Relu, bias(10)];
        let after = [Layer::batch_norm(), bias(300), Layer::Relu, bias(100), Layer::Relu, bias(10), Layer::Softmax];
        for layers in [&before[..], &after[..]] {
            let epoch = operations(Network::of(layers, SHAPE), 32) * EPOCH as f64 / 32.0;
            assert_eq!((epoch / 1e9).round(), 62.0);
        }
    }

    #[test]
    fn one_good_measurement_is_enough_and_none_is_not() {
        let check = |values: [f64; 3], expected, expected_left: usize| {
            let mut left = values.into_iter();
            assert_eq!(reached(3, 0.8, || left.next().unwrap_or(f64::NAN)), expected, "{values:?}");
            assert_eq!(left.len(), expected_left, "{values:?}");
        };
        check([0.9, 0.1, 0.1], 0.9, 2);
        check([0.1, 0.8, 0.95], 0.8, 1);
        check([0.1, 0.3, 0.9], 0.9, 0);
        check([0.3, 0.79, 0.1], 0.79, 0);
        check([f64::NAN, 0.3, 0.1], 0.3, 0);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        assert_eq!(ratio(&[2.0, 40.0, 3.0], &[1.0, 10.0, 1.0]), 3.0);
        assert_eq!(lowest_tenth((0..100).rev().map(f64::from).collect()), 10.0);
        let (mut a, mut b) = (0, 0);
        let one = |count: &mut u64| {
            *count += 1;
            Duration::from_secs(*count)
        };
        let [first, second] = in_turn(3, [&mut || one(&mut a), &mut || one(&mut b)]);
        assert_eq!((first, second), (vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0]));
    }
}
