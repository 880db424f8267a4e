//! Which paths a layer's rows take in the kernel of this build.

use super::kernel::KernelKind;
use super::layout::BitWidth;
use super::row::Row;

/// Properties that decide how a layer's rows are computed; determined once, by parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Traits {
    /// The worst sum of some row exceeds the kernel's bound.
    pub(crate) wide: bool,
    /// Some row is not [`Row::is_steady`].
    pub(crate) unsteady: bool,
}

impl Traits {
    /// Traits of a layer's rows; `None` if one is not [valid](Row::is_valid), or if one is wide and this build lacks
    /// the feature `wide`.
    pub(crate) fn of(width: BitWidth, rows: &[[u32; 2]]) -> Option<Self> {
        let (mut traits, most) = (Self::default(), KernelKind::CURRENT.bound().most(width));
        for &row in rows {
            let row = Row::from_words(row);
            if !row.is_valid() {
                return None;
            }
            let wide = row.worst > most;
            if wide && !cfg!(feature = "wide") {
                return None;
            }
            traits.wide |= wide;
            traits.unsteady |= !row.is_steady();
        }
        Some(traits)
    }

    /// Encodes the traits in two bits.
    pub(crate) const fn bits(self) -> u32 {
        self.wide as u32 | (self.unsteady as u32) << 1
    }

    /// Decodes the traits from the lowest two bits.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self { wide: bits & 1 != 0, unsteady: bits & 2 != 0 }
    }
}
