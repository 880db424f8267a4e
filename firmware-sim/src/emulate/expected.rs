//! What the PC's simulation says, for any number of emulated runs to be compared with.

use super::results::Answer;
use crate::simulate::simulate_logits;
use foldnet_core::Model;

/// The simulation's answers to some images.
#[derive(Debug)]
pub(super) struct Expected {
    /// `[images]`
    classes: Vec<usize>,
    /// `[images][classes]`
    logits: Vec<u32>,
}

impl Expected {
    /// Runs `model` over `labels.len()` images, `pixels` being `[images][model.inputs()]`.
    pub(super) fn of(model: &Model, pixels: &[u8], labels: &[u16]) -> Self {
        let mut expected = Self { classes: Vec::new(), logits: Vec::new() };
        simulate_logits(model, pixels, labels, &mut |_, logits| {
            expected.classes.push(logits.argmax());
            expected.logits.extend_from_slice(logits.words());
        });
        expected
    }

    /// The first image whose class or any logit is not as expected; a missing answer is none.
    pub(super) fn first_difference(&self, answers: &[Answer]) -> Option<usize> {
        let len = self.logits.len() / self.classes.len().max(1);
        let mut expected = self.classes.iter().zip(self.logits.chunks(len.max(1))).enumerate();
        let differs = |image: usize, class: usize, logits: &[u32]| {
            answers.get(image).is_none_or(|answer| answer.class as usize != class || answer.logits != logits)
        };
        expected.find(|&(image, (&class, logits))| differs(image, class, logits)).map(|(image, _)| image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl Fn(&mut Vec<Answer>), expected: Option<usize>) {
        let simulated = Expected { classes: vec![1, 0, 2], logits: vec![1, 2, 1, 9, 8, 7, 0, 1, 2] };
        let answer = |class, logits: &[u32]| Answer { class, ticks: 5, logits: logits.to_vec() };
        let mut answers = vec![answer(1, &[1, 2, 1]), answer(0, &[9, 8, 7]), answer(2, &[0, 1, 2])];
        change(&mut answers);
        assert_eq!(simulated.first_difference(&answers), expected);
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        check(|_| (), None);
        check(|answers| answers[1].ticks = 6, None);
        check(|answers| answers[1].class = 1, Some(1));
        check(|answers| answers[2].logits[2] = 3, Some(2));
        check(|answers| (answers[0].logits[0], answers[2].class) = (0, 0), Some(0));
        check(|answers| _ = answers[1].logits.pop(), Some(1));
        check(|answers| _ = answers.pop(), Some(2));
    }
}
