//! What a panic does on bare metal: nothing may, so it is either a halt, or, under the feature `prove-no-panic`, a
//! function that exists nowhere, so that a program links only if the compiler found the handler unreachable.

/// Whether a panic is put in, to see that the proof would fail.
pub(super) const PANICKING: bool = option_env!("FOLDNET_PANICKING").is_some();

#[cfg(all(target_os = "none", feature = "prove-no-panic"))]
unsafe extern "C" {
    /// Exists nowhere. The linker's message names it.
    fn foldnet_can_panic() -> !;
}

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    #[cfg(feature = "prove-no-panic")]
    // SAFETY: never called, since a program that does cannot be linked.
    unsafe {
        foldnet_can_panic()
    }
    #[cfg(not(feature = "prove-no-panic"))]
    loop {
        core::hint::spin_loop();
    }
}
