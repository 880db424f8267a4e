//! The scratch memory of an inference: its parts, and its size with each kernel.

use crate::model::{LayerShape, Model};
use crate::quantized::KernelKind;

/// The scratch memory's parts.
#[derive(Debug)]
pub(super) struct Memory<'s> {
    /// Outputs of even layers.
    pub(super) even: &'s mut [u32],
    /// Outputs of odd layers, and the first layer's inputs if they are not the values themselves.
    pub(super) odd: &'s mut [u32],
    /// The rest, for the kernel's list of inputs, and for sums if it is processed in strips.
    pub(super) list: &'s mut [u32],
}

impl Memory<'_> {
    /// Reborrows the same memory.
    pub(super) fn parts(&mut self) -> Memory<'_> {
        Memory { even: self.even, odd: self.odd, list: self.list }
    }
}

impl Model<'_> {
    /// 32-bit words of scratch memory that [`Inference`](super::Inference) needs on this target.
    pub fn scratch_words(&self) -> usize {
        let of_kernel = if cfg!(feature = "low-ram") { Self::low_ram_words_with } else { Self::scratch_words_with };
        of_kernel(self, KernelKind::CURRENT)
    }

    /// 32-bit words of scratch memory needed with this kernel.
    pub fn scratch_words_with(&self, kernel: KernelKind) -> usize {
        let lists = self.shapes().filter_map(|layer| Some(kernel.list_words(layer.width()?, layer.inputs())));
        let (even, odd) = self.halves();
        even + odd + lists.max().unwrap_or(0)
    }

    /// The same for a device's build with the feature `low-ram`.
    pub fn low_ram_words_with(&self, kernel: KernelKind) -> usize {
        let words = |layer: LayerShape| Some(kernel.low_ram_words(layer.width()?, layer.inputs(), layer.units()));
        let (even, odd) = self.halves();
        even + odd + self.shapes().filter_map(words).max().unwrap_or(0)
    }
}
