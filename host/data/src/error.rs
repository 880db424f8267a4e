//! What can go wrong with image data, each in one line: what, where, and the remedy.

pub use crate::problem::{ColumnProblem, IdxProblem, Problem};
use std::path::{Path, PathBuf};

/// The ways out when Fashion-MNIST is nowhere to be had.
const WAYS_OUT: &str = "apt-get install dataset-fashion-mnist, or give --dataset DIR, or set FOLDNET_DATA to a folder \
                        with its four files, or use --dataset synthetic";

/// Why no images could be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// A file or folder on this machine is not what it should be.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Not on this machine, and the server cannot be reached.
    #[error("Fashion-MNIST is not on this machine and {url} cannot be reached ({cause}): {WAYS_OUT}")]
    Offline {
        /// What was asked for.
        url: String,
        /// The system's words.
        cause: String,
    },
    /// Not on this machine, and the server (or a proxy) answers, but does not give the file.
    #[error("Fashion-MNIST is not on this machine and {url} answers with HTTP status {status}: {WAYS_OUT}")]
    Refused {
        /// What was asked for.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The download broke off again and again; the next run goes on where it stopped.
    #[error("{url}: the download broke off after {done} bytes ({cause}): run again to go on from there, or {WAYS_OUT}")]
    BrokenOff {
        /// What was asked for.
        url: String,
        /// Bytes that are safe in the cache.
        done: u64,
        /// The last failure.
        cause: String,
    },
    /// Not on this machine, and there is no folder to download into.
    #[error(
        "Fashion-MNIST is not on this machine and there is no cache folder to download it into, as neither HOME nor XDG_CACHE_HOME is set: {WAYS_OUT}"
    )]
    NoCache,
}

impl DataError {
    /// The set is not on this machine and could not be fetched, through no fault of any file: what
    /// `demo` answers by going on with the synthetic set.
    pub fn is_unavailable(&self) -> bool {
        !matches!(self, Self::File { .. })
    }

    /// What is wrong, without path and remedy.
    pub(crate) fn what(&self) -> String {
        let text = match self {
            Self::File { problem, .. } => problem.to_string(),
            other => other.to_string(),
        };
        // Every problem names its remedy behind the semicolon.
        text.split(';').next().unwrap_or_default().to_owned()
    }

    pub(crate) fn file(path: &Path, problem: Problem) -> Self {
        Self::File { path: path.to_owned(), problem }
    }
}
