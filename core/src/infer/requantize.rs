//! Requantization from an accumulator to an activation or a logit: one function, so rounding is defined once.

use crate::quantized::{FRACTION_BITS, MULTIPLIER_ONE, Row};

/// `acc * multiplier / 2^(15 + shift)`: first rounded down at 15 bits, then half up at `shift`.
///
/// The first step is `floor(acc * multiplier / 2^15)`. Cores with a long multiply compute it in one multiplication,
/// others in two 32-bit products: with `acc = 2^15 h + l`, `0 <= l < 2^15`, it is `h m + floor(l m / 2^15)`. No step
/// overflows: `l m < 2^30`, and `|h m + ..| <= |acc|` because `m < 2^15`.
#[inline(always)]
pub const fn requantize(acc: i32, multiplier: u16, shift: u8) -> i32 {
    let m = multiplier as i32;
    let scaled = if LONG_MULTIPLY {
        ((acc as i64 * m as i64) >> FRACTION_BITS) as i32
    } else {
        (acc >> FRACTION_BITS)
            .wrapping_mul(m)
            .wrapping_add(((acc & (MULTIPLIER_ONE as i32 - 1)).wrapping_mul(m)) >> FRACTION_BITS)
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
        ((acc as u64 * m as u64) >> FRACTION_BITS) as u32
    } else {
        (acc >> FRACTION_BITS)
            .wrapping_mul(m)
            .wrapping_add((acc & (MULTIPLIER_ONE as u32 - 1)).wrapping_mul(m) >> FRACTION_BITS)
    };
    let rounded = ((scaled << 1 >> (row.shift & 31)) + 1) >> 1;
    if rounded > 255 { 255 } else { rounded as u8 }
}

/// Whether the target has a 32 x 32 -> 64 bit multiply instruction.
const LONG_MULTIPLY: bool = cfg!(any(target_pointer_width = "64", foldnet_long_multiply));

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;
    use crate::dice::Dice;
    use crate::quantized::MAX_SHIFT;

    /// Compares with the definition in 64-bit arithmetic.
    fn check(acc: i32, multiplier: u16, shift: u8) {
        let scaled = (i64::from(acc) * i64::from(multiplier)) >> FRACTION_BITS;
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
}
