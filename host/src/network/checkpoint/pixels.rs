//! The scaling from pixels to inputs, and the names of the tensors that hold its statistics.

use foldnet_core::standardize::PixelScaling;

/// Mean of `pixel / 255` over the training images, `[I]`.
pub(super) const PIXEL_MEAN: &str = "pixel_mean";

/// Standard deviation of `pixel / 255` over the training images, `[I]`.
pub(super) const PIXEL_STD: &str = "pixel_std";

/// The scaling from pixels to inputs, with its statistics.
#[derive(Debug, Clone, PartialEq)]
pub enum PixelStatistics {
    /// Pixels from 0 to 255.
    Raw,
    /// Pixels from 0 to 1.
    Unit,
    /// Pixels from 0 to 1, minus `mean`, divided by `std`.
    Standardized {
        /// `[I]`
        mean: Vec<f32>,
        /// `[I]`, positive.
        std: Vec<f32>,
    },
    /// Raw values of any type, minus `mean`, divided by `std`.
    Values {
        /// `[I]`
        mean: Vec<f32>,
        /// `[I]`, positive.
        std: Vec<f32>,
    },
}

impl PixelStatistics {
    /// The scaling in core's form.
    pub fn scaling(&self) -> PixelScaling<'_> {
        match self {
            Self::Raw => PixelScaling::Raw,
            Self::Unit => PixelScaling::Unit,
            Self::Standardized { mean, std } => PixelScaling::Standardized { mean, std },
            Self::Values { mean, std } => PixelScaling::Values { mean, std },
        }
    }
}

/// The range of pixels that are not standardized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelRange {
    /// 0 to 255.
    Raw,
    /// 0 to 1.
    Unit,
}

impl std::fmt::Display for PixelRange {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw",
            Self::Unit => "unit",
        })
    }
}

impl std::str::FromStr for PixelRange {
    type Err = UnknownPixelRange;

    fn from_str(text: &str) -> Result<Self, UnknownPixelRange> {
        match text {
            "raw" => Ok(Self::Raw),
            "unit" => Ok(Self::Unit),
            _ => Err(UnknownPixelRange),
        }
    }
}

/// The text is neither `raw` nor `unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give raw (pixels of 0 to 255) or unit (0 to 1)")]
pub struct UnknownPixelRange;
