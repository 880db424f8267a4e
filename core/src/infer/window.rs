//! A window over a stream of samples, for use between a sensor and [`Inference`](super::Inference).

/// The last samples of a stream, in the order in which they came, so that a window of them is one slice.
///
/// The buffer is as long as a window and is moved once for every window, not for every sample.
///
/// ```
/// # use foldnet_core::infer::Window;
/// let mut buffer = [0i16; 2 * 3];
/// let mut window = Window::new(&mut buffer, 2, 1); // three samples of two channels, a new window with every sample
/// assert_eq!(window.push(&[1, 10]), None);
/// assert_eq!(window.push(&[2, 20]), None);
/// assert_eq!(window.push(&[3, 30]), Some(&[1, 10, 2, 20, 3, 30][..]));
/// assert_eq!(window.push(&[4, 40]), Some(&[2, 20, 3, 30, 4, 40][..]));
/// ```
#[derive(Debug)]
pub struct Window<'a, I> {
    /// `[samples][channels]`
    buffer: &'a mut [I],
    channels: usize,
    /// Distance between the starts of two windows, in values.
    step: usize,
    /// Values in the buffer.
    filled: usize,
    /// Number of values still to skip, if windows do not touch.
    skip: usize,
}

impl<'a, I: Copy> Window<'a, I> {
    /// Windows as long as `buffer`, with samples of `channels` values, one window every `step` samples; both are at
    /// least 1. The initial content of the buffer does not matter. Values at its end that do not make a whole sample
    /// are not used.
    pub fn new(buffer: &'a mut [I], channels: usize, step: usize) -> Self {
        let channels = channels.max(1);
        let values = buffer.len().checked_div(channels).unwrap_or(0) * channels;
        let buffer = buffer.get_mut(..values).unwrap_or_default();
        Self { buffer, channels, step: step.max(1).saturating_mul(channels), filled: 0, skip: 0 }
    }

    /// Takes the next sample, `[channels]`; returns a window if this sample completes one. A sample of another length
    /// is ignored.
    pub fn push(&mut self, sample: &[I]) -> Option<&[I]> {
        if sample.len() != self.channels {
            return None;
        }
        if self.filled == self.buffer.len() {
            self.advance();
        }
        if let Some(left) = self.skip.checked_sub(self.channels) {
            self.skip = left;
            return None;
        }
        let end = self.filled.saturating_add(self.channels);
        self.buffer.get_mut(self.filled..end)?.copy_from_slice(sample);
        self.filled = end;
        (end == self.buffer.len()).then_some(&*self.buffer)
    }

    /// Discards all samples, for example after a gap in the stream.
    pub fn clear(&mut self) {
        (self.filled, self.skip) = (0, 0);
    }

    /// Drops the values that are not part of the next window.
    fn advance(&mut self) {
        let kept = self.buffer.len().saturating_sub(self.step);
        self.skip = self.step.saturating_sub(self.buffer.len());
        // Forwards, so that a value is read before it is overwritten.
        for at in 0..kept {
            if let Some(&value) = self.buffer.get(at + self.step) {
                self.buffer.get_mut(at).into_iter().for_each(|to| *to = value);
            }
        }
        self.filled = kept;
    }
}

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::Window;

    /// Windows of four samples of two channels, every `step` samples, from a stream of thirty.
    fn check(step: usize) {
        let mut buffer = [0u16; 8];
        let mut window = Window::new(&mut buffer, 2, step);
        for sample in 0..30u16 {
            let found = window.push(&[2 * sample, 2 * sample + 1]);
            let complete = sample >= 3 && usize::from(sample - 3) % step == 0;
            assert_eq!(found.is_some(), complete, "step {step}, sample {sample}");
            if let Some(found) = found {
                assert!(found.iter().copied().eq(2 * (sample - 3)..2 * sample + 2), "step {step}: {found:?}");
            }
        }
    }

    pub(crate) fn windows_have_the_samples_of_their_place() {
        (1..=9).for_each(check);
    }

    pub(crate) fn samples_of_another_length_are_not_taken() {
        let mut buffer = [0u8; 5];
        let mut window = Window::new(&mut buffer, 2, 1);
        assert_eq!(window.push(&[1]), None);
        assert_eq!(window.push(&[1, 2, 3]), None);
        assert_eq!(window.push(&[1, 2]), None);
        assert_eq!(window.push(&[3, 4]), Some(&[1, 2, 3, 4][..]));
        window.clear();
        assert_eq!(window.push(&[5, 6]), None);
        assert_eq!(Window::new(&mut [0u8; 1], 2, 1).push(&[1, 2]), None);
    }
}
