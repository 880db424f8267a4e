//! Handlers for faults: the firmware reports one and stops. The only part of the firmware where `unsafe` is allowed.
#![allow(unsafe_code)]

#[cfg(target_arch = "arm")]
use cortex_m_rt::exception;
use foldnet_sim::arch::semihosting::exit;
use foldnet_sim::exit::Exit;

/// An undefined instruction or an invalid address.
// SAFETY: exits immediately without touching any state.
#[cfg(target_arch = "arm")]
#[exception(trampoline = false)]
unsafe fn HardFault() -> ! {
    exit(Exit::Fault.code())
}

/// Any other exception; none is enabled.
// SAFETY: as above.
#[cfg(target_arch = "arm")]
#[exception]
unsafe fn DefaultHandler(_number: i16) -> ! {
    exit(Exit::Fault.code())
}

/// Any trap; no interrupt is enabled.
// SAFETY: the one `trap` of the program, which gives up at once.
#[cfg(target_arch = "riscv32")]
#[unsafe(no_mangle)]
extern "C" fn trap() -> ! {
    exit(Exit::Fault.code())
}
