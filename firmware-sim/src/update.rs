//! What a PC and firmware that replaces its own model (`examples/update`) tell each other, in the files of
//! [`crate::job`]. All words are little-endian `u32`.
//!
//! | file `job`, read by the board | |
//! |---|---|
//! | 4 words | [`UpdateJob`], magic first |
//! | bytes | an image, then the new model file |
//!
//! | file `results`, written by the board | |
//! |---|---|
//! | words | what booted at first: [`Booted`](crate::job::Booted) in 3 words, the number of logits, the image's logits |
//! | 2 words | how the update ended, an [`Outcome`]; flash operations so far |
//! | words | what booted then, likewise |

/// What the board is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpdateJob {
    /// Bytes of the image.
    pub image_len: u32,
    /// Bytes of the new model that are announced, and sent.
    pub model_len: u32,
    /// The operation of the flash, a block erased or a word written, in whose middle the power fails, counted from 0.
    pub power_fails_at: u32,
}

impl UpdateJob {
    /// Number of words.
    pub const WORDS: usize = 4;
    /// The power does not fail.
    pub const NEVER: u32 = u32::MAX;
    const MAGIC: u32 = u32::from_le_bytes(*b"FUPD");

    /// As it stands in the file.
    pub const fn words(&self) -> [u32; Self::WORDS] {
        [Self::MAGIC, self.image_len, self.model_len, self.power_fails_at]
    }

    /// None for words that are no job.
    pub const fn from_words(words: [u32; Self::WORDS]) -> Option<Self> {
        let [Self::MAGIC, image_len, model_len, power_fails_at] = words else { return None };
        Some(Self { image_len, model_len, power_fails_at })
    }
}

/// How an update ended: `foldnet_core::slot::WriteError` as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Outcome {
    /// The new model stands in its slot.
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
    /// `Flash`: the power failed.
    Flash = 8,
    /// `Unconfirmed`: the power failed at the commit word.
    Unconfirmed = 9,
}

impl Outcome {
    /// All of them, each at the place that its number says.
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

    /// None for a number that is none.
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
