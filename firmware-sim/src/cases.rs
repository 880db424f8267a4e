//! The protocol between a PC and the firmware of core's own tests (`examples/cases`), in the files of [`crate::job`].
//! All words are little-endian `u32`.
//!
//! | file `job`, read by the board | |
//! |---|---|
//! | 3 words | [`CasesJob`], magic first |
//!
//! | file `results`, written by the board | |
//! |---|---|
//! | 1 word | number of cases in the board's table |
//! | for each case | its number, counted from 0, before it begins; the peak of its stack in bytes, when it has passed |
//! | 1 word | number of passed cases |
//! | words | the words from `foldnet_core::cases::steps_to_the_bit` |

/// A fault that the firmware produces on purpose in place of a case, so that a test can check how it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Trouble {
    /// Panic.
    Panic = 1,
    /// Execute an undefined instruction.
    Fault = 2,
    /// Fill the stack beyond its end.
    Stack = 3,
}

/// The board's job: run the table, with a fault in at most one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CasesJob {
    /// The number of a case, and the fault that replaces it.
    pub trouble: Option<(u32, Trouble)>,
}

impl CasesJob {
    /// Number of words.
    pub const WORDS: usize = 3;
    const MAGIC: u32 = u32::from_le_bytes(*b"FCAS");

    /// The words in the file.
    pub const fn words(&self) -> [u32; Self::WORDS] {
        match self.trouble {
            None => [Self::MAGIC, 0, 0],
            Some((case, trouble)) => [Self::MAGIC, case, trouble as u32],
        }
    }

    /// `None` if the words are not a job.
    pub const fn from_words(words: [u32; Self::WORDS]) -> Option<Self> {
        let [Self::MAGIC, case, trouble] = words else { return None };
        let trouble = match trouble {
            0 => return Some(Self { trouble: None }),
            1 => Trouble::Panic,
            2 => Trouble::Fault,
            3 => Trouble::Stack,
            _ => return None,
        };
        Some(Self { trouble: Some((case, trouble)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_was_put_into_them() {
        let troubles = [Trouble::Panic, Trouble::Fault, Trouble::Stack].map(|trouble| Some((7, trouble)));
        for trouble in troubles.into_iter().chain([None]) {
            let job = CasesJob { trouble };
            assert_eq!(CasesJob::from_words(job.words()), Some(job));
        }
        assert_eq!(CasesJob::from_words([CasesJob::MAGIC, 0, 4]), None);
        assert_eq!(CasesJob::from_words([0; CasesJob::WORDS]), None);
    }
}
