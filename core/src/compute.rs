//! How the arithmetic of a training step is carried out: matrix products, vector width, and the split over threads.
//!
//! The step itself is written once, in [`train`](crate::train); what differs between a microcontroller and a PC
//! stands behind this trait.

use crate::matrix::{self, Mat, Tile, Write};

/// Maximum number of parts that a [`Compute`] splits a layer into.
pub const MAX_PARTS: usize = 8;

/// Minimum number of units in each part of a layer that is split: handing over fewer costs more than it saves.
const LEAST_UNITS: usize = 16;

/// How many units each part of a layer of `units` has, the last one what is left; at least 1.
pub(crate) fn share<C: Compute>(compute: &C, units: usize) -> usize {
    let parts = compute.parts().clamp(1, MAX_PARTS).min(units / LEAST_UNITS).max(1);
    units.div_ceil(parts).max(1)
}

/// Carries out the work of a training step.
///
/// Results may differ in rounding between implementations, never between runs of one.
pub trait Compute: Sync {
    /// `a b` into `out [a.rows][b.cols]`.
    fn product(&self, out: &mut [f32], write: Write, a: Mat, b: Mat);

    /// `a b`, not written to `out [a.rows][b.cols]` but handed to `work` in tiles beside those of `out`, while still in
    /// the nearest cache. Every element is in one tile, and those of a column come in the order of their rows.
    #[inline(always)]
    fn product_in_tiles(&self, out: &mut [f32], a: Mat, b: Mat, work: impl FnMut(Tile)) {
        matrix::product_in_tiles(out, a, b, work);
    }

    /// Into how many parts the units of a layer are split at most, `1..=MAX_PARTS`. No sum crosses units, so results
    /// depend on it only where [`product`](Self::product) sums otherwise for another number of rows.
    fn parts(&self) -> usize {
        1
    }

    /// Calls `work` once for every task and returns when all are done; in any order, on any thread.
    fn each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync) {
        tasks.iter_mut().for_each(work);
    }

    /// Calls `work`, compiled for the widest vectors there are.
    #[inline(always)]
    fn vectorize<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }
}

/// Plain loops on the calling thread: the oracle of every faster implementation, and what a device uses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Portable;

impl Compute for Portable {
    fn product(&self, out: &mut [f32], write: Write, a: Mat, b: Mat) {
        matrix::product(out, write, a, b);
    }
}
