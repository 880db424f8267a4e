//! The door to the dot products: which one is used where.
//!
//! [`portable`] is the oracle of every other kernel, and what is used where there is none.

pub mod portable;

/// How weights are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// A byte each, -127 to 127.
    Eight,
    /// Two in a byte, the earlier one in the low half, -7 to 7.
    Four,
    /// Four in a byte, the earliest one in the lowest bits, -1 to 1.
    Two,
}

impl Width {
    /// From the number of bits; none for a width that does not exist.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            8 => Some(Self::Eight),
            4 => Some(Self::Four),
            2 => Some(Self::Two),
            _ => None,
        }
    }

    /// Bits of a weight.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
            Self::Two => 2,
        }
    }

    /// The largest magnitude of a weight.
    pub const fn largest(self) -> i8 {
        i8::MAX >> (8 - self.bits())
    }

    /// Weights in a byte.
    pub const fn per_byte(self) -> usize {
        8 / self.bits() as usize
    }

    /// Bytes of a row of `inputs` weights: whole words, so that every row begins at one.
    pub const fn row_len(self, inputs: usize) -> usize {
        inputs.div_ceil(self.per_byte()).next_multiple_of(4)
    }
}

/// Name of the kernel that [`dot`] is, for reports.
pub const NAME: &str = "portable";

/// `sum_i weights[i] x[i]`; `weights` is a row as packed, inputs that `x` does not have count as 0.
#[inline(always)]
pub fn dot(width: Width, weights: &[u8], x: &[u8]) -> i32 {
    match width {
        Width::Eight => portable::dot8(weights, x),
        Width::Four => portable::dot4(weights, x),
        Width::Two => portable::dot2(weights, x),
    }
}
