//! The flash controller of an nRF51, NVMC, as described in Nordic's reference manual. It ignores operations that are
//! not enabled, and a write only clears bits.

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

/// Size of an erase block in bytes.
pub(super) const BLOCK: usize = 1024;

const READY: usize = 0x4001_E400;
const CONFIG: usize = 0x4001_E504;
const ERASE_PAGE: usize = 0x4001_E508;

/// Only reading is enabled.
const NOTHING: u32 = 0;
const WRITING: u32 = 1;
const ERASING: u32 = 2;

/// Erases the block at `address`.
///
/// # Safety
/// It must be a block of flash that no reference points to.
pub(super) unsafe fn erase(address: usize) {
    // SAFETY: the controller's register takes an address; the caller vouches for it.
    unsafe { enabled(ERASING, ERASE_PAGE, address as u32) };
}

/// Writes a word: its zero bits become zero in flash.
///
/// # Safety
/// It must be a word of flash that no reference points to.
pub(super) unsafe fn write(address: usize, word: u32) {
    // SAFETY: the caller vouches for the address.
    unsafe { enabled(WRITING, address, word.to_le()) };
}

/// Writes `word` to `address` while `what` is enabled, and waits until the flash is ready.
///
/// # Safety
/// As above.
unsafe fn enabled(what: u32, address: usize, word: u32) {
    // SAFETY: registers that every nRF51 has and nothing else uses; the caller vouches for the address.
    unsafe {
        with_exposed_provenance_mut::<u32>(CONFIG).write_volatile(what);
        with_exposed_provenance_mut::<u32>(address).write_volatile(word);
        while with_exposed_provenance::<u32>(READY).read_volatile() & 1 == 0 {}
        with_exposed_provenance_mut::<u32>(CONFIG).write_volatile(NOTHING);
    }
}
