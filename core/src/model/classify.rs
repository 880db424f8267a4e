//! Inference on one image: raw pixels in, class out. After [`Model::parse`] and the check of the scratch memory,
//! nothing here can fail.

use super::float;
use super::header::halves;
use super::parse::Model;

/// The scratch memory is too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Inputs of even layers.
    even: &'s mut [u32],
    /// Inputs of odd layers.
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
        let pixels = image.iter().copied().chain(core::iter::repeat(0));
        for (x, pixel) in self.even.iter_mut().zip(pixels) {
            *x = f32::from(pixel).to_bits();
        }
        let (mut x, mut y) = (&mut *self.even, &mut *self.odd);
        for (layer, sections) in self.model.layers() {
            let (inputs, units) = (usize::from(layer.inputs), usize::from(layer.units));
            let (Some(input), Some(output)) = (x.get(..inputs), y.get_mut(..units)) else { break };
            float::dense(sections, input, layer.relu, output);
            core::mem::swap(&mut x, &mut y);
        }
        self.logits().largest()
    }

    /// The logits of the image last classified.
    pub fn logits(&self) -> Logits<'_> {
        let words = if self.model.header().layers.len() % 2 == 0 { &*self.even } else { &*self.odd };
        Logits { words: words.get(..self.model.classes()).unwrap_or(&[]) }
    }
}

/// The logits of one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logits<'a> {
    words: &'a [u32],
}

impl<'a> Logits<'a> {
    /// One word a class: the bits of an `f32`. Digests hash them little-endian.
    pub fn words(&self) -> &'a [u32] {
        self.words
    }

    /// The real values.
    pub fn values(&self) -> impl Iterator<Item = f32> + use<'a> {
        self.words.iter().map(|word| f32::from_bits(*word))
    }

    /// The class of the largest, the first of equals.
    pub fn largest(&self) -> usize {
        let best = (0, f32::NEG_INFINITY);
        self.values().enumerate().fold(best, |best, (class, z)| if z > best.1 { (class, z) } else { best }).0
    }
}
