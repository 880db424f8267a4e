//! Random numbers that are part of a set's definition, for drawn images and split folders: only integers in a range.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Like everything here, part of the set's definition: another seed is another set.
const SEED: u64 = 0xf01d;

/// A stream of seeded random integers, the same on every platform.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(SEED);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Uniform in `low..=high`.
    pub(crate) fn range(&mut self, low: i32, high: i32) -> i32 {
        let span = (high - low + 1) as u64;
        low + ((u64::from(self.0.next_u32()) * span) >> 32) as i32
    }

    /// The mean of two throws: in `low..=high`, with the middle more likely than the ends.
    pub(crate) fn middling(&mut self, low: i32, high: i32) -> i32 {
        (self.range(low, high) + self.range(low, high)) / 2
    }

    /// True with a probability of `percent` %.
    pub(crate) fn chance(&mut self, percent: i32) -> bool {
        self.range(1, 100) <= percent
    }

    /// Fisher and Yates's shuffle.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.range(0, last as i32) as usize);
        }
    }
}
