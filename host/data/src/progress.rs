//! How far a load has come. Drawing it is the caller's business.

/// One step of progress. Files are read in parallel, so the steps of several files interleave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadProgress<'a> {
    /// A file is being unpacked and verified.
    Reading {
        /// File name without its folder.
        file: &'a str,
        /// Unpacked bytes so far.
        done: u64,
        /// Unpacked bytes in all, as the file's header declares.
        total: u64,
    },
    /// A file is being downloaded. After a break `done` goes on where it stopped.
    Downloading {
        /// File name without its folder.
        file: &'a str,
        /// Bytes on disk so far, those of an earlier run included.
        done: u64,
        /// Bytes in all, when the server says so.
        total: Option<u64>,
    },
}
