//! Reads files from untrusted sources: only regular files, and never more than is reasonable for their kind.
//!
//! A run or a data set from an archive or a repository can contain a pipe that blocks forever, or a link to
//! `/dev/zero`, which never ends.

use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Maximum number of bytes read from each kind of file: far above any reasonable file, far below a PC's memory.
pub mod limit {
    /// A board file.
    pub const BOARDS: u64 = 1 << 20;
    /// A device model: sixteen times the largest flash of any microcontroller.
    pub const MODEL: u64 = 256 << 20;
    /// A checkpoint.
    pub const CHECKPOINT: u64 = 2 << 30;
    /// The record of a training: a few hundred bytes per epoch.
    pub const HISTORY: u64 = 64 << 20;
    /// Output of `foldnet-sim --json`.
    pub const RECORD: u64 = 64 << 20;
    /// Firmware, as an ELF file.
    pub const FIRMWARE: u64 = 64 << 20;
}

/// Opens a regular file; also returns its length.
///
/// # Errors
/// If it cannot be opened or is something else, which the error names.
pub fn open(path: &Path) -> Result<(File, u64)> {
    // Opening a pipe blocks until it has a writer, so check the type first.
    regular(&path.metadata()?)?;
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    regular(&metadata)?;
    Ok((file, metadata.len()))
}

/// All bytes of a regular file with at most `limit` bytes.
///
/// # Errors
/// As [`open`], and if the file is longer.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let (file, len) = open(path)?;
    let too_long = |len| Error::new(ErrorKind::FileTooLarge, format!("{len} bytes, more than the limit of {limit}"));
    if len > limit {
        return Err(too_long(len));
    }
    let mut bytes = Vec::with_capacity(len as usize);
    // The file may grow in the meantime, or report no length, like files under /proc.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_long(bytes.len() as u64)) } else { Ok(bytes) }
}

/// First bytes of a Git LFS pointer, which stands for a file that was not fetched.
pub(crate) const POINTER: &[u8] = b"version https://git-lfs";

/// The text of such a file.
///
/// # Errors
/// As [`read`], and if it is not UTF-8, or a Git LFS pointer.
pub fn read_text(path: &Path, limit: u64) -> Result<String> {
    let bytes = read(path, limit)?;
    if bytes.starts_with(POINTER) {
        return Err(Error::other("a Git LFS pointer: fetch the file itself with git lfs pull"));
    }
    String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "not UTF-8 text"))
}

fn regular(metadata: &Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let kind = if metadata.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
    Err(Error::new(kind, format!("{}, not a file", what(metadata))))
}

#[cfg(unix)]
fn what(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

#[cfg(not(unix))]
fn what(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() { "a folder" } else { "a device" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::write;
    use std::path::PathBuf;

    /// A new folder for a test.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("foldnet-bounded-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    #[test]
    fn the_limit_is_exact() {
        let path = folder("limit").join("file");
        write(&path, [7; 10]).expect("written");
        assert_eq!(read(&path, 10).expect("10 of 10"), [7; 10]);
        let error = read(&path, 9).expect_err("10 of 9").to_string();
        assert_eq!(error, "10 bytes, more than the limit of 9");
        assert_eq!(read_text(&path, 10).expect("text"), "\u{7}".repeat(10));
        write(&path, [0xff]).expect("written");
        assert_eq!(read_text(&path, 10).expect_err("no text").to_string(), "not UTF-8 text");
    }

    #[test]
    fn what_is_missing_is_not_found() {
        let folder = folder("missing");
        assert_eq!(read(&folder.join("none"), 9).expect_err("none").kind(), ErrorKind::NotFound);
        assert_eq!(read(&folder, 9).expect_err("a folder").to_string(), "a folder, not a file");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pipes_devices_and_endless_files_are_refused() {
        let folder = folder("special");
        let (pipe, zero) = (folder.join("pipe"), folder.join("zero"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        std::os::unix::fs::symlink("/dev/zero", &zero).expect("linked");
        assert_eq!(read(&pipe, 9).expect_err("a pipe").to_string(), "a pipe, not a file");
        assert_eq!(read(&zero, 9).expect_err("a device").to_string(), "a device, not a file");
        // Of length 0 by its own account, and longer.
        assert_eq!(read(Path::new("/proc/self/status"), 9).expect_err("longer").kind(), ErrorKind::FileTooLarge);
    }
}
