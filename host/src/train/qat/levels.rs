//! The levels of a latent: a latent `p` in `-1..=1` stands for the integer weight `round(p Q)`.

use foldnet_core::quantized::BitWidth;

/// `Q`, the largest level of a width: 127, 7 or 1; 0 for anything else.
pub(super) fn levels(bits: u8) -> f32 {
    BitWidth::from_bits(bits).map_or(0.0, |width| f32::from(width.max_weight()))
}

/// `round(p Q)`
#[inline(always)]
pub(super) fn rounded(p: f32, levels: f32) -> f32 {
    (p * levels).round_ties_even()
}
