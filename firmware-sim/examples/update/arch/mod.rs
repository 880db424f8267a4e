//! The flash driver, with a simulated power failure on request, and the proof that nothing panics. The only part of
//! this example where `unsafe` is allowed.
#![allow(unsafe_code)]

/// The NOR flash of the chip.
#[cfg(foldnet_machine = "microbit")]
#[path = "nrf51.rs"]
mod chip;
/// RAM that behaves like flash.
#[cfg(not(foldnet_machine = "microbit"))]
#[path = "fpga.rs"]
mod chip;
#[path = "../../../src/device/arch/mod.rs"]
mod handlers;
/// Links only without a panic.
#[path = "../../bare/arch/mod.rs"]
mod no_panic;

use core::ptr::with_exposed_provenance;
use core::slice::from_raw_parts;
use core::sync::atomic::{AtomicBool, Ordering};
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use foldnet_sim::arch::memory;

/// Size of a word, the unit of writing, in bytes.
const WORD: usize = 4;

/// The flash reserved for models.
pub(crate) struct Flash {
    address: usize,
    len: usize,
    operations: u32,
    power_fails_at: u32,
}

impl Flash {
    /// The flash of this board, which exists once; `None` the second time.
    pub(crate) fn take(power_fails_at: u32) -> Option<Self> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        // Load and store instead of an atomic swap, which an M0 lacks; this firmware has no interrupts, so nothing can
        // happen in between.
        if TAKEN.load(Ordering::Relaxed) {
            return None;
        }
        TAKEN.store(true, Ordering::Relaxed);
        let room = memory::room();
        let (address, len) = (room.address() as usize, room.whole().len as usize);
        Some(Self { address, len, operations: 0, power_fails_at })
    }

    /// Number of blocks erased and words written so far, including an interrupted one.
    pub(crate) fn operations(&self) -> u32 {
        self.operations
    }

    /// All bytes of the flash.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the linker script reserves this flash; only this single `Flash` writes to it, and not while it is
        // borrowed.
        unsafe { from_raw_parts(with_exposed_provenance(self.address), self.len) }
    }

    /// Address of `len` bytes from `offset` on, both multiples of `unit`.
    fn place(&self, offset: u32, len: usize, unit: usize) -> Result<usize, NorFlashErrorKind> {
        let offset = offset as usize;
        match offset.checked_add(len) {
            Some(end) if end <= self.len && offset % unit == 0 && len % unit == 0 => Ok(self.address + offset),
            Some(end) if end <= self.len => Err(NorFlashErrorKind::NotAligned),
            _ => Err(NorFlashErrorKind::OutOfBounds),
        }
    }

    /// Counts an operation; returns whether power fails during it. No other operation follows then.
    fn is_cut(&mut self) -> Result<bool, NorFlashErrorKind> {
        if self.operations > self.power_fails_at {
            return Err(NorFlashErrorKind::Other);
        }
        let cut = self.operations == self.power_fails_at;
        self.operations = self.operations.saturating_add(1);
        Ok(cut)
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let found = self.bytes().get(offset as usize..).and_then(|behind| behind.get(..bytes.len()));
        let found = found.ok_or(NorFlashErrorKind::OutOfBounds)?;
        bytes.iter_mut().zip(found).for_each(|(to, from)| *to = *from);
        if self.operations > self.power_fails_at { Err(NorFlashErrorKind::Other) } else { Ok(()) }
    }

    fn capacity(&self) -> usize {
        self.len
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = chip::BLOCK;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let len = to.checked_sub(from).ok_or(NorFlashErrorKind::OutOfBounds)? as usize;
        let start = self.place(from, len, chip::BLOCK)?;
        for block in (start..start + len).step_by(chip::BLOCK) {
            if self.is_cut()? {
                return Err(NorFlashErrorKind::Other);
            }
            // SAFETY: a block within this flash, which is not borrowed.
            unsafe { chip::erase(block) };
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let start = self.place(offset, bytes.len(), WORD)?;
        for (address, word) in (start..).step_by(WORD).zip(bytes.chunks_exact(WORD)) {
            let word = word.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
            let cut = self.is_cut()?;
            // If power fails during a word, its upper half is not written yet.
            let word = if cut { word | 0xFFFF_0000 } else { word };
            // SAFETY: a word within this flash, which is not borrowed.
            unsafe { chip::write(address, word) };
            if cut {
                return Err(NorFlashErrorKind::Other);
            }
        }
        Ok(())
    }
}
