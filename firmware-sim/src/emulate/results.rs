//! Reads what the firmware wrote: a start, an answer an image, an end. The words are described in [`crate::job`].

use super::error::EmulateError;
use crate::job::{ANSWER_WORDS, End, Job, Start};

/// The answer to one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The class.
    pub class: u32,
    /// Ticks of the board's clock from image bytes to class.
    pub ticks: u32,
    /// `[classes]`, as [`foldnet_core::infer::Outputs::words`] gives them.
    pub logits: Vec<u32>,
}

/// How many answers there are in a file of `len` bytes.
pub(super) fn answered(len: u64, logits: usize) -> usize {
    let words = (len as usize / size_of::<u32>()).saturating_sub(Start::WORDS);
    words / (ANSWER_WORDS + logits)
}

/// The whole words of a file.
pub(super) fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

/// Takes a whole file apart.
///
/// # Errors
/// When it is not what `job` asks for.
pub(super) fn read(bytes: &[u8], job: &Job) -> Result<(Start, Vec<Answer>, End), EmulateError> {
    let words = words(bytes);
    let cut = EmulateError::Results("they break off");
    let Some((start, rest)) = words.split_first_chunk() else { return Err(cut) };
    let Some((answers, end)) = rest.split_last_chunk() else { return Err(cut) };
    let start = Start::from_words(*start).ok_or(EmulateError::Results("they do not begin as they should"))?;
    let end = End::from_words(*end).ok_or(EmulateError::Results("they do not end as they should"))?;
    let len = ANSWER_WORDS + start.logits as usize;
    if answers.len() != job.images as usize * len || end.images != job.images || bytes.len() % 4 != 0 {
        return Err(EmulateError::Results("another number of answers than images"));
    }
    let answer = |words: &[u32]| Answer { class: words[0], ticks: words[1], logits: words[ANSWER_WORDS..].to_vec() };
    Ok((start, answers.chunks_exact(len).map(answer).collect(), end))
}
