//! The anomaly score: the distance between the outputs and the inputs that they reconstruct. The [head
//! section](crate::model) has the formula.

use super::input::Input;
use crate::model::Model;

/// The sum of squared errors of the outputs `words` for `example`: for an integer model in steps of its outputs, for a
/// float model the bits of the mean as `f32`.
pub(super) fn sum_of_squares<I: Input>(model: &Model, example: &[I], words: &[u32]) -> u64 {
    let (head, conversion) = (model.head_section(), model.conversion());
    let rows = words.iter().zip(head.table()).enumerate();
    if model.is_float() {
        let sum = rows.fold(0.0f32, |sum, (input, (&word, &[a, b]))| {
            let [a, b] = [a, b].map(|word| f32::from_bits(u32::from_le(word)));
            let error = f32::from_bits(word) - (conversion.float(example, input) * a + b);
            sum + error * error
        });
        return u64::from((sum * head.score_scale()).to_bits());
    }
    let shift = head.shift();
    rows.fold(0, |sum, (input, (&word, &[a, b]))| {
        let [a, b] = [a, b].map(|word| u32::from_le(word) as i32);
        // Fits in 32 bits, as the encoder checks: 255 * 2^22 + 2^30 < 2^31.
        let target = i32::from(conversion.code(example, input)).wrapping_mul(a).wrapping_add(b) >> shift;
        let error = u64::from((word as i32).wrapping_sub(target).unsigned_abs());
        sum.saturating_add(error.wrapping_mul(error))
    })
}
