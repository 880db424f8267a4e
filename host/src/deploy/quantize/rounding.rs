//! Second-order rounding of a row: weights that are rounded later compensate for the error of each weight.
//!
//! The error of a row is `e^T H e` with `e = w - s q` and `H` the covariance of the inputs. With `H + damping = L L^T`
//! and the inputs in ascending order of `E[x^2]` it is `|L^T e|^2`, whose component `j` depends only on `e_j` and later
//! errors. From the last input to the first, every `q_j` is the level that makes component `j` smallest. (This is the
//! update of GPTQ and OBQ by the inverse of `H`, without the inverse: Babai's nearest plane.) Then one level at a time
//! is moved, with the exact change in error, as long as the error falls, alternating with the least-squares scale.

use super::moments::Moments;
use super::nearest::rint;
use super::scale;
use nalgebra::{Cholesky, DMatrix, Dyn};

/// Added to the diagonal before factoring, as a fraction of the mean `E[x^2]`.
const DAMPING: f64 = 0.01;

/// Scales to try around the one of plain rounding.
const SCALES: [f64; 5] = [0.84, 0.92, 1.0, 1.09, 1.19];

/// Alternations of levels and scale, and passes over the levels in each; a few of either usually suffice.
const TURNS: usize = 6;
const PASSES: usize = 30;

/// A gain below this fraction of what one level is worth is rounding noise of f64.
const NOISE: f64 = 1e-12;

/// Data shared by all rows of a layer.
pub(super) struct Rounding {
    /// Position to input, in ascending order of `E[x^2]`.
    order: Vec<usize>,
    /// `E[x^2] [I]`, in that order.
    square: Vec<f64>,
    /// The covariance, in that order.
    covariance: DMatrix<f64>,
    /// `L`, lower triangle.
    factor: DMatrix<f64>,
    /// Largest level: 127, 7 or 1.
    levels: f64,
}

/// A rounded row: `w_i ~ scale * weights_i`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RoundedRow {
    /// `[I]`
    pub(super) weights: Vec<i8>,
    /// Above 0, or 0 if the row is all zero.
    pub(super) scale: f64,
}

impl Rounding {
    /// Prepares rounding for weights of `bits` on inputs with these `moments`.
    pub(super) fn new(moments: &Moments, bits: u8) -> Self {
        let inputs = moments.square.len();
        let mut order: Vec<usize> = (0..inputs).collect();
        order.sort_by(|&a, &b| moments.square[a].total_cmp(&moments.square[b]));
        let sorted = |matrix: &DMatrix<f64>| DMatrix::from_fn(inputs, inputs, |i, j| matrix[(order[i], order[j])]);
        let covariance = sorted(&moments.covariance);
        let factor = cholesky(DAMPING, |damping| sorted(&moments.damped(damping))).unpack();
        let square = order.iter().map(|&input| moments.square[input]).collect();
        Self { order, square, covariance, factor, levels: f64::from((1u32 << (bits - 1)) - 1) }
    }

    /// Rounds a row `[I]`; `least` is the smallest scale it may have.
    pub(super) fn round(&self, row: &[f64], least: f64) -> RoundedRow {
        let largest = row.iter().map(|w| w.abs()).fold(0.0, f64::max);
        if largest == 0.0 {
            return RoundedRow { weights: vec![0; row.len()], scale: 0.0 };
        }
        // Within -1..=1, so that no square over- or underflows.
        let weights: Vec<f64> = self.order.iter().map(|&input| row[input] / largest).collect();
        let (levels, scale) = self.best(&weights, least / largest);
        let mut rounded = vec![0; row.len()];
        self.order.iter().zip(&levels).for_each(|(&input, &level)| rounded[input] = level as i8);
        RoundedRow { weights: rounded, scale: scale * largest }
    }

    /// Levels and scale for weights in this order: the best of the candidates, each refined.
    fn best(&self, weights: &[f64], least: f64) -> (Vec<f64>, f64) {
        let plain = scale::search(weights, &self.square, self.levels);
        let target = Target { weights, products: self.times(weights), least };
        let candidates = SCALES.map(|factor| self.refine(&target, (plain * factor).max(least)));
        let [first, rest @ ..] = candidates;
        let best = rest.into_iter().fold(first, |best, next| if next.error < best.error { next } else { best });
        (best.levels, best.scale)
    }

    /// Rounds from the last input to the first, each taking the later errors into account.
    fn nearest_plane(&self, weights: &[f64], scale: f64) -> Vec<f64> {
        let (mut levels, mut errors) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
        for j in (0..weights.len()).rev() {
            let column = column(&self.factor, j);
            let wanted = weights[j] + dot(&column[j + 1..], &errors[j + 1..]) / column[j];
            levels[j] = self.level(wanted / scale);
            errors[j] = weights[j] - scale * levels[j];
        }
        levels
    }

    /// Rounds with a scale, then alternately moves single levels and fits the scale.
    fn refine(&self, target: &Target, mut scale: f64) -> Refined {
        let mut levels = self.nearest_plane(target.weights, scale);
        let mut products = self.times(&levels);
        for _ in 0..TURNS {
            scale = target.fitted_scale(&levels, &products).unwrap_or(scale);
            let mut gradient: Vec<f64> = target.products.iter().zip(&products).map(|(w, q)| w - scale * q).collect();
            if !self.descend(&mut levels, &mut gradient, scale) {
                break;
            }
            products = target.products.iter().zip(&gradient).map(|(w, g)| (w - g) / scale).collect();
        }
        let error = target.error(&levels, &products, scale);
        Refined { levels, scale, error }
    }

    /// Moves one level at a time to where the error is smallest, until none moves; `gradient` is `H (w - s q)`. Returns
    /// whether any moved.
    fn descend(&self, levels: &mut [f64], gradient: &mut [f64], scale: f64) -> bool {
        let mut any = false;
        for _ in 0..PASSES {
            let mut moved = false;
            for i in (0..levels.len()).rev() {
                moved |= self.shift_level(i, levels, gradient, scale);
            }
            any |= moved;
            if !moved {
                break;
            }
        }
        any
    }

    fn shift_level(&self, i: usize, levels: &mut [f64], gradient: &mut [f64], scale: f64) -> bool {
        let curvature = self.covariance[(i, i)] * scale * scale;
        if curvature <= 0.0 {
            return false;
        }
        let shift = self.level(levels[i] + gradient[i] * scale / curvature) - levels[i];
        let gain = shift * (2.0 * scale * gradient[i] - shift * curvature);
        if shift == 0.0 || gain <= NOISE * curvature {
            return false;
        }
        levels[i] += shift;
        let step = scale * shift;
        gradient.iter_mut().zip(column(&self.covariance, i)).for_each(|(g, h)| *g -= step * h);
        true
    }

    /// `H v`
    fn times(&self, vector: &[f64]) -> Vec<f64> {
        (0..vector.len()).map(|j| dot(column(&self.covariance, j), vector)).collect()
    }

    /// The nearest level.
    fn level(&self, value: f64) -> f64 {
        rint(value.clamp(-self.levels, self.levels))
    }
}

/// The weights to round, in the order of the inputs.
struct Target<'a> {
    weights: &'a [f64],
    /// `H w`
    products: Vec<f64>,
    /// The smallest scale allowed.
    least: f64,
}

impl Target<'_> {
    /// The scale that minimizes the error of these levels, given `H q`; `None` if the levels have no effect.
    fn fitted_scale(&self, levels: &[f64], products: &[f64]) -> Option<f64> {
        let (projection, norm) = (dot(levels, &self.products), dot(levels, products));
        (projection > 0.0 && norm > 0.0).then(|| (projection / norm).max(self.least))
    }

    /// `e^T H e`, given `H q`.
    fn error(&self, levels: &[f64], products: &[f64], scale: f64) -> f64 {
        let errors: Vec<f64> = self.weights.iter().zip(levels).map(|(w, q)| w - scale * q).collect();
        let gradient: Vec<f64> = self.products.iter().zip(products).map(|(w, q)| w - scale * q).collect();
        dot(&errors, &gradient)
    }
}

/// A candidate.
struct Refined {
    levels: Vec<f64>,
    scale: f64,
    error: f64,
}

/// Factors a damped matrix; if f64 finds it indefinite, with ten times the damping.
pub(super) fn cholesky(damping: f64, damped: impl Fn(f64) -> DMatrix<f64>) -> Cholesky<f64, Dyn> {
    let mut damping = damping;
    loop {
        if let Some(factored) = Cholesky::new(damped(damping)) {
            return factored;
        }
        damping *= 10.0;
    }
}

/// A column of a square matrix.
fn column(matrix: &DMatrix<f64>, j: usize) -> &[f64] {
    let rows = matrix.nrows();
    &matrix.as_slice()[j * rows..(j + 1) * rows]
}

/// A sum in eight lanes: the same order on every machine, and vectorizable.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum::<f64>();
    let mut lanes = [0.0; 8];
    for (a, b) in a.zip(b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += a * b);
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::super::images::ImageWeights;
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Correlated inputs, some of them rarely lit, one never.
    fn moments(inputs: usize, dice: &mut ChaCha8Rng) -> Moments {
        let count = 50;
        let images: Vec<u8> = (0..count)
            .flat_map(|_| {
                let common = dice.random::<f64>();
                (0..inputs).map(|i| lit(i, common, dice)).collect::<Vec<_>>()
            })
            .collect();
        Moments::of(&images, inputs, &ImageWeights { weights: vec![1; count], total: count as f64 })
    }

    fn lit(input: usize, common: f64, dice: &mut ChaCha8Rng) -> u8 {
        match input % 5 {
            3 if input > 5 => 0,
            4 if dice.random::<f64>() < 0.9 => 0,
            _ => (127.0 * (common + dice.random::<f64>())) as u8,
        }
    }

    /// `e^T H e`
    fn error(rounding: &Rounding, weights: &[f64], levels: &[f64], scale: f64) -> f64 {
        let errors: Vec<f64> = weights.iter().zip(levels).map(|(w, q)| w - scale * q).collect();
        dot(&rounding.times(&errors), &errors)
    }

    fn row(inputs: usize, dice: &mut ChaCha8Rng) -> Vec<f64> {
        (0..inputs).map(|_| dice.random_range(-1.0..1.0f64)).collect()
    }

    /// Literal OBQ: after each rounding the other weights move by the column of the inverse, from which that weight is
    /// then removed.
    fn naive_obq(rounding: &Rounding, damped: DMatrix<f64>, weights: &[f64], scale: f64) -> Vec<f64> {
        let mut inverse = damped.try_inverse().unwrap();
        let (mut weights, mut levels) = (weights.to_vec(), vec![0.0; weights.len()]);
        for j in (0..weights.len()).rev() {
            levels[j] = rounding.level(weights[j] / scale);
            let step = (weights[j] - scale * levels[j]) / inverse[(j, j)];
            (0..=j).for_each(|i| weights[i] -= step * inverse[(i, j)]);
            let column = inverse.column(j) / inverse[(j, j)].sqrt();
            inverse -= &column * column.transpose();
        }
        levels
    }

    #[test]
    fn the_nearest_plane_is_obq() {
        let mut dice = ChaCha8Rng::seed_from_u64(2);
        for (inputs, bits) in [(1, 8), (2, 2), (7, 4), (30, 2), (30, 4), (60, 8)] {
            let moments = moments(inputs, &mut dice);
            let rounding = Rounding::new(&moments, bits);
            let damped = moments.damped(DAMPING);
            let order = &rounding.order;
            let damped = DMatrix::from_fn(inputs, inputs, |i, j| damped[(order[i], order[j])]);
            for _ in 0..20 {
                let (weights, scale) = (row(inputs, &mut dice), 0.8 / rounding.levels);
                let expected = naive_obq(&rounding, damped.clone(), &weights, scale);
                assert_eq!(rounding.nearest_plane(&weights, scale), expected, "{inputs} inputs, {bits} bits");
            }
        }
    }

    #[test]
    fn no_single_level_is_better_elsewhere() {
        let mut dice = ChaCha8Rng::seed_from_u64(3);
        for (inputs, bits) in [(2, 2), (6, 4), (25, 2), (25, 8)] {
            let rounding = Rounding::new(&moments(inputs, &mut dice), bits);
            let weights = row(inputs, &mut dice);
            let (mut levels, scale) = rounding.best(&weights, 0.0);
            let best = error(&rounding, &weights, &levels, scale);
            for i in 0..inputs {
                let kept = levels[i];
                for other in [-1.0, 1.0].map(|step| rounding.level(kept + step)) {
                    levels[i] = other;
                    let moved = error(&rounding, &weights, &levels, scale);
                    assert!(moved >= best * (1.0 - 1e-9), "{inputs} inputs, {bits} bits, level {i}: {moved} {best}");
                }
                levels[i] = kept;
            }
        }
    }

    #[test]
    fn each_part_lowers_the_error() {
        let (mut dice, mut sums) = (ChaCha8Rng::seed_from_u64(4), [0.0; 3]);
        let rounding = Rounding::new(&moments(40, &mut dice), 2);
        for _ in 0..50 {
            let weights = row(40, &mut dice);
            let scale = scale::search(&weights, &rounding.square, 1.0);
            let plain: Vec<f64> = weights.iter().map(|w| rounding.level(w / scale)).collect();
            let plane = rounding.nearest_plane(&weights, scale);
            let target = Target { weights: &weights, products: rounding.times(&weights), least: 0.0 };
            let refined = rounding.refine(&target, scale);
            sums[0] += error(&rounding, &weights, &plain, scale);
            sums[1] += error(&rounding, &weights, &plane, scale);
            sums[2] += error(&rounding, &weights, &refined.levels, refined.scale);
            assert!((refined.error / error(&rounding, &weights, &refined.levels, refined.scale) - 1.0).abs() < 1e-9);
        }
        assert!(sums[1] < 0.7 * sums[0] && sums[2] < 0.95 * sums[1], "{sums:?}");
    }

    #[test]
    fn rows_of_any_size_are_rounded_alike() {
        let mut dice = ChaCha8Rng::seed_from_u64(5);
        let rounding = Rounding::new(&moments(20, &mut dice), 4);
        let weights = row(20, &mut dice);
        let rounded = rounding.round(&weights, 0.0);
        for exponent in [-100, -20, 20, 100] {
            let factor = 2.0f64.powi(exponent);
            let scaled: Vec<f64> = weights.iter().map(|w| w * factor).collect();
            let expected = RoundedRow { weights: rounded.weights.clone(), scale: rounded.scale * factor };
            assert_eq!(rounding.round(&scaled, 0.0), expected, "2^{exponent}");
        }
        assert!(rounding.round(&weights, 3.0 * rounded.scale).scale >= 3.0 * rounded.scale);
        assert_eq!(rounding.round(&[0.0; 20], 1.0), RoundedRow { weights: vec![0; 20], scale: 0.0 });
    }
}
