//! Which rows of a model a kernel adds up or requantizes by a slower way, for programs that say so before a device does.

use super::Model;
use crate::infer::Row;
use crate::infer::kernel::KernelKind;

/// The rows of an integer layer for which the whole layer takes a slower way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowRows {
    /// The layer, from 0.
    pub layer: usize,
    /// How many of its rows have sums beyond the kernel's [bound](crate::infer::bound), so that inputs are taken in strips.
    pub wide: usize,
    /// How many strips these are.
    pub strips: usize,
    /// How many have a multiplier and shift that the kernel's own requantization has no room for.
    pub unsteady: usize,
}

impl Model<'_> {
    /// The layers in which rows make `kernel` slow; exact they are all the same.
    pub fn slow_rows(&self, kernel: KernelKind) -> impl Iterator<Item = SlowRows> {
        let last = self.depth().saturating_sub(1);
        self.layers().enumerate().filter_map(move |(layer, (shape, sections))| {
            let most = kernel.bound().most(shape.width()?);
            let rows =
                || sections.rows.chunks_exact(Row::LEN).filter_map(|row| Some(Row::from_bytes(*row.first_chunk()?)));
            let strips = shape.inputs().div_ceil(self.strip(layer).max(1));
            let wide = if strips > 1 { rows().filter(|row| row.worst > most).count() } else { 0 };
            let requantizes = kernel.makes_bytes() && layer != last;
            let unsteady = if requantizes { rows().filter(|row| !row.is_steady()).count() } else { 0 };
            (wide + unsteady > 0).then_some(SlowRows { layer, wide, strips, unsteady })
        })
    }
}
