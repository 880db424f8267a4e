//! The PC shell around the app: many images, one after the other, in memory that is stricter than a chip's.
//!
//! Scratch memory and image buffer are exactly as long as the model declares, and poisoned before every image, so that
//! code which reads what it has not written, or writes where it may not, shows here and not on a device.

use crate::app::{App, Shell};
use foldnet_core::Model;
use foldnet_core::infer::{Answer, Outputs};
use sha2::{Digest, Sha256};
use std::convert::Infallible;

/// What scratch memory holds before an image: a NaN as a float, a large negative number as an integer.
const POISON: u32 = 0xFFF5_A5A5;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// Images classified.
    pub images: usize,
    /// Images whose class is their label.
    pub correct: usize,
    /// `[images]`
    pub classes: Vec<u16>,
    /// SHA-256 in hex over the logit words of all images, each word little-endian.
    pub logits_sha256: String,
}

impl Simulation {
    /// Share of images whose class is their label, 0 to 1; 0 without images.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.images.max(1) as f64
    }
}

/// Runs `model` over `labels.len()` images, `pixels` being `[images][model.inputs()]`. After each image `progress` is
/// told how many are done.
///
/// # Panics
/// When `pixels` has another length.
pub fn simulate(model: &Model, pixels: &[u8], labels: &[u16], progress: &mut dyn FnMut(usize)) -> Simulation {
    simulate_logits(model, pixels, labels, &mut |image, _| progress(image + 1))
}

/// [`simulate`], which shows the logits of every image: `(image, logits)`, counted from 0.
///
/// # Panics
/// When `pixels` has another length than `labels.len()` images.
pub fn simulate_logits(
    model: &Model,
    pixels: &[u8],
    labels: &[u16],
    each: &mut dyn FnMut(usize, Outputs),
) -> Simulation {
    assert_eq!(pixels.len(), labels.len() * model.inputs(), "as many pixels as the labelled images have");
    let mut scratch = vec![POISON; model.scratch_words()];
    let mut image = vec![0; model.inputs()];
    let mut shell = Memory { pixels, logits: model.outputs(), each, digest: LogitsDigest::new(labels) };
    match App::new(model, &mut scratch, &mut image).map(|app| app.run(&mut shell)) {
        Ok(Ok(_)) => shell.digest.finish(),
        Ok(Err(never)) => match never {},
        Err(error) => unreachable!("memory as the model declares it: {error}"),
    }
}

/// Images from memory, answers into a digest.
struct Memory<'a> {
    pixels: &'a [u8],
    logits: usize,
    each: &'a mut dyn FnMut(usize, Outputs),
    digest: LogitsDigest<'a>,
}

impl Shell for Memory<'_> {
    type Error = Infallible;

    fn next_image(&mut self, image: &mut [u8]) -> Result<bool, Infallible> {
        let start = self.digest.classes.len() * image.len();
        if start == self.pixels.len() {
            return Ok(false);
        }
        image.copy_from_slice(&self.pixels[start..start + image.len()]);
        Ok(true)
    }

    fn prepare(&mut self, scratch: &mut [u32]) {
        scratch.fill(POISON);
    }

    fn answer(&mut self, answer: Answer, logits: Outputs) -> Result<(), Infallible> {
        assert_eq!(logits.words().len(), self.logits, "one logit a class");
        (self.each)(self.digest.classes.len(), logits);
        self.digest.add(answer.class().unwrap_or(0), logits.words());
        Ok(())
    }
}

/// Gathers answers, image by image.
pub(crate) struct LogitsDigest<'a> {
    labels: &'a [u16],
    sha256: Sha256,
    correct: usize,
    classes: Vec<u16>,
}

impl<'a> LogitsDigest<'a> {
    pub(crate) fn new(labels: &'a [u16]) -> Self {
        Self { labels, sha256: Sha256::new(), correct: 0, classes: Vec::with_capacity(labels.len()) }
    }

    /// The next image's answer.
    pub(crate) fn add(&mut self, class: usize, logits: &[u32]) {
        logits.iter().for_each(|word| self.sha256.update(word.to_le_bytes()));
        self.correct += usize::from(self.labels.get(self.classes.len()).copied().map(usize::from) == Some(class));
        self.classes.push(u16::try_from(class).unwrap_or(u16::MAX));
    }

    pub(crate) fn finish(self) -> Simulation {
        let digest: [u8; 32] = self.sha256.finalize().into();
        let logits_sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Simulation { images: self.classes.len(), correct: self.correct, classes: self.classes, logits_sha256 }
    }
}
