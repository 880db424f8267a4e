//! Inference on one image: raw pixels in, class out. After [`Model::parse`] and the check of the scratch memory,
//! nothing here can fail.

use super::header::halves;
use super::parse::Model;
use super::{float, integer};
use crate::int::kernel;
use crate::train::softmax;

/// The scratch memory is too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScratchError {
    /// 32-bit words needed.
    pub needed: usize,
}

impl core::fmt::Display for ScratchError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        write!(f, "the model needs {} words of scratch memory", self.needed)
    }
}

impl core::error::Error for ScratchError {}

/// A model with the scratch memory it works in.
#[derive(Debug)]
pub struct Classifier<'m, 's> {
    model: &'m Model<'m>,
    /// Outputs of even layers.
    even: &'s mut [u32],
    /// Outputs of odd layers, and the pixels of a float model.
    odd: &'s mut [u32],
}

impl<'m, 's> Classifier<'m, 's> {
    /// A classifier that works in `scratch`, whose contents do not matter.
    ///
    /// # Errors
    /// When `scratch` has fewer words than [`Model::scratch_words`].
    pub fn new(model: &'m Model<'m>, scratch: &'s mut [u32]) -> Result<Self, ScratchError> {
        let (even, odd) = halves(&model.header().layers);
        let too_small = ScratchError { needed: even + odd };
        let (even, rest) = scratch.split_at_mut_checked(even).ok_or(too_small)?;
        let (odd, _) = rest.split_at_mut_checked(odd).ok_or(too_small)?;
        Ok(Self { model, even, odd })
    }

    /// The class of an image of [`Model::inputs`] bytes: that of the largest logit, the first of equals.
    ///
    /// Pixels that are missing count as 0, pixels too many are not read.
    pub fn classify(&mut self, image: &[u8]) -> usize {
        if self.model.is_float() {
            float::run(self.model, image, self.even, self.odd);
        } else {
            integer::run(self.model, image, self.even, self.odd);
        }
        self.logits().largest()
    }

    /// Name of the kernel that does the work, for reports.
    pub fn kernel(&self) -> &'static str {
        if self.model.is_float() { "float" } else { kernel::NAME }
    }

    /// The logits of the image last classified.
    pub fn logits(&self) -> Logits<'_> {
        let words = if self.model.header().layers.len() % 2 == 0 { &*self.odd } else { &*self.even };
        let words = words.get(..self.model.classes()).unwrap_or(&[]);
        let scale = (!self.model.is_float()).then_some(self.model.header().logit_scale);
        Logits { words, scale }
    }
}

/// The logits of one image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logits<'a> {
    words: &'a [u32],
    /// Real value of a step of an integer; none for floats.
    scale: Option<f32>,
}

impl<'a> Logits<'a> {
    /// One word a class: the bits of an `i32`, or of an `f32` in a float model. Digests hash them little-endian.
    pub fn words(&self) -> &'a [u32] {
        self.words
    }

    /// The real values.
    pub fn values(&self) -> impl Iterator<Item = f32> + use<'a> {
        let scale = self.scale;
        self.words.iter().map(move |&word| match scale {
            Some(scale) => word as i32 as f32 * scale,
            None => f32::from_bits(word),
        })
    }

    /// The classes' probabilities into `out`, one a class: [`softmax`] of the real values. Optional: the class needs none.
    pub fn probabilities(&self, out: &mut [f32]) {
        let classes = self.words.len().min(out.len());
        out.iter_mut().zip(self.values()).for_each(|(p, z)| *p = z);
        softmax(&mut out[..classes]);
    }

    /// The class of the largest, the first of equals.
    pub fn largest(&self) -> usize {
        match self.scale {
            Some(_) => first_largest(self.words.iter().map(|&word| word as i32), i32::MIN),
            None => first_largest(self.values(), f32::NEG_INFINITY),
        }
    }
}

/// The place of the largest value, the first of equals; 0 if none is above `least`.
fn first_largest<T: PartialOrd>(values: impl Iterator<Item = T>, least: T) -> usize {
    let best = (0, least);
    values.enumerate().fold(best, |best, (class, z)| if z > best.1 { (class, z) } else { best }).0
}
