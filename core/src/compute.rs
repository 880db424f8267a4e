//! How the arithmetic of a training step is executed: matrix products, vector width, and the split over threads.
//!
//! The step itself is written once, in [`train`](crate::train). Everything that differs between a microcontroller and a
//! PC is behind this trait.

use crate::matrix::{self, Mat, Tile, Write};

/// Maximum number of parts that a [`Compute`] splits a layer into.
pub const MAX_PARTS: usize = 8;

/// Minimum number of units in each part of a layer that is split. With fewer, the overhead exceeds the gain.
const LEAST_UNITS: usize = 16;

/// Number of units in each part of a layer of `units`, at least 1; the last part has the remainder.
pub(crate) fn share<C: Compute>(compute: &C, units: usize) -> usize {
    let parts = compute.parts().clamp(1, MAX_PARTS).min(units / LEAST_UNITS).max(1);
    units.div_ceil(parts).max(1)
}

/// Executes the work of a training step.
///
/// Results may differ in rounding between implementations, but never between runs of one implementation.
pub trait Compute: Sync {
    /// `a b` into `out [a.rows][b.cols]`.
    fn product(&self, out: &mut [f32], write: Write, a: Mat, b: Mat);

    /// Computes `a b` for `out [a.rows][b.cols]`, but instead of writing it, hands it to `work` in tiles, each with the
    /// corresponding tile of `out`, while it is still in the nearest cache. Every element is in exactly one tile, and
    /// the elements of a column come in the order of their rows.
    #[inline(always)]
    fn product_in_tiles(&self, out: &mut [f32], a: Mat, b: Mat, work: impl FnMut(Tile)) {
        matrix::product_in_tiles(out, a, b, work);
    }

    /// Maximum number of parts that the units of a layer are split into, `1..=MAX_PARTS`. No sum crosses units, so
    /// results only depend on it if [`product`](Self::product) sums differently for another number of rows.
    fn parts(&self) -> usize {
        1
    }

    /// Calls `work` once for every task, in any order and on any thread, and returns when all are done.
    fn each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync) {
        tasks.iter_mut().for_each(work);
    }

    /// Calls `work`, compiled for the widest available vectors.
    #[inline(always)]
    fn vectorize<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }
}

/// Plain loops on the calling thread: the oracle for every faster implementation, and the implementation for devices.
#[derive(Debug, Clone, Copy, Default)]
pub struct Portable;

impl Compute for Portable {
    fn product(&self, out: &mut [f32], write: Write, a: Mat, b: Mat) {
        matrix::product(out, write, a, b);
    }
}
