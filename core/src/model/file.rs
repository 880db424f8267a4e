//! Properties of the file as a whole: magic, version, alignment, checksum.

/// First four bytes of a model file.
pub const MAGIC: [u8; 4] = *b"FNET";

/// The only supported version; 1 and 2 had no sections and only supported `u8`.
pub const VERSION: u16 = 3;

/// Offset of the section table.
pub(super) const PREFIX: usize = 16;

/// Bytes of the CRC at the end.
pub(super) const CRC_LEN: usize = 4;

/// Alignment of sections, from the file's start.
pub(super) const ALIGN: usize = 16;

/// CRC-32 as in zlib, without a table: a model is checked once, and flash is scarce.
pub(crate) const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);

/// A value aligned to 16 bytes; wrap a model's `include_bytes!` in it.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(16))]
pub struct Aligned<T: ?Sized>(pub T);
