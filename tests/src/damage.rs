//! Damages a model file: truncated, extended, bits flipped, with the checksum unchanged or corrected.

use crate::hostile::{AlignedBytes, exercise, seal};
use crate::random::Dice;
use foldnet_core::Model;
use foldnet_core::model::ParseError;

/// Why `bytes`, at an aligned address, are not a model; `None` if they are.
pub fn parse_error(bytes: &[u8]) -> Option<ParseError> {
    Model::parse(&AlignedBytes::new(bytes)).err()
}

/// Everything below on each of `models`.
///
/// # Panics
/// If a damaged file is a model that it should not be, or core panics.
pub fn check_all_damage(models: &[Vec<u8>], dice: &mut Dice) {
    for model in models {
        check_damage(model);
        check_sealed_damage(model);
    }
    check_random_changes(models, dice);
}

/// All truncations, extensions and flips of single bits, without correcting the checksum: none is a model.
///
/// # Panics
/// If one is, or core panics.
fn check_damage(model: &[u8]) {
    assert_eq!(exercise(model), Ok(()));
    for len in 0..model.len() {
        assert!(parse_error(&model[..len]).is_some(), "{len} bytes of {}", model.len());
    }
    for more in 1..=64 {
        for filler in [0, 0xFF] {
            let mut longer = model.to_vec();
            longer.resize(model.len() + more, filler);
            assert!(parse_error(&longer).is_some(), "{more} trailing bytes of {filler}");
        }
    }
    let mut flipped = AlignedBytes::new(model).to_vec();
    for bit in 0..8 * model.len() {
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(parse_error(&flipped).is_some(), "bit {bit}");
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
}

/// The same with length and checksum corrected: a shorter or longer file is not a model, and a flipped bit is an error
/// or gives a model that runs.
///
/// # Panics
/// If not, or core panics.
pub fn check_sealed_damage(model: &[u8]) {
    for len in 0..model.len() {
        let mut shorter = model[..len].to_vec();
        seal(&mut shorter);
        assert!(parse_error(&shorter).is_some(), "{len} bytes of {}", model.len());
    }
    for more in 1..=64 {
        let mut longer = model.to_vec();
        let end = model.len() - 4;
        longer.splice(end..end, vec![0; more]);
        seal(&mut longer);
        assert!(parse_error(&longer).is_some(), "{more} bytes inserted");
    }
    let mut runs = 0;
    for bit in 0..8 * (model.len() - 4) {
        let mut flipped = model.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        seal(&mut flipped);
        runs += usize::from(exercise(&flipped).is_ok());
    }
    assert!(runs > 8 * model.len() / 4, "only {runs} flips reach a classifier");
}

/// 30,000 changes of one to four bytes, half of them in the header, with length and checksum corrected: each is an
/// error or a model that runs, and there are enough of both.
///
/// # Panics
/// If not, or core panics.
pub fn check_random_changes(models: &[Vec<u8>], dice: &mut Dice) {
    let (mut errors, mut runs) = (0, 0);
    for round in 0..30_000 {
        let mut bytes = models[round % models.len()].clone();
        // In the header, where lengths and shapes are, or anywhere.
        let end = if dice.chance(0.5) { 6 + 90.min(bytes.len() - 6) } else { bytes.len() };
        for _ in 0..1 + dice.below(4) {
            let at = 6 + dice.below(end - 6);
            bytes[at] = if dice.chance(0.5) { dice.below(4) as u8 } else { dice.below(256) as u8 };
        }
        seal(&mut bytes);
        match exercise(&bytes) {
            Ok(()) => runs += 1,
            Err(_) => errors += 1,
        }
    }
    assert!(errors > 3_000 && runs > 3_000, "{errors} errors, {runs} models");
}
