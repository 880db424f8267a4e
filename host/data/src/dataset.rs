//! A set in memory: examples, split into parts.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::columns::{Columns, order_as};
use crate::dice::Dice;
use crate::error::{AnswerProblem, Problem};
use crate::examples::{Examples, View};
use crate::numbering::{number_as, used};
use crate::options::Task;
use crate::shape::Shape;
use crate::targets::{Targets, TargetsRef};
use crate::test_set::TestSet;
use crate::text;
use crate::values::ValuesRef;

/// The three parts every set has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// For training.
    Train,
    /// Held back from training, for validation.
    Valid,
    /// For testing.
    Test,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        })
    }
}

impl FromStr for Part {
    type Err = String;

    /// `train`, `valid` or `test`; anything else is an error that lists these.
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "train" => Ok(Self::Train),
            "valid" => Ok(Self::Valid),
            "test" => Ok(Self::Test),
            _ => Err(format!("unknown part '{word}': give train, valid or test")),
        }
    }
}

/// A whole set: training examples, the last of which are for validation, and test examples of the same shape and type.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// `fashion-mnist`, `synthetic`, or the file or folder as given.
    pub name: String,
    /// Class names, at most 65,535; a class is an index into them. Empty if targets are not classes.
    pub labels: Vec<String>,
    /// Names of the channels, one for each, or empty.
    pub channels: Vec<String>,
    /// Names of the target values, one for each output, or empty.
    pub outputs: Vec<String>,
    /// Notes about the set for the user, one per line.
    pub notes: Vec<String>,
    /// What a network should learn from it.
    pub task: Task,
    /// Training examples, with those for validation at the end.
    training: Examples,
    /// Number of examples for validation.
    valid: usize,
    test: Examples,
}

impl Dataset {
    /// `training` must have at least two examples, `test` at least one, all of the same shape and type; a twelfth is
    /// for validation.
    pub(crate) fn new(name: String, labels: Vec<String>, training: Examples, test: Examples) -> Self {
        let valid = validation_len(training.len());
        Self::split(name, labels, training, valid, test)
    }

    /// Like `new`, with the last `valid` examples of `training` for validation; at least one must be left for training.
    pub(crate) fn split(name: String, labels: Vec<String>, training: Examples, valid: usize, test: Examples) -> Self {
        let (channels, outputs, notes, task) = (Vec::new(), Vec::new(), Vec::new(), Task::Classify);
        Self { name, labels, channels, outputs, notes, task, training, valid, test }
    }

    /// Uses this fraction of the training examples for validation, if given.
    pub(crate) fn validated_on(mut self, share: Option<f64>) -> Self {
        self.valid = share.map_or(self.valid, |share| validation_share(self.training.len(), share));
        self
    }

    /// Numbers the classes like a model with these names. Has no effect if one side has no names, as for an IDX set
    /// without `labels.txt`, or a model whose names are "0", "1", ... or missing.
    ///
    /// # Errors
    /// The names that the model does not have.
    pub fn number_as(&mut self, names: &[String]) -> Result<(), Vec<String>> {
        number_as(&mut self.labels, &mut [&mut self.training, &mut self.test], names)
    }

    /// Puts the columns into the model's order.
    ///
    /// # Errors
    /// The missing columns of the model, if others are present.
    pub fn order_as(&mut self, channels: &[String]) -> Result<Columns, Vec<String>> {
        order_as(&mut self.channels, &mut [&mut self.training, &mut self.test], channels)
    }

    /// Keeps only the test examples.
    pub(crate) fn into_test(self) -> TestSet {
        let Self { name, labels, channels, notes, task, test: examples, .. } = self;
        TestSet { name, labels, channels, notes, task, examples }
    }

    /// Shuffles training examples that are sorted by class, with a fixed seed, because the last ones are for
    /// validation.
    pub(crate) fn shuffle_sorted(&mut self) {
        let Targets::Classes(classes) = &self.training.targets else { return };
        let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
        let kinds = classes.iter().collect::<std::collections::HashSet<_>>().len();
        if kinds < 2 || changes >= kinds || classes.len() < 2 * kinds {
            return;
        }
        let mut order: Vec<usize> = (0..classes.len()).collect();
        Dice::new(SORTED_STREAM).shuffle(&mut order);
        let view = self.training.view();
        self.training = Examples {
            inputs: view.inputs.rows(&order, view.shape.inputs()),
            targets: view.targets.rows(&order),
            shape: view.shape,
        };
        self.notes.push("the training examples are sorted by class, so they were shuffled before the last ones were set aside for validation".into());
    }

    /// Adds a note about classes with too few training examples to be learned.
    pub(crate) fn note_classes(&mut self) {
        let Some(classes) = self.part(Part::Train).targets.classes() else { return };
        if self.task == Task::Reconstruct {
            return;
        }
        let mut counts = vec![0_usize; self.labels.len()];
        classes.iter().for_each(|&class| counts[usize::from(class)] += 1);
        let named = |wanted: usize| -> Vec<&str> {
            counts
                .iter()
                .zip(&self.labels)
                .filter(|(count, _)| **count == wanted)
                .map(|(_, name)| name.as_str())
                .collect()
        };
        let (none, one) = (named(0), named(1));
        let mut notes = Vec::new();
        if !none.is_empty() {
            let first = counts.iter().position(|&count| count > 0).unwrap_or(0);
            let hint = match first {
                0 => String::new(),
                _ => format!("; do labels begin at {first}?"),
            };
            notes.push(format!(
                "{} of {} classes have no training example: {}{hint}",
                none.len(),
                counts.len(),
                some_of(&none)
            ));
        }
        if !one.is_empty() {
            notes.push(format!(
                "{} of {} classes have only one training example: {}",
                one.len(),
                counts.len(),
                some_of(&one)
            ));
        }
        self.notes.append(&mut notes);
    }

    /// Refuses a set for classification whose training examples all belong to one class.
    pub(crate) fn check_classes(&self, task: Task) -> Result<(), Problem> {
        let (training, test) = (self.training.targets.view(), self.test.targets.view());
        let classes = |parts: &[TargetsRef]| -> Vec<usize> {
            let used = used(parts, self.labels.len());
            (0..used.len()).filter(|&class| used[class]).collect()
        };
        match classes(&[training])[..] {
            [only] if task == Task::Classify => Err(AnswerProblem::OneClass {
                what: if classes(&[training, test]).len() == 1 { "examples" } else { "training examples" },
                class: self.labels[only].clone(),
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// SHA-256, in hex, of the type, shape, inputs and answers of all parts: the same data, read in the same way, has
    /// the same digest wherever it is stored.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [self.training.view(), self.test.view()] {
            hasher.update(format!("{} {:?} {} {}", part.inputs.input_type(), part.shape, part.len(), self.valid));
            match part.inputs {
                ValuesRef::U8(bytes) => hasher.update(bytes),
                other => hasher.update(other.to_le_bytes()),
            }
            match part.targets {
                TargetsRef::Classes(classes) => classes.iter().for_each(|class| hasher.update(class.to_le_bytes())),
                TargetsRef::Values { values, .. } => values.iter().for_each(|value| hasher.update(value.to_le_bytes())),
                TargetsRef::None => {}
            }
        }
        self.labels.iter().for_each(|label| hasher.update(format!("{label}\n")));
        text::hex(&hasher.finalize())
    }

    /// The examples of one part. None is empty, except for validation if it was disabled.
    pub fn part(&self, part: Part) -> View<'_> {
        let train = self.training.len() - self.valid;
        match part {
            Part::Train => self.training.slice(0..train),
            Part::Valid => self.training.slice(train..self.training.len()),
            Part::Test => self.test.view(),
        }
    }

    /// Shape of every example.
    pub fn shape(&self) -> Shape {
        self.training.shape
    }
}

/// Stream of the generator that shuffles a sorted set, after those of the split.
const SORTED_STREAM: u64 = 7;

/// The first few of a list of names, with a count of the rest.
fn some_of(names: &[&str]) -> String {
    let more = if names.len() > 5 { ", ..." } else { "" };
    format!("{}{more}", names[..names.len().min(5)].join(", "))
}

/// Number of examples at the end of the training file for validation: a twelfth, rounded down, at least one. For
/// Fashion-MNIST's 60,000 these are the notebook's 5,000.
fn validation_len(training: usize) -> usize {
    (training / 12).max(1)
}

/// Number of validation examples out of `training`, at least two, examples: at least one unless the share is 0, and
/// never all.
pub(crate) fn validation_share(training: usize, share: f64) -> usize {
    match share {
        0.0 => 0,
        _ => ((training as f64 * share).round() as usize).clamp(1, training - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_validation_tail_is_a_twelfth() {
        let cases = [(60_000, 5_000), (12_000, 1_000), (24, 2), (23, 1), (11, 1), (2, 1)];
        for (training, valid) in cases {
            assert_eq!(validation_len(training), valid, "{training} training examples");
        }
    }

    #[test]
    fn a_slice_has_the_examples_of_its_range() {
        let pixels: Vec<u8> = (0..24).collect();
        let images = View::images(&pixels, &[3, 4, 5, 6], 3, 2);
        let tail = images.slice(1..4).slice(1..3);
        assert_eq!((tail.classes(), tail.example(1).u8()), (Ok(&[5, 6][..]), Some(&[18, 19, 20, 21, 22, 23][..])));
        assert_eq!(tail.example(0), images.example(2));
        assert!(images.slice(2..2).is_empty());
    }

    #[test]
    fn parts_are_spelled_as_on_the_command_line() {
        for part in [Part::Train, Part::Valid, Part::Test] {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        assert!("Train".parse::<Part>().unwrap_err().contains("train, valid or test"));
    }
}
