//! Cortex-M: the call to the debugger, the stack pointer, and SysTick as a clock. cortex-m-rt provides the startup
//! code.

use core::arch::asm;
use core::ptr::{read_volatile, with_exposed_provenance, with_exposed_provenance_mut, write_volatile};
use cortex_m_rt as _;

/// SysTick's control and status: bit 0 enables it, bit 2 selects the processor clock.
const CONTROL: usize = 0xE000_E010;

/// SysTick's reload value, 24 bits.
const RELOAD: usize = 0xE000_E014;

/// SysTick's current value, counting down.
const CURRENT: usize = 0xE000_E018;

/// SysTick's modulus minus one. A model of 4 MB takes fewer ticks per image on every built-in board.
const CLOCK_MASK: u32 = 0x00FF_FFFF;

/// Requests `operation` from the debugger.
///
/// # Safety
/// `argument` must be what the operation expects: a number, or a block of words that lives until the call returns.
pub(super) unsafe fn debugger(operation: usize, argument: usize) -> usize {
    let result;
    // SAFETY: the caller vouches for the argument; memory counts as read and written, which is `asm!`'s default.
    unsafe { asm!("bkpt #0xab", inlateout("r0") operation => result, in("r1") argument, options(nostack)) };
    result
}

/// Address of the lowest word in use on the stack.
#[inline(always)]
pub(super) fn stack_pointer() -> usize {
    let address;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, sp", out(reg) address, options(nomem, nostack, preserves_flags)) };
    address
}

/// Starts the clock.
pub(super) fn start_clock() {
    // SAFETY: registers that every Cortex-M with SysTick has, and that nothing else in the firmware uses.
    unsafe {
        write_volatile(with_exposed_provenance_mut(RELOAD), CLOCK_MASK);
        write_volatile(with_exposed_provenance_mut(CURRENT), 0u32);
        write_volatile(with_exposed_provenance_mut(CONTROL), 0b101u32);
    }
}

/// Ticks, counting down modulo [`CLOCK_MASK`] + 1.
#[inline(always)]
pub(super) fn now() -> u32 {
    // SAFETY: reading the register changes nothing that the firmware relies on.
    unsafe { read_volatile(with_exposed_provenance(CURRENT)) }
}

/// Ticks from one reading of the clock to a later one.
#[inline(always)]
pub(super) fn ticks(from: u32, to: u32) -> u32 {
    from.wrapping_sub(to) & CLOCK_MASK
}

/// Marks the start of an inference for the emulator's plugin; has no effect on a processor.
#[inline(always)]
pub(super) fn mark_begin() {
    // SAFETY: copies a register onto itself.
    unsafe { asm!("mov r10, r10", options(nomem, nostack, preserves_flags)) };
}

/// Marks its end.
#[inline(always)]
pub(super) fn mark_end() {
    // SAFETY: copies a register onto itself.
    unsafe { asm!("mov r11, r11", options(nomem, nostack, preserves_flags)) };
}

/// Executes `2 * rounds` instructions, plus a few.
#[inline(never)]
pub(super) fn spin(rounds: u32) {
    // SAFETY: changes one register and the flags.
    unsafe { asm!("2: subs {0}, {0}, #1", "bne 2b", inout(reg) rounds => _, options(nomem, nostack)) };
}
