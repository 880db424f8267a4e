//! A simulated NOR flash, stricter than any chip, with power failures on request.
//!
//! * A block is erased as a whole, from boundary to boundary; blocks may have different sizes.
//! * A word is written once between two erasures, as a whole, at a multiple of its size; writing only clears bits.
//! * If power fails while a word is written, each of its bits has its old value, its new one, or is weak: it reads as a
//!   random value each time. The same applies to each bit of a block whose erasure is interrupted, erased or old.
//! * Without power nothing can be read, written or erased.
//! * A range may be guarded: writing to it or erasing it fails the test.
//!
//! Time is counted in ticks: one for each byte that is written, another one for each word, and [`ERASE_TICKS`] for each
//! block that is erased. All randomness is seeded.

use crate::hostile::AlignedBytes;
use crate::random::Dice;
use embedded_storage::nor_flash::{self, ErrorType, NorFlashErrorKind, ReadNorFlash};
use std::ops::Range;

/// Ticks of erasing a block.
pub const ERASE_TICKS: u64 = 4;

/// Why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// Not at boundaries of words or blocks.
    NotAligned,
    /// Beyond the end.
    OutOfBounds,
    /// There is no power.
    NoPower,
}

impl nor_flash::NorFlashError for Failed {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NoPower => NorFlashErrorKind::Other,
        }
    }
}

/// A flash that reads `READ` bytes at once, writes `WRITE` and whose smallest block has `ERASE`.
#[derive(Debug, Clone)]
pub struct NorFlash<const READ: usize, const WRITE: usize, const ERASE: usize> {
    bytes: AlignedBytes,
    /// Boundaries of the blocks, including the end.
    borders: Vec<usize>,
    /// Whether a word was written since it was erased.
    written: Vec<bool>,
    /// Bytes with their weak bits.
    weak: Vec<(usize, u8)>,
    guarded: Vec<Range<usize>>,
    /// Ticks until power fails; `None` if it does not.
    left: Option<u64>,
    ticks: u64,
    dice: Dice,
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> NorFlash<READ, WRITE, ERASE> {
    /// Blocks of these sizes, all erased.
    pub fn new(blocks: &[usize], seed: u64) -> Self {
        let mut borders = vec![0];
        borders.extend(blocks.iter().scan(0, |end, block| {
            *end += block;
            Some(*end)
        }));
        let len = borders[blocks.len()];
        let smallest = blocks.iter().min();
        assert_eq!((smallest, len % WRITE), (Some(&ERASE), 0), "blocks must match the types");
        Self {
            bytes: AlignedBytes::new(&vec![0xFF; len]),
            borders,
            written: vec![false; len / WRITE],
            weak: Vec::new(),
            guarded: Vec::new(),
            left: None,
            ticks: 0,
            dice: Dice::new(seed),
        }
    }

    /// Makes power fail after this many ticks.
    pub fn cut_after(&mut self, ticks: u64) {
        self.left = Some(ticks);
    }

    /// Restores power; weak bits then read as new random values.
    pub fn restore_power(&mut self) {
        self.left = None;
    }

    /// Ticks so far.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Fails the test if any of these bytes is written or erased.
    pub fn guard(&mut self, stretches: &[Range<usize>]) {
        self.guarded = stretches.to_vec();
    }

    /// All bytes as they read this time.
    pub fn view(&mut self) -> &[u8] {
        for &(at, mask) in &self.weak {
            self.bytes[at] = self.bytes[at] & !mask | self.dice.byte() & mask;
        }
        &self.bytes
    }

    /// Whether there are weak bits.
    pub fn is_weak(&self) -> bool {
        !self.weak.is_empty()
    }

    /// Sets the bytes at `at`, as a debugger or bit rot would.
    pub fn set(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Restores `range` from a copy of this flash, with its power.
    pub fn take_back(&mut self, before: &Self, range: Range<usize>) {
        self.bytes[range.clone()].copy_from_slice(&before.bytes[range.clone()]);
        let words = range.start / WRITE..range.end / WRITE;
        self.written[words.clone()].copy_from_slice(&before.written[words]);
        self.weak.retain(|(at, _)| !range.contains(at));
        self.weak.extend(before.weak.iter().filter(|(at, _)| range.contains(at)));
        (self.left, self.ticks) = (before.left, before.ticks);
    }

    /// Spends `ticks`; returns the number for which there is power.
    fn spend(&mut self, ticks: u64) -> u64 {
        let powered = self.left.map_or(ticks, |left| left.min(ticks));
        self.left = self.left.map(|left| left - powered);
        self.ticks += powered;
        powered
    }

    fn check(&self, from: usize, to: usize, size: usize) -> Result<(), Failed> {
        if self.left == Some(0) {
            return Err(Failed::NoPower);
        }
        if from > to || to > self.bytes.len() {
            return Err(Failed::OutOfBounds);
        }
        if from % size != 0 || to % size != 0 { Err(Failed::NotAligned) } else { Ok(()) }
    }

    fn check_guard(&self, from: usize, to: usize) {
        let touched = self.guarded.iter().find(|guarded| guarded.start < to && from < guarded.end);
        assert!(touched.is_none(), "{from:#x}..{to:#x} is written to or erased, {touched:x?} is guarded");
    }

    /// Changes the byte at `at` to `target` or, with power for `done` of `of` ticks, only some of its bits. In the last
    /// tick hardly any bit is missing, and those are weak, so that the byte sometimes reads as complete.
    fn change(&mut self, at: usize, target: u8, done: u64, of: u64) {
        let old = self.bytes[at];
        let (flipped, weak) = match of - done {
            0 => (0xFF, 0),
            1 => (self.dice.biased(15), 0xFF),
            _ => (self.dice.biased(16 * done / of), self.dice.biased(4)),
        };
        self.bytes[at] = old & !flipped | target & flipped;
        // Some of the bits that changed are weak nevertheless.
        let weak = (old ^ target) & weak & (!flipped | self.dice.biased(4));
        if weak != 0 {
            self.weak.push((at, weak));
        }
    }

    fn write_word(&mut self, at: usize, word: &[u8]) -> Result<(), Failed> {
        let written = std::mem::replace(&mut self.written[at / WRITE], true);
        assert!(!written, "the word at {at:#x} is written twice");
        let ticks = WRITE as u64 + 1;
        let done = self.spend(ticks);
        self.written[at / WRITE] = done > 0;
        for (place, &byte) in (at..).zip(word).filter(|_| done > 0) {
            let target = self.bytes[place] & byte;
            self.change(place, target, done, ticks);
        }
        if done < ticks { Err(Failed::NoPower) } else { Ok(()) }
    }

    fn erase_block(&mut self, block: Range<usize>) -> Result<(), Failed> {
        let done = self.spend(ERASE_TICKS);
        if done == ERASE_TICKS {
            self.bytes[block.clone()].fill(0xFF);
            self.written[block.start / WRITE..block.end / WRITE].fill(false);
            self.weak.retain(|(at, _)| !block.contains(at));
            return Ok(());
        }
        if done > 0 {
            block.for_each(|at| self.change(at, 0xFF, done, ERASE_TICKS));
        }
        Err(Failed::NoPower)
    }
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> ErrorType for NorFlash<READ, WRITE, ERASE> {
    type Error = Failed;
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> ReadNorFlash for NorFlash<READ, WRITE, ERASE> {
    const READ_SIZE: usize = READ;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        let (from, to) = (offset as usize, offset as usize + bytes.len());
        self.check(from, to, READ)?;
        bytes.copy_from_slice(&self.view()[from..to]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> nor_flash::NorFlash for NorFlash<READ, WRITE, ERASE> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed> {
        let (from, to) = (from as usize, to as usize);
        self.check(from, to, ERASE)?;
        self.check_guard(from, to);
        let border = |at| self.borders.binary_search(&at).map_err(|_| Failed::NotAligned);
        let (first, end) = (border(from)?, border(to)?);
        (first..end).try_for_each(|block| self.erase_block(self.borders[block]..self.borders[block + 1]))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        let (from, to) = (offset as usize, offset as usize + bytes.len());
        self.check(from, to, WRITE)?;
        self.check_guard(from, to);
        (from..to).step_by(WRITE).zip(bytes.chunks_exact(WRITE)).try_for_each(|(at, word)| self.write_word(at, word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_storage::nor_flash::NorFlash as _;

    type Flash = NorFlash<1, 4, 16>;

    fn flash() -> Flash {
        Flash::new(&[16, 32, 16], 1)
    }

    #[test]
    fn only_whole_words_and_blocks_are_touched() {
        let mut flash = flash();
        assert_eq!(flash.write(2, &[0; 4]), Err(Failed::NotAligned));
        assert_eq!(flash.write(0, &[0; 3]), Err(Failed::NotAligned));
        assert_eq!(flash.write(64, &[0; 4]), Err(Failed::OutOfBounds));
        assert_eq!(flash.erase(0, 32), Err(Failed::NotAligned), "half of the second block");
        assert_eq!(flash.write(16, &[7; 32]), Ok(()));
        assert_eq!((flash.view()[15], flash.view()[16], flash.view()[48]), (0xFF, 7, 0xFF));
        assert_eq!((flash.erase(16, 48), flash.ticks()), (Ok(()), 8 * 5 + ERASE_TICKS));
        assert!(flash.view().iter().all(|byte| *byte == 0xFF));
    }

    #[test]
    #[should_panic(expected = "the word at 0x4 is written twice")]
    fn a_word_is_written_once() {
        let mut flash = flash();
        flash.write(0, &[0xFF; 8]).unwrap();
        flash.write(4, &[0; 4]).unwrap();
    }

    #[test]
    #[should_panic(expected = "is guarded")]
    fn what_is_guarded_is_not_touched() {
        let mut flash = flash();
        flash.guard(&[0..4, 20..21]);
        flash.write(4, &[0; 12]).unwrap();
        flash.erase(16, 48).unwrap();
    }

    #[test]
    fn a_cut_tears_one_word_and_ends_everything() {
        let mut torn = 0;
        for cut in 0..=15 {
            let mut flash = flash();
            flash.cut_after(cut);
            let result = flash.write(0, &[0x5A; 12]);
            assert_eq!(result.is_ok(), cut == 15, "{cut}");
            let whole = cut as usize / 5 * 4;
            assert!(flash.read(0, &mut [0; 4]) == Err(Failed::NoPower), "{cut}");
            flash.restore_power();
            let bytes = flash.view().to_vec();
            assert!(bytes[..whole].iter().all(|byte| *byte == 0x5A), "{cut}");
            assert!(bytes[(whole + 4).min(12)..].iter().all(|byte| *byte == 0xFF), "{cut}");
            assert!(bytes.iter().all(|byte| byte & 0x5A == 0x5A), "{cut}: bits that were not to change");
            torn += usize::from(bytes[whole..whole + 4].iter().any(|byte| ![0x5A, 0xFF].contains(byte)));
        }
        assert!(torn > 6, "{torn} torn words");
    }

    #[test]
    fn a_cut_erasure_leaves_weak_bits() {
        let mut flash = flash();
        flash.write(0, &[0; 16]).unwrap();
        flash.cut_after(2);
        assert_eq!(flash.erase(0, 48), Err(Failed::NoPower));
        flash.restore_power();
        let views: Vec<Vec<u8>> = (0..3).map(|_| flash.view()[..16].to_vec()).collect();
        assert!(views[0] != views[1] && views[1] != views[2], "{views:?}");
        assert!(views[0].iter().any(|byte| *byte != 0) && views[0].iter().any(|byte| *byte != 0xFF));
    }
}
