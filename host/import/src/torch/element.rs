//! The types of a storage's elements.

use crate::tensor::from_half;

/// Element type of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Float,
    Double,
    Half,
    BFloat16,
    /// Integers of this many bytes, for counters.
    Whole(usize),
}

impl Element {
    /// From the name of PyTorch's class.
    pub(super) fn of(class: &str) -> Option<Self> {
        Some(match class {
            "FloatStorage" => Self::Float,
            "DoubleStorage" => Self::Double,
            "HalfStorage" => Self::Half,
            "BFloat16Storage" => Self::BFloat16,
            "LongStorage" => Self::Whole(8),
            "IntStorage" => Self::Whole(4),
            "ShortStorage" => Self::Whole(2),
            "CharStorage" | "ByteStorage" | "BoolStorage" => Self::Whole(1),
            _ => return None,
        })
    }

    pub(super) fn size(self) -> usize {
        match self {
            Self::Float => 4,
            Self::Double => 8,
            Self::Half | Self::BFloat16 => 2,
            Self::Whole(size) => size,
        }
    }

    pub(super) fn value(self, bytes: &[u8]) -> f32 {
        let bits = bytes.iter().rev().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
        match self {
            Self::Float => f32::from_bits(bits as u32),
            Self::Double => f64::from_bits(bits) as f32,
            Self::Half => from_half(bits as u16),
            Self::BFloat16 => f32::from_bits((bits as u32) << 16),
            Self::Whole(size) => {
                let free = 64 - 8 * size as u32;
                ((bits << free) as i64 >> free) as f32
            }
        }
    }
}
