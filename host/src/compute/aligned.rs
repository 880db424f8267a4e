//! Values aligned to a cache line, so that rows of whole lines are aligned, too: a vector load or store that crosses a
//! line costs twice as much.

use std::ops::{Deref, DerefMut};

/// Number of values in a cache line of 64 bytes.
const LINE: usize = 16;

/// A slice of `f32` on the heap, aligned to a cache line; its length is fixed.
#[derive(Debug)]
pub struct Aligned {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let values = vec![0.0; len + LINE - 1];
        let start = values.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE - 1);
        Self { values, start, len }
    }
}

impl From<&[f32]> for Aligned {
    fn from(values: &[f32]) -> Self {
        let mut aligned = Self::zeros(values.len());
        aligned.copy_from_slice(values);
        aligned
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.start..self.start + self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_length_begin_at_a_line() {
        for len in [0, 1, 15, 16, 17, 1000, 100_000] {
            let values: Vec<f32> = (0..len).map(|i| i as f32).collect();
            let aligned = Aligned::from(&values[..]);
            assert_eq!(&*aligned, &values[..]);
            assert_eq!(aligned.as_ptr().align_offset(64), 0, "{len}");
        }
    }
}
