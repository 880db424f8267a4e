//! Inference on one example, from raw sensor values to an answer. After [`Model::parse`] and [`Inference::new`], the
//! only possible failure is a slice of the wrong length, which has its own error type.

use super::input::Input;
use super::memory::Memory;
use super::{float, head, integer};
use crate::math::{argmax, largest, softmax};
use crate::model::{HeadKind, InputType, Model, Score};
use crate::quantized::KernelKind;
use core::marker::PhantomData;
use core::ops::Range;

/// Reason why a model cannot run as requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum InferenceError {
    /// The scratch memory is too small.
    Scratch {
        /// 32-bit words needed: [`Model::scratch_words`].
        needed: usize,
    },
    /// The model takes values of a different type.
    Input {
        /// The type that the model takes.
        model: InputType,
        /// The requested type.
        asked: InputType,
    },
}

impl core::fmt::Display for InferenceError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self {
            Self::Scratch { needed } => write!(f, "the model needs {needed} words of scratch memory"),
            Self::Input { model, asked } => {
                write!(f, "the model takes {} inputs, not {}", model.name(), asked.name())
            }
        }
    }
}

impl core::error::Error for InferenceError {}

/// The example has the wrong length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LengthError {
    /// Number of values that the model takes: [`Model::inputs`].
    pub needed: usize,
    /// Number of values given.
    pub given: usize,
}

impl core::fmt::Display for LengthError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        write!(f, "the model takes {} values, {} were given", self.needed, self.given)
    }
}

impl core::error::Error for LengthError {}

/// The model's answer for an example.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// The class. With softmax, the index of the largest output, the first if several are equal; with sigmoid, 1 if the
    /// output is above 0.
    Class(usize),
    /// Real values, available from [`Outputs::values`].
    Values,
    /// Distance between the outputs and the inputs.
    Score {
        /// The mean squared error in the units of training.
        score: Score,
        /// Whether the score is above the model's threshold.
        above: bool,
    },
}

impl Answer {
    /// The class, if the answer is one.
    pub const fn class(self) -> Option<usize> {
        match self {
            Self::Class(class) => Some(class),
            Self::Values | Self::Score { .. } => None,
        }
    }
}

/// A model together with its scratch memory, for examples with values of type `I`.
///
/// It owns the parsed model, so it can be kept in a struct and returned. The bytes of the model stay where they are.
#[derive(Debug)]
pub struct Inference<'m, I> {
    model: Model<'m>,
    memory: Memory<'m>,
    /// Sum of squared errors of the last example, if the model reconstructs its inputs.
    sum: u64,
    input: PhantomData<fn(&[I])>,
}

impl<'m, I: Input> Inference<'m, I> {
    /// Prepares `model` to run in `scratch`, which needs no initialization.
    ///
    /// # Errors
    /// If `scratch` has fewer words than [`Model::scratch_words`], or the model does not take values of type `I`.
    pub fn new(model: Model<'m>, scratch: &'m mut [u32]) -> Result<Self, InferenceError> {
        let (even, odd) = model.halves();
        let too_small = InferenceError::Scratch { needed: model.scratch_words() };
        if model.input_type() != I::TYPE {
            return Err(InferenceError::Input { model: model.input_type(), asked: I::TYPE });
        }
        let scratch = scratch.get_mut(..model.scratch_words()).ok_or(too_small)?;
        let (even, rest) = scratch.split_at_mut_checked(even).ok_or(too_small)?;
        let (odd, list) = rest.split_at_mut_checked(odd).ok_or(too_small)?;
        Ok(Self { model, memory: Memory { even, odd, list }, sum: 0, input: PhantomData })
    }

    /// Returns the answer for an example of [`Model::inputs`] values.
    ///
    /// # Errors
    /// If `example` has another length.
    pub fn run(&mut self, example: &[I]) -> Result<Answer, LengthError> {
        self.run_layers(example, 0..self.model.depth())?;
        Ok(self.answer())
    }

    /// Runs only some layers, so that a clock can time each of them. The preceding layers must have been run on the
    /// same example. The outputs are available after the last layer.
    ///
    /// # Errors
    /// If `example` has another length.
    pub fn run_layers(&mut self, example: &[I], layers: Range<usize>) -> Result<(), LengthError> {
        let (needed, given) = (self.model.inputs(), example.len());
        if needed != given {
            return Err(LengthError { needed, given });
        }
        let (float, last) = (self.model.is_float(), layers.end >= self.model.depth());
        if float {
            self.take_floats(example, layers.start == 0);
            float::run(&self.model, layers, self.memory.parts());
        } else {
            let conversion = self.model.conversion();
            let in_place = I::as_activations(example).filter(|_| !conversion.converts_bytes());
            if in_place.is_none() && layers.start == 0 {
                let inputs = self.model.shapes().next().map_or(0, |layer| layer.inputs());
                let odd: &mut [u8] = bytemuck::must_cast_slice_mut(self.memory.odd);
                conversion.codes(example, odd.get_mut(..inputs).unwrap_or_default());
            }
            integer::run(&self.model, layers, in_place, self.memory.parts());
        }
        if last && self.model.head() == HeadKind::Reconstruction {
            self.sum = head::sum_of_squares(&self.model, example, self.outputs().words());
        }
        Ok(())
    }

    /// Converts the first layer's inputs to floats.
    fn take_floats(&mut self, example: &[I], first: bool) {
        if first {
            let conversion = self.model.conversion();
            let inputs = self.model.shapes().next().map_or(0, |layer| layer.inputs());
            let odd = self.memory.odd.iter_mut().take(inputs).enumerate();
            odd.for_each(|(input, x)| *x = conversion.float(example, input).to_bits());
        }
    }

    /// The answer for the last example.
    pub fn answer(&self) -> Answer {
        match self.model.head() {
            HeadKind::Softmax => Answer::Class(self.outputs().argmax()),
            HeadKind::Sigmoid => Answer::Class(self.outputs().is_positive().into()),
            HeadKind::Values => Answer::Values,
            HeadKind::Reconstruction => {
                let head = self.model.head_section();
                let scale = if self.model.is_float() { 0.0 } else { head.score_scale() };
                Answer::Score { score: Score::new(self.sum, scale), above: self.sum > head.threshold() }
            }
        }
    }

    /// The model.
    pub fn model(&self) -> &Model<'m> {
        &self.model
    }

    /// Name of the kernel in use, for reports.
    pub fn kernel(&self) -> &'static str {
        if self.model.is_float() { "float" } else { KernelKind::CURRENT.name() }
    }

    /// The activations of a hidden layer, `[O]`, if it is the last that [`run_layers`](Self::run_layers) has run. Empty
    /// for other layers, and for a float model.
    pub fn activations(&self, layer: usize) -> &[u8] {
        let hidden = self.model.shapes().nth(layer).filter(|shape| !shape.is_float() && layer + 1 < self.model.depth());
        let units = hidden.map_or(0, |layer| layer.units());
        let words = if layer % 2 == 0 { &*self.memory.even } else { &*self.memory.odd };
        bytemuck::must_cast_slice::<u32, u8>(words).get(..units).unwrap_or(&[])
    }

    /// The outputs of the last layer for the last example.
    pub fn outputs(&self) -> Outputs<'_> {
        let words = if self.model.depth() % 2 == 0 { &*self.memory.odd } else { &*self.memory.even };
        let words = words.get(..self.model.outputs()).unwrap_or(&[]);
        let scale = (!self.model.is_float()).then_some(self.model.logit_scale);
        let head = self.model.head();
        let affine = if head == HeadKind::Values { self.model.head_section().table() } else { &[] };
        Outputs { words, scale, head, affine }
    }
}

/// The outputs of the last layer for one example; logits if the model classifies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outputs<'a> {
    words: &'a [u32],
    /// Real value of one step of an integer output; `None` for floats.
    scale: Option<f32>,
    head: HeadKind,
    /// Scale and offset of each value.
    affine: &'a [[u32; 2]],
}

impl<'a> Outputs<'a> {
    /// One word per output: the bits of an `i32`, or of an `f32` in a float model. Digests hash them little-endian.
    pub fn words(&self) -> &'a [u32] {
        self.words
    }

    /// The real values: logits, values in their units, or the reconstruction in the units of training.
    pub fn values(&self) -> impl Iterator<Item = f32> + use<'a> {
        let Self { scale, affine, .. } = *self;
        self.words.iter().enumerate().map(move |(output, &word)| {
            let value = match scale {
                Some(scale) => word as i32 as f32 * scale,
                None => f32::from_bits(word),
            };
            match affine.get(output) {
                Some(&[scale, offset]) => value * float(scale) + float(offset),
                None => value,
            }
        })
    }

    /// Writes the probability of each class to `out`: [`softmax`] of the logits, or the two probabilities of a sigmoid.
    /// This is optional, since the class does not need it. If the head has no classes, nothing is written.
    pub fn probabilities(&self, out: &mut [f32]) {
        match self.head {
            HeadKind::Softmax => {
                let classes = self.words.len().min(out.len());
                out.iter_mut().zip(self.values()).for_each(|(p, z)| *p = z);
                softmax(out.get_mut(..classes).unwrap_or_default());
            }
            // softmax(0, z) is sigmoid(z) for class 1.
            HeadKind::Sigmoid => {
                let mut both = [0.0, self.values().next().unwrap_or(0.0)];
                softmax(&mut both);
                out.iter_mut().zip(both).for_each(|(p, found)| *p = found);
            }
            HeadKind::Values | HeadKind::Reconstruction => {}
        }
    }

    /// Index of the largest output, as [`argmax`](crate::argmax) has it.
    pub fn argmax(&self) -> usize {
        match self.scale {
            Some(_) => largest(self.words.iter().map(|&word| word as i32), i32::MIN).0,
            None => argmax(self.words.iter().map(|&word| f32::from_bits(word))),
        }
    }

    /// Whether the first output is above 0.
    fn is_positive(&self) -> bool {
        let word = self.words.first().copied().unwrap_or(0);
        if self.scale.is_some() { word as i32 > 0 } else { f32::from_bits(word) > 0.0 }
    }
}

/// A float as it is stored in the file.
fn float(word: u32) -> f32 {
    f32::from_bits(u32::from_le(word))
}
