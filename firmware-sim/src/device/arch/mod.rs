//! What happens when the processor cannot go on: it says so and stops. The only place of the firmware where `unsafe`
//! is allowed.
#![allow(unsafe_code)]

use cortex_m_rt::exception;
use foldnet_sim::arch::semihosting::exit;
use foldnet_sim::exit::Exit;

/// An instruction or an address that this processor does not have.
// SAFETY: gives up at once; no state is touched.
#[exception(trampoline = false)]
unsafe fn HardFault() -> ! {
    exit(Exit::Fault.code())
}

/// Any other exception: none is asked for.
// SAFETY: as above.
#[exception]
unsafe fn DefaultHandler(_number: i16) -> ! {
    exit(Exit::Fault.code())
}
