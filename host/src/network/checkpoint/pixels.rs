//! The names of the tensors that hold the pixels' statistics.

/// Mean of `pixel / 255` over the training images, `[I]`.
pub(super) const PIXEL_MEAN: &str = "pixel_mean";

/// Standard deviation of `pixel / 255` over the training images, `[I]`.
pub(super) const PIXEL_STD: &str = "pixel_std";
