//! Memory that a model needs on whatever device runs it.

use foldnet_core::Model;
use foldnet_core::quantized::KernelKind;

/// Words of scratch memory that suffice for every kernel.
pub(crate) fn scratch_words(model: &Model) -> usize {
    KernelKind::ALL.iter().map(|&kernel| model.scratch_words_with(kernel)).max().unwrap_or(0)
}

/// The same for builds with the feature `low-ram`.
pub(crate) fn low_ram_words(model: &Model) -> usize {
    KernelKind::ALL.iter().map(|&kernel| model.low_ram_words_with(kernel)).max().unwrap_or(0)
}
