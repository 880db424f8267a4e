//! From raw values of any type to a network's inputs: one affine function per input.
//!
//! `x = (pixel / 255 - mean) / std`, with the statistics of the training images. It is computed as
//! `x = pixel scale + shift`, so that training, float inference and the fold use the same two numbers.

use crate::examples::Examples;
use core::ops::Range;

/// How pixels become inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PixelScaling<'a> {
    /// `x = pixel`, 0 to 255.
    Raw,
    /// `x = pixel / 255`.
    Unit,
    /// `x = (pixel / 255 - mean) / std`.
    Standardized {
        /// Mean of `pixel / 255`, `[I]`.
        mean: &'a [f32],
        /// Standard deviation of `pixel / 255`, `[I]`, positive.
        std: &'a [f32],
    },
    /// `x = (value - mean) / std`, for a raw value of any type.
    Values {
        /// Mean of the raw value, `[I]`.
        mean: &'a [f32],
        /// Standard deviation of the raw value, `[I]`, positive.
        std: &'a [f32],
    },
}

impl PixelScaling<'_> {
    /// `(scale, shift)` of one input, with `x = pixel scale + shift`.
    pub fn affine(&self, input: usize) -> (f64, f64) {
        match self {
            Self::Raw => (1.0, 0.0),
            Self::Unit => (1.0 / 255.0, 0.0),
            Self::Standardized { mean, std } => {
                let std = f64::from(std[input]);
                (1.0 / (255.0 * std), -f64::from(mean[input]) / std)
            }
            Self::Values { mean, std } => {
                let std = f64::from(std[input]);
                (1.0 / std, -f64::from(mean[input]) / std)
            }
        }
    }

    /// Scale and shift of every input, `[I]` each, for [`Standardized`].
    pub fn tables(&self, scale: &mut [f32], shift: &mut [f32]) {
        for (input, (scale, shift)) in scale.iter_mut().zip(shift).enumerate() {
            let (a, b) = self.affine(input);
            (*scale, *shift) = (a as f32, b as f32);
        }
    }
}

/// The types of raw values: `u8`, `i8`, `i16`, `u16` and `f32`.
pub trait Raw: Copy + Default + Sync + Into<f32> {}

impl Raw for u8 {}
impl Raw for i8 {}
impl Raw for i16 {}
impl Raw for u16 {}
impl Raw for f32 {}

/// Raw examples picked from a larger set to form a batch: `x = value scale + shift`.
#[derive(Debug, Clone, Copy)]
pub struct Standardized<'a, T> {
    /// All examples, `[..][I]`.
    pub values: &'a [T],
    /// Indices of the examples in this batch, `[N]`.
    pub picked: &'a [u32],
    /// `[I]`
    pub scale: &'a [f32],
    /// `[I]`
    pub shift: &'a [f32],
}

/// Number of values and of examples that are transposed at once.
const BLOCK: usize = 16;

/// Size of a cache line in bytes.
const LINE: usize = 64;

impl<T: Raw> Standardized<'_, T> {
    /// Reads a value of every cache line that is needed; these reads do not wait for each other. Picked examples are
    /// scattered in memory, and waiting for each in turn would take most of the time of a `fill`.
    #[inline(always)]
    fn prefetch(&self, features: Range<usize>) {
        let inputs = self.scale.len();
        let mut any = 0;
        for &example in self.picked {
            let start = example as usize * inputs;
            let values = &self.values[start + features.start..start + features.end];
            let read = values.iter().step_by(LINE / size_of::<T>()).chain(values.last());
            any = read.fold(any, |any, value| any | Into::<f32>::into(*value).to_bits());
        }
        core::hint::black_box(any);
    }
}

impl<T: Raw> Examples for Standardized<'_, T> {
    fn len(&self) -> usize {
        self.picked.len()
    }

    #[inline(always)]
    fn fill(&self, features: Range<usize>, out: &mut [f32]) {
        let n = self.picked.len();
        self.prefetch(features.clone());
        for first in features.clone().step_by(BLOCK) {
            let block = first..features.end.min(first + BLOCK);
            let rows = &mut out[(block.start - features.start) * n..(block.end - features.start) * n];
            for example in (0..n).step_by(BLOCK) {
                if block.len() == BLOCK && n - example >= BLOCK {
                    self.transpose_block(first, example, rows);
                } else {
                    self.transpose_part(block.clone(), example..n.min(example + BLOCK), rows);
                }
            }
        }
    }
}

impl<T: Raw> Standardized<'_, T> {
    /// Values of example number `example`, from `feature` on.
    #[inline(always)]
    fn from(&self, example: usize, feature: usize) -> &[T] {
        &self.values[self.picked[example] as usize * self.scale.len() + feature..]
    }

    /// Writes [`BLOCK`] features of as many examples to the columns from `example` on of `rows [BLOCK][N]`.
    #[inline(always)]
    fn transpose_block(&self, feature: usize, example: usize, rows: &mut [f32]) {
        let mut columns = [[T::default(); BLOCK]; BLOCK];
        for (i, values) in columns.iter_mut().enumerate() {
            values.copy_from_slice(&self.from(example + i, feature)[..BLOCK]);
        }
        transpose(&mut columns);
        let (mut scale, mut shift) = ([0.0; BLOCK], [0.0; BLOCK]);
        scale.copy_from_slice(&self.scale[feature..feature + BLOCK]);
        shift.copy_from_slice(&self.shift[feature..feature + BLOCK]);
        for (index, column) in columns.iter().enumerate() {
            let mut x = [0.0; BLOCK];
            for i in 0..BLOCK {
                x[i] = Into::<f32>::into(column[i]) * scale[index] + shift[index];
            }
            let start = index * self.picked.len() + example;
            rows[start..start + BLOCK].copy_from_slice(&x);
        }
    }

    /// Like `transpose_block`, for any `features` and `examples`.
    #[inline(always)]
    fn transpose_part(&self, features: Range<usize>, examples: Range<usize>, rows: &mut [f32]) {
        for example in examples {
            let column = rows[example..].iter_mut().step_by(self.picked.len());
            for ((x, &value), feature) in column.zip(self.from(example, features.start)).zip(features.clone()) {
                *x = Into::<f32>::into(value) * self.scale[feature] + self.shift[feature];
            }
        }
    }
}

/// Transposes the block. Interleaving row `i` with row `i + 8` moves the highest bit of the row's index behind those of
/// the column's, and four such rounds exchange the four bits of one for those of the other.
#[inline(always)]
fn transpose<T: Copy>(rows: &mut [[T; BLOCK]; BLOCK]) {
    for _ in 0..BLOCK.ilog2() {
        let before = *rows;
        for pair in 0..BLOCK / 2 {
            let (a, b) = (before[pair], before[pair + BLOCK / 2]);
            for half in 0..2 {
                for i in 0..BLOCK / 2 {
                    rows[2 * pair + half][2 * i] = a[half * BLOCK / 2 + i];
                    rows[2 * pair + half][2 * i + 1] = b[half * BLOCK / 2 + i];
                }
            }
        }
    }
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;

    /// Values of another type, some of which are transposed in blocks, match the definition.
    #[inline(never)]
    fn check<T: Raw>(value: impl Fn(usize) -> T) {
        const I: usize = 18;
        let (mut values, mut out) = ([T::default(); 17 * I], [0.0; 17 * I]);
        values.iter_mut().enumerate().for_each(|(i, v)| *v = value(i));
        let mut picked = [0; 17];
        picked.iter_mut().enumerate().for_each(|(i, picked)| *picked = (i * 5 % 17) as u32);
        let (mut scale, mut shift) = ([0.0; I], [0.0; I]);
        scale.iter_mut().enumerate().for_each(|(i, scale)| *scale = 1.0 + i as f32);
        shift.iter_mut().enumerate().for_each(|(i, shift)| *shift = i as f32 / 2.0);
        Standardized { values: &values, picked: &picked, scale: &scale, shift: &shift }.fill(0..I, &mut out);
        for (feature, row) in out.chunks_exact(17).enumerate() {
            for (x, example) in row.iter().zip(picked) {
                let raw: f32 = values[example as usize * I + feature].into();
                assert_eq!(*x, raw * scale[feature] + shift[feature], "{feature} {example}");
            }
        }
    }

    pub(crate) fn raw_values_of_every_type_are_standardized() {
        check(|i| (i * 7 % 256) as u8);
        check(|i| (i * 7 % 256) as u8 as i8);
        check(|i| (i * 7919 % 65_536) as u16 as i16);
        check(|i| (i * 7919 % 65_536) as u16);
        check(|i| i as f32 * 0.37 - 50.0);
    }

    pub(crate) fn a_block_is_transposed() {
        let mut rows = [[0; BLOCK]; BLOCK];
        for (r, row) in rows.iter_mut().enumerate() {
            row.iter_mut().enumerate().for_each(|(c, value)| *value = (r * BLOCK + c) as u8);
        }
        transpose(&mut rows);
        for (c, column) in rows.iter().enumerate() {
            for (r, value) in column.iter().enumerate() {
                assert_eq!(usize::from(*value), r * BLOCK + c);
            }
        }
    }

    pub(crate) fn picked_images_are_standardized_and_transposed() {
        const I: usize = 37;
        let (mut pixels, mut mean, mut std) = ([0u8; 4 * I], [0.0; I], [0.0; I]);
        pixels.iter_mut().enumerate().for_each(|(i, p)| *p = (i * 7 % 256) as u8);
        mean.iter_mut().enumerate().for_each(|(i, m)| *m = i as f32 / 40.0);
        std.iter_mut().enumerate().for_each(|(i, s)| *s = (i + 1) as f32 / 50.0);
        let (mut scale, mut shift) = ([0.0; I], [0.0; I]);
        PixelScaling::Standardized { mean: &mean, std: &std }.tables(&mut scale, &mut shift);
        let batch = Standardized { values: &pixels, picked: &[3, 0], scale: &scale, shift: &shift };
        for (first, end) in [(0, I), (5, 6), (16, 37)] {
            let mut out = [0.0; 2 * I];
            batch.fill(first..end, &mut out[..2 * (end - first)]);
            for feature in first..end {
                for (example, image) in [(0, 3), (1, 0)] {
                    let pixel = f32::from(pixels[image * I + feature]);
                    let expected = (pixel / 255.0 - mean[feature]) / std[feature];
                    let x = out[2 * (feature - first) + example];
                    assert!(
                        (x - expected).abs() <= 1e-5 * (1.0 + expected.abs()),
                        "{feature} {example}: {x} {expected}"
                    );
                }
            }
        }
    }
}
