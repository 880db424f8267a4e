//! Some of a network's parameters, with their optimizer state.

use super::optimizer::{MAX_STATE, Step, Tensor};

/// Values and their state; a state slice is as long as the values, or empty.
#[derive(Debug, Default)]
pub(super) struct Params<'a> {
    pub(super) values: &'a mut [f32],
    pub(super) state: [&'a mut [f32]; MAX_STATE],
}

impl Params<'_> {
    pub(super) fn reborrow(&mut self) -> Params<'_> {
        let [a, b] = &mut self.state;
        Params { values: self.values, state: [a, b] }
    }

    /// Applies `gradient` to the values from `at` on.
    #[inline(always)]
    pub(super) fn apply<S: Step>(&mut self, step: &S, tensor: Tensor, at: usize, gradient: &[f32]) {
        let (len, [a, b]) = (gradient.len(), &mut self.state);
        step.apply(tensor, &mut self.values[at..at + len], [part(a, at, len), part(b, at, len)], gradient);
    }
}

impl<'a> Params<'a> {
    /// Splits off the first `len` values.
    pub(super) fn take(&mut self, len: usize) -> Params<'a> {
        let [a, b] = &mut self.state;
        let (of_a, of_b) = (len.min(a.len()), len.min(b.len()));
        Params { values: cut(&mut self.values, len), state: [cut(a, of_a), cut(b, of_b)] }
    }
}

/// `len` values of a state slice from `at` on, or an empty slice if it is empty.
#[inline(always)]
pub(super) fn part(state: &mut [f32], at: usize, len: usize) -> &mut [f32] {
    if state.is_empty() { state } else { &mut state[at..at + len] }
}

/// Splits the first `len` values off `slice`.
pub(super) fn cut<'a>(slice: &mut &'a mut [f32], len: usize) -> &'a mut [f32] {
    let (head, tail) = core::mem::take(slice).split_at_mut(len);
    *slice = tail;
    head
}
