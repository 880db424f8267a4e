//! The examples of a batch, as training and prediction read them: feature by feature, regardless of how they are stored.

use core::ops::Range;

/// The examples of a batch, read by features.
pub trait Examples: Sync {
    /// `N`, the number of examples.
    fn len(&self) -> usize;

    /// Whether there are no examples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the values of the inputs `features` into `out [features][N]`.
    fn fill(&self, features: Range<usize>, out: &mut [f32]);
}

/// Examples as rows of a slice, `[N][I]`.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    inputs: usize,
}

impl<'a> Rows<'a> {
    /// `values [N][inputs]`; values after the last whole row are ignored.
    pub fn new(values: &'a [f32], inputs: usize) -> Self {
        Self { values, inputs }
    }
}

impl Examples for Rows<'_> {
    fn len(&self) -> usize {
        self.values.len().checked_div(self.inputs).unwrap_or(0)
    }

    fn fill(&self, features: Range<usize>, out: &mut [f32]) {
        for (feature, row) in features.zip(out.chunks_exact_mut(self.len().max(1))) {
            for (value, example) in row.iter_mut().zip(self.values.chunks_exact(self.inputs)) {
                *value = example[feature];
            }
        }
    }
}
