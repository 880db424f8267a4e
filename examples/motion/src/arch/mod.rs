//! The sensor. Here it is the file `live.raw` on the debugger's host: samples of three little-endian 16-bit integers.
//! On your own board, replace this with the accelerometer's driver, which waits for the next sample.
//!
//! The only place of this firmware where `unsafe` is allowed.
#![allow(unsafe_code)]

use core::mem::size_of_val;
use cortex_m_semihosting::{nr, syscall};

/// A stream of samples: x, y, z in thousandths of g, fifty a second.
pub(crate) struct Accelerometer {
    /// The debugger's file handle.
    file: usize,
}

impl Accelerometer {
    /// The start of the stream.
    ///
    /// # Panics
    /// When there is no `live.raw`.
    pub(crate) fn new() -> Self {
        let name = c"live.raw";
        // SAFETY: the operation takes address, mode and length of a name, which lives longer.
        let file = unsafe { syscall!(OPEN, name.as_ptr(), nr::open::R_BINARY, name.count_bytes()) };
        assert!(file != usize::MAX, "no file live.raw in this folder");
        Self { file }
    }

    /// The next sample; `None` at the end of the file.
    pub(crate) fn sample(&mut self) -> Option<[i16; 3]> {
        let mut sample = [0; 3];
        let (address, len) = (sample.as_mut_ptr(), size_of_val(&sample));
        // SAFETY: the operation writes `len` bytes at `address`, which is our buffer; every bit pattern is a valid
        // `i16`.
        let left = unsafe { syscall!(READ, self.file, address, len) };
        (left == 0).then_some(sample)
    }
}
