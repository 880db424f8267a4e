//! The program that every shell runs on a model that `foldnet_core::slot::boot` found: one example after the other.
//!
//! It knows nothing of files, clocks or exits; a [`Shell`] brings the [`Examples`] in and takes the answers out. Shapes: an
//! example is [`Model::inputs`] values of type `I`, an answer comes with [`Model::outputs`] words.

use core::fmt;
use core::ops::Range;
use foldnet_core::Model;
use foldnet_core::infer::{Answer, Inference, Input, InputType, Outputs};

/// What stands between the app and the world: [`Examples`] says how examples come in.
pub trait Shell {
    /// Why an example could not be brought in, or an answer not taken out.
    type Error;

    /// Called before an example with the memory that inference works in; its contents do not matter to the app.
    fn prepare(&mut self, _scratch: &mut [u32]) {}

    /// The one layer that is between [`start`](Self::start) and [`stop`](Self::stop); with none it is all of inference.
    fn timed_layer(&self) -> Option<usize> {
        None
    }

    /// Called right before inference, from raw values to answer.
    fn start(&mut self) {}

    /// Called right after inference.
    fn stop(&mut self) {}

    /// Takes the answer to the example last brought in.
    ///
    /// # Errors
    /// Ends the run.
    fn answer(&mut self, answer: Answer, outputs: Outputs) -> Result<(), Self::Error>;
}

/// A shell that has examples of values of type `I`.
pub trait Examples<I>: Shell {
    /// Fills `example` with the next one; `false` when there are no more.
    ///
    /// # Errors
    /// Ends the run.
    fn next_example(&mut self, example: &mut [I]) -> Result<bool, Self::Error>;
}

/// The app cannot run its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppError {
    /// The scratch memory is too small; in 32-bit words.
    Scratch {
        /// What the model needs.
        needed: usize,
        /// What there is.
        available: usize,
    },
    /// The buffer for an example is too small; in values.
    Example {
        /// What the model needs.
        needed: usize,
        /// What there is.
        available: usize,
    },
    /// The model takes values of another type.
    Input {
        /// What the model takes.
        model: InputType,
        /// What the app is for.
        app: InputType,
    },
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Scratch { needed, available } => {
                write!(f, "the model needs {needed} words of scratch memory, there are {available}")
            }
            Self::Example { needed, available } => {
                write!(f, "an example of the model has {needed} values, the buffer for it {available}")
            }
            Self::Input { model, app } => {
                write!(f, "the model takes {} inputs, this app has {}", model.name(), app.name())
            }
        }
    }
}

impl core::error::Error for AppError {}

/// A model with the memory it works in, for examples of values of type `I`.
#[derive(Debug)]
pub struct App<'m, I> {
    model: &'m Model<'m>,
    scratch: &'m mut [u32],
    example: &'m mut [I],
}

impl<'m, I: Input> App<'m, I> {
    /// `scratch` has at least [`Model::scratch_words`] words, `example` at least [`Model::inputs`] values; of both exactly
    /// that much is used.
    ///
    /// # Errors
    /// When either is shorter, or the model takes values of another type.
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

    /// Answers all examples that `shell` has; returns how many there were.
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

    /// One example; `false` when there are no more.
    fn step<S: Examples<I>>(&mut self, shell: &mut S) -> Result<bool, S::Error> {
        if !shell.next_example(self.example)? {
            return Ok(false);
        }
        shell.prepare(self.scratch);
        // Cannot fail, nor can what follows: type and memory have been checked.
        let Ok(inference) = Inference::new(self.model.clone(), self.scratch) else { return Ok(false) };
        let mut loaded = Loaded { inference, example: self.example };
        time(&mut loaded, shell);
        shell.answer(loaded.inference.answer(), loaded.inference.outputs())?;
        Ok(true)
    }
}

/// Inference with its example, whatever their type: so that what is timed is compiled once for all types.
trait Run {
    /// All layers, and the answer.
    fn all(&mut self);

    /// Some layers.
    fn layers(&mut self, layers: Range<usize>);
}

/// Inference that has an example of its type.
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
