//! The program that every shell runs on a model that `foldnet_core::slot::boot` found: one image after the other.
//!
//! It knows nothing of files, clocks or exits; a [`Shell`] brings the images in and takes the answers out. Shapes: an
//! image is [`Model::inputs`] bytes, an answer comes with [`Model::outputs`] words.

use core::fmt;
use foldnet_core::Model;
use foldnet_core::infer::{Answer, Inference, Outputs};

/// What stands between the app and the world.
pub trait Shell {
    /// Why an image could not be brought in, or an answer not taken out.
    type Error;

    /// Fills `image` with the next image; `false` when there are no more.
    ///
    /// # Errors
    /// Ends the run.
    fn next_image(&mut self, image: &mut [u8]) -> Result<bool, Self::Error>;

    /// Called before an image with the memory that inference works in; its contents do not matter to the app.
    fn prepare(&mut self, _scratch: &mut [u32]) {}

    /// The one layer that is between [`start`](Self::start) and [`stop`](Self::stop); with none it is all of inference.
    fn timed_layer(&self) -> Option<usize> {
        None
    }

    /// Called right before inference, from image bytes to class.
    fn start(&mut self) {}

    /// Called right after inference.
    fn stop(&mut self) {}

    /// Takes the answer to the image last brought in.
    ///
    /// # Errors
    /// Ends the run.
    fn answer(&mut self, answer: Answer, outputs: Outputs) -> Result<(), Self::Error>;
}

/// The memory that the app was given is too small for its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryError {
    /// Scratch memory, in 32-bit words.
    Scratch {
        /// What the model needs.
        needed: usize,
        /// What there is.
        available: usize,
    },
    /// The buffer for an image, in bytes.
    Image {
        /// What the model needs.
        needed: usize,
        /// What there is.
        available: usize,
    },
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Scratch { needed, available } => {
                write!(f, "the model needs {needed} words of scratch memory, there are {available}")
            }
            Self::Image { needed, available } => {
                write!(f, "an image of the model is {needed} bytes, the buffer for it {available}")
            }
        }
    }
}

impl core::error::Error for MemoryError {}

/// A model with the memory it works in.
#[derive(Debug)]
pub struct App<'m> {
    model: &'m Model<'m>,
    scratch: &'m mut [u32],
    image: &'m mut [u8],
}

impl<'m> App<'m> {
    /// `scratch` has at least [`Model::scratch_words`] words, `image` at least [`Model::inputs`] bytes; of both exactly
    /// that much is used.
    ///
    /// # Errors
    /// When either is shorter.
    pub fn new(model: &'m Model<'m>, scratch: &'m mut [u32], image: &'m mut [u8]) -> Result<Self, MemoryError> {
        let (needed, available) = (model.scratch_words(), scratch.len());
        let scratch = scratch.get_mut(..needed).ok_or(MemoryError::Scratch { needed, available })?;
        let (needed, available) = (model.inputs(), image.len());
        let image = image.get_mut(..needed).ok_or(MemoryError::Image { needed, available })?;
        Ok(Self { model, scratch, image })
    }

    /// Name of the kernel that will do the work.
    pub fn kernel(&mut self) -> &'static str {
        Inference::<u8>::new(self.model.clone(), self.scratch).map_or("", |inference| inference.kernel())
    }

    /// Classifies all images that `shell` has; returns how many.
    ///
    /// # Errors
    /// The first one of `shell`.
    pub fn run<S: Shell>(mut self, shell: &mut S) -> Result<u32, S::Error> {
        let mut images = 0;
        while self.step(shell)? {
            images += 1;
        }
        Ok(images)
    }

    /// One image; `false` when there are no more.
    fn step<S: Shell>(&mut self, shell: &mut S) -> Result<bool, S::Error> {
        if !shell.next_image(self.image)? {
            return Ok(false);
        }
        shell.prepare(self.scratch);
        // Cannot fail, nor can what follows: the memory has been measured.
        let Ok(mut inference) = Inference::new(self.model.clone(), self.scratch) else { return Ok(false) };
        let image = &*self.image;
        match shell.timed_layer() {
            None => {
                shell.start();
                // The answer is part of what is timed.
                let _ = core::hint::black_box(inference.run(image));
                shell.stop();
            }
            Some(layer) => {
                let _ = inference.run_layers(image, 0..layer);
                shell.start();
                let _ = inference.run_layers(image, layer..layer + 1);
                shell.stop();
                let _ = inference.run_layers(image, layer + 1..usize::MAX);
            }
        }
        shell.answer(inference.answer(), inference.outputs())?;
        Ok(true)
    }
}
