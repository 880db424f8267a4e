//! Patches of cloth: outlines with a tone, and mirroring of half an outline.

use super::canvas::Point;

/// A polygon of one tone; 256 is the garment's own, 0 a hole.
#[derive(Clone)]
pub(super) struct Patch {
    pub(super) outline: Vec<Point>,
    pub(super) tone: i32,
}

impl Patch {
    pub(super) fn new(outline: Vec<Point>) -> Self {
        Self { outline, tone: 256 }
    }

    /// The same outline in another tone.
    pub(super) fn toned(self, tone: i32) -> Self {
        Self { tone, ..self }
    }
}

/// A symmetric outline, given by its right half: offsets from the middle, top to bottom.
pub(super) fn symmetric(half: &[Point]) -> Patch {
    let right = half.iter().map(|&(x, y)| (500 + x, y));
    let left = half.iter().rev().map(|&(x, y)| (500 - x, y));
    Patch::new(right.chain(left).collect())
}

/// An outline right of the middle, and its mirror image.
pub(super) fn mirrored(right: &[Point]) -> [Patch; 2] {
    [1, -1].map(|side| Patch::new(right.iter().map(|&(x, y)| (500 + side * x, y)).collect()))
}
