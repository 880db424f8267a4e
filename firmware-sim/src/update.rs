//! The protocol between a PC and firmware that replaces its own model (`examples/update`), in the files of
//! [`crate::job`]. All words are little-endian `u32`.
//!
//! | file `job`, read by the board | |
//! |---|---|
//! | 4 words | [`UpdateJob`], magic first |
//! | bytes | an image, then the new model file |
//!
//! | file `results`, written by the board | |
//! |---|---|
//! | words | the first boot: [`Booted`](crate::job::Booted) in 3 words, the number of logits, the image's logits |
//! | 2 words | how the update ended, an [`Outcome`]; flash operations so far |
//! | words | the second boot, likewise |

/// The board's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpdateJob {
    /// Size of the image in bytes.
    pub image_len: u32,
    /// Size of the new model in bytes, as announced and sent.
    pub model_len: u32,
    /// The flash operation (a block erased or a word written) during which power fails, counted from 0.
    pub power_fails_at: u32,
}

impl UpdateJob {
    /// Number of words.
    pub const WORDS: usize = 4;
    /// Value of `power_fails_at` for no power failure.
    pub const NEVER: u32 = u32::MAX;
    const MAGIC: u32 = u32::from_le_bytes(*b"FUPD");

    /// The words in the file.
    pub const fn words(&self) -> [u32; Self::WORDS] {
        [Self::MAGIC, self.image_len, self.model_len, self.power_fails_at]
    }

    /// `None` if the words are not a job.
    pub const fn from_words(words: [u32; Self::WORDS]) -> Option<Self> {
        let [Self::MAGIC, image_len, model_len, power_fails_at] = words else { return None };
        Some(Self { image_len, model_len, power_fails_at })
    }
}

/// How an update ended: `foldnet_core::slot::WriteError` as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Outcome {
    /// The new model is in its slot.
    Written = 0,
    /// `TooLarge`
    TooLarge = 1,
    /// `NoFreeSlot`
    NoFreeSlot = 2,
    /// `Borders`
    Borders = 3,
    /// `TooMany`
    TooMany = 4,
    /// `TooFew`
    TooFew = 5,
    /// `Damaged`
    Damaged = 6,
    /// `Header`
    Header = 7,
    /// `Flash`: power failed.
    Flash = 8,
    /// `Unconfirmed`: power failed at the commit word.
    Unconfirmed = 9,
}

impl Outcome {
    /// All outcomes, in the order of their numbers.
    const ALL: [Self; 10] = [
        Self::Written,
        Self::TooLarge,
        Self::NoFreeSlot,
        Self::Borders,
        Self::TooMany,
        Self::TooFew,
        Self::Damaged,
        Self::Header,
        Self::Flash,
        Self::Unconfirmed,
    ];

    /// `None` if the number is invalid.
    pub fn from_word(word: u32) -> Option<Self> {
        Self::ALL.get(word as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_was_put_into_them() {
        let job = UpdateJob { image_len: 16, model_len: 4000, power_fails_at: 7 };
        assert_eq!(UpdateJob::from_words(job.words()), Some(job));
        assert_eq!(UpdateJob::from_words([0; UpdateJob::WORDS]), None);
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_word(outcome as u32), Some(outcome));
        }
        assert_eq!(Outcome::from_word(10), None);
    }
}
