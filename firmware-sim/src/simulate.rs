//! The PC shell around the app: many examples, one after the other, in memory that is stricter than a chip's.
//!
//! Scratch memory and the buffer for an example have exactly the length that the model declares, and are poisoned
//! before every example, so that code that reads uninitialized memory, or writes out of bounds, fails here and not on a
//! device.

use crate::app::{App, Examples, Shell};
use crate::metrics::{Metrics, anomaly, classification, correct, regression};
use foldnet_core::Model;
use foldnet_core::infer::{Answer, Input, Outputs};
use foldnet_core::model::HeadKind;
use foldnet_data::{TargetsRef, ValuesRef, View, text};
use sha2::{Digest, Sha256};
use std::convert::Infallible;

/// Content of scratch memory before an example: a NaN as a float, a large negative number as an integer.
const POISON: u32 = 0xFFF5_A5A5;

/// Result of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// Number of examples answered.
    pub images: usize,
    /// Number of examples whose class is correct; 0 if the model does not classify, or the labels are unknown.
    pub correct: usize,
    /// `[N]`, for a model that classifies.
    pub classes: Vec<u16>,
    /// `[N][outputs]`: logits, values in their units, or the reconstruction in the units of training.
    pub values: Vec<f32>,
    /// `[N]`, anomaly scores of a reconstruction.
    pub scores: Vec<f32>,
    /// SHA-256 in hex over the output words of all examples, each word little-endian.
    pub logits_sha256: String,
    /// The metrics of the task; `None` if the labels are unknown, except for scores: they are then treated as those of
    /// normal examples.
    pub metrics: Option<Metrics>,
}

impl Simulation {
    /// Fraction of examples whose class is correct, 0 to 1; 0 without any.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.images.max(1) as f64
    }
}

/// Runs `model` over `examples`. After each one, `progress` receives the number of finished examples.
///
/// # Panics
/// If the examples have another type or number of values than the model takes, or targets of another kind than it
/// answers.
pub fn simulate(model: &Model, examples: View, progress: &mut dyn FnMut(usize)) -> Simulation {
    simulate_each(model, examples, &mut |example, _, _| progress(example + 1))
}

/// Like [`simulate`], and passes the answer for every example with its outputs to `each`; examples are counted from 0.
///
/// # Panics
/// As [`simulate`].
pub fn simulate_each(model: &Model, examples: View, each: &mut dyn FnMut(usize, Answer, Outputs)) -> Simulation {
    assert_eq!(examples.shape.inputs(), model.inputs(), "values of an example and of the model");
    let mut answers = Answers::new(each);
    match examples.inputs {
        ValuesRef::U8(values) => run(model, values, &mut answers),
        ValuesRef::I8(values) => run(model, values, &mut answers),
        ValuesRef::I16(values) => run(model, values, &mut answers),
        ValuesRef::U16(values) => run(model, values, &mut answers),
        ValuesRef::F32(values) => run(model, values, &mut answers),
    }
    answers.finish(model, examples.targets)
}

/// Runs the app over `values`, `[N][model.inputs()]`.
fn run<I: Input + Default>(model: &Model, values: &[I], answers: &mut Answers) {
    let (mut scratch, mut example) = (vec![POISON; model.scratch_words()], vec![I::default(); model.inputs()]);
    let mut shell = Memory { examples: values.chunks_exact(model.inputs()), answers, outputs: model.outputs() };
    match App::new(model, &mut scratch, &mut example).map(|app| app.run(&mut shell)) {
        Ok(Ok(_)) => (),
        Ok(Err(never)) => match never {},
        Err(error) => panic!("memory has the size that the model declares: {error}"),
    }
}

/// Examples from memory, answers into memory.
struct Memory<'a, 'e, I> {
    examples: std::slice::ChunksExact<'a, I>,
    answers: &'a mut Answers<'e>,
    outputs: usize,
}

impl<I: Input> Examples<I> for Memory<'_, '_, I> {
    fn next_example(&mut self, example: &mut [I]) -> Result<bool, Infallible> {
        let next = self.examples.next();
        next.into_iter().for_each(|values| example.copy_from_slice(values));
        Ok(next.is_some())
    }
}

impl<I: Input> Shell for Memory<'_, '_, I> {
    type Error = Infallible;

    fn prepare(&mut self, scratch: &mut [u32]) {
        scratch.fill(POISON);
    }

    fn answer(&mut self, answer: Answer, outputs: Outputs) -> Result<(), Infallible> {
        assert_eq!(outputs.words().len(), self.outputs, "one word per output");
        self.answers.add(answer, outputs);
        Ok(())
    }
}

/// Gathers answers, example by example.
struct Answers<'e> {
    each: &'e mut dyn FnMut(usize, Answer, Outputs),
    digest: WordsDigest,
    count: usize,
    classes: Vec<u16>,
    values: Vec<f32>,
    scores: Vec<f32>,
}

impl<'e> Answers<'e> {
    fn new(each: &'e mut dyn FnMut(usize, Answer, Outputs)) -> Self {
        let digest = WordsDigest::default();
        Self { each, digest, count: 0, classes: Vec::new(), values: Vec::new(), scores: Vec::new() }
    }

    fn add(&mut self, answer: Answer, outputs: Outputs) {
        (self.each)(self.count, answer, outputs);
        self.count += 1;
        self.digest.add(outputs.words());
        self.values.extend(outputs.values());
        match answer {
            Answer::Class(class) => self.classes.push(u16::try_from(class).unwrap_or(u16::MAX)),
            Answer::Values => (),
            Answer::Score { score, .. } => self.scores.push(score.value()),
        }
    }

    fn finish(self, model: &Model, targets: TargetsRef) -> Simulation {
        let Self { digest, count, classes, values, scores, .. } = self;
        let metrics = match (model.head(), targets) {
            (HeadKind::Softmax | HeadKind::Sigmoid, TargetsRef::Classes(labels)) => {
                let most = labels.iter().max().map_or(0, |&most| usize::from(most) + 1);
                let found = classification(&classes, labels, model.classes().max(most));
                Some(Metrics::Classification(found))
            }
            (HeadKind::Values, TargetsRef::Values { values: targets, outputs }) => {
                assert_eq!(outputs, model.outputs(), "number of target values differs from the model's");
                Some(Metrics::Regression(regression(&values, targets, outputs)))
            }
            (HeadKind::Reconstruction, TargetsRef::Classes(_) | TargetsRef::None) => {
                Some(Metrics::Anomaly(anomaly(&scores, targets.classes(), model.threshold())))
            }
            (_, TargetsRef::None) => None,
            (head, _) => panic!("the targets do not match the model's kind of answer: {}", head.name()),
        };
        let correct = correct(&classes, targets.classes().unwrap_or_default());
        Simulation { images: count, correct, classes, values, scores, logits_sha256: digest.finish(), metrics }
    }
}

/// SHA-256 over output words.
#[derive(Default)]
pub(crate) struct WordsDigest(Sha256);

impl WordsDigest {
    /// The words of the next example.
    pub(crate) fn add(&mut self, words: &[u32]) {
        words.iter().for_each(|word| self.0.update(word.to_le_bytes()));
    }

    /// In hex.
    pub(crate) fn finish(self) -> String {
        text::hex(&self.0.finalize())
    }
}
