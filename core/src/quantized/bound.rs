//! How large the sum of a row can become, and how large a sum a kernel can represent unambiguously.
//!
//! The exporter computes the former; the file stores it as one byte per row, [`worst`]. The latter is the [`Bound`] of
//! a kernel that adds up several rows in one word. If a row of a layer exceeds it, the layer is summed in strips of
//! inputs that do not.

use super::layout::BitWidth;

/// `floor(2^(k / 8) 2^32)`
const EIGHTHS: [u64; 8] = [
    4_294_967_296,
    4_683_695_047,
    5_107_605_667,
    5_569_883_475,
    6_074_000_999,
    6_623_745_058,
    7_223_245_205,
    7_877_004_751,
];

/// The largest value of the byte: `2^31`, more than any accumulator can hold.
pub const MAX_WORST: u8 = 31 * 8;

/// `floor(2^(worst / 8))`: the largest sum that `worst` represents, in `1..=2^31`.
pub const fn limit(worst: u8) -> u32 {
    let worst = if worst > MAX_WORST { MAX_WORST } else { worst };
    (EIGHTHS[(worst % 8) as usize] >> (32 - worst / 8)) as u32
}

/// The smallest `v` with `|sum_i q_i x_i| <= 2^(v / 8)` for all activations. The largest sum is 255 times the sum of
/// all positive or of all negative weights, whichever is larger in magnitude. At most [`MAX_WORST`], since no row has a
/// larger sum ([`Row::fits`](super::Row::fits)).
pub fn worst(weights: &[i8]) -> u8 {
    let sum = |sign: i32| weights.iter().map(|&w| (sign * i32::from(w)).max(0) as u64).sum::<u64>();
    let largest = 255 * sum(1).max(sum(-1));
    (0..MAX_WORST).find(|&v| largest <= u64::from(limit(v))).unwrap_or(MAX_WORST)
}

/// The largest strip whose sums cannot exceed any bound, whatever the weights. Layers of fewer than two strips use
/// strips of half this size, so that there is memory for sums.
const STRIP: usize = 256;

/// Number of inputs in a strip of a wide layer with `inputs` inputs: even and at least 2, or all inputs if that few
/// cannot exceed any bound. `strips` is the number of strips in the file, or 0.
pub const fn strip_len(inputs: usize, strips: u8) -> usize {
    match strips {
        _ if inputs <= STRIP => inputs,
        0 | 1 if inputs < 2 * STRIP => STRIP / 2,
        0 | 1 => STRIP,
        strips => inputs.div_ceil(strips as usize).next_multiple_of(2),
    }
}

/// Number of strips to store for a wide layer: the smallest number from 2 on for which the sums of each strip are
/// within every [`Bound`] for all activations; 0 if it does not fit in the file. `weights [O][I]`.
pub fn strips(width: BitWidth, inputs: usize, weights: &[i8]) -> u8 {
    let fits = |row: &[i8], len: usize| {
        row.chunks(len).all(|strip| {
            let sum = |sign: i32| 255 * strip.iter().map(|&w| (sign * i32::from(w)).max(0) as u64).sum::<u64>();
            sum(1).max(sum(-1)) <= u64::from(Bound::Chains.largest(width))
        })
    };
    let found = (2..=u8::MAX).find(|&strips| {
        let len = strip_len(inputs, strips);
        len <= STRIP || weights.chunks(inputs.max(1)).all(|row| fits(row, len))
    });
    found.unwrap_or(0)
}

/// Range of sums that a kernel can represent unambiguously.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// At 8 bits two rows share a word, 8 bits apart, so sums must be below `2^23` in magnitude. At 4 and 2 bits all
    /// sums fit.
    Halves,
    /// Rows share a word at every width. At 8 bits sums must be below `2^23`. At 4 bits `S_j + 16 S_(j + 1)` must be
    /// below `2^23`, so the bound of one row is `2^23 / 17`. At 2 bits it is `2^21 / 17`, as sums are known modulo
    /// `2^18`.
    Chains,
}

impl Bound {
    /// The largest sum within the bound.
    const fn largest(self, width: BitWidth) -> u32 {
        match (self, width) {
            (Self::Halves, BitWidth::Four | BitWidth::Two) => i32::MAX as u32,
            (Self::Halves | Self::Chains, BitWidth::Eight) => (1 << 23) - 1,
            (Self::Chains, BitWidth::Four) => (1 << 23) / 17,
            (Self::Chains, BitWidth::Two) => (1 << 21) / 17,
        }
    }

    /// The largest [`worst`] of a row within the bound.
    pub const fn most(self, width: BitWidth) -> u8 {
        match (self, width) {
            (Self::Halves, BitWidth::Four | BitWidth::Two) => MAX_WORST,
            // 7,692,387 < 8,388,608
            (Self::Halves | Self::Chains, BitWidth::Eight) => 183,
            // 480,774 < 493,447
            (Self::Chains, BitWidth::Four) => 151,
            // 120,193 < 123,361
            (Self::Chains, BitWidth::Two) => 135,
        }
    }
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;

    pub(crate) fn a_rows_worst_sum_is_rounded_up() {
        let check = |weights: &[i8], expected| assert_eq!(worst(weights), expected, "{weights:?}");
        check(&[], 0);
        check(&[0, 0], 0);
        // 255 <= 2^8, 510 <= 2^9; the other sign does not count.
        check(&[1], 64);
        check(&[1, -1, -1], 72);
        // 765 is between 2^(76/8) = 724.1 and 2^(77/8) = 789.6.
        check(&[3], 77);
        // 8,387,715 <= 2^23, but above 2^(183/8).
        check(&[127; 259], 184);
        assert_eq!([0, 7, 8, 63, 64, 248, 255].map(limit), [1, 1, 2, 234, 256, 1 << 31, 1 << 31]);
    }

    #[cfg(test)]
    #[test]
    fn strips_are_as_few_as_their_sums_allow() {
        let check = |width: BitWidth, inputs: usize, weight: i8, expected: u8, len: usize| {
            let weights = [weight; 3000];
            let found = strips(width, inputs, &weights[..inputs]);
            assert_eq!((found, strip_len(inputs, found)), (expected, len), "{width:?}, {inputs} of {weight}");
        };
        // 1500 * 21 * 255 and 259 * 127 * 255 are below 2^23, 276 * 7 * 255 is below 2^23 / 17, 483 * 255 below 2^21 /
        // 17.
        check(BitWidth::Eight, 3000, 21, 2, 1500);
        check(BitWidth::Eight, 3000, -22, 3, 1000);
        check(BitWidth::Eight, 3000, 127, 12, 250);
        check(BitWidth::Four, 3000, 7, 11, 274);
        check(BitWidth::Two, 3000, 1, 7, 430);
        check(BitWidth::Eight, 258, 127, 2, 130);
        assert_eq!([strip_len(256, 0), strip_len(511, 0), strip_len(512, 0), strip_len(999, 0)], [256, 128, 256, 256]);
    }

    pub(crate) fn what_is_within_a_bound_is_below_it() {
        let check = |bound: Bound, width, below| {
            let most = bound.most(width);
            assert!((limit(most)..=below).contains(&bound.largest(width)), "{bound:?} {width:?}");
            assert!(limit(most) < below && limit(most + 1) >= below, "{bound:?} {width:?}");
        };
        check(Bound::Halves, BitWidth::Eight, 1 << 23);
        check(Bound::Chains, BitWidth::Eight, 1 << 23);
        check(Bound::Chains, BitWidth::Four, (1 << 23) / 17);
        check(Bound::Chains, BitWidth::Two, (1 << 21) / 17);
    }
}
