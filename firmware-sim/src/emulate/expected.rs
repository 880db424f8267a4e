//! The results of the PC's simulation, with which any number of emulated runs are compared.

use super::results::Answer;
use crate::job::{answer_words, score, verdict};
use crate::simulate::{Simulation, simulate_each};
use foldnet_core::Model;
use foldnet_data::View;

/// The simulation's answers to some examples.
#[derive(Debug)]
pub(super) struct Expected {
    /// `[N]`
    verdicts: Vec<u32>,
    /// `[N][answer_words]`
    words: Vec<u32>,
    answer_words: usize,
    /// The complete simulation.
    pub(super) simulation: Simulation,
}

impl Expected {
    /// Runs `model` over `examples`.
    pub(super) fn of(model: &Model, examples: View) -> Self {
        let (mut verdicts, mut words) = (Vec::new(), Vec::new());
        let simulation = simulate_each(model, examples, &mut |_, answer, outputs| {
            verdicts.push(verdict(answer));
            words.extend_from_slice(outputs.words());
            words.extend(score(answer).into_iter().flatten());
        });
        Self { verdicts, words, answer_words: answer_words(model), simulation }
    }

    /// The first example whose verdict or any word differs; a missing answer counts as a difference.
    pub(super) fn first_difference(&self, answers: &[Answer]) -> Option<usize> {
        let mut expected = self.verdicts.iter().zip(self.words.chunks(self.answer_words.max(1))).enumerate();
        let differs = |example: usize, verdict: u32, words: &[u32]| {
            answers.get(example).is_none_or(|answer| answer.verdict != verdict || answer.words != words)
        };
        expected.find(|&(example, (&verdict, words))| differs(example, verdict, words)).map(|(example, _)| example)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl Fn(&mut Vec<Answer>), expected: Option<usize>) {
        let simulation = Simulation {
            images: 3,
            correct: 0,
            classes: Vec::new(),
            values: Vec::new(),
            scores: Vec::new(),
            logits_sha256: String::new(),
            metrics: None,
        };
        let (verdicts, words) = (vec![1, 0, 2], vec![1, 2, 1, 9, 8, 7, 0, 1, 2]);
        let simulated = Expected { verdicts, words, answer_words: 3, simulation };
        let answer = |verdict, words: &[u32]| Answer { verdict, ticks: 5, words: words.to_vec() };
        let mut answers = vec![answer(1, &[1, 2, 1]), answer(0, &[9, 8, 7]), answer(2, &[0, 1, 2])];
        change(&mut answers);
        assert_eq!(simulated.first_difference(&answers), expected);
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        check(|_| (), None);
        check(|answers| answers[1].ticks = 6, None);
        check(|answers| answers[1].verdict = 1, Some(1));
        check(|answers| answers[2].words[2] = 3, Some(2));
        check(|answers| (answers[0].words[0], answers[2].verdict) = (0, 0), Some(0));
        check(|answers| _ = answers[1].words.pop(), Some(1));
        check(|answers| _ = answers.pop(), Some(2));
    }
}
