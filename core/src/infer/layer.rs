//! The data of an integer layer in flash, and when its inputs are processed in strips.

use super::source::Source;
use crate::quantized::layout::BitWidth;
use crate::quantized::{KernelKind, Traits};

/// The data of a layer in flash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dense<'a> {
    pub(crate) width: BitWidth,
    /// `[O]`, each the bytes of a [`Row`](crate::quantized::Row).
    pub(crate) rows: &'a [[u32; 2]],
    /// Blocks of [`BitWidth::block_words`] words.
    pub(crate) weights: &'a [u32],
    pub(crate) traits: Traits,
    /// Number of inputs in a strip, if a row is wide.
    pub(crate) strip: usize,
}

impl Dense<'_> {
    /// How weights are packed; a constant if only one width is built.
    #[inline(always)]
    pub(super) const fn width(&self) -> BitWidth {
        match BitWidth::ONLY {
            Some(width) => width,
            None => self.width,
        }
    }

    /// Whether inputs must be processed in strips. Inputs that fit into one strip are within every bound, whatever the
    /// rows say.
    #[inline(always)]
    pub(super) const fn is_wide(&self, source: &Source) -> bool {
        cfg!(feature = "wide") && self.traits.wide && source.inputs() > self.strip
    }

    /// Whether inputs are processed in strips: those of a wide layer and, with `low-ram`, those whose list may be
    /// longer than `memory`.
    #[inline(always)]
    pub(super) const fn in_strips(&self, source: &Source, memory: &[u32]) -> bool {
        let is_long = memory.len() < KernelKind::CURRENT.list_words(self.width(), source.inputs());
        self.is_wide(source) || cfg!(feature = "low-ram") && is_long
    }
}
