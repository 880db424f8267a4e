//! Problems with an `.npz` archive.

/// A problem with an `.npz` archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpzProblem {
    /// The archive is invalid or of an unsupported kind.
    #[error("is not a complete .npz; save it with numpy.savez or numpy.savez_compressed")]
    NotZip,
    /// The archive lacks the arrays.
    #[error("has {0} instead of x_train and y_train, or x and y; save it as numpy.savez(file, x=..., y=...)")]
    NoArrays(String),
    /// Two entries of one name.
    #[error("has two arrays called {0}; keep one")]
    TwoArrays(&'static str),
    /// Two sets in one file.
    #[error("has x and y as well as x_train and y_train; keep one pair, and save the other in its own file")]
    TwoSets,
}
