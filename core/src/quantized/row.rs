//! The parameters of a unit of an integer layer besides its weights, and their 8 bytes in the file.

use super::bound::MAX_WORST;

/// The real multiplier of a row is `multiplier / MULTIPLIER_ONE / 2^shift`, below 1.
pub const MULTIPLIER_ONE: u16 = 1 << FRACTION_BITS;

/// Fractional bits of a multiplier.
pub(crate) const FRACTION_BITS: u32 = 15;

/// The largest shift of a row.
pub(crate) const MAX_SHIFT: u8 = 30;

/// The parameters of a row besides its weights. 8 bytes in the file: bias, multiplier, shift, worst sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Row {
    /// Added to the sum of products, in steps of the accumulator.
    pub bias: i32,
    /// `0..MULTIPLIER_ONE`
    pub multiplier: u16,
    /// `0..=30`
    pub shift: u8,
    /// `0..=MAX_WORST`, the maximum sum of products: [`worst`](super::bound::worst) of the weights. The encoder
    /// computes it.
    pub worst: u8,
}

impl Row {
    /// Bytes of a row in the file.
    pub const LEN: usize = 8;

    /// Whether multiplier, shift and worst sum are in their ranges.
    pub(crate) const fn is_valid(self) -> bool {
        self.multiplier < MULTIPLIER_ONE && self.shift <= MAX_SHIFT && self.worst <= MAX_WORST
    }

    /// Whether one high product gives the output, as in the DSP kernel:
    /// `floor(acc * (multiplier 2^(17 - shift)) / 2^32 + 1/2)`. The factor must be whole and below `2^31`.
    pub(crate) const fn is_steady(self) -> bool {
        let factor = (self.multiplier as u32) << 17;
        self.shift > 0 && factor.trailing_zeros() >= self.shift as u32
    }

    /// Whether the accumulator of a row with these weights cannot overflow for any activations.
    pub fn fits(self, weights: &[i8]) -> bool {
        let sum: u64 = weights.iter().map(|w| u64::from(w.unsigned_abs())).sum();
        u64::from(self.bias.unsigned_abs()) + 255 * sum <= i32::MAX as u64
    }

    /// The row's bytes in the file.
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let ([b0, b1, b2, b3], [m0, m1]) = (self.bias.to_le_bytes(), self.multiplier.to_le_bytes());
        [b0, b1, b2, b3, m0, m1, self.shift, self.worst]
    }

    /// Decodes the bytes in the file.
    pub const fn from_bytes([b0, b1, b2, b3, m0, m1, shift, worst]: [u8; Self::LEN]) -> Self {
        let (bias, multiplier) = (i32::from_le_bytes([b0, b1, b2, b3]), u16::from_le_bytes([m0, m1]));
        Self { bias, multiplier, shift, worst }
    }

    /// Decodes two little-endian words of the file.
    pub const fn from_words([bias, rest]: [u32; 2]) -> Self {
        let rest = u32::from_le(rest);
        let (multiplier, shift) = (rest as u16, (rest >> 16) as u8);
        Self { bias: u32::from_le(bias) as i32, multiplier, shift, worst: (rest >> 24) as u8 }
    }
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;

    pub(crate) fn rows_survive_the_file() {
        for worst in [0, 1, MAX_WORST] {
            let row = Row { bias: -123_456_789, multiplier: 32_767, shift: 30, worst };
            let [b0, b1, b2, b3, rest @ ..] = row.to_bytes();
            let words = [u32::from_ne_bytes([b0, b1, b2, b3]), u32::from_ne_bytes(rest)];
            assert_eq!(Row::from_words(words), row);
        }
        let row = Row { multiplier: 32_767, shift: 30, ..Row::default() };
        let wrong = [Row { shift: 31, ..row }, Row { multiplier: 32_768, ..row }, Row { worst: MAX_WORST + 1, ..row }];
        assert!(row.is_valid() && wrong.iter().all(|row| !row.is_valid()));
    }

    pub(crate) fn the_bound_is_exact() {
        let row = |bias| Row { bias, ..Row::default() };
        assert!(row(i32::MAX - 255 * 128).fits(&[-128]));
        assert!(!row(i32::MAX - 255 * 128 + 1).fits(&[-128]));
        assert!(!row(i32::MIN).fits(&[]));
    }
}
