//! Reads the firmware's output: a start, an answer for each example, an end. [`crate::job`] describes the words.

use super::error::EmulateError;
use crate::job::{End, Job, LEADING_WORDS, Start};

/// The answer for one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The [`verdict`](crate::job::verdict): the class, or whether a score is above the threshold.
    pub verdict: u32,
    /// Ticks of the board's clock from raw values to the answer.
    pub ticks: u32,
    /// The outputs from [`foldnet_core::infer::Outputs::words`], and the [`score`](crate::job::score) of a
    /// reconstruction.
    pub words: Vec<u32>,
}

/// Number of answers in a file of `len` bytes.
pub(super) fn answered(len: u64, answer_words: usize) -> usize {
    let words = (len as usize / size_of::<u32>()).saturating_sub(Start::WORDS);
    words / (LEADING_WORDS + answer_words)
}

/// The complete words of a file.
pub(super) fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

/// The board's output for one job.
pub(super) type Results = (Start, Vec<Answer>, End);

/// Decodes a whole file, with one result for each of `jobs`.
///
/// # Errors
/// If it does not match the jobs.
pub(super) fn read(bytes: &[u8], jobs: &[Job]) -> Result<Vec<Results>, EmulateError> {
    let words = words(bytes);
    let mut rest = &words[..];
    let found = jobs.iter().map(|job| one(&mut rest, job)).collect::<Result<Vec<_>, _>>()?;
    match rest.is_empty() && bytes.len() % 4 == 0 {
        true => Ok(found),
        false => Err(EmulateError::Results("more answers than examples")),
    }
}

/// Takes the results of `job` off the front of `words`.
fn one(words: &mut &[u32], job: &Job) -> Result<Results, EmulateError> {
    let cut = || EmulateError::Results("they are truncated");
    let (start, rest) = words.split_first_chunk().ok_or_else(cut)?;
    let start = Start::from_words(*start).ok_or(EmulateError::Results("invalid start"))?;
    let len = LEADING_WORDS + start.answer_words as usize;
    let all = (job.examples as usize).checked_mul(len).ok_or_else(cut)?;
    let (answers, rest) = rest.split_at_checked(all).ok_or_else(cut)?;
    let (end, rest) = rest.split_first_chunk().ok_or_else(cut)?;
    let end = End::from_words(*end).filter(|end| end.examples == job.examples);
    let end = end.ok_or(EmulateError::Results("invalid end"))?;
    let answer = |words: &[u32]| Answer { verdict: words[0], ticks: words[1], words: words[LEADING_WORDS..].to_vec() };
    *words = rest;
    Ok((start, answers.chunks_exact(len).map(answer).collect(), end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Booted;

    #[test]
    fn results_are_taken_apart_job_by_job() {
        let job = |examples| {
            let (example_len, scratch_limit, timed_layer) = (4, u32::MAX, Job::ALL_LAYERS);
            Job { examples, example_len, model_offset: 0, scratch_limit, timed_layer, more: true }
        };
        let start = |words| Start::new(words, 9, "dsp", Booted { slot: None, sequence: 0, passed_over: None });
        let end = |examples| End { examples, stack_peak: 600 };
        let mut words: Vec<u32> = start(1).words().to_vec();
        words.extend([3, 50, 77, 4, 51, 78]);
        words.extend(end(2).words());
        words.extend(start(0).words());
        words.extend([1, 52]);
        words.extend(end(1).words());
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let answer = |verdict, ticks, words: &[u32]| Answer { verdict, ticks, words: words.to_vec() };
        let expected = [
            (start(1), vec![answer(3, 50, &[77]), answer(4, 51, &[78])], end(2)),
            (start(0), vec![answer(1, 52, &[])], end(1)),
        ];
        assert_eq!(read(&bytes, &[job(2), job(1)]).unwrap(), expected);
        for jobs in [&[][..], &[job(2)], &[job(2), job(2)], &[job(1), job(1)], &[job(2), job(1), job(0)]] {
            assert!(matches!(read(&bytes, jobs), Err(EmulateError::Results(_))), "{jobs:?}");
        }
        assert!((0..bytes.len()).all(|len| read(&bytes[..len], &[job(2), job(1)]).is_err()));
    }
}
