//! Implementations of a training step that must give the same bytes as [`Portable`] with one part.

use foldnet_core::matrix::{Mat, Write};
use foldnet_core::{Compute, Portable};

/// [`Portable`]'s arithmetic in several parts, each on its own thread.
#[derive(Debug, Clone, Copy)]
pub struct Split(
    /// Requested number of parts; core limits it to what it supports.
    pub usize,
);

impl Compute for Split {
    fn product(&self, out: &mut [f32], write: Write, a: Mat, b: Mat) {
        Portable.product(out, write, a, b);
    }

    fn parts(&self) -> usize {
        self.0
    }

    fn each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync) {
        std::thread::scope(|scope| {
            // The last first, so that an order of execution that mattered would show.
            for task in tasks.iter_mut().rev() {
                scope.spawn(|| work(task));
            }
        });
    }
}
