//! What happens when the processor cannot go on: it says so and stops. The only place of the firmware where `unsafe`
//! is allowed.
#![allow(unsafe_code)]

#[cfg(target_arch = "arm")]
use cortex_m_rt::exception;
use foldnet_sim::arch::semihosting::exit;
use foldnet_sim::exit::Exit;

/// An instruction or an address that this processor does not have.
// SAFETY: gives up at once; no state is touched.
#[cfg(target_arch = "arm")]
#[exception(trampoline = false)]
unsafe fn HardFault() -> ! {
    exit(Exit::Fault.code())
}

/// Any other exception: none is asked for.
// SAFETY: as above.
#[cfg(target_arch = "arm")]
#[exception]
unsafe fn DefaultHandler(_number: i16) -> ! {
    exit(Exit::Fault.code())
}

/// Any trap: no interrupt is asked for.
// SAFETY: the one `trap` of the program, which gives up at once.
#[cfg(target_arch = "riscv32")]
#[unsafe(no_mangle)]
extern "C" fn trap() -> ! {
    exit(Exit::Fault.code())
}
