//! The program that every shell runs on a model that `foldnet_core::slot::boot` found: one image after the other.
//!
//! It knows nothing of files, clocks or exits; a [`Shell`] brings the images in and takes the answers out. Shapes: an
//! image is [`Model::inputs`] bytes, an answer is a class and [`Model::classes`] logit words.

use core::fmt;
use foldnet_core::model::{Classifier, Logits, Model};

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
    fn answer(&mut self, class: usize, logits: Logits) -> Result<(), Self::Error>;
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
        Classifier::new(self.model, self.scratch).map_or("", |classifier| classifier.kernel())
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
        // Cannot fail: the scratch memory has been measured.
        let Ok(mut classifier) = Classifier::new(self.model, self.scratch) else { return Ok(false) };
        match shell.timed_layer() {
            None => {
                shell.start();
                // The class is part of what is timed.
                core::hint::black_box(classifier.classify(self.image));
                shell.stop();
            }
            Some(layer) => {
                classifier.run_layers(self.image, 0..layer);
                shell.start();
                classifier.run_layers(self.image, layer..layer + 1);
                shell.stop();
                classifier.run_layers(self.image, layer + 1..usize::MAX);
            }
        }
        let logits = classifier.logits();
        shell.answer(logits.largest(), logits)?;
        Ok(true)
    }
}
