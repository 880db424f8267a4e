//! The program that every shell runs on a model found by `foldnet_core::slot::boot`: one example after the other.
//!
//! It does not depend on files, clocks or exits; a [`Shell`] provides the [`Examples`] and receives the answers.
//! Shapes: an example is [`Model::inputs`] values of type `I`; an answer comes with [`Model::outputs`] words.

use core::fmt;
use core::ops::Range;
use foldnet_core::Model;
use foldnet_core::infer::{Answer, Inference, Input, Outputs};
use foldnet_core::model::InputType;

/// The app's interface to its environment; [`Examples`] provides the examples.
pub trait Shell {
    /// Reason why an example could not be read, or an answer not written.
    type Error;

    /// Called before an example with the scratch memory; the app does not depend on its contents.
    fn prepare(&mut self, _scratch: &mut [u32]) {}

    /// The only layer between [`start`](Self::start) and [`stop`](Self::stop); with `None`, the whole inference is.
    fn timed_layer(&self) -> Option<usize> {
        None
    }

    /// Called directly before inference, which goes from raw values to an answer.
    fn start(&mut self) {}

    /// Called directly after inference.
    fn stop(&mut self) {}

    /// Receives the answer for the last example.
    ///
    /// # Errors
    /// Ends the run.
    fn answer(&mut self, answer: Answer, outputs: Outputs) -> Result<(), Self::Error>;
}

/// A shell with examples of values of type `I`.
pub trait Examples<I>: Shell {
    /// Fills `example` with the next one; returns `false` if there are no more.
    ///
    /// # Errors
    /// Ends the run.
    fn next_example(&mut self, example: &mut [I]) -> Result<bool, Self::Error>;
}

/// Reason why the app cannot run its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppError {
    /// The scratch memory is too small; in 32-bit words.
    Scratch {
        /// Required by the model.
        needed: usize,
        /// Available.
        available: usize,
    },
    /// The buffer for an example is too small; in values.
    Example {
        /// Required by the model.
        needed: usize,
        /// Available.
        available: usize,
    },
    /// The model takes values of a different type.
    Input {
        /// The model's type.
        model: InputType,
        /// The app's type.
        app: InputType,
    },
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Scratch { needed, available } => {
                write!(f, "the model needs {needed} words of scratch memory, but only {available} are available")
            }
            Self::Example { needed, available } => {
                write!(f, "an example has {needed} values, but its buffer only holds {available}")
            }
            Self::Input { model, app } => {
                write!(f, "the model takes {} inputs, but this app provides {}", model.name(), app.name())
            }
        }
    }
}

impl core::error::Error for AppError {}

/// A model with its scratch memory, for examples with values of type `I`.
#[derive(Debug)]
pub struct App<'m, I> {
    model: &'m Model<'m>,
    scratch: &'m mut [u32],
    example: &'m mut [I],
}

impl<'m, I: Input> App<'m, I> {
    /// `scratch` must have at least [`Model::scratch_words`] words, and `example` at least [`Model::inputs`] values;
    /// exactly that much is used.
    ///
    /// # Errors
    /// If either is shorter, or the model takes values of another type.
    pub fn new(model: &'m Model<'m>, scratch: &'m mut [u32], example: &'m mut [I]) -> Result<Self, AppError> {
        if model.input_type() != I::TYPE {
            return Err(AppError::Input { model: model.input_type(), app: I::TYPE });
        }
        let (needed, available) = (model.scratch_words(), scratch.len());
        let scratch = scratch.get_mut(..needed).ok_or(AppError::Scratch { needed, available })?;
        let (needed, available) = (model.inputs(), example.len());
        let example = example.get_mut(..needed).ok_or(AppError::Example { needed, available })?;
        Ok(Self { model, scratch, example })
    }

    /// Processes all examples of `shell`; returns their number.
    ///
    /// # Errors
    /// The first one of `shell`.
    pub fn run<S: Examples<I>>(mut self, shell: &mut S) -> Result<u32, S::Error> {
        let mut examples = 0;
        while self.step(shell)? {
            examples += 1;
        }
        Ok(examples)
    }

    /// Processes one example; returns `false` if there are no more.
    fn step<S: Examples<I>>(&mut self, shell: &mut S) -> Result<bool, S::Error> {
        if !shell.next_example(self.example)? {
            return Ok(false);
        }
        shell.prepare(self.scratch);
        // Neither this nor what follows can fail: type and memory have been checked.
        let Ok(inference) = Inference::new(self.model.clone(), self.scratch) else { return Ok(false) };
        let mut loaded = Loaded { inference, example: self.example };
        time(&mut loaded, shell);
        shell.answer(loaded.inference.answer(), loaded.inference.outputs())?;
        Ok(true)
    }
}

/// Inference with its example, independent of their type, so that the timed code is compiled once for all types.
trait Run {
    /// All layers, and the answer.
    fn all(&mut self);

    /// Some layers.
    fn layers(&mut self, layers: Range<usize>);
}

/// Inference with an example of its type.
struct Loaded<'m, 'e, I> {
    inference: Inference<'m, I>,
    example: &'e [I],
}

impl<I: Input> Run for Loaded<'_, '_, I> {
    fn all(&mut self) {
        // The answer is part of what is timed.
        let _ = core::hint::black_box(self.inference.run(self.example));
    }

    fn layers(&mut self, layers: Range<usize>) {
        let _ = self.inference.run_layers(self.example, layers);
    }
}

/// Runs all layers, or one by itself, between the shell's start and stop.
fn time<S: Shell>(run: &mut dyn Run, shell: &mut S) {
    match shell.timed_layer() {
        None => {
            shell.start();
            run.all();
            shell.stop();
        }
        Some(layer) => {
            run.layers(0..layer);
            shell.start();
            run.layers(layer..layer + 1);
            shell.stop();
            run.layers(layer + 1..usize::MAX);
        }
    }
}
