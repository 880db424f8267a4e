//! Problems with an `.npz` archive.

/// A problem with an `.npz` archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpzProblem {
    /// The archive is invalid or of an unsupported kind.
    #[error("is no whole .npz; save it with numpy.savez or numpy.savez_compressed")]
    NotZip,
    /// The archive lacks the arrays.
    #[error("has no x_train and y_train, nor x and y, but {0}; save it as numpy.savez(file, x=..., y=...)")]
    NoArrays(String),
    /// Two entries of one name.
    #[error("has two arrays that are called {0}; keep one")]
    TwoArrays(&'static str),
    /// Two sets in one file.
    #[error("has x and y as well as x_train and y_train; keep one pair, the other can be a file of its own")]
    TwoSets,
}
