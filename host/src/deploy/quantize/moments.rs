//! Second moments of a layer's inputs on the calibration images, exact.
//!
//! The inputs of a quantized layer are `u8` and images have whole weights, so all sums are integers: the result depends
//! neither on the order of summation nor on the machine.

use super::images::ImageWeights;
use nalgebra::DMatrix;

/// Images summed in 32 bits: `256 * 255 * 255 * 128 < 2^31`.
const BLOCK: usize = 256;

/// Statistics of `I` inputs over the calibration images, in steps of the input.
pub(crate) struct Moments {
    /// `E[x] [I]`
    pub(crate) mean: Vec<f64>,
    /// `E[x^2] [I]`
    pub(super) square: Vec<f64>,
    /// `E[(x - mean)(x - mean)^T] [I][I]`: what remains of a rounding error once the bias absorbs its mean.
    pub(crate) covariance: DMatrix<f64>,
}

impl Moments {
    /// Moments of `images [N][I]`, at least one.
    pub(crate) fn of(images: &[u8], inputs: usize, weights: &ImageWeights) -> Self {
        let sums = Sums::of(images, inputs, &weights.weights);
        let scaled = |sum: i64| sum as f64 / weights.total;
        let mean: Vec<f64> = sums.first.iter().map(|&sum| scaled(sum)).collect();
        let second = |i: usize, j: usize| scaled(sums.second[i.max(j) * inputs + i.min(j)]);
        let square = (0..inputs).map(|i| second(i, i)).collect();
        let covariance = DMatrix::from_fn(inputs, inputs, |i, j| second(i, j) - mean[i] * mean[j]);
        Self { mean, square, covariance }
    }

    /// A matrix that has a Cholesky factor: the covariance plus `damping` times the mean of `E[x^2]` on the diagonal.
    pub(super) fn damped(&self, damping: f64) -> DMatrix<f64> {
        let mean_square = self.square.iter().sum::<f64>() / self.square.len() as f64;
        let mut matrix = self.covariance.clone();
        let added = damping * mean_square.max(LEAST_SQUARE);
        (0..self.square.len()).for_each(|i| matrix[(i, i)] += added);
        matrix
    }
}

/// Replaces the mean of `E[x^2]` if no input is ever above 0.
const LEAST_SQUARE: f64 = 1e-3;

/// Weighted sums of `x`, and of `x x^T` on and below the diagonal.
struct Sums {
    first: Vec<i64>,
    second: Vec<i64>,
}

impl Sums {
    fn of(images: &[u8], inputs: usize, weights: &[u8]) -> Self {
        let mut sums = Self { first: vec![0; inputs], second: vec![0; inputs * inputs] };
        for (images, weights) in images.chunks(BLOCK * inputs).zip(weights.chunks(BLOCK)) {
            sums.add(images, inputs, weights);
        }
        sums
    }

    fn add(&mut self, images: &[u8], inputs: usize, weights: &[u8]) {
        let plain = transposed(images, inputs, |_| 1);
        let weighted = transposed(images, inputs, |n| i16::from(weights[n]));
        let rows = self.second.chunks_exact_mut(inputs).zip(&mut self.first);
        for (i, (a, (second, first))) in weighted.chunks_exact(weights.len()).zip(rows).enumerate() {
            *first += a.iter().map(|&x| i64::from(x)).sum::<i64>();
            let columns = plain.chunks_exact(weights.len());
            second[..=i].iter_mut().zip(columns).for_each(|(sum, b)| *sum += i64::from(dot(a, b)));
        }
    }
}

/// `[N][I]` to `[I][N]`, times the weight of the image, in the width that multiplies fastest.
fn transposed(images: &[u8], inputs: usize, weight: impl Fn(usize) -> i16) -> Vec<i16> {
    let count = images.len() / inputs;
    let mut columns = vec![0; images.len()];
    for (n, image) in images.chunks_exact(inputs).enumerate() {
        let weight = weight(n);
        image.iter().enumerate().for_each(|(i, &x)| columns[i * count + n] = i16::from(x) * weight);
    }
    columns
}

/// Dot product of at most [`BLOCK`] values.
fn dot(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two inputs, more images than a block, the largest possible values.
    #[test]
    fn sums_are_exact_at_the_bounds() {
        let count = 2 * BLOCK + 3;
        let images: Vec<u8> = (0..count).flat_map(|n| [255, (n % 256) as u8]).collect();
        let sums = Sums::of(&images, 2, &vec![128; count]);
        let column: Vec<i64> = (0..count as i64).map(|n| n % 256).collect();
        let n = count as i64;
        assert_eq!(sums.first, [128 * 255 * n, 128 * column.iter().sum::<i64>()]);
        let cross = 128 * 255 * column.iter().sum::<i64>();
        let square = 128 * column.iter().map(|x| x * x).sum::<i64>();
        assert_eq!(sums.second, [128 * 255 * 255 * n, 0, cross, square]);
    }

    #[test]
    fn moments_are_weighted_and_symmetric() {
        let weights = ImageWeights { weights: vec![1, 3], total: 4.0 };
        let moments = Moments::of(&[0, 8, 4, 0], 2, &weights);
        assert_eq!((moments.mean, moments.square), (vec![3.0, 2.0], vec![12.0, 16.0]));
        assert_eq!(moments.covariance, DMatrix::from_row_slice(2, 2, &[3.0, -6.0, -6.0, 12.0]));
    }
}
