//! The panic handler on bare metal. Nothing may panic, so it either halts or, with the feature `prove-no-panic`, calls
//! a function that does not exist, so that a program links only if the compiler found the handler unreachable.

/// Whether a panic is inserted, to check that the proof would fail.
pub(super) const PANICKING: bool = option_env!("FOLDNET_PANICKING").is_some();

#[cfg(all(target_os = "none", feature = "prove-no-panic"))]
unsafe extern "C" {
    /// Does not exist. The linker's message names it.
    fn foldnet_can_panic() -> !;
}

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    #[cfg(feature = "prove-no-panic")]
    // SAFETY: never called: a program that called it would not link.
    unsafe {
        foldnet_can_panic()
    }
    #[cfg(not(feature = "prove-no-panic"))]
    loop {
        core::hint::spin_loop();
    }
}
