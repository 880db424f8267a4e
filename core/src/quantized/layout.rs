//! Layout of integer weights in memory: one for each width, designed for all cores.
//!
//! Inputs are processed in *pairs*, in the order that the exporter chose, so that inputs that tend to be zero together
//! are adjacent. Rows are processed in *blocks* of [`BitWidth::rows`]; missing rows of the last block are zero. A pair
//! has [`BitWidth::words`] consecutive words in a block, and the pairs of a block follow each other:
//!
//! | bits | rows per block | words per pair | rows per word |
//! |---|---|---|---|
//! | 8 | 6 | 3 | 2 |
//! | 4 | 8 | 2 | 4 |
//! | 2 | 8 | 1 | 8 |
//!
//! A word consists of two halfwords, one per input of the pair. The first input is in the low halfword, except in the
//! second word of 8 bits, where it is in the high one. A halfword holds the weights of its rows, with the first row in
//! the lowest bits. The last row's weight, in the top bits, is in two's complement; the others have their sign bit
//! inverted (offset binary: the weight plus `2^(bits - 1)`). So a halfword, as a signed number, is
//! `sum_j 2^(bits j) q_j` plus a constant: one multiplication serves all of its rows, and `infer::kernel`
//! explains how they are separated again. If the number of inputs is odd, the last pair has no second input; its
//! weights are zero.

/// How weights are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BitWidth {
    /// -127 to 127.
    Eight,
    /// -7 to 7.
    Four,
    /// -1 to 1.
    Two,
}

/// Number of rows in the largest block.
pub const MAX_ROWS: usize = 8;

impl BitWidth {
    /// The width with this number of bits; `None` if it does not exist or is not part of this build.
    #[inline(always)]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        let width = match bits {
            8 => Self::Eight,
            4 => Self::Four,
            2 => Self::Two,
            _ => return None,
        };
        if width.is_built() { Some(width) } else { None }
    }

    /// The width of this build, if there is only one.
    pub(crate) const ONLY: Option<Self> = match (Self::Eight.is_built(), Self::Four.is_built(), Self::Two.is_built()) {
        (true, false, false) => Some(Self::Eight),
        (false, true, false) => Some(Self::Four),
        (false, false, true) => Some(Self::Two),
        _ => None,
    };

    /// Whether this build includes the width: the features `bits8`, `bits4` and `bits2`.
    #[inline(always)]
    pub(crate) const fn is_built(self) -> bool {
        match self {
            Self::Eight => cfg!(feature = "bits8"),
            Self::Four => cfg!(feature = "bits4"),
            Self::Two => cfg!(feature = "bits2"),
        }
    }

    /// Bits per weight.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
            Self::Two => 2,
        }
    }

    /// The largest magnitude of a weight.
    pub const fn max_weight(self) -> i8 {
        i8::MAX >> (8 - self.bits())
    }

    /// Rows per block.
    pub const fn rows(self) -> usize {
        match self {
            Self::Eight => 6,
            Self::Four | Self::Two => 8,
        }
    }

    /// Words per pair of inputs in a block.
    pub const fn words(self) -> usize {
        // `rows / fields`, case by case because a Cortex-M0 has no divide instruction.
        match self {
            Self::Eight => 3,
            Self::Four => 2,
            Self::Two => 1,
        }
    }

    /// Number of rows whose weights share a half-word.
    pub const fn fields(self) -> usize {
        match self {
            Self::Eight => 2,
            Self::Four => 4,
            Self::Two => 8,
        }
    }

    /// Words per block of rows with `inputs` weights; saturates if that exceeds the address space.
    pub const fn block_words(self, inputs: usize) -> usize {
        inputs.div_ceil(2).saturating_mul(self.words())
    }

    /// Bytes of the weights of a layer; saturates if that exceeds the address space.
    pub const fn weights_len(self, inputs: usize, units: usize) -> usize {
        units.div_ceil(self.rows()).saturating_mul(self.block_words(inputs)).saturating_mul(4)
    }

    /// Position of the weight for a row of a block and an input.
    pub(crate) const fn place(self, row: usize, input: usize) -> WeightPosition {
        let (word, field) = (row / self.fields(), row % self.fields());
        let second = input % 2 == 1;
        let high = second != (matches!(self, Self::Eight) && word == 1);
        let shift = if high { 16 } else { 0 } + field as u32 * self.bits() as u32;
        WeightPosition {
            word: input / 2 * self.words() + word,
            shift,
            bits: self.bits(),
            top: field + 1 == self.fields(),
        }
    }
}

/// Position of a weight within a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WeightPosition {
    /// Number of the word.
    pub(crate) word: usize,
    /// The weight's lowest bit.
    pub(crate) shift: u32,
    bits: u8,
    top: bool,
}

impl WeightPosition {
    /// The sign bit of every weight in a half except the topmost, which is stored inverted.
    const fn inverted(self) -> u32 {
        if self.top { 0 } else { 1 << (self.bits - 1) }
    }

    /// The weight as bits of its word.
    pub(crate) const fn pack(self, weight: i8) -> u32 {
        let mask = (1 << self.bits) - 1;
        ((weight as u32 & mask) ^ self.inverted()) << self.shift
    }

    /// Extracts the weight from its word.
    #[cfg(any(test, feature = "cases"))]
    pub(crate) const fn unpack(self, word: u32) -> i32 {
        let unused = 32 - self.bits as u32;
        (((word >> self.shift) ^ self.inverted()) << unused) as i32 >> unused
    }
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;

    /// Every bit of a block belongs to one weight, and every weight comes back.
    pub(crate) fn weights_fill_their_block() {
        for width in [BitWidth::Eight, BitWidth::Four, BitWidth::Two] {
            let (mut words, inputs, largest) = ([0u32; 6], 4, i32::from(width.max_weight()));
            let weight = |row: usize, input: usize| (row * 37 + input * 11) as i32 % (2 * largest + 1) - largest;
            for (row, input) in (0..width.rows()).flat_map(|row| (0..inputs).map(move |input| (row, input))) {
                let place = width.place(row, input);
                words[place.word] += place.pack(weight(row, input) as i8);
            }
            assert!(words[width.block_words(inputs)..].iter().all(|&word| word == 0));
            for (row, input) in (0..width.rows()).flat_map(|row| (0..inputs).map(move |input| (row, input))) {
                let place = width.place(row, input);
                assert_eq!(place.unpack(words[place.word]), weight(row, input), "{width:?} {row} {input}");
            }
        }
    }
}
