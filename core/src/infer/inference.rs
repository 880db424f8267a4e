//! Inference on one example: raw sensor values in, an answer out. After [`Model::parse`] and [`Inference::new`] only a
//! slice of the wrong length can fail, and that is an error of its own.

use super::input::{Input, InputType};
use super::kernel::{Current, Kernel};
use super::{float, integer};
use crate::math::softmax;
use crate::model::{Model, halves};
use core::marker::PhantomData;
use core::ops::Range;

/// Why a model cannot be run as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum InferenceError {
    /// The scratch memory is too small.
    Scratch {
        /// 32-bit words needed: [`Model::scratch_words`].
        needed: usize,
    },
    /// The model takes values of another type.
    Input {
        /// The type that the model takes.
        model: InputType,
        /// The type that was asked for.
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

/// An example of the wrong length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LengthError {
    /// Values that the model takes: [`Model::inputs`].
    pub needed: usize,
    /// Values that were given.
    pub given: usize,
}

impl core::fmt::Display for LengthError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        write!(f, "the model takes {} values, {} were given", self.needed, self.given)
    }
}

impl core::error::Error for LengthError {}

/// What a model says of an example.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// The class of the largest logit, the first of equals.
    Class(usize),
}

/// A model with the scratch memory it works in, for examples of values of type `I`.
///
/// It owns the parsed model, so that it can be kept in a struct and returned; the bytes of the model stay where they are.
#[derive(Debug)]
pub struct Inference<'m, I> {
    model: Model<'m>,
    memory: Memory<'m>,
    input: PhantomData<fn(&[I])>,
}

/// The scratch memory's parts.
#[derive(Debug)]
pub(super) struct Memory<'s> {
    /// Outputs of even layers.
    pub(super) even: &'s mut [u32],
    /// Outputs of odd layers, and the inputs of a float model.
    pub(super) odd: &'s mut [u32],
    /// What is left, for the kernel's list of inputs.
    pub(super) list: &'s mut [u32],
}

impl<'m, I: Input> Inference<'m, I> {
    /// Runs `model` in `scratch`, whose contents do not matter.
    ///
    /// # Errors
    /// When `scratch` has fewer words than [`Model::scratch_words`], or the model takes another type than `I`.
    pub fn new(model: Model<'m>, scratch: &'m mut [u32]) -> Result<Self, InferenceError> {
        let (even, odd) = halves(model.shapes());
        let too_small = InferenceError::Scratch { needed: model.scratch_words() };
        if model.input_type() != I::TYPE {
            return Err(InferenceError::Input { model: model.input_type(), asked: I::TYPE });
        }
        let scratch = scratch.get_mut(..model.scratch_words()).ok_or(too_small)?;
        let (even, rest) = scratch.split_at_mut_checked(even).ok_or(too_small)?;
        let (odd, list) = rest.split_at_mut_checked(odd).ok_or(too_small)?;
        Ok(Self { model, memory: Memory { even, odd, list }, input: PhantomData })
    }

    /// The answer to an example of [`Model::inputs`] values.
    ///
    /// # Errors
    /// When `example` has another length.
    pub fn run(&mut self, example: &[I]) -> Result<Answer, LengthError> {
        self.run_layers(example, 0..self.model.depth())?;
        Ok(self.answer())
    }

    /// Runs some layers only, for a clock that wants to know each one's share. The layers before must have been run on the
    /// same example. After the last one the outputs are there.
    ///
    /// # Errors
    /// When `example` has another length.
    pub fn run_layers(&mut self, example: &[I], layers: Range<usize>) -> Result<(), LengthError> {
        let (needed, given) = (self.model.inputs(), example.len());
        if needed != given {
            return Err(LengthError { needed, given });
        }
        let Memory { even, odd, list } = &mut self.memory;
        let memory = Memory { even, odd, list };
        if self.model.is_float() {
            float::run(&self.model, layers, I::bytes(example), memory);
        } else {
            integer::run(&self.model, layers, I::bytes(example), memory);
        }
        Ok(())
    }

    /// The answer to the example last run.
    pub fn answer(&self) -> Answer {
        Answer::Class(self.outputs().largest())
    }

    /// The model.
    pub fn model(&self) -> &Model<'m> {
        &self.model
    }

    /// Name of the kernel that does the work, for reports.
    pub fn kernel(&self) -> &'static str {
        if self.model.is_float() { "float" } else { Current::KIND.name() }
    }

    /// The outputs of the last layer for the example last run.
    pub fn outputs(&self) -> Outputs<'_> {
        let words = if self.model.depth() % 2 == 0 { &*self.memory.odd } else { &*self.memory.even };
        let words = words.get(..self.model.outputs()).unwrap_or(&[]);
        let scale = (!self.model.is_float()).then_some(self.model.logit_scale);
        Outputs { words, scale }
    }
}

/// The outputs of the last layer for one example: logits where the head is softmax.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outputs<'a> {
    words: &'a [u32],
    /// Real value of a step of an integer; none for floats.
    scale: Option<f32>,
}

impl<'a> Outputs<'a> {
    /// One word an output: the bits of an `i32`, or of an `f32` in a float model. Digests hash them little-endian.
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

    /// The number of the largest, the first of equals.
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
