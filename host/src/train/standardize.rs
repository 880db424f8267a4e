//! Mean and standard deviation of every input over the training examples.

use foldnet_data::ValuesRef;

/// Mean and population standard deviation of `pixel / 255`, `[pixels]` each, over `images [..][pixels]`.
///
/// The sums are exact integers, so the order of the images does not matter. A pixel that never changes gets a standard
/// deviation of 1: standardized it is 0 in training, and later changes are not amplified.
pub fn pixel_statistics(images: &[u8], pixels: usize) -> (Vec<f32>, Vec<f32>) {
    let count = (images.len() / pixels) as f64;
    let (sums, squares) = sums(images, pixels);
    let mean = sums.iter().map(|&sum| (sum as f64 / count / 255.0) as f32).collect();
    let std = sums.iter().zip(&squares).map(|(&sum, &square)| {
        // count^2 variance = count sum(p^2) - sum(p)^2, exact in integers.
        let scaled = images.len() as u128 / pixels as u128 * u128::from(square) - u128::from(sum) * u128::from(sum);
        if scaled == 0 { 1.0 } else { ((scaled as f64).sqrt() / count / 255.0) as f32 }
    });
    (mean, std.collect())
}

/// Mean and population standard deviation of every input over raw values `[..][inputs]`, in double precision and in two
/// passes. An input that never changes gets a standard deviation of 1.
pub fn value_statistics(values: ValuesRef, inputs: usize) -> (Vec<f32>, Vec<f32>) {
    let count = (values.len() / inputs) as f64;
    let (mut mean, mut square) = (vec![0.0_f64; inputs], vec![0.0_f64; inputs]);
    for at in 0..values.len() {
        mean[at % inputs] += f64::from(values.get(at)) / count;
    }
    for at in 0..values.len() {
        square[at % inputs] += (f64::from(values.get(at)) - mean[at % inputs]).powi(2) / count;
    }
    let std = square.iter().zip(&mean).map(|(square, mean)| {
        let std = square.sqrt();
        // The rounding residue of a constant is not a deviation.
        if std <= mean.abs() * 1e-7 { 1.0 } else { std as f32 }
    });
    let std = std.collect();
    (mean.into_iter().map(|mean| mean as f32).collect(), std)
}

/// Raises every standard deviation in `std` to at least `share` of their mean.
///
/// Otherwise, inputs that hardly vary, such as the border pixels of images, get weights that are thousands of times
/// larger than all others. A deviation of exactly 1 stands for an input that never changes; it is left out of the mean.
pub fn raise(std: &mut [f32], share: f32) {
    let varying = || std.iter().filter(|&&std| std != 1.0).map(|&std| f64::from(std));
    let mean = varying().sum::<f64>() / varying().count().max(1) as f64;
    let least = (f64::from(share) * mean) as f32;
    std.iter_mut().for_each(|std| *std = std.max(least));
}

/// Number of images whose sums of squares fit in 32 bits: 256 * 255^2 < 2^32.
const CHUNK: usize = 256;

/// Sum and sum of squares of every pixel.
fn sums(images: &[u8], pixels: usize) -> (Vec<u64>, Vec<u64>) {
    let (mut sums, mut squares) = (vec![0u64; pixels], vec![0u64; pixels]);
    for chunk in images.chunks(CHUNK * pixels) {
        let (mut sum, mut square) = (vec![0u32; pixels], vec![0u32; pixels]);
        for image in chunk.chunks_exact(pixels) {
            for ((sum, square), &pixel) in sum.iter_mut().zip(&mut square).zip(image) {
                *sum += u32::from(pixel);
                *square += u32::from(pixel) * u32::from(pixel);
            }
        }
        sums.iter_mut().zip(sum).for_each(|(total, sum)| *total += u64::from(sum));
        squares.iter_mut().zip(square).for_each(|(total, square)| *total += u64::from(square));
    }
    (sums, squares)
}

#[cfg(test)]
mod tests {
    use super::{pixel_statistics, raise};

    #[test]
    fn deviations_are_raised_to_a_share_of_their_mean() {
        let check = |share, expected: [f32; 4]| {
            let mut std = [0.5, 0.25, 0.0, 1.0];
            raise(&mut std, share);
            assert_eq!(std, expected, "{share}");
        };
        check(0.0, [0.5, 0.25, 0.0, 1.0]);
        check(0.5, [0.5, 0.25, 0.125, 1.0]);
        check(1.2, [0.5, 0.3, 0.3, 1.0]);
    }

    #[test]
    fn statistics_are_those_of_the_definition_and_constants_are_guarded() {
        let images: Vec<u8> = (0..600u32).flat_map(|i| [(i * 37 % 256) as u8, 255, 0, (i == 3) as u8]).collect();
        let (mean, std) = pixel_statistics(&images, 4);
        for pixel in 0..4 {
            let values: Vec<f64> = images.iter().skip(pixel).step_by(4).map(|&p| f64::from(p) / 255.0).collect();
            let expected = values.iter().sum::<f64>() / 600.0;
            let variance = values.iter().map(|v| (v - expected).powi(2)).sum::<f64>() / 600.0;
            let expected_std = if pixel == 1 || pixel == 2 { 1.0 } else { variance.sqrt() };
            assert!((f64::from(mean[pixel]) - expected).abs() < 1e-7, "mean of {pixel}");
            assert!((f64::from(std[pixel]) / expected_std - 1.0).abs() < 1e-6, "std of {pixel}");
        }
    }
}
