//! The types of values that a model takes, and their conversion to `u8` activations, which is bit-identical on every
//! core.
//!
//! | type | activation |
//! |---|---|
//! | `u8` | unchanged, or inverted (`255 - x`) if the model says so for the value |
//! | `i8` | with the top bit inverted: -128 is 0, 127 is 255 |
//! | `i16`, `u16` | `clamp(((x - low) m + half) >> s, 0, 255)` in `i32`, with `half = 2^s / 2` |
//! | `f32` | `(x - low) m`, rounded to nearest with halves up, clamped to 0..=255; NaN is 0 |
//!
//! `x - low` has 17 bits and `m` at most 14, so the product plus `half`, which is at most `2^29`, stays within `i32`.
//! For `f32`, the product is one subtraction and one multiplication, never fused. There is one set of `low`, `m` and
//! `s` for all inputs, one per channel, or one per input. An input of the first layer may also be the average of 1, 2
//! or 4 activations: `(sum + n / 2) >> log2(n)`. A float model takes the values unchanged, and averages in f32.

use crate::model::{Conversion, InputMap, InputType, Sharing};

/// A sensor value. Implemented for `u8`, `i8`, `i16`, `u16` and `f32`.
pub trait Input: sealed::Input {
    /// The type of the value.
    const TYPE: InputType;

    /// Converts the value to an activation, the input of an integer model's first layer.
    fn activation(self, map: InputMap) -> u8 {
        self.code(map.words())
    }
}

pub(crate) mod sealed {
    /// Operations on values that inference needs.
    pub trait Input: Copy {
        /// The values as activations, if they need no conversion.
        fn as_activations(_: &[Self]) -> Option<&[u8]> {
            None
        }

        /// The activation computed with the two words of a map.
        fn code(self, map: [u32; 2]) -> u8;

        /// The value as an input of a float model.
        fn float(self) -> f32;
    }

    impl Input for u8 {
        fn as_activations(values: &[Self]) -> Option<&[u8]> {
            Some(values)
        }

        #[inline(always)]
        fn code(self, _: [u32; 2]) -> u8 {
            self
        }

        fn float(self) -> f32 {
            f32::from(self)
        }
    }

    impl Input for i8 {
        #[inline(always)]
        fn code(self, _: [u32; 2]) -> u8 {
            self as u8 ^ 0x80
        }

        fn float(self) -> f32 {
            f32::from(self)
        }
    }

    impl Input for i16 {
        #[inline(always)]
        fn code(self, map: [u32; 2]) -> u8 {
            super::window(self.into(), map)
        }

        fn float(self) -> f32 {
            f32::from(self)
        }
    }

    impl Input for u16 {
        #[inline(always)]
        fn code(self, map: [u32; 2]) -> u8 {
            super::window(self.into(), map)
        }

        fn float(self) -> f32 {
            f32::from(self)
        }
    }

    impl Input for f32 {
        #[inline(always)]
        fn code(self, [low, scale]: [u32; 2]) -> u8 {
            let steps = (self - f32::from_bits(low)) * f32::from_bits(scale);
            // The conversion saturates and maps NaN to 0; fractions of 0.5 and more round up.
            let whole = steps as u8;
            if steps - f32::from(whole) >= 0.5 { whole.saturating_add(1) } else { whole }
        }

        fn float(self) -> f32 {
            self
        }
    }
}

/// `clamp(((x - low) m + half) >> s, 0, 255)`; the words hold `low`, and `m` with `s` above it.
#[inline(always)]
fn window(x: i32, [low, rest]: [u32; 2]) -> u8 {
    let (m, s) = ((rest & 0xFFFF) as i32, (rest >> 16) & 31);
    let half = (1i32 << s) >> 1;
    (x.wrapping_sub(low as i32).wrapping_mul(m).wrapping_add(half) >> s).clamp(0, 255) as u8
}

macro_rules! inputs {
    ($($rust:ty = $kind:ident),*) => { $(impl Input for $rust {
        const TYPE: InputType = InputType::$kind;
    })* };
}

inputs!(u8 = U8, i8 = I8, i16 = I16, u16 = U16, f32 = F32);

// The arithmetic of the input section.
impl Conversion<'_> {
    /// Value number `value` as an activation.
    #[inline(always)]
    fn activation<I: Input>(&self, x: &[I], value: usize) -> u8 {
        // Only bytes can be inverted; for other types this branch is removed at compile time.
        let mask = if matches!(I::TYPE, InputType::U8) { self.mask(value) } else { 0 };
        x.get(value).map_or(0, |x| x.code(self.map(value)) ^ mask)
    }

    /// The map of value number `value`.
    #[inline(always)]
    fn map(&self, value: usize) -> [u32; 2] {
        let index = match self.sharing {
            Sharing::None | Sharing::All => 0,
            Sharing::Channel => value % usize::from(self.channels.max(1)),
            Sharing::Input => value,
        };
        self.maps.get(index).map_or([0; 2], |&[low, rest]| [u32::from_le(low), u32::from_le(rest)])
    }

    /// The values that input number `input` is the average of, and the logarithm of their number.
    fn members(&self, input: usize) -> (&[u16], u32) {
        let (fours, twos) = (usize::from(self.fours), usize::from(self.twos));
        let (start, log2) = match (input.checked_sub(fours), input.checked_sub(fours + twos)) {
            (None, _) => (4 * input, 2),
            (Some(two), None) => (4 * fours + 2 * two, 1),
            (_, Some(one)) => (4 * fours + 2 * twos + one, 0),
        };
        (self.members.get(start..start + (1 << log2)).unwrap_or(&[]), log2)
    }

    /// Input number `input` as an activation.
    #[inline(always)]
    pub(crate) fn code<I: Input>(&self, x: &[I], input: usize) -> u8 {
        if self.members.is_empty() {
            return self.activation(x, input);
        }
        let (members, log2) = self.members(input);
        let values = members.iter().map(|&value| usize::from(u16::from_le(value)));
        let sum: u32 = values.map(|value| u32::from(self.activation(x, value))).sum();
        ((sum + ((1 << log2) >> 1)) >> log2) as u8
    }

    /// Input number `input` of a float model.
    pub(crate) fn float<I: Input>(&self, x: &[I], input: usize) -> f32 {
        if self.members.is_empty() {
            return x.get(input).map_or(0.0, |x| x.float());
        }
        let (members, log2) = self.members(input);
        let values = members.iter().map(|&value| usize::from(u16::from_le(value)));
        let sum = values.fold(0.0, |sum, value| sum + x.get(value).map_or(0.0, |x| x.float()));
        sum * match log2 {
            2 => 0.25,
            1 => 0.5,
            _ => 1.0,
        }
    }

    /// Writes all inputs as activations.
    pub(crate) fn codes<I: Input>(&self, x: &[I], out: &mut [u8]) {
        if let (true, Some(x)) = (self.inverted && self.members.is_empty(), I::as_activations(x)) {
            self.invert(x, out);
        } else if self.members.is_empty() && matches!(self.sharing, Sharing::None) {
            out.iter_mut().zip(x).for_each(|(out, x)| *out = x.code([0; 2]));
        } else if self.members.is_empty() {
            out.iter_mut().enumerate().for_each(|(input, out)| *out = self.code(x, input));
        } else {
            self.averages(x, out);
        }
    }

    /// Writes all bytes, inverted where the maps say so. Gives the same result as [`code`](Self::code), but processes a
    /// word at a time if both slices are word-aligned.
    fn invert(&self, x: &[u8], out: &mut [u8]) {
        let masks = self.maps.as_flattened().iter().map(|&word| u32::from_le(word));
        for ((mut mask, x), out) in masks.zip(x.chunks(32)).zip(out.chunks_mut(32)) {
            let whole = bytemuck::try_cast_slice::<u8, u32>(x).ok();
            match whole.zip(bytemuck::try_cast_slice_mut::<u8, u32>(out).ok()) {
                Some((x, out)) if mask == 0 || mask == u32::MAX => {
                    x.iter().zip(out).for_each(|(&x, out)| *out = x ^ mask);
                }
                Some((x, out)) => {
                    for (&x, out) in x.iter().zip(out) {
                        // Bit `i` to bit `8 i`, and from there to all of its byte.
                        let bits = (mask & 0xf).wrapping_mul(0x0020_4081) & 0x0101_0101;
                        *out = x ^ (bits << 8).wrapping_sub(bits).to_le();
                        mask >>= 4;
                    }
                }
                None => {
                    for (&x, out) in x.iter().zip(out) {
                        *out = x ^ ((mask & 1) as u8).wrapping_neg();
                        mask >>= 1;
                    }
                }
            }
        }
    }

    /// Writes all averages as activations. Gives the same result as [`code`](Self::code) without looking up each
    /// input's members.
    fn averages<I: Input>(&self, x: &[I], out: &mut [u8]) {
        let at = |&value: &u16| u32::from(self.activation(x, usize::from(u16::from_le(value))));
        let (fours, rest) = split(self.members, 4 * usize::from(self.fours));
        let (twos, ones) = split(rest, 2 * usize::from(self.twos));
        let mut out = out.iter_mut();
        let sum = |members: &[u16]| members.iter().map(at).sum::<u32>();
        fours.chunks_exact(4).zip(&mut out).for_each(|(four, out)| *out = ((sum(four) + 2) >> 2) as u8);
        twos.chunks_exact(2).zip(&mut out).for_each(|(two, out)| *out = ((sum(two) + 1) >> 1) as u8);
        ones.iter().zip(&mut out).for_each(|(one, out)| *out = at(one) as u8);
    }
}

/// Splits off the first `len` elements, or all if there are fewer.
#[inline(always)]
fn split<T>(of: &[T], len: usize) -> (&[T], &[T]) {
    of.split_at(len.min(of.len()))
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;

    fn check<I: Input>(x: I, map: InputMap, expected: u8) {
        assert_eq!(x.activation(map), expected);
    }

    pub(crate) fn values_become_activations_as_the_table_says() {
        let none = InputMap::NONE;
        check(7u8, none, 7);
        check(-128i8, none, 0);
        check(127i8, none, 255);
        // 1/16 a step: 8 sixteenths round up.
        let by_16 = |low| InputMap::Integer { low, multiplier: 1, shift: 4 };
        check(7i16, by_16(0), 0);
        check(8i16, by_16(0), 1);
        check(-1i16, by_16(0), 0);
        check(i16::MAX, by_16(0), 255);
        check(i16::MIN, by_16(-32_768), 0);
        check(u16::MAX, by_16(0), 255);
        check(4080u16, by_16(0), 255);
        // The largest possible product.
        check(u16::MAX, InputMap::Integer { low: 0, multiplier: 16_383, shift: 30 }, 1);
        check(i16::MAX, InputMap::Integer { low: -32_768, multiplier: 16_383, shift: 22 }, 255);
        let float = InputMap::Float { low: -1.0, scale: 2.0 };
        check(-1.0f32, float, 0);
        check(-0.75f32, float, 1);
        check(0.249f32, float, 2);
        check(126.4f32, float, 255);
        check(126.0f32, float, 254);
        check(f32::NAN, float, 0);
        check(f32::INFINITY, float, 255);
        check(f32::NEG_INFINITY, float, 0);
        // The largest float below a half is not rounded up.
        check(0.499_999_97f32, InputMap::Float { low: 0.0, scale: 1.0 }, 0);
    }

    pub(crate) fn averages_round_halves_up() {
        let members = [7, 0, 2, 1, 3, 6, 5, 4].map(u16::to_le);
        let conversion = Conversion { fours: 1, twos: 1, members: &members, ..Conversion::NONE };
        check_averages(&conversion, &[0u8, 1, 0, 254, 9, 255, 255, 1], [1, 255, 255, 9]);
        check_averages(&conversion, &[255u8; 8], [255; 4]);
        check_averages(&conversion, &[-128i8, -127, -128, 126, -119, 127, 127, -127], [1, 255, 255, 9]);
        // Values that are missing count as 0.
        check_averages(&conversion, &[4u8, 4, 4], [3, 0, 0, 0]);
        let by_16 = [InputMap::Integer { low: 0, multiplier: 1, shift: 4 }.words().map(u32::to_le)];
        let conversion = Conversion { sharing: Sharing::All, maps: &by_16, ..conversion };
        check_averages(&conversion, &[0i16, 16, 0, 4064, 144, 32_767, 4080, 24], [1, 255, 255, 9]);
    }

    /// Lengths around words of the mask and of memory. Missing values count as 0, inverted or not.
    pub(crate) fn values_are_inverted() {
        let maps = [[0xdead_beef_u32.to_le(), 0x0000_fff0_u32.to_le()], [u32::MAX, 5u32.to_le()]];
        let conversion = Conversion { inverted: true, maps: &maps, ..Conversion::NONE };
        let (mut words, mut into) = ([0u32; 26], [7; 26]);
        let (x, found): (&mut [u8], &mut [u8]) =
            (bytemuck::must_cast_slice_mut(&mut words), bytemuck::must_cast_slice_mut(&mut into));
        x.iter_mut().enumerate().for_each(|(i, x)| *x = (i * 37 % 256) as u8);
        for (at, len) in
            [0, 1, 3, 4, 31, 32, 33, 63, 64, 65, 97, 99, 100].into_iter().flat_map(|len| [(0, len), (3, len)])
        {
            conversion.codes(&x[at..at + len], &mut found[..len]);
            for (value, (&x, &found)) in x[at..].iter().zip(&found[..len]).enumerate() {
                let word = u32::from_le(maps[value / 64][value / 32 % 2]);
                let expected = if word >> (value % 32) & 1 != 0 { 255 - x } else { x };
                assert_eq!((found, conversion.code(&[x; 100], value)), (expected, expected), "value {value} of {len}");
            }
        }
        assert_eq!(conversion.code(&x[..1], 1), 0);
        let members = [0, 1, 2, 3, 4, 5, 6, 7].map(u16::to_le);
        let grouped = Conversion { fours: 1, twos: 1, members: &members, ..conversion };
        // 0xef inverts the first eight values except number 4; number 7 is missing.
        check_averages(&grouped, &[255u8, 254, 255, 250, 10, 251, 0], [2, 7, 255, 0]);
    }

    /// Compares converting all inputs at once with converting them one by one.
    fn check_averages<I: Input>(conversion: &Conversion, x: &[I], expected: [u8; 4]) {
        let mut found = [7; 4];
        conversion.codes(x, &mut found);
        assert_eq!(found, expected);
        assert_eq!([0, 1, 2, 3].map(|input| conversion.code(x, input)), expected);
    }
}
