//! Inference on one image: raw pixels in, class out. After [`Model::parse`] and the check of the scratch memory,
//! nothing here can fail.

use super::header::halves;
use super::parse::Model;
use super::{float, integer};
use crate::int::kernel::{Current, Kernel};
use crate::train::softmax;
use core::ops::Range;

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
    memory: Memory<'s>,
}

/// The scratch memory's parts.
#[derive(Debug)]
pub(super) struct Memory<'s> {
    /// Outputs of even layers.
    pub(super) even: &'s mut [u32],
    /// Outputs of odd layers, and the pixels of a float model.
    pub(super) odd: &'s mut [u32],
    /// What is left, for the kernel's list of inputs.
    pub(super) list: &'s mut [u32],
}

impl<'m, 's> Classifier<'m, 's> {
    /// A classifier that works in `scratch`, whose contents do not matter.
    ///
    /// # Errors
    /// When `scratch` has fewer words than [`Model::scratch_words`].
    pub fn new(model: &'m Model<'m>, scratch: &'s mut [u32]) -> Result<Self, ScratchError> {
        let (even, odd) = halves(model.shapes());
        let too_small = ScratchError { needed: model.scratch_words() };
        let scratch = scratch.get_mut(..model.scratch_words()).ok_or(too_small)?;
        let (even, rest) = scratch.split_at_mut_checked(even).ok_or(too_small)?;
        let (odd, list) = rest.split_at_mut_checked(odd).ok_or(too_small)?;
        Ok(Self { model, memory: Memory { even, odd, list } })
    }

    /// The class of an image of [`Model::inputs`] bytes: that of the largest logit, the first of equals.
    ///
    /// Pixels that are missing count as 0, pixels too many are not read.
    pub fn classify(&mut self, image: &[u8]) -> usize {
        self.run_layers(image, 0..self.model.depth());
        self.logits().largest()
    }

    /// Runs some layers only, for a clock that wants to know each one's share: those before must have been run on the same
    /// image. After the last one the logits are there.
    pub fn run_layers(&mut self, image: &[u8], layers: Range<usize>) {
        let Memory { even, odd, list } = &mut self.memory;
        let memory = Memory { even, odd, list };
        if self.model.is_float() {
            float::run(self.model, layers, image, memory);
        } else {
            integer::run(self.model, layers, image, memory);
        }
    }

    /// Name of the kernel that does the work, for reports.
    pub fn kernel(&self) -> &'static str {
        if self.model.is_float() { "float" } else { Current::KIND.name() }
    }

    /// The logits of the image last classified.
    pub fn logits(&self) -> Logits<'_> {
        let words = if self.model.depth() % 2 == 0 { &*self.memory.odd } else { &*self.memory.even };
        let words = words.get(..self.model.classes()).unwrap_or(&[]);
        let scale = (!self.model.is_float()).then_some(self.model.logit_scale);
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
