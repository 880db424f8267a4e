//! The scratch memory of an inference, in parts.

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
