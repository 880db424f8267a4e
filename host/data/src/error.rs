//! Errors in data, each in one line: what, where, and the remedy.

pub use crate::problem::{
    AnswerProblem, ColumnProblem, FashionMnistProblem, FieldProblem, GzipProblem, IdxProblem, InputProblem,
    NameProblem, NpyProblem, NpzProblem, PictureProblem, Problem, SplitProblem, ValueProblem,
};
use std::path::{Path, PathBuf};

/// The remedies if Fashion-MNIST is not available.
const WAYS_OUT: &str = "apt-get install dataset-fashion-mnist, or give --dataset DIR, or set FOLDNET_DATA to a folder \
                        with its four files, or use --dataset synthetic";

/// Reason why no data could be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// A local file or folder is invalid.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: Problem,
    },
    /// It is not on this machine, and the server cannot be reached.
    #[error("Fashion-MNIST is not on this machine and {url} cannot be reached ({cause}): {WAYS_OUT}")]
    Offline {
        /// The requested URL.
        url: String,
        /// The system's error message.
        cause: String,
    },
    /// It is not on this machine, and the server (or a proxy) responds without the file.
    #[error("Fashion-MNIST is not on this machine and {url} answers with HTTP status {status}: {WAYS_OUT}")]
    Refused {
        /// The requested URL.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The download was interrupted repeatedly; the next run continues where it stopped.
    #[error("{url}: the download stopped after {done} bytes ({cause}): run again to continue it, or {WAYS_OUT}")]
    BrokenOff {
        /// The requested URL.
        url: String,
        /// Number of bytes stored in the cache.
        done: u64,
        /// The last failure.
        cause: String,
    },
    /// It is not on this machine, and there is no folder to download into.
    #[error(
        "Fashion-MNIST is not on this machine and there is no cache folder to download it into, since neither HOME nor XDG_CACHE_HOME is set: {WAYS_OUT}"
    )]
    NoCache,
}

impl DataError {
    /// Whether the set is not on this machine and could not be downloaded, while no file is invalid; in this case
    /// `demo` uses the synthetic set.
    pub fn is_unavailable(&self) -> bool {
        !matches!(self, Self::File { .. })
    }

    /// The problem, without path and remedy.
    pub(crate) fn what(&self) -> String {
        let text = match self {
            Self::File { problem, .. } => problem.to_string(),
            other => other.to_string(),
        };
        crate::text::without_remedy(&text).to_owned()
    }

    pub(crate) fn file(path: &Path, problem: impl Into<Problem>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into() }
    }
}
