//! Which rows of a model take a slower path in a kernel, for programs that report this before a device runs it.

use crate::model::Model;
use crate::quantized::{KernelKind, Row};

/// The rows of an integer layer that put the whole layer on a slower path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowRows {
    /// The layer, from 0.
    pub layer: usize,
    /// Number of its rows whose sums exceed the kernel's [bound](crate::quantized::bound), so that inputs are processed
    /// in strips.
    pub wide: usize,
    /// Number of strips.
    pub strips: usize,
    /// Number of rows whose multiplier and shift do not fit the kernel's own requantization.
    pub unsteady: usize,
}

impl Model<'_> {
    /// The layers with rows that make `kernel` slow. The results are exact nevertheless.
    pub fn slow_rows(&self, kernel: KernelKind) -> impl Iterator<Item = SlowRows> {
        let last = self.depth().saturating_sub(1);
        self.layers().enumerate().filter_map(move |(layer, (shape, sections))| {
            let most = kernel.bound().most(shape.width()?);
            let rows =
                || sections.rows.chunks_exact(Row::LEN).filter_map(|row| Some(Row::from_bytes(*row.first_chunk()?)));
            let strips = shape.inputs().div_ceil(self.strip(layer).max(1));
            let wide = if strips > 1 { rows().filter(|row| row.worst > most).count() } else { 0 };
            let requantizes = kernel.needs_steady() && layer != last;
            let unsteady = if requantizes { rows().filter(|row| !row.is_steady()).count() } else { 0 };
            (wide + unsteady > 0).then_some(SlowRows { layer, wide, strips, unsteady })
        })
    }
}
