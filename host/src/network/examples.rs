//! Raw values of any type as the examples of a batch.

use foldnet_core::Examples;
use foldnet_core::standardize::Standardized;
use foldnet_data::ValuesRef;
use std::ops::Range;

/// Examples picked from a larger set, each input times `scale` plus `shift`.
#[derive(Debug, Clone, Copy)]
pub struct Picked<'a> {
    /// All examples, `[..][I]`.
    pub inputs: ValuesRef<'a>,
    /// Indices of the examples in this batch, `[N]`.
    pub picked: &'a [u32],
    /// `[I]`
    pub scale: &'a [f32],
    /// `[I]`
    pub shift: &'a [f32],
}

impl Examples for Picked<'_> {
    fn len(&self) -> usize {
        self.picked.len()
    }

    #[inline(always)]
    fn fill(&self, features: Range<usize>, out: &mut [f32]) {
        let Self { picked, scale, shift, .. } = *self;
        match self.inputs {
            ValuesRef::U8(values) => Standardized { values, picked, scale, shift }.fill(features, out),
            ValuesRef::I8(values) => Standardized { values, picked, scale, shift }.fill(features, out),
            ValuesRef::I16(values) => Standardized { values, picked, scale, shift }.fill(features, out),
            ValuesRef::U16(values) => Standardized { values, picked, scale, shift }.fill(features, out),
            ValuesRef::F32(values) => Standardized { values, picked, scale, shift }.fill(features, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_scaled_and_transposed() {
        let (picked, scale, shift) = ([2, 0], [0.5, 2.0, -1.0], [0.0, 1.0, 10.0]);
        let check = |inputs: ValuesRef| {
            let mut out = [0.0; 4];
            Picked { inputs, picked: &picked, scale: &scale, shift: &shift }.fill(1..3, &mut out);
            assert_eq!(out, [17.0, 5.0, 1.0, 7.0], "{:?}", inputs.input_type());
        };
        check(ValuesRef::U8(&[1, 2, 3, 4, 5, 6, 7, 8, 9]));
        check(ValuesRef::I8(&[1, 2, 3, 4, 5, 6, 7, 8, 9]));
        check(ValuesRef::I16(&[1, 2, 3, 4, 5, 6, 7, 8, 9]));
        check(ValuesRef::U16(&[1, 2, 3, 4, 5, 6, 7, 8, 9]));
        check(ValuesRef::F32(&[1., 2., 3., 4., 5., 6., 7., 8., 9.]));
    }
}
