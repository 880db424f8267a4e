//! Progress of loading. Drawing it is left to the caller.

/// One step of progress. Files are read in parallel, so the steps of several files interleave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadProgress<'a> {
    /// A file is being unpacked and verified.
    Reading {
        /// File name without its folder.
        file: &'a str,
        /// Unpacked bytes so far.
        done: u64,
        /// Total number of unpacked bytes, as declared by the file's header.
        total: u64,
    },
    /// A file is being downloaded. After an interruption `done` continues where it stopped.
    Downloading {
        /// File name without its folder.
        file: &'a str,
        /// Bytes on disk so far, including those of an earlier run.
        done: u64,
        /// Total number of bytes, if the server reports it.
        total: Option<u64>,
    },
}
