//! The protocol between a PC and an emulated board: two files that the board opens over semihosting. All words are
//! little-endian `u32`.
//!
//! | file `job`, read by the board, for each job | |
//! |---|---|
//! | 7 words | [`Job`], magic first |
//! | bytes | the examples, one after the other, values little-endian |
//!
//! | file `results`, written by the board, for each job | |
//! |---|---|
//! | 10 words | [`Start`], magic first |
//! | for each example | [`verdict`], ticks from raw values to the answer, the outputs' words, [`score`] |
//! | 3 words | [`End`], magic first |

use crate::exit::Exit;
use foldnet_core::Model;
use foldnet_core::infer::Answer;
use foldnet_core::model::HeadKind;
use foldnet_core::slot::Boot;

/// The file that the board reads.
pub const JOB_FILE: &str = "job";

/// The file that the board writes.
pub const RESULTS_FILE: &str = "results";

/// Instructions that the board executes to calibrate its clock.
pub const CALIBRATION: u32 = 2_000_000;

/// Number of words before an example's outputs: verdict and ticks.
pub const LEADING_WORDS: usize = 2;

/// Number of words of a score.
pub const SCORE_WORDS: usize = 2;

/// Number of words of an answer after verdict and ticks: the outputs, and the score if the model gives one.
pub fn answer_words(model: &Model) -> usize {
    let score = if model.head() == HeadKind::Reconstruction { SCORE_WORDS } else { 0 };
    model.outputs() + score
}

/// An answer as one word: the class; 1 if a score is above the threshold, otherwise 0; 0 for values.
pub fn verdict(answer: Answer) -> u32 {
    match answer {
        Answer::Class(class) => class as u32,
        Answer::Values => 0,
        Answer::Score { above, .. } => above.into(),
    }
}

/// The sum of a score, low word first; `None` for other answers.
pub fn score(answer: Answer) -> Option<[u32; SCORE_WORDS]> {
    let Answer::Score { score, .. } = answer else { return None };
    Some([score.sum() as u32, (score.sum() >> 32) as u32])
}

/// Maximum length of a kernel's name, in bytes.
const KERNEL_LEN: usize = 16;

/// The board's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// Number of examples.
    pub examples: u32,
    /// Size of an example in bytes.
    pub example_len: u32,
    /// Offset of the model from the board's model address, in bytes; only tests use other values than 0.
    pub model_offset: u32,
    /// Maximum number of words of scratch memory to use; only tests use less than is available.
    pub scratch_limit: u32,
    /// The layer whose ticks are counted; [`ALL_LAYERS`](Self::ALL_LAYERS) counts from raw values to the answer.
    pub timed_layer: u32,
    /// Whether another job follows; only used in tests.
    pub more: bool,
}

impl Job {
    /// Number of words.
    pub const WORDS: usize = 7;
    /// Not a single layer, but all.
    pub const ALL_LAYERS: u32 = u32::MAX;
    const MAGIC: u32 = u32::from_le_bytes(*b"FJOB");

    /// The words in the file.
    pub const fn words(&self) -> [u32; Self::WORDS] {
        let Self { examples, example_len, model_offset, scratch_limit, timed_layer, more } = *self;
        [Self::MAGIC, examples, example_len, model_offset, scratch_limit, timed_layer, more as u32]
    }

    /// `None` if the words are not a job.
    pub const fn from_words(words: [u32; Self::WORDS]) -> Option<Self> {
        let [Self::MAGIC, examples, example_len, model_offset, scratch_limit, timed_layer, more] = words else {
            return None;
        };
        Some(Self { examples, example_len, model_offset, scratch_limit, timed_layer, more: more != 0 })
    }
}

/// The model that the board booted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booted {
    /// Its slot; `None` for a bare model at the start of the room.
    pub slot: Option<u8>,
    /// The slot's sequence; 0 for a bare model.
    pub sequence: u32,
    /// Why the other slot was passed over; `None` if it is merely older, or empty.
    pub passed_over: Option<Exit>,
}

impl Booted {
    /// Represents a bare model.
    const BARE: u32 = u32::MAX;

    /// From the result of booting.
    pub fn of(boot: &Boot) -> Self {
        let passed_over = boot.other.map(Exit::from);
        Self { slot: boot.running.slot, sequence: boot.running.sequence, passed_over }
    }

    /// The words in a results file.
    pub fn words(&self) -> [u32; 3] {
        let passed_over = self.passed_over.map_or(0, Exit::code);
        [self.slot.map_or(Self::BARE, u32::from), self.sequence, passed_over.into()]
    }

    /// `None` if the words are invalid.
    pub fn from_words(words: [u32; 3]) -> Option<Self> {
        let [slot, sequence, passed_over] = words;
        let slot = if slot == Self::BARE { None } else { Some(u8::try_from(slot).ok()?) };
        let passed_over = if passed_over == 0 { None } else { Some(Exit::from_code(passed_over as i32)?) };
        Some(Self { slot, sequence, passed_over })
    }
}

/// The board's output before the first example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Number of words of an answer after verdict and ticks: see [`answer_words`].
    pub answer_words: u32,
    /// Ticks of the clock in [`CALIBRATION`] instructions.
    pub calibration_ticks: u32,
    /// The running model.
    pub booted: Booted,
    kernel: [u8; KERNEL_LEN],
}

impl Start {
    /// Number of words.
    pub const WORDS: usize = 10;
    const MAGIC: u32 = u32::from_le_bytes(*b"FRUN");

    /// `kernel` is truncated to 16 bytes.
    pub fn new(answer_words: u32, calibration_ticks: u32, kernel: &str, booted: Booted) -> Self {
        let mut padded = [0; KERNEL_LEN];
        padded.iter_mut().zip(kernel.bytes()).for_each(|(to, from)| *to = from);
        Self { answer_words, calibration_ticks, booted, kernel: padded }
    }

    /// Name of the running kernel.
    pub fn kernel(&self) -> &str {
        let len = self.kernel.iter().position(|byte| *byte == 0).unwrap_or(KERNEL_LEN);
        core::str::from_utf8(self.kernel.get(..len).unwrap_or_default()).unwrap_or_default()
    }

    /// The words in the file.
    pub fn words(&self) -> [u32; Self::WORDS] {
        let k = &self.kernel;
        let word = |at: usize| u32::from_le_bytes([k[at], k[at + 1], k[at + 2], k[at + 3]]);
        let [slot, sequence, passed_over] = self.booted.words();
        let ticks = self.calibration_ticks;
        [Self::MAGIC, self.answer_words, ticks, slot, sequence, passed_over, word(0), word(4), word(8), word(12)]
    }

    /// `None` if the words are not a start.
    pub fn from_words(words: [u32; Self::WORDS]) -> Option<Self> {
        let [Self::MAGIC, answer_words, calibration_ticks, slot, sequence, passed_over, name @ ..] = words else {
            return None;
        };
        let booted = Booted::from_words([slot, sequence, passed_over])?;
        let mut kernel = [0; KERNEL_LEN];
        kernel.chunks_exact_mut(4).zip(name).for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_le_bytes()));
        Some(Self { answer_words, calibration_ticks, booted, kernel })
    }
}

/// The board's output after the last example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Number of examples answered.
    pub examples: u32,
    /// Peak use of the stack in bytes.
    pub stack_peak: u32,
}

impl End {
    /// Number of words.
    pub const WORDS: usize = 3;
    const MAGIC: u32 = u32::from_le_bytes(*b"FEND");

    /// The words in the file.
    pub const fn words(&self) -> [u32; Self::WORDS] {
        [Self::MAGIC, self.examples, self.stack_peak]
    }

    /// `None` if the words are not an end.
    pub const fn from_words(words: [u32; Self::WORDS]) -> Option<Self> {
        let [Self::MAGIC, examples, stack_peak] = words else { return None };
        Some(Self { examples, stack_peak })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_core::Refusal;

    #[test]
    fn words_say_what_was_put_into_them() {
        let job =
            Job { examples: 1, example_len: 784, model_offset: 3, scratch_limit: u32::MAX, timed_layer: 2, more: true };
        for job in [job, Job { more: false, ..job }] {
            assert_eq!(Job::from_words(job.words()), Some(job));
        }
        let bare = Booted { slot: None, sequence: 0, passed_over: None };
        let fallen_back = Booted { slot: Some(1), sequence: u32::MAX, passed_over: Some(Exit::Refused(Refusal::Crc)) };
        for kernel in ["", "portable", "exactly-16-bytes"] {
            for booted in [bare, fallen_back, Booted { slot: Some(0), ..bare }] {
                let start = Start::new(10, 336_000, kernel, booted);
                assert_eq!(Start::from_words(start.words()), Some(start));
                assert_eq!(start.kernel(), kernel);
            }
        }
        assert_eq!(Start::new(1, 1, "longer than 16 bytes", bare).kernel(), "longer than 16 b");
        let end = End { examples: 7, stack_peak: 600 };
        assert_eq!(End::from_words(end.words()), Some(end));
    }

    #[test]
    fn words_of_another_kind_are_refused() {
        assert_eq!(Job::from_words([0; Job::WORDS]), None);
        assert_eq!(Start::from_words([Job::MAGIC; Start::WORDS]), None);
        assert_eq!(End::from_words([Start::MAGIC; End::WORDS]), None);
        assert_eq!(Booted::from_words([0, 1, 9]), None, "no reason has this code");
        assert_eq!(Booted::from_words([256, 1, 0]), None, "no slot has this number");
    }
}
