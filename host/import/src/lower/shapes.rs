//! The data along the chain: its sizes, and the positions of its features.

use crate::tensor::{Tensor, elements, permutation};
use std::rc::Rc;

/// A value that depends on the input, without the batch.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// The step that produced it.
    pub(super) step: usize,
    /// Its sizes; `None` if a computed reshape hides them.
    pub(super) shape: Option<Vec<usize>>,
    /// The product of its sizes.
    pub(super) count: usize,
    /// The original position of each feature after the step; `None` if none was moved.
    pub(super) order: Option<Rc<Vec<usize>>>,
}

impl Flow {
    pub(super) fn new(step: usize, shape: Vec<usize>, count: usize) -> Self {
        Self { step, shape: Some(shape), count, order: None }
    }

    /// The same features after another step.
    pub(super) fn after(&self, step: usize) -> Self {
        Self { step, ..self.clone() }
    }

    pub(super) fn sizes(&self) -> Vec<usize> {
        self.shape.clone().unwrap_or_else(|| vec![self.count])
    }

    /// Whether a layer along the last axis sees every feature of an example at once.
    pub(super) fn is_flat(&self, width: usize) -> bool {
        self.count == width && self.shape.as_ref().is_none_or(|shape| shape.last().copied().unwrap_or(1) == width)
    }

    /// Converts per-feature `values` from the order of this flow to that of the step.
    pub(super) fn in_step_order<T: Copy + Default>(&self, values: &[T]) -> Vec<T> {
        let Some(order) = &self.order else { return values.to_vec() };
        let mut out = vec![T::default(); values.len()];
        for (&value, &at) in values.iter().zip(order.iter()) {
            if let Some(out) = out.get_mut(at) {
                *out = value;
            }
        }
        out
    }

    /// With these sizes, if the number of features is the same; -1 is inferred.
    pub(super) fn reshaped(&self, sizes: &[i64]) -> Option<Self> {
        let known = sizes
            .iter()
            .filter(|&&size| size >= 0)
            .try_fold(1_usize, |product, &size| product.checked_mul(usize::try_from(size).ok()?))?;
        let open = sizes.iter().filter(|&&size| size < 0).count();
        let left = if open == 1 { self.count.checked_div(known)? } else { 1 };
        let shape: Vec<usize> = sizes.iter().map(|&size| usize::try_from(size).unwrap_or(left)).collect();
        (open <= 1 && elements(&shape) == Some(self.count)).then(|| Self { shape: Some(shape), ..self.clone() })
    }

    /// With permuted axes; `perm` counts the axes of the example.
    pub(super) fn transposed(&self, perm: &[usize]) -> Option<Self> {
        let shape = self.shape.as_ref()?;
        let moved = permutation(shape, perm)?;
        let order = match &self.order {
            Some(order) => moved.iter().map(|&at| order.get(at).copied()).collect::<Option<Vec<_>>>()?,
            None => moved,
        };
        let order = if order.iter().copied().eq(0..order.len()) { None } else { Some(Rc::new(order)) };
        let shape = perm.iter().map(|&axis| shape[axis]).collect();
        Some(Self { shape: Some(shape), order, ..self.clone() })
    }

    /// One value per feature from a constant that is repeated along axes of size 1; `None` if it does not fit, or would
    /// enlarge the example.
    pub(super) fn spread(&self, constant: &Tensor) -> Option<Vec<f32>> {
        let values = constant.floats();
        if let [value] = values[..] {
            return Some(vec![value; self.count]);
        }
        let (sizes, mut own) = (self.sizes(), constant.shape.clone());
        // The batch axis and any axes before it.
        while own.len() > sizes.len() && own.first() == Some(&1) {
            own.remove(0);
        }
        let missing = sizes.len().checked_sub(own.len())?;
        let own = [vec![1; missing], own].concat();
        if own.iter().zip(&sizes).any(|(&own, &size)| own != 1 && own != size) || elements(&own)? != values.len() {
            return None;
        }
        let mut places = vec![0_usize];
        for (&own, &size) in own.iter().zip(&sizes) {
            let steps = 0..size;
            places = places
                .iter()
                .flat_map(|&at| steps.clone().map(move |step| at * own + if own == 1 { 0 } else { step }))
                .collect();
        }
        places.iter().map(|&at| values.get(at).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(shape: &[usize]) -> Flow {
        Flow::new(0, shape.to_vec(), shape.iter().product())
    }

    #[test]
    fn constants_are_repeated_as_numpy_does() {
        let check = |shape: &[usize], constant: &[usize], expected: Option<&[f32]>| {
            let values = (0..constant.iter().product::<usize>()).map(|value| value as f32).collect();
            let tensor = Tensor::new(constant.to_vec(), values).unwrap();
            assert_eq!(flow(shape).spread(&tensor).as_deref(), expected, "{constant:?} onto {shape:?}");
        };
        check(&[3], &[], Some(&[0.0; 3]));
        check(&[3], &[3], Some(&[0.0, 1.0, 2.0]));
        check(&[3], &[1, 3], Some(&[0.0, 1.0, 2.0]));
        check(&[2, 2], &[2], Some(&[0.0, 1.0, 0.0, 1.0]));
        check(&[2, 2], &[2, 1], Some(&[0.0, 0.0, 1.0, 1.0]));
        check(&[2, 2], &[1, 2, 2], Some(&[0.0, 1.0, 2.0, 3.0]));
        check(&[3], &[2], None);
        check(&[1], &[2, 1], None);
    }

    #[test]
    fn reshapes_keep_the_number_of_features() {
        let check = |sizes: &[i64], expected: Option<&[usize]>| {
            assert_eq!(flow(&[4, 6]).reshaped(sizes).and_then(|flow| flow.shape).as_deref(), expected, "{sizes:?}");
        };
        check(&[24], Some(&[24]));
        check(&[-1], Some(&[24]));
        check(&[2, -1], Some(&[2, 12]));
        check(&[5, -1], None);
        check(&[-1, -1], None);
        check(&[23], None);
    }

    #[test]
    fn a_moved_feature_is_found_again() {
        let moved = flow(&[2, 3]).transposed(&[1, 0]).unwrap();
        assert_eq!(moved.order.as_deref(), Some(&vec![0, 3, 1, 4, 2, 5]));
        assert_eq!(moved.in_step_order(&[10, 11, 12, 13, 14, 15]), [10, 12, 14, 11, 13, 15]);
        let back = moved.transposed(&[1, 0]).unwrap();
        assert_eq!((back.order, back.shape), (None, Some(vec![2, 3])));
    }
}
