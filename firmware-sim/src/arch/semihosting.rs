//! Files and exit codes through the debugger or emulator (Arm semihosting).

use super::processor::debugger;
use core::ffi::CStr;
use foldnet_core::infer::Input;

const SYS_OPEN: usize = 0x01;
const SYS_WRITE: usize = 0x05;
const SYS_READ: usize = 0x06;
const SYS_EXIT_EXTENDED: usize = 0x20;

const MODE_READ: usize = 1;
const MODE_WRITE: usize = 5;

/// The program exited normally.
const APPLICATION_EXIT: usize = 0x2_0026;

/// The debugger could not open, read or write a file, or the file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileError;

/// An open file on the debugger's machine.
#[derive(Debug)]
pub struct File(usize);

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// If the debugger cannot.
    pub fn open(name: &CStr) -> Result<Self, FileError> {
        Self::with_mode(name, MODE_READ)
    }

    /// Creates or truncates a file for writing.
    ///
    /// # Errors
    /// If the debugger cannot.
    pub fn create(name: &CStr) -> Result<Self, FileError> {
        Self::with_mode(name, MODE_WRITE)
    }

    fn with_mode(name: &CStr, mode: usize) -> Result<Self, FileError> {
        let block = [name.as_ptr() as usize, mode, name.count_bytes()];
        // SAFETY: the block matches the operation, and it and the name live until the call returns.
        let handle = unsafe { debugger(SYS_OPEN, block.as_ptr() as usize) };
        if handle == usize::MAX { Err(FileError) } else { Ok(Self(handle)) }
    }

    /// Fills `values`, little-endian: bytes, or any type that a model takes.
    ///
    /// # Errors
    /// If the file has fewer left.
    pub fn read<I: Input>(&mut self, values: &mut [I]) -> Result<(), FileError> {
        // SAFETY: the whole slice is writable, and every bit pattern is valid, because only numbers implement `Input`.
        unsafe { self.transfer(SYS_READ, values.as_mut_ptr() as usize, size_of_val(values)) }
    }

    /// Fills `words`, little-endian.
    ///
    /// # Errors
    /// If the file has fewer left.
    pub fn read_words(&mut self, words: &mut [u32]) -> Result<(), FileError> {
        // SAFETY: the slice may be written over its whole length, and any bytes are words.
        unsafe { self.transfer(SYS_READ, words.as_mut_ptr() as usize, size_of_val(words)) }
    }

    /// Appends `words`, little-endian.
    ///
    /// # Errors
    /// If the debugger cannot.
    pub fn write_words(&mut self, words: &[u32]) -> Result<(), FileError> {
        // SAFETY: the slice may be read over its whole length.
        unsafe { self.transfer(SYS_WRITE, words.as_ptr() as usize, size_of_val(words)) }
    }

    /// Reads or writes a whole buffer.
    ///
    /// # Safety
    /// The `len` bytes at `address` must be valid for writing (`SYS_READ`) or reading (`SYS_WRITE`).
    unsafe fn transfer(&mut self, operation: usize, address: usize, len: usize) -> Result<(), FileError> {
        let block = [self.0, address, len];
        // SAFETY: the block is what both operations expect; the caller vouches for the buffer.
        let left = unsafe { debugger(operation, block.as_ptr() as usize) };
        if left == 0 { Ok(()) } else { Err(FileError) }
    }
}

/// Ends the program with an exit code.
pub fn exit(code: u8) -> ! {
    let block = [APPLICATION_EXIT, usize::from(code)];
    loop {
        // SAFETY: the block is what the operation expects.
        unsafe { debugger(SYS_EXIT_EXTENDED, block.as_ptr() as usize) };
    }
}
