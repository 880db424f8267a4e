//! 32-bit RISC-V: startup code, the call to the debugger, the stack pointer, and the counter of executed instructions
//! as a clock.
//!
//! The startup code is our own, with `riscv32.x`: a single hart without interrupts needs a stack, statics and one trap
//! handler, a twentieth of the code that riscv-rt and the five crates below it bring (vectors, several harts,
//! relocation).

use core::arch::{asm, global_asm};

// Right after reset at `_start`, the first address of flash. Traps go to `trap`, which the firmware may define and
// which never returns. It starts with an empty stack, because the stack pointer may be the cause.
global_asm!(
    ".section .init, \"ax\"",
    ".global _start",
    "_start:",
    "la t0, .Lstart_trap",
    "csrw mtvec, t0",
    "la sp, _stack_start",
    // Initial values of statics, from flash.
    "la t0, _sdata",
    "la t1, _edata",
    "la t2, _sidata",
    ".Lstart_copy:",
    "bgeu t0, t1, .Lstart_copied",
    "lw t3, 0(t2)",
    "sw t3, 0(t0)",
    "addi t0, t0, 4",
    "addi t2, t2, 4",
    "j .Lstart_copy",
    // All other statics are zero.
    ".Lstart_copied:",
    "la t0, _sbss",
    "la t1, _ebss",
    ".Lstart_clear:",
    "bgeu t0, t1, .Lstart_cleared",
    "sw zero, 0(t0)",
    "addi t0, t0, 4",
    "j .Lstart_clear",
    ".Lstart_cleared:",
    "call main",
    // `mtvec` uses the lowest two bits as its mode.
    ".balign 4",
    ".Lstart_trap:",
    "la sp, _stack_start",
    "call trap",
    // Default handler.
    ".global halt",
    "halt: j halt",
    ".text",
);

/// Requests `operation` from the debugger. Never inlined: the three instructions must be aligned and not compressed, so
/// that the debugger recognizes them.
///
/// # Safety
/// `argument` must be what the operation expects: a number, or a block of words that lives until the call returns.
#[inline(never)]
pub(super) unsafe fn debugger(operation: usize, argument: usize) -> usize {
    let result;
    // SAFETY: the caller vouches for the argument; memory counts as read and written, which is `asm!`'s default.
    unsafe {
        asm!(
            ".balign 16",
            ".option push",
            ".option norvc",
            "slli zero, zero, 0x1f",
            "ebreak",
            "srai zero, zero, 7",
            ".option pop",
            inlateout("a0") operation => result,
            in("a1") argument,
            options(nostack),
        );
    }
    result
}

/// Address of the lowest word in use on the stack.
#[inline(always)]
pub(super) fn stack_pointer() -> usize {
    let address;
    // SAFETY: reads a register.
    unsafe { asm!("mv {}, sp", out(reg) address, options(nomem, nostack, preserves_flags)) };
    address
}

/// Starts the clock, which already runs since reset.
pub(super) fn start_clock() {}

/// Instructions executed, modulo 2^32.
#[inline(always)]
pub(super) fn now() -> u32 {
    let count;
    // SAFETY: reads a counter that every hart has in machine mode. Not `nomem`, so that the compiler does not move the
    // measured code across it.
    unsafe { asm!("csrr {}, minstret", out(reg) count, options(nostack, preserves_flags)) };
    count
}

/// Ticks from one reading of the clock to a later one.
#[inline(always)]
pub(super) fn ticks(from: u32, to: u32) -> u32 {
    to.wrapping_sub(from)
}

/// Executes `2 * rounds` instructions, plus a few.
#[inline(never)]
pub(super) fn spin(rounds: u32) {
    // SAFETY: changes one register.
    unsafe { asm!("2: addi {0}, {0}, -1", "bnez {0}, 2b", inout(reg) rounds => _, options(nomem, nostack)) };
}

/// No plugin models this core's cycles.
#[inline(always)]
pub(super) fn mark_begin() {}

/// No-op, like `mark_begin`.
#[inline(always)]
pub(super) fn mark_end() {}
