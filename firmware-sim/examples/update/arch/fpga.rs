//! RAM of an FPGA board, or of QEMU's RISC-V machine, that behaves like flash here: a block is erased as a whole, and a
//! write only clears bits.

use core::ptr::with_exposed_provenance_mut;

/// Size of an erase block in bytes; a board's own is a multiple.
pub(super) const BLOCK: usize = 4096;

/// Erases the block at `address`.
///
/// # Safety
/// It must be a block of memory that no reference points to.
pub(super) unsafe fn erase(address: usize) {
    for word in (address..address + BLOCK).step_by(4) {
        // SAFETY: the caller vouches for the address.
        unsafe { with_exposed_provenance_mut::<u32>(word).write_volatile(u32::MAX) };
    }
}

/// Writes a word: its zero bits become zero in memory.
///
/// # Safety
/// It must be a word of memory that no reference points to.
pub(super) unsafe fn write(address: usize, word: u32) {
    let place = with_exposed_provenance_mut::<u32>(address);
    // SAFETY: the caller vouches for the address.
    unsafe { place.write_volatile(place.read_volatile() & word.to_le()) };
}
