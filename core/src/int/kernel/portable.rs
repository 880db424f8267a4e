//! Dot products in plain Rust, one for each width. Products are at most 127 * 255, so sums wrap only where the exporter's
//! bound ([`Row::fits`](crate::int::Row::fits)) was not kept.

/// 8 bits: a byte a weight.
pub fn dot8(weights: &[u8], x: &[u8]) -> i32 {
    let products = weights.iter().zip(x).map(|(&w, &x)| i32::from(w as i8) * i32::from(x));
    products.fold(0, i32::wrapping_add)
}

/// 4 bits: two weights a byte, the earlier one in the low half.
pub fn dot4(weights: &[u8], x: &[u8]) -> i32 {
    let pairs = weights.iter().zip(x.chunks(2));
    let sums = pairs.map(|(&w, x)| at::<4, 0>(w, x) + at::<4, 1>(w, x));
    sums.fold(0, i32::wrapping_add)
}

/// 2 bits: four weights a byte, the earliest one in the lowest bits.
pub fn dot2(weights: &[u8], x: &[u8]) -> i32 {
    let quads = weights.iter().zip(x.chunks(4));
    let sums = quads.map(|(&w, x)| at::<2, 0>(w, x) + at::<2, 1>(w, x) + at::<2, 2>(w, x) + at::<2, 3>(w, x));
    sums.fold(0, i32::wrapping_add)
}

/// Weight number `I` of a packed byte times its input, 0 where there is no input.
#[inline(always)]
fn at<const BITS: u32, const I: usize>(packed: u8, x: &[u8]) -> i32 {
    let weight = (packed << (8 - BITS - BITS * I as u32)) as i8 >> (8 - BITS);
    x.get(I).map_or(0, |&x| i32::from(weight) * i32::from(x))
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::super::{Width, dot};

    const LEN: usize = 41;

    /// Every width, every length around the packing's edges, against sums over unpacked weights.
    pub(crate) fn packed_equals_unpacked() {
        for (width, largest) in [(Width::Eight, 127i32), (Width::Four, 7), (Width::Two, 1)] {
            for inputs in 0..LEN {
                let (mut weights, mut x, mut packed) = ([0i32; LEN], [0u8; LEN], [0u8; 2 * LEN]);
                for i in 0..inputs {
                    weights[i] = (i as i32 * 7919 + 13).rem_euclid(2 * largest + 1) - largest;
                    x[i] = (i * 97 + 255) as u8;
                    let (bits, per) = (width.bits(), width.per_byte());
                    packed[i / per] |= ((weights[i] as u8) & (0xff >> (8 - bits))) << (bits as usize * (i % per));
                }
                let expected: i32 = weights.iter().zip(&x).map(|(w, &x)| w * i32::from(x)).sum();
                let row = &packed[..width.row_len(inputs)];
                assert_eq!(dot(width, row, &x[..inputs]), expected, "{width:?}, {inputs} inputs");
            }
        }
    }

    pub(crate) fn the_extremes_are_exact() {
        assert_eq!(dot(Width::Eight, &[0x81, 0x7f, 0x80, 0], &[255; 3]), 255 * (-127 + 127 - 128));
        assert_eq!(dot(Width::Four, &[0x79, 0, 0, 0], &[255, 1]), 255 * -7 + 7);
        assert_eq!(dot(Width::Two, &[0b01_11_00_01, 0, 0, 0], &[1, 2, 4, 8]), 1 - 4 + 8);
    }
}
