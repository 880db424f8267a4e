//! Requantization from an accumulator to an activation or a logit: one function, so rounding is defined once.

use super::bound::MAX_WORST;

/// The real multiplier of a row is `multiplier / MULTIPLIER_ONE / 2^shift`, below 1.
pub const MULTIPLIER_ONE: u16 = 1 << BITS;

/// Fractional bits of a multiplier.
const BITS: u32 = 15;

/// The largest shift of a row.
const MAX_SHIFT: u8 = 30;

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

/// `acc * multiplier / 2^(15 + shift)`: first rounded down at 15 bits, then half up at `shift`.
///
/// The first step is `floor(acc * multiplier / 2^15)`. Cores with a long multiply compute it in one multiplication,
/// others in two 32-bit products: with `acc = 2^15 h + l`, `0 <= l < 2^15`, it is `h m + floor(l m / 2^15)`. No step
/// overflows: `l m < 2^30`, and `|h m + ..| <= |acc|` because `m < 2^15`.
#[inline(always)]
pub const fn requantize(acc: i32, multiplier: u16, shift: u8) -> i32 {
    let m = multiplier as i32;
    let scaled = if LONG_MULTIPLY {
        ((acc as i64 * m as i64) >> BITS) as i32
    } else {
        (acc >> BITS).wrapping_mul(m).wrapping_add(((acc & (MULTIPLIER_ONE as i32 - 1)).wrapping_mul(m)) >> BITS)
    };
    if shift == 0 { scaled } else { ((scaled >> ((shift - 1) & 31)) + 1) >> 1 }
}

/// `clamp(requantize(acc, multiplier, shift), 0, 255)`, for valid rows. More than half of all sums are not above 0 and
/// need no multiplication. For the others, twice the scaled sum is below `2^32`, so one formula serves every shift.
#[inline(always)]
pub(crate) const fn requantize_to_byte(acc: i32, row: Row) -> u8 {
    if acc <= 0 {
        return 0;
    }
    let (acc, m) = (acc as u32, row.multiplier as u32);
    let scaled = if LONG_MULTIPLY {
        ((acc as u64 * m as u64) >> BITS) as u32
    } else {
        (acc >> BITS).wrapping_mul(m).wrapping_add((acc & (MULTIPLIER_ONE as u32 - 1)).wrapping_mul(m) >> BITS)
    };
    let rounded = ((scaled << 1 >> (row.shift & 31)) + 1) >> 1;
    if rounded > 255 { 255 } else { rounded as u8 }
}

/// Whether the target has a 32 x 32 -> 64 bit multiply instruction.
const LONG_MULTIPLY: bool = cfg!(any(target_pointer_width = "64", foldnet_long_multiply));

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;
    use crate::cases::Dice;

    /// Compares with the definition in 64-bit arithmetic.
    fn check(acc: i32, multiplier: u16, shift: u8) {
        let scaled = (i64::from(acc) * i64::from(multiplier)) >> BITS;
        let expected = if shift == 0 { scaled } else { (scaled + (1 << (shift - 1))) >> shift };
        assert_eq!(i64::from(requantize(acc, multiplier, shift)), expected, "{acc} * {multiplier} >> {shift}");
        let row = Row { multiplier, shift, ..Row::default() };
        let byte = i64::from(requantize_to_byte(acc, row));
        assert_eq!(byte, expected.clamp(0, 255), "{acc} * {multiplier} >> {shift} as a byte");
    }

    pub(crate) fn equals_its_definition_everywhere() {
        let accs = [0, 1, -1, 32_767, 32_768, -32_768, -32_769, 1_000_003, -1_000_003, i32::MAX, i32::MIN];
        for acc in accs {
            for multiplier in [0, 1, 16_384, 16_385, 30_001, 32_767] {
                (0..=MAX_SHIFT).for_each(|shift| check(acc, multiplier, shift));
            }
        }
        let mut dice = Dice(1);
        for step in 0..100_000i32 {
            let acc = dice.bits() as i32;
            check(acc, (acc >> 3) as u16 & 32_767, (step % 31) as u8);
        }
    }

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
