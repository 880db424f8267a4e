//! Results of the firmware that replaces its own model (`examples/update`) on an emulated board.

use super::error::EmulateError;
use super::firmware::Firmware;
use super::qemu::{Input, STALL_LIMIT, execute};
use super::results::words;
use crate::job::Booted;
use crate::update::{Outcome, UpdateJob};

/// The contents of flash, the new model, and the moment of power failure.
#[derive(Debug, Clone, Copy)]
pub struct Update<'a> {
    /// Bytes flashed to the board's model address.
    pub flash: &'a [u8],
    /// The image that is classified before and after.
    pub image: &'a [u8],
    /// The new model file.
    pub model: &'a [u8],
    /// See [`UpdateJob`].
    pub power_fails_at: u32,
}

/// The model that booted, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The model.
    pub booted: Booted,
    /// Its logits for the image.
    pub logits: Vec<u32>,
}

/// A complete update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// The first boot.
    pub before: Answered,
    /// How the update ended.
    pub outcome: Outcome,
    /// Number of blocks erased and words written, including an interrupted one.
    pub operations: u32,
    /// The boot after it.
    pub after: Answered,
}

/// Runs an update on the emulated board; `firmware` comes from [`Firmware::build_update`].
///
/// # Errors
/// If no model boots, or the board fails otherwise; without an emulator; if the results are incomplete.
pub fn run_update(firmware: &Firmware, update: &Update) -> Result<Updated, EmulateError> {
    let Update { flash, image, model, power_fails_at } = *update;
    let job = UpdateJob { image_len: image.len() as u32, model_len: model.len() as u32, power_fails_at };
    let front: Vec<u8> = job.words().iter().flat_map(|word| word.to_le_bytes()).chain(image.iter().copied()).collect();
    let input = Input { flash, job: [&front, model], stall_limit: STALL_LIMIT };
    let end = execute(firmware, &input, &|len| len as usize, &mut |_| ())?;
    end.ended?;
    let bytes = end.results.map_err(EmulateError::io("the firmware's results cannot be read"))?;
    read(&words(&bytes)).ok_or(EmulateError::Results("they are not those of an update"))
}

/// Decodes the results of a complete update.
fn read(mut words: &[u32]) -> Option<Updated> {
    let before = answered(&mut words)?;
    let (&[outcome, operations], mut rest) = words.split_first_chunk()?;
    let after = answered(&mut rest)?;
    rest.is_empty().then_some(Updated { before, outcome: Outcome::from_word(outcome)?, operations, after })
}

/// Takes a boot and its answer off the front of `words`.
fn answered(words: &mut &[u32]) -> Option<Answered> {
    let (&[slot, sequence, passed_over, count], rest) = words.split_first_chunk()?;
    let (logits, rest) = rest.split_at_checked(count as usize)?;
    *words = rest;
    Some(Answered { booted: Booted::from_words([slot, sequence, passed_over])?, logits: logits.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_results_are_taken_apart() {
        let words = [0, 1, 0, 2, 70, 80, 8, 33, 0, 1, 22, 1, 90];
        let updated = read(&words).unwrap();
        assert_eq!((&updated.before.logits, &updated.after.logits), (&vec![70, 80], &vec![90]));
        assert_eq!((updated.outcome, updated.operations), (Outcome::Flash, 33));
        assert!((0..words.len()).all(|len| read(&words[..len]).is_none()));
        assert!(read(&[&words[..], &[0]].concat()).is_none());
    }
}
