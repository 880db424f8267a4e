//! A clock that counts processor time, or executed instructions. On an emulator with `-icount shift=0`, an instruction
//! takes a nanosecond, so that ticks of either kind are instructions.

use super::processor;
use crate::job::CALIBRATION;

/// The running clock.
#[derive(Debug)]
pub struct Clock(());

/// Start of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Instant(u32);

impl Clock {
    /// Starts the clock.
    pub fn start() -> Self {
        processor::start_clock();
        Self(())
    }

    /// The current time.
    #[inline(always)]
    pub fn now(&self) -> Instant {
        Instant(processor::now())
    }

    /// Ticks since `instant`.
    #[inline(always)]
    pub fn ticks_since(&self, instant: Instant) -> u32 {
        processor::ticks(instant.0, processor::now())
    }

    /// The current time at the start of an inference, with a marker for the emulator's plugin.
    #[inline(always)]
    pub fn begin(&self) -> Instant {
        let now = self.now();
        processor::mark_begin();
        now
    }

    /// Ticks since `instant` at the end of the inference, with a marker.
    #[inline(always)]
    pub fn end(&self, instant: Instant) -> u32 {
        processor::mark_end();
        self.ticks_since(instant)
    }

    /// Ticks in [`CALIBRATION`] instructions.
    pub fn calibrate(&self) -> u32 {
        let start = self.now();
        processor::spin(CALIBRATION / 2);
        self.ticks_since(start)
    }
}
